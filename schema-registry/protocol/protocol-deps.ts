import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { Log } from '#kernel/log.ts';
import type { Result } from '#kernel/problem.ts';
import type { Authenticator } from '../access/authenticator.ts';
import type { AppCommands } from '../app/app-command.ts';
import type { ChangeRequest, RegistryCommands, StoredCheck } from '../commands.ts';
import type { Workshop } from '../composition/workshop.ts';

/** A check as foreign clients ask for it. */
export interface ProtocolCheck extends ChangeRequest {
  /** The contract to compare with instead of the published one, composed with the target's other contracts. */
  readonly baseline: { readonly subgraph: string; readonly sdl: string } | null;
}

/** The registry's commands, of which a check also takes what foreign clients add to it. */
export interface ProtocolCommands extends Omit<RegistryCommands, 'check'> {
  check(request: ProtocolCheck): Promise<Result<StoredCheck>>;
}

/** Everything that the foreign protocols are resolved over. */
export interface ProtocolDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly authenticator: Authenticator;
  readonly commands: ProtocolCommands;
  readonly apps: AppCommands;
  /** Composes for `dev`, which stores nothing. */
  readonly workshop: Workshop;
}
