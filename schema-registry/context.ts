import type { Clock } from '#kernel/clock.ts';
import type { Secret } from '#kernel/config.ts';
import type { Database } from '#kernel/database.ts';
import type { Log } from '#kernel/log.ts';
import type { RequestContext } from '#kernel/subgraph.ts';
import type { Authenticator } from './access/authenticator.ts';
import type { Principal } from './access/principal.ts';
import type { SigningKeys } from './artifact/signing-key.ts';
import type { RegistryCommands } from './commands.ts';
import type { Workshop } from './composition/workshop.ts';

export interface Context extends RequestContext {
  readonly database: Database;
  readonly workshop: Workshop;
  readonly clock: Clock;
  readonly log: Log;
  readonly principal: Principal;
  readonly commands: RegistryCommands;
  /** The registry's own signing keys. */
  readonly keys: SigningKeys;
  /** Who comes with which credential; told when a token is revoked. */
  readonly authenticator: Authenticator;
  /** Under which secrets are sealed at rest. */
  readonly registrySecret: Secret;
}
