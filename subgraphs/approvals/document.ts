import type { Money } from '#kernel/money.ts';

/** The kinds of document that go through approval. */
export type DocumentType = 'REQUISITION' | 'PURCHASE_ORDER';

/** GraphQL type of each kind of document: where a reference to it leads. */
export const DOCUMENT_TYPE_NAMES = {
  REQUISITION: 'Requisition',
  PURCHASE_ORDER: 'PurchaseOrder',
} as const satisfies Record<DocumentType, string>;

/** What routing and deciding need to know of a document; the document itself belongs to another room. */
export interface DocumentUnderApproval {
  readonly documentType: DocumentType;
  readonly documentId: string;
  /** Human number, such as `REQ-DE01-000042`. */
  readonly documentNumber: string;
  /** A decision holds for this version and hash and for no other (invariant A3). */
  readonly documentVersion: number;
  /** SHA-256 of what an approver decides on. */
  readonly documentHash: string;
  readonly companyCode: string;
  /** `<companyCode>-<code>`. */
  readonly costCentreId: string;
  readonly category: string;
  readonly requesterId: string;
  /** Who sent it into approval: the requester, or whoever asked for a change of the order. */
  readonly submitterId: string;
  readonly total: Money;
  /** Calendar date of submission: it chooses the policy and the exchange rate (invariant A5). */
  readonly submittedOn: string;
}

/** Those who want the document approved and therefore may not approve it (invariant A1). */
export function isInterested(document: DocumentUnderApproval, personId: string): boolean {
  return personId === document.requesterId || personId === document.submitterId;
}

/** A reference to a document in the graph; the service that owns the document resolves the rest. */
export interface DocumentReference {
  readonly __typename: (typeof DOCUMENT_TYPE_NAMES)[DocumentType];
  readonly id: string;
}

export function referenceTo(
  document: Pick<DocumentUnderApproval, 'documentType' | 'documentId'>,
): DocumentReference {
  return { __typename: DOCUMENT_TYPE_NAMES[document.documentType], id: document.documentId };
}
