import { requirePermission } from '#kernel/access.ts';
import { legalEvents } from '#kernel/lifecycle.ts';
import { connectionOf, parsePage } from '#kernel/paging.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { DOCUMENT_NAMES } from '../fact.ts';
import { EXCEPTION_LIFECYCLE } from '../integration-exception.ts';
import { pageOfExceptions } from '../store/exception.ts';
import type { Context } from '../context.ts';
import type { ExceptionFilter, Resolvers } from '../generated.ts';
import type { ExceptionEvent } from '../integration-exception.ts';
import type { ExceptionFilter as StoredFilter } from '../store/exception.ts';

/** The steps that people take; the others are the system's. */
const PEOPLES_EVENTS: ReadonlySet<ExceptionEvent> = new Set(['assign', 'retry', 'resolve']);

export const exceptionResolvers: Pick<Resolvers, 'IntegrationException' | 'Delivery'> & {
  readonly Query: Pick<NonNullable<Resolvers['Query']>, 'exceptions' | 'exception'>;
  readonly Mutation: NonNullable<Resolvers['Mutation']>;
} = {
  Query: {
    exceptions: async (_root, { filter, ...args }, context) => {
      requirePermission(context.viewer, 'exception:read');
      const page = parsePage(args);
      const rows = await pageOfExceptions(
        context.database,
        context.viewer,
        filterOf(filter ?? {}),
        page,
      );
      return connectionOf(page, rows, (exception) => exception.number);
    },
    exception: (_root, { id }, context) => {
      requirePermission(context.viewer, 'exception:read');
      return context.loaders.exception.load(id);
    },
  },
  Mutation: {
    retryException: async (_root, { input }, context) => {
      requirePermission(context.viewer, 'exception:work');
      return answerOf(
        await context.commands.retry(context, input),
        'IntegrationException',
        context.correlationId,
      );
    },
    retryExceptions: async (_root, { input }, context) => {
      requirePermission(context.viewer, 'exception:work');
      const { idempotencyKey, limit } = input;
      const wanted = { idempotencyKey, limit, filter: filterOf(input.filter) };
      return answerOf(
        await context.commands.retryMany(context, wanted),
        'RetriedExceptions',
        context.correlationId,
      );
    },
    resolveException: async (_root, { input }, context) => {
      requirePermission(context.viewer, 'exception:work');
      return answerOf(
        await context.commands.resolve(context, input),
        'IntegrationException',
        context.correlationId,
      );
    },
    assignException: async (_root, { input }, context) => {
      requirePermission(context.viewer, 'exception:work');
      return answerOf(
        await context.commands.assign(context, input),
        'IntegrationException',
        context.correlationId,
      );
    },
  },
  IntegrationException: {
    __resolveReference: ({ id }: { id: string }, context: Context) =>
      context.loaders.exception.load(id),
    document: ({ documentType, documentId, documentNumber, status }) => ({
      type: typeName(documentType),
      id: documentId,
      number: documentNumber,
      status,
    }),
    companyCode: ({ audience }) => audience.companyCode,
    delivery: ({ deliveryId }, _args, { loaders }) =>
      deliveryId === null ? null : loaders.delivery.load(deliveryId),
    history: ({ id }, _args, { loaders }) => loaders.history.load(id),
    legalActions: ({ status }) =>
      legalEvents(EXCEPTION_LIFECYCLE, status).filter((event) => PEOPLES_EVENTS.has(event)),
  },
  Delivery: {
    __resolveReference: ({ id }: { id: string }, context: Context) =>
      context.loaders.delivery.load(id),
    document: ({ documentType, documentId, documentNumber, status }) => ({
      type: DOCUMENT_NAMES[documentType],
      id: documentId,
      number: documentNumber,
      status,
    }),
    exception: ({ id }, _args, { loaders }) => loaders.exceptionOfDelivery.load(id),
  },
};

/** Exceptions name documents as their sources do: `PURCHASE_ORDER` or `PurchaseOrder`. */
function typeName(documentType: string): string {
  if (!/^[A-Z_]+$/.test(documentType)) return documentType;
  return documentType
    .toLowerCase()
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

function filterOf(filter: Partial<ExceptionFilter>): StoredFilter {
  return {
    statuses: filter.statuses ?? null,
    kind: filter.kind ?? null,
    codes: filter.codes ?? null,
    companyCode: filter.companyCode ?? null,
    erp: filter.erp ?? null,
    documentId: filter.documentId ?? null,
    assigneeId: filter.assigneeId ?? null,
  };
}
