import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { Problem } from '#kernel/problem.ts';

/** Pending: documents are added, nothing is served. Active: served and immutable. Retired: no longer served. */
export type AppStatus = 'PENDING' | 'ACTIVE' | 'RETIRED';

/** One version of an app with the documents that it may send by hash. */
export interface App {
  readonly id: string;
  readonly targetId: string;
  readonly name: string;
  readonly version: string;
  readonly status: AppStatus;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly activatedAt: Date | null;
  readonly retiredAt: Date | null;
}

export const APP_LIFECYCLE: Lifecycle<AppStatus, 'addDocuments' | 'activate' | 'retire'> = {
  entity: 'app version',
  initial: 'PENDING',
  transitions: {
    PENDING: { addDocuments: 'PENDING', activate: 'ACTIVE' },
    ACTIVE: { retire: 'RETIRED' },
    RETIRED: {},
  },
};

/** Documents that the target's schema does not answer, or that are already there with another text. */
export interface InvalidDocument extends Problem<'INVALID_DOCUMENT'> {
  /** Place of the first of them in the list that was sent, from 0. */
  readonly index: number;
  readonly documents: readonly DocumentFault[];
}

export interface DocumentFault {
  readonly index: number;
  readonly hash: string;
  readonly message: string;
}

/** Faults told per call: a developer sees the pattern by then. */
const FAULTS_MAX = 20;

export function invalidDocument(
  faults: readonly [DocumentFault, ...DocumentFault[]],
): InvalidDocument {
  const [first] = faults;
  return {
    code: 'INVALID_DOCUMENT',
    message: `${faults.length} document(s) were not accepted, and none was stored. The first is number ${first.index} (${first.hash}): ${first.message}`,
    retryable: false,
    index: first.index,
    documents: faults.slice(0, FAULTS_MAX),
  };
}

/** The app was used lately, so somebody out there would find its documents gone. */
export interface AppInUse extends Problem<'APP_IN_USE'> {
  readonly lastUsedAt: Date;
  /** When it may be retired, if it is not used again. */
  readonly protectedUntil: Date;
}

export function appInUse(app: App, lastUsedAt: Date, protectedUntil: Date): AppInUse {
  return {
    code: 'APP_IN_USE',
    message: `${app.name} ${app.version} was last used at ${lastUsedAt.toISOString()} and is protected until ${protectedUntil.toISOString()}. Wait until its users have gone, or force it.`,
    retryable: true,
    lastUsedAt,
    protectedUntil,
  };
}
