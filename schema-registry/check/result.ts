/** The steps of a check, in the order in which they are answered. */
export const CHECK_STEPS = [
  'COMPOSITION',
  'DIFF',
  'USAGE',
  'DEPRECATION',
  'POLICIES',
  'CONTRACTS',
  'EVENTS',
  'REVIEW',
  'VERSION',
] as const;
export type StepName = (typeof CHECK_STEPS)[number];

/** One thing that a step found. An error fails its step, and so the check. */
export interface Finding {
  readonly severity: 'ERROR' | 'WARNING' | 'INFO';
  /** Stable: a composition code such as `INVALID_FIELD_SHARING`, a lint rule, or one of ours such as `SUNSET_TOO_SOON`. */
  readonly code: string;
  /** What is wrong, with what, and what to do next. */
  readonly message: string;
  /** Such as `Invoice.total` or `Query.invoice(id:)`. */
  readonly coordinate: string | null;
  readonly subgraph: string | null;
  /** Where in the SDL that was sent, counted from 1; null when it is nowhere in it. */
  readonly line: number | null;
  readonly column: number | null;
  /** The contract (filtered schema) concerned, when it is not the whole graph. */
  readonly contract: string | null;
}

export interface CheckStep {
  readonly name: StepName;
  /** Completed: done, nothing stands against it. Failed: an error was found. Skipped: not done, for `reason`. */
  readonly status: 'COMPLETED' | 'FAILED' | 'SKIPPED';
  readonly reason: string | null;
  readonly findings: readonly Finding[];
}

/** Who was seen using a coordinate within the usage window. */
export interface CoordinateUsage {
  readonly requests: number;
  readonly lastSeenAt: Date | null;
  readonly clients: readonly {
    readonly name: string;
    readonly version: string;
    readonly requests: number;
    readonly lastSeenAt: Date;
  }[];
  /** The most used operations, at most ten. */
  readonly operations: readonly {
    readonly hash: string;
    readonly name: string;
    readonly requests: number;
  }[];
  /** Persisted documents of active apps that select it, whether or not they were sent lately. */
  readonly documents: readonly {
    readonly app: string;
    readonly version: string;
    readonly hash: string;
  }[];
}

/** One difference of the API schema, and what is made of it. */
export interface SchemaChange {
  /** Names exactly this change: kind, coordinate, what was there before and after. An override is bound to it. */
  readonly hash: string;
  /** Kind of change, such as `FIELD_REMOVED`. */
  readonly type: string;
  readonly coordinate: string | null;
  readonly message: string;
  readonly severity: 'BREAKING' | 'DANGEROUS' | 'SAFE';
  /** The contract in whose schema it was found; null for the whole graph. */
  readonly contract: string | null;
  /** Why a breaking change passes all the same; null when it does not, or is not breaking. */
  readonly acceptedBy: 'NO_USAGE' | 'OVERRIDE' | 'POLICY' | null;
  /** Null for changes that cannot break anybody. */
  readonly usage: CoordinateUsage | null;
}

export interface CheckResult {
  readonly conclusion: 'PASSED' | 'FAILED';
  readonly steps: readonly CheckStep[];
  readonly changes: readonly SchemaChange[];
  /** The version that the change would make of each changed subgraph and of the supergraph; null when it does not compose. */
  readonly version: {
    readonly supergraph: string;
    readonly subgraphs: readonly { readonly subgraph: string; readonly version: string }[];
  } | null;
}
