import { createListLoader, createLoader } from '#kernel/loader.ts';
import { may } from '#kernel/identity.ts';
import { deliveriesByIds } from './store/delivery.ts';
import { exceptionsByDeliveries, exceptionsByIds, historyOfExceptions } from './store/exception.ts';
import { timelinesOf } from './store/thread.ts';
import type { EventBus } from '#kernel/bus.ts';
import type { Feed } from '#kernel/bus-feed.ts';
import type { Database } from '#kernel/database.ts';
import type { Permission, Viewer } from '#kernel/identity.ts';
import type { ListLoader, Loader } from '#kernel/loader.ts';
import type { RequestContext } from '#kernel/subgraph.ts';
import type { Delivery } from './delivery.ts';
import type { ErpDocumentType } from './events.ts';
import type { ExceptionCommands } from './exception-command.ts';
import type { ExceptionHistoryEntry, IntegrationException } from './integration-exception.ts';
import type { DeliveryViewer } from './store/delivery.ts';
import type { ThreadEntry, ThreadViewer } from './store/thread.ts';

/** What the resolvers of this room work with. */
export interface Context extends RequestContext {
  readonly database: Database;
  readonly bus: EventBus;
  readonly feed: Feed;
  readonly commands: ExceptionCommands;
  readonly deliveryViewer: DeliveryViewer;
  readonly threadViewer: ThreadViewer;
  readonly loaders: {
    readonly delivery: Loader<string, Delivery>;
    readonly exception: Loader<string, IntegrationException>;
    readonly exceptionOfDelivery: Loader<string, IntegrationException>;
    readonly history: ListLoader<ExceptionHistoryEntry>;
    readonly timeline: ListLoader<ThreadEntry>;
  };
}

/** A document of another room, known by its id alone. */
export interface DocumentStub {
  readonly id: string;
}

/** A thread, known by its correlation id alone. */
export interface ThreadStub {
  readonly correlationId: string;
}

export function createContext(
  room: Pick<Context, 'database' | 'bus' | 'feed' | 'commands'>,
): (request: RequestContext) => Context {
  return (request) => {
    const { viewer } = request;
    const { database } = room;
    const deliveryViewer = { viewer, hidden: hiddenTypes(viewer) };
    const threadViewer = {
      viewer,
      permissions: THREAD_PERMISSIONS.filter((permission) => may(viewer, permission)),
    };
    const seesExceptions = may(viewer, 'exception:read');
    return {
      ...request,
      ...room,
      deliveryViewer,
      threadViewer,
      loaders: {
        delivery: createLoader(
          (ids) => deliveriesByIds(database, ids, deliveryViewer),
          (delivery) => delivery.id,
        ),
        exception: createLoader(
          async (ids) => (seesExceptions ? exceptionsByIds(database, ids, viewer) : []),
          (exception) => exception.id,
        ),
        exceptionOfDelivery: createLoader(
          async (ids) => (seesExceptions ? exceptionsByDeliveries(database, ids, viewer) : []),
          (exception) => exception.deliveryId ?? '',
        ),
        history: createListLoader(
          (ids) => historyOfExceptions(database, ids),
          (entry) => entry.exceptionId,
        ),
        timeline: createListLoader(
          async (ids) =>
            may(viewer, 'thread:read') ? timelinesOf(database, ids, threadViewer) : [],
          (entry) => entry.subjectId,
        ),
      },
    };
  };
}

/** Every permission that reading an entry of a thread may take. */
const THREAD_PERMISSIONS: readonly Permission[] = [
  'supplier:read',
  'bank:read',
  'budget:read',
  'approval:read',
  'requisition:read',
  'order:read',
  'receipt:read',
  'invoice:read',
  'payment:read',
  'exception:read',
];

const DELIVERY_PERMISSIONS: Readonly<Record<ErpDocumentType, Permission>> = {
  PURCHASE_ORDER: 'order:read',
  GOODS_RECEIPT: 'receipt:read',
  INVOICE: 'invoice:read',
};
const DOCUMENT_TYPES = ['PURCHASE_ORDER', 'GOODS_RECEIPT', 'INVOICE'] as const;

function hiddenTypes(viewer: Viewer): ErpDocumentType[] {
  return DOCUMENT_TYPES.filter((type) => !may(viewer, DELIVERY_PERMISSIONS[type]));
}
