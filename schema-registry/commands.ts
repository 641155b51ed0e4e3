import type { Result } from '#kernel/problem.ts';
import type { Problem } from '#kernel/problem.ts';
import type { Principal } from './access/principal.ts';
import type { CheckResult } from './check/result.ts';
import type { Target } from './target.ts';

/** A subgraph's contract as somebody sends it. */
export interface SubgraphInput {
  readonly subgraph: string;
  readonly sdl: string;
  /** Null keeps the address that is known; a first publication needs one. */
  readonly url: string | null;
  /** A semantic version that the publisher states; refused when it understates the change. */
  readonly version: string | null;
}

/** Who changed it and in which commit, as pipelines tell. */
export interface SourceControl {
  readonly author: string | null;
  readonly commit: string | null;
}

/** What to do to the members of a target's graph, all together or not at all. */
export interface ChangeRequest {
  readonly target: Target;
  readonly principal: Principal;
  readonly put: readonly SubgraphInput[];
  /** Subgraphs to take out. */
  readonly retire: readonly string[];
  readonly source: SourceControl;
  /** Groups checks of one pull request, so that its re-runs are recognised. */
  readonly contextId: string | null;
}

/** A subgraph's contract to compare with instead of the current one, such as that of the branch that a change goes into. */
export interface Baseline {
  readonly subgraph: string;
  readonly sdl: string;
}

/** A change to check. */
export interface CheckRequest extends ChangeRequest {
  /** Compares with this contract of a subgraph, composed with the other current ones, instead of with what is current. */
  readonly baseline?: Baseline | null;
}

export interface StoredCheck {
  readonly id: string;
  readonly createdAt: Date;
  readonly result: CheckResult;
}

/** A subgraph's contract within a supergraph. */
export interface SupergraphMember {
  readonly subgraph: string;
  readonly number: number;
  readonly version: string;
  readonly url: string;
  readonly sha256: string;
}

export interface SupergraphVersion {
  readonly id: string;
  readonly targetId: string;
  readonly number: number;
  /** Semantic version, computed from the diff. */
  readonly version: string;
  readonly cause: 'PUBLISH' | 'RETIRE' | 'PROMOTE' | 'ROLLBACK' | 'CONTRACTS';
  readonly supergraphSha256: string;
  readonly apiSha256: string;
  readonly members: readonly SupergraphMember[];
  readonly author: string | null;
  readonly commit: string | null;
  readonly publishedBy: string;
  readonly publishedAt: Date;
}

export interface Published {
  readonly version: SupergraphVersion;
  /** False when everything was current already: nothing was stored. */
  readonly changed: boolean;
  readonly initial: boolean;
  readonly result: CheckResult;
}

export interface CheckFailed extends Problem<'CHECK_FAILED'> {
  readonly result: CheckResult;
}

/**
 * What the registry can do, whichever door it is asked through. Every function asks `principal.allows` itself and throws
 * FORBIDDEN where it may not. Refusals are values.
 */
export interface RegistryCommands {
  /** Checks and stores the check; never changes what is current. */
  check(request: CheckRequest): Promise<Result<StoredCheck>>;
  /** Checks against the state that it commits to, and publishes; what fails the check is refused and not stored. */
  publish(request: ChangeRequest): Promise<Result<Published, CheckFailed | Problem>>;
  /** Makes another target's version (the current one, or one by id) current here, checked as a publication is. */
  promote(request: {
    readonly principal: Principal;
    readonly from: { readonly versionId: string } | { readonly target: Target };
    readonly to: Target;
    readonly source: SourceControl;
  }): Promise<Result<Published, CheckFailed | Problem>>;
  /** Serves an older version of the same target again. */
  rollback(request: {
    readonly principal: Principal;
    readonly target: Target;
    readonly versionId: string;
    readonly reason: string;
  }): Promise<Result<Published>>;
}
