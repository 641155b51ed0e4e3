import { sha256 } from '#kernel/id.ts';
import { withParents } from './coordinate.ts';
import { clearedOperation } from './operation-text.ts';
import { REPORT_LIMITS } from './usage-report.ts';
import type { OperationKind } from './operation-text.ts';
import type { ReportedOperation } from './usage-report.ts';

/** An operation as it is stored. */
export interface CatalogOperation {
  /** Of name, cleared text and coordinates: what makes two operations the same. */
  readonly hash: string;
  readonly name: string;
  readonly kind: OperationKind;
  readonly body: string;
  readonly coordinates: readonly string[];
}

export interface OperationCatalog {
  /** The stored form's hash, and the form itself when it had to be made: it is known without parsing when it came before. */
  look(operation: ReportedOperation): {
    readonly hash: string;
    readonly entry: CatalogOperation | null;
  };
  /** The stored form, made anew. */
  entryOf(operation: ReportedOperation): CatalogOperation;
}

/** Occurs in no part, because reports with it are refused: no two operations look the same when they are joined. */
const SEPARATOR = '\0';
/** Hashes remembered per process: a graph's clients have a few thousand operations, and each costs some 200 bytes here. */
const REMEMBERED_MAX = 20_000;

/** Operations come again with every report; parsing each of them again would be most of the work of ingestion. */
export function createOperationCatalog(): OperationCatalog {
  const hashes = new Map<string, string>();
  const look: OperationCatalog['look'] = (operation) => {
    const fingerprint = fingerprintOf(operation);
    const known = hashes.get(fingerprint);
    if (known !== undefined) return { hash: known, entry: null };
    const entry = catalogOperation(operation);
    if (hashes.size >= REMEMBERED_MAX) hashes.clear();
    hashes.set(fingerprint, entry.hash);
    return { hash: entry.hash, entry };
  };
  return { look, entryOf: catalogOperation };
}

function catalogOperation({ name, text, coordinates }: ReportedOperation): CatalogOperation {
  const isKept = text.length <= REPORT_LIMITS.textLength;
  const { kind, body } = clearedOperation(isKept ? text : '', name);
  const all = withParents(coordinates);
  return {
    hash: sha256([name, body, ...all].join(SEPARATOR)),
    name,
    kind,
    body,
    coordinates: all,
  };
}

function fingerprintOf({ name, text, coordinates }: ReportedOperation): string {
  return sha256([name, text, ...coordinates].join(SEPARATOR));
}
