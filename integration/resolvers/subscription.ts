import { GraphQLError } from 'graphql';
import { requirePermission } from '#kernel/access.ts';
import { isRecord } from '#kernel/json.ts';
import { mayRead, subjectIdOf, summaryOf } from '../status-event.ts';
import type { FeedItem } from '#kernel/bus-feed.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { Permission } from '#kernel/identity.ts';
import type { Context } from '../context.ts';
import type { Resolvers, StatusEventFilter } from '../generated.ts';

type Ids = { readonly id: string; readonly after?: string | null };

export const subscriptionResolvers: Pick<
  Resolvers,
  'Subscription' | 'StatusFeedItem' | 'StatusEvent' | 'StatusGap'
> = {
  Subscription: {
    statusEvents: {
      subscribe: (_root, args, context) => open(context, args.after, matcher(args.filter ?? {})),
      resolve: (item: FeedItem) => item,
    },
    requisitionEvents: ofDocument('requisition:read'),
    purchaseOrderEvents: ofDocument('order:read'),
    invoiceEvents: ofDocument('invoice:read'),
  },
  StatusFeedItem: {
    __resolveType: (item) => (item.kind === 'event' ? 'StatusEvent' : 'StatusGap'),
  },
  StatusEvent: {
    sequence: ({ entry }) => entry.position.toString(),
    eventId: ({ entry }) => entry.event.id,
    type: ({ entry }) => entry.event.type,
    document: ({ entry }) => entry.event.document,
    occurredAt: ({ entry }) => entry.event.occurredAt,
    actor: ({ entry }) => entry.event.actorId,
    correlationId: ({ entry }) => entry.event.correlationId,
    summary: ({ entry }) => summaryOf(entry.event),
    requisition: ({ entry }) => stub(entry.event, 'Requisition', 'REQUISITION'),
    purchaseOrder: ({ entry }) => stub(entry.event, 'PurchaseOrder', 'PURCHASE_ORDER'),
    invoice: ({ entry }) => stub(entry.event, 'Invoice', 'INVOICE'),
    supplier: ({ entry }) => stub(entry.event, 'Supplier', 'SUPPLIER'),
  },
  StatusGap: {
    missedFrom: (gap) => gap.missedFrom.toString(),
    resumesAt: (gap) => gap.resumesAt?.toString() ?? null,
    resumeAfter: (gap) => gap.resumeAfter.toString(),
  },
};

function ofDocument(permission: Permission) {
  return {
    subscribe: (_root: unknown, { id, after }: Ids, context: Context) => {
      requirePermission(context.viewer, permission);
      return open(context, after, matcher({ documentIds: [id] }));
    },
    resolve: (item: FeedItem) => item,
  };
}

async function open(
  context: Context,
  after: string | null | undefined,
  matches: (event: DomainEvent) => boolean,
): Promise<AsyncGenerator<FeedItem, void>> {
  const { viewer, feed, signal } = context;
  const position = after === null || after === undefined ? null : await positionOf(context, after);
  return feed.subscribe({
    after: position,
    signal,
    wanted: ({ event }) => matches(event) && mayRead(viewer, event),
  });
}

/** Longest text that can be a position: bigint has nineteen digits. */
const POSITION = /^\d{1,19}$/;

async function positionOf(context: Context, after: string): Promise<bigint> {
  const { newest } = await context.bus.bounds();
  if (POSITION.test(after) && BigInt(after) <= newest) return BigInt(after);
  throw new GraphQLError(
    `"after" must be the "sequence" of an event of this feed (at most ${newest}), not "${after.slice(0, 40)}". Leave it out to begin now.`,
    { extensions: { code: 'BAD_USER_INPUT' } },
  );
}

/** More ids than a screen shows; a longer list is a reason to filter by company or correlation instead. */
const FILTER_IDS_MAX = 100;

function matcher(filter: Partial<StatusEventFilter>): (event: DomainEvent) => boolean {
  const { correlationId, companyCode } = filter;
  const documentTypes = setOf(filter.documentTypes);
  const documentIds = setOf(filter.documentIds);
  const eventTypes = setOf(filter.eventTypes);
  return (event) =>
    (documentTypes === null || documentTypes.has(event.document.type)) &&
    (documentIds === null ||
      documentIds.has(event.document.id) ||
      documentIds.has(subjectIdOf(event))) &&
    (eventTypes === null || eventTypes.has(event.type)) &&
    (isOpen(correlationId) || event.correlationId === correlationId) &&
    (isOpen(companyCode) || event.audience.companyCode === companyCode);
}

/** A filter that is left out lets everything through. */
function isOpen(value: string | null | undefined): boolean {
  return value === null || value === undefined;
}

function setOf(values: readonly string[] | null | undefined): ReadonlySet<string> | null {
  if (values === null || values === undefined) return null;
  if (values.length > FILTER_IDS_MAX) {
    throw new GraphQLError(
      `At most ${FILTER_IDS_MAX} values are taken in a filter, not ${values.length}.`,
      {
        extensions: { code: 'BAD_USER_INPUT' },
      },
    );
  }
  return new Set(values);
}

/** The document as its own room knows it, when the event is about it or about something that belongs to it. */
function stub(event: DomainEvent, type: string, constant: string): { id: string } | null {
  if (event.document.type === type) return { id: event.document.id };
  const owner =
    OWNERS[event.document.type] ?? (isRecord(event.data) ? event.data['documentType'] : undefined);
  return owner === type || owner === constant ? { id: subjectIdOf(event) } : null;
}

/** Documents that always belong to one of another type. */
const OWNERS: Readonly<Record<string, string>> = {
  GoodsReceipt: 'PurchaseOrder',
  Payment: 'Invoice',
};
