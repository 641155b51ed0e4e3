import { createEventFactory } from '#kernel/event.ts';
import { createListLoader, createLoader } from '#kernel/loader.ts';
import { EVENT_SOURCE } from './consumer.ts';
import { policiesByIds } from './store/policies.ts';
import { readerOf } from './store/reader.ts';
import { requestsByIds, roundsOfDocuments } from './store/requests.ts';
import { decisionsOfRequests, tasksOfRequests } from './store/tasks.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { ListLoader, Loader } from '#kernel/loader.ts';
import type { RequestContext } from '#kernel/subgraph.ts';
import type { ApprovalPolicy } from './approval-policy.ts';
import type { ApprovalRequest } from './approval-request.ts';
import type { ApprovalTask } from './approval-task.ts';
import type { Rounds } from './round-commands.ts';
import type { Reader } from './store/reader.ts';
import type { Decision } from './task-decision.ts';

/** What a resolver of this room gets: who asks, the room's data, and loaders that live as long as the request. */
export interface Context extends RequestContext, Rounds {
  readonly database: Database;
  readonly reader: Reader;
  readonly loaders: Loaders;
}

interface Loaders {
  /** Only requests that the viewer may see. */
  readonly request: Loader<string, ApprovalRequest>;
  /** Rounds by document id, the first round first; only those that the viewer may see. */
  readonly rounds: ListLoader<ApprovalRequest>;
  readonly tasks: ListLoader<ApprovalTask>;
  readonly decisions: ListLoader<Decision>;
  readonly policy: Loader<string, ApprovalPolicy>;
}

/** Makes the context of each request from what the process has opened. */
export function createContextFactory(room: {
  readonly database: Database;
  readonly clock: Clock;
}): (request: RequestContext) => Context {
  const event = createEventFactory(EVENT_SOURCE, room.clock);
  return (request) => {
    const reader = readerOf(request.viewer, room.clock.now());
    return { ...request, ...room, event, reader, loaders: createLoaders(room.database, reader) };
  };
}

function createLoaders(database: Database, reader: Reader): Loaders {
  return {
    request: createLoader(
      (ids) => requestsByIds(database, reader, ids),
      (request) => request.id,
    ),
    rounds: createListLoader(
      (ids) => roundsOfDocuments(database, reader, ids),
      (request) => request.document.documentId,
    ),
    tasks: createListLoader(
      (ids) => tasksOfRequests(database, ids),
      (task) => task.requestId,
    ),
    decisions: createListLoader(
      (ids) => decisionsOfRequests(database, ids),
      (decision) => decision.requestId,
    ),
    policy: createLoader(
      (ids) => policiesByIds(database, ids),
      (policy) => policy.id,
    ),
  };
}
