import { answerOf } from '#kernel/subgraph.ts';
import { captureInvoice, captureInvoiceDocument } from '../command/capture-command.ts';
import * as command from '../command/invoice-command.ts';
import type { Problem, Result } from '#kernel/problem.ts';
import type { Context } from '../context.ts';
import type { CaptureInvoiceInput, Resolvers } from '../generated.ts';
import type { Invoice } from '../domain/invoice.ts';

const mutation: NonNullable<Resolvers['Mutation']> = {
  captureInvoice: async (_parent, { input }, context) =>
    answer(await captureInvoice(context, withDefaults(input)), context),
  captureInvoiceDocument: async (_parent, { input }, context) =>
    answer(await captureInvoiceDocument(context, input), context),
  resolveInvoiceSupplier: async (_parent, { input }, context) =>
    answer(await command.resolveInvoiceSupplier(context, input), context),
  rematchInvoice: async (_parent, { input }, context) =>
    answer(await command.rematchInvoice(context, input), context),
  releaseHolds: async (_parent, { input }, context) =>
    answer(await command.releaseHolds(context, input), context),
  rejectInvoice: async (_parent, { input }, context) =>
    answer(await command.rejectInvoice(context, input), context),
  cancelInvoice: async (_parent, { input }, context) =>
    answer(await command.cancelInvoice(context, input), context),
  retryPosting: async (_parent, { input }, context) =>
    answer(await command.retryPosting(context, input), context),
};

export const mutationResolvers: Pick<Resolvers, 'Mutation' | 'DuplicateInvoiceProblem'> = {
  Mutation: mutation,
  DuplicateInvoiceProblem: {
    // Looked up with the viewer's eyes: what one may not see, one does not learn of.
    existingInvoice: ({ existingInvoiceId }, _args, context) =>
      context.loaders.invoice.load(existingInvoiceId),
  },
};

/** What the schema fills in; the generated types do not know that it does. */
function withDefaults(input: CaptureInvoiceInput) {
  return {
    ...input,
    kind: input.kind ?? ('STANDARD' as const),
    lines: input.lines.map((line) => ({
      ...line,
      taxCategory: line.taxCategory ?? 'S',
      quantity: { value: line.quantity.value, unitCode: line.quantity.unitCode ?? 'C62' },
    })),
  };
}

function answer<P extends Problem>(result: Result<Invoice, P>, context: Context) {
  return answerOf(result, 'Invoice', context.correlationId);
}
