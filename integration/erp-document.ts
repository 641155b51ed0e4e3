import type { ErpDocument } from './connector.ts';

/** One document at an ERP, as it was told last. */
export type ErpDocumentState = Pick<ErpDocument, 'erpNumber' | 'status' | 'erpVersion'>;

/**
 * The documents under one reference with what is told now. Mostly there is one; a document that was entered twice has a
 * surplus one. Versions are compared within a document only, and what is older than what is known changes nothing.
 */
export function noted(
  documents: readonly ErpDocumentState[],
  told: ErpDocumentState,
): readonly ErpDocumentState[] {
  const known = documents.find(({ erpNumber }) => erpNumber === told.erpNumber);
  if (known === undefined) return [...documents, told];
  if (known.erpVersion >= told.erpVersion) return documents;
  return documents.map((one) => (one === known ? told : one));
}

/**
 * Which of them stands for ours: the preferred one, unless it is cancelled and another is not. So a surplus document
 * that is cancelled says nothing of ours, and one that is left takes the place of ours.
 */
export function standing(
  documents: readonly ErpDocumentState[],
  preferredNumber: string | null,
): ErpDocumentState | null {
  const alive = documents.filter(({ status }) => status !== 'CANCELLED');
  const isPreferred = ({ erpNumber }: ErpDocumentState): boolean => erpNumber === preferredNumber;
  return (
    alive.find(isPreferred) ?? alive[0] ?? documents.find(isPreferred) ?? documents.at(-1) ?? null
  );
}
