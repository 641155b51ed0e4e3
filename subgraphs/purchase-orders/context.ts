import { createEventFactory } from '#kernel/event.ts';
import { createAnnouncement } from './announcement.ts';
import { createLoaders } from './loaders.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { RequestContext } from '#kernel/subgraph.ts';
import type { Announcement, EventFactory, Origin } from './announcement.ts';
import type { Funds } from './funds.ts';
import type { Loaders } from './loaders.ts';
import type { SupplierStanding } from './supplier-standing.ts';

/** The source of every event of this room. */
export const EVENT_SOURCE = '/subgraphs/purchase-orders';

/** What every request shares. */
export interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly funds: Funds;
  readonly standing: SupplierStanding;
}

/** What a resolver works with. */
export interface Context extends RequestContext, Dependencies {
  /** Reads of this request. */
  readonly loaders: Loaders;
  /** Forgets what was read, after something was written. */
  readonly forgetReads: () => void;
  /** Events caused by the viewer's request with this idempotency key. */
  readonly announce: (idempotencyKey: string) => Announcement;
}

export function createContext(dependencies: Dependencies, request: RequestContext): Context {
  const event = createEventFactory(EVENT_SOURCE, dependencies.clock);
  let loaders = createLoaders(dependencies.database, request.viewer);
  return {
    ...dependencies,
    ...request,
    get loaders() {
      return loaders;
    },
    forgetReads: () => {
      loaders = createLoaders(dependencies.database, request.viewer);
    },
    announce: (idempotencyKey) =>
      announcementOf(event, {
        causationId: idempotencyKey,
        actorId: request.viewer.id,
        traceparent: request.traceparent,
      }),
  };
}

function announcementOf(event: EventFactory, origin: Origin): Announcement {
  return createAnnouncement(event, origin);
}
