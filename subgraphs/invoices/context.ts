import { createEventFactory } from '#kernel/event.ts';
import { createLoaders } from './loaders.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { RequestContext } from '#kernel/subgraph.ts';
import type { Loaders } from './loaders.ts';

/** What a resolver of this room gets: who asks, the room's data, and loaders that live as long as the request. */
export interface Context extends RequestContext {
  readonly database: Database;
  readonly clock: Clock;
  readonly event: ReturnType<typeof createEventFactory>;
  readonly loaders: Loaders;
}

/** Makes the context of each request from what the process has opened. */
export function createContextFactory(room: {
  readonly database: Database;
  readonly clock: Clock;
}): (request: RequestContext) => Context {
  const event = createEventFactory('/subgraphs/invoices', room.clock);
  return (request) => ({
    ...request,
    ...room,
    event,
    loaders: createLoaders(room.database, request.viewer),
  });
}
