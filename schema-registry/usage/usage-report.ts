import { DAY_MS, MINUTE_MS } from '#kernel/clock.ts';

/** Whether a reporter tells of arguments, input fields and enum values too, or of output fields only. */
export type ReportDetail = 'FULL' | 'OUTPUT_FIELDS_ONLY';

/** A report of usage, whatever wire it came by. Its shape is checked; its times and keys are not yet. */
export interface UsageReport {
  readonly detail: ReportDetail;
  /** By the key under which `uses` name them. */
  readonly operations: ReadonlyMap<string, ReportedOperation>;
  readonly uses: readonly ReportedUse[];
}

export interface ReportedOperation {
  readonly name: string;
  readonly text: string;
  /** In the specification's form, as reported; parents are not added yet. */
  readonly coordinates: readonly string[];
}

export interface ReportedUse {
  readonly operationKey: string;
  readonly atMs: number;
  readonly requests: number;
  readonly errors: number;
  readonly client: string;
  readonly clientVersion: string;
  /** The persisted document that was asked for by its hash. */
  readonly document: PersistedDocument | null;
}

export interface PersistedDocument {
  readonly app: string;
  readonly version: string;
  readonly hash: string;
}

/** Why a part of a report was not counted. */
export interface Rejection {
  readonly code: 'UNKNOWN_OPERATION_KEY' | 'TIME_TOO_OLD' | 'TIME_IN_FUTURE';
  readonly message: string;
  readonly count: number;
}

/** What a client is called that does not say its name. */
export const UNKNOWN_CLIENT = 'unknown';

/** What one report may hold. Hive's clients send 1,500 operations at the most; a gateway that buffered an outage sends more. */
export const REPORT_LIMITS = {
  /** Compressed or not, and after inflation too. */
  bytes: 10 * 1024 * 1024,
  operations: 5_000,
  uses: 20_000,
  /** An operation that names more coordinates than a large schema has means harm. */
  coordinatesPerOperation: 5_000,
  /** A longer text is not kept; its coordinates are. */
  textLength: 200_000,
  nameLength: 200,
  /** Requests of one entry, so that sums stay exact. */
  requests: 1_000_000_000,
  /** A gateway may have been cut off from the registry for so long. */
  ageMs: 7 * DAY_MS,
  /** Clocks differ. */
  aheadMs: 10 * MINUTE_MS,
} as const;
