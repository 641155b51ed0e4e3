import { may } from '#kernel/identity.ts';
import { requirePermission } from '#kernel/access.ts';
import { connectionOf, parsePage } from '#kernel/paging.ts';
import { deliveriesOfThread } from '../store/delivery.ts';
import { exceptionsOfThread } from '../store/exception.ts';
import { pageOfThread, threadExists } from '../store/thread.ts';
import type { Context, DocumentStub, ThreadStub } from '../context.ts';
import type { Resolvers } from '../generated.ts';

/** A document of another room, to which this room adds its timeline. */
const documentWithTimeline = {
  __resolveReference: ({ id }: DocumentStub) => ({ id }),
  timeline: ({ id }: DocumentStub, _args: unknown, { loaders }: Context) =>
    loaders.timeline.load(id),
};

export const threadResolvers: Pick<
  Resolvers,
  'Thread' | 'ThreadEntry' | 'Requisition' | 'PurchaseOrder' | 'Invoice'
> & {
  readonly Query: Pick<NonNullable<Resolvers['Query']>, 'thread'>;
} = {
  Query: {
    thread: async (_root, { correlationId }, context) => {
      requirePermission(context.viewer, 'thread:read');
      const exists = await threadExists(context.database, correlationId, context.threadViewer);
      return exists ? { correlationId } : null;
    },
  },
  Thread: {
    entries: async ({ correlationId }: ThreadStub, args, context) => {
      const page = parsePage(args);
      const rows = await pageOfThread(context.database, correlationId, context.threadViewer, page);
      return connectionOf(page, rows, (entry) => entry.position.toString());
    },
    deliveries: ({ correlationId }, _args, context) =>
      deliveriesOfThread(context.database, correlationId, context.deliveryViewer),
    exceptions: ({ correlationId }, _args, context) =>
      may(context.viewer, 'exception:read')
        ? exceptionsOfThread(context.database, correlationId, context.viewer)
        : [],
  },
  ThreadEntry: {
    type: ({ eventType }) => eventType,
    actor: ({ actorId }) => actorId,
    document: ({ documentType, documentId, documentNumber, documentStatus }) => ({
      type: documentType,
      id: documentId,
      number: documentNumber,
      status: documentStatus,
    }),
  },
  Requisition: documentWithTimeline,
  PurchaseOrder: documentWithTimeline,
  Invoice: documentWithTimeline,
};
