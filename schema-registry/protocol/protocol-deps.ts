import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { Log } from '#kernel/log.ts';
import type { Result } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';
import type { ChangeRequest, RegistryCommands, StoredCheck } from '../commands.ts';
import type { Target } from '../target.ts';
import type { AuthenticateToken } from './caller.ts';

/** A contract of the graph, as composition takes it. */
export interface ComposedMember {
  readonly subgraph: string;
  readonly url: string;
  readonly sdl: string;
}

/** A check as foreign clients ask for it. */
export interface ProtocolCheck extends ChangeRequest {
  /** The contract to compare with instead of the published one, composed with the target's other contracts. */
  readonly baseline: { readonly subgraph: string; readonly sdl: string } | null;
  /** The proposal that the check belongs to. */
  readonly proposalId: string | null;
}

/** The registry's commands, of which a check also takes what foreign clients add to it. */
export interface ProtocolCommands extends Omit<RegistryCommands, 'check'> {
  check(request: ProtocolCheck): Promise<Result<StoredCheck>>;
}

/** Names a version of an app, for one who wants something of it. */
export interface AppRequest {
  readonly principal: Principal;
  readonly target: Target;
  readonly name: string;
  readonly version: string;
}

export interface AppVersion {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly status: 'PENDING' | 'ACTIVE' | 'RETIRED';
}

/**
 * What can be done with apps and their persisted documents. Every function asks `principal.allows` itself. A problem may
 * say more by fields of its own: `index`, the document at fault; `lastUsedAt`, when a protected app was last used.
 */
export interface AppCommands {
  /** Makes the app known; one that is known already is answered as it stands. */
  create(request: AppRequest): Promise<Result<AppVersion>>;
  addDocuments(
    request: AppRequest & {
      readonly documents: readonly { readonly hash: string; readonly body: string }[];
    },
  ): Promise<Result<AppVersion>>;
  activate(
    request: AppRequest,
  ): Promise<Result<{ readonly app: AppVersion; readonly skipped: boolean }>>;
  retire(request: AppRequest & { readonly force: boolean }): Promise<Result<AppVersion>>;
}

/** What became of asking for permission for a failed check's breaking changes. */
export interface RequestedOverrides {
  /** Requests that two people must still grant, filed now or before. */
  readonly waiting: readonly { readonly id: string; readonly message: string }[];
  /** Breaking changes that are permitted already. */
  readonly granted: number;
  /** What stands against the check beside breaking changes; no override helps there. */
  readonly others: number;
}

/** Everything that the foreign protocols are resolved over. */
export interface ProtocolDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly authenticateToken: AuthenticateToken;
  readonly commands: ProtocolCommands;
  readonly apps: AppCommands;
  /** Composes without storing anything. */
  readonly compose: (members: readonly ComposedMember[]) => Promise<
    | { readonly ok: true; readonly supergraphSdl: string }
    | {
        readonly ok: false;
        readonly errors: readonly { readonly code: string; readonly message: string }[];
      }
  >;
  /** Files a request to override each breaking change that fails the check; grants nothing. */
  readonly requestOverrides: (request: {
    readonly principal: Principal;
    readonly target: Target;
    readonly checkId: string;
    readonly reason: string;
  }) => Promise<Result<RequestedOverrides>>;
}
