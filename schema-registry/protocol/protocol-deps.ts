import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { Log } from '#kernel/log.ts';
import type { Authenticator } from '../access/authenticator.ts';
import type { AppCommands } from '../app/app-command.ts';
import type { RegistryCommands } from '../commands.ts';
import type { Workshop } from '../composition/workshop.ts';

/** Everything that the foreign protocols are resolved over. */
export interface ProtocolDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly authenticator: Authenticator;
  readonly commands: RegistryCommands;
  readonly apps: AppCommands;
  /** Composes for `dev`, which stores nothing. */
  readonly workshop: Workshop;
}
