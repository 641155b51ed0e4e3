/** How much a broken rule weighs: an error fails the check, a warning is told. */
export type Severity = 'ERROR' | 'WARNING' | 'OFF';

/** What a target asks of every change. Data: stored per target, changed by those who govern it, recorded in the history. */
export interface TargetPolicy {
  readonly usage: {
    /** Usage of so many days back counts. */
    readonly windowDays: number;
    /** A coordinate is in use from so many requests on; 1 means that any use counts. */
    readonly requestsMin: number;
    /** Names of clients whose usage does not count, such as a schema crawler. */
    readonly excludedClients: readonly string[];
    /** Whether a breaking change that nobody uses passes, provided that usage was reported. */
    readonly unusedIsSafe: boolean;
  };
  readonly breaking: {
    /** Whether a breaking change that is in use fails a check; where it does not, it is only told. */
    readonly fails: boolean;
    /** Clients with exhaustive switches break when a value or member is added. */
    readonly enumValueAdded: boolean;
    readonly unionMemberAdded: boolean;
    /** Whether dangerous changes, such as another default value, fail a check. */
    readonly dangerousFails: boolean;
  };
  readonly deprecation: {
    /** A deprecation without `@sunset`. */
    readonly sunsetRequired: Severity;
    /** Days between the announcement of a sunset and its date. */
    readonly noticeDays: number;
    /** Whether what clients can see may be removed only after its sunset, unused and with usage reported. */
    readonly removalGated: boolean;
  };
  readonly versioning: {
    /** A major version goes on being served for so many days after the next one has come. */
    readonly pinnedMajorDays: number;
  };
  readonly review: {
    /** Which publications need an approved proposal that they match. */
    readonly required: 'NEVER' | 'BREAKING' | 'ALWAYS';
    /** Sign-offs of different people that a proposal needs, beside those of the owners. */
    readonly signOffs: number;
  };
  readonly override: {
    /** An override ends after so many days at the most. */
    readonly validDaysMax: number;
  };
  /** Lint rule → severity; a rule that is not named here has its own default. */
  readonly rules: Readonly<Record<string, Severity>>;
}

const STRICT: TargetPolicy = {
  usage: { windowDays: 30, requestsMin: 1, excludedClients: [], unusedIsSafe: true },
  breaking: { fails: true, enumValueAdded: false, unionMemberAdded: false, dangerousFails: false },
  deprecation: { sunsetRequired: 'ERROR', noticeDays: 90, removalGated: true },
  versioning: { pinnedMajorDays: 180 },
  review: { required: 'NEVER', signOffs: 1 },
  override: { validDaysMax: 30 },
  rules: {},
};

/** What a new target starts with, by its name; every other name starts as strict as production. */
const DEFAULTS: Readonly<Record<string, TargetPolicy>> = {
  development: {
    ...STRICT,
    usage: { ...STRICT.usage, windowDays: 7 },
    breaking: { ...STRICT.breaking, fails: false },
    deprecation: { sunsetRequired: 'WARNING', noticeDays: 0, removalGated: false },
  },
  staging: { ...STRICT, deprecation: { ...STRICT.deprecation, removalGated: false } },
};

export function defaultPolicy(targetSlug: string): TargetPolicy {
  return DEFAULTS[targetSlug] ?? STRICT;
}
