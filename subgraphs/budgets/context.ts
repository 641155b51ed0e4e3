import { readScope } from '#kernel/identity.ts';
import { createLoaders } from './loaders.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { RequestContext } from '#kernel/subgraph.ts';
import type { Loaders } from './loaders.ts';
import type { ReservationBatcher } from './reserve-funds.ts';

/** What a resolver of this room gets: who asks, what the viewer may see, the room's data, loaders for one request. */
export interface Context extends RequestContext {
  readonly database: Database;
  readonly clock: Clock;
  /** One per process: this is how concurrent reservations meet in one batch. */
  readonly reservations: ReservationBatcher;
  readonly scope: ReadScope;
  readonly loaders: Loaders;
}

/** A document of another room, as it comes in a representation. */
export interface DocumentStub {
  readonly id: string;
}

/** Makes the context of each request from what the process has opened. */
export function createContextFactory(room: {
  readonly database: Database;
  readonly clock: Clock;
  readonly reservations: ReservationBatcher;
}): (request: RequestContext) => Context {
  return (request) => {
    const scope = readScope(request.viewer);
    return { ...request, ...room, scope, loaders: createLoaders(room.database, scope) };
  };
}
