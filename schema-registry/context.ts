import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { Log } from '#kernel/log.ts';
import type { RequestContext } from '#kernel/subgraph.ts';
import type { Compose } from './composition.ts';

export interface Context extends RequestContext {
  readonly database: Database;
  readonly compose: Compose;
  readonly clock: Clock;
  readonly log: Log;
}
