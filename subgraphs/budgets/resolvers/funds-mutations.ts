import { requirePermission } from '#kernel/access.ts';
import { once } from '#kernel/idempotency.ts';
import { within } from '#kernel/identity.ts';
import { notFound, refused, unavailable } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { BatchQueueFull } from '../batch.ts';
import { companyOf } from '../domain/cost-centre.ts';
import { adjustFunds, convertFunds, releaseFunds, reserveAnew } from '../funds-command.ts';
import { KEY_LENGTH_MAX, createInputReader } from '../input.ts';
import { liquidateFunds } from '../liquidate-funds.ts';
import { repeatedOnRace, reservationCommand } from '../reserve-funds.ts';
import type { Result, Unavailable } from '#kernel/problem.ts';
import type { Context } from '../context.ts';
import type { FundsReservation } from '../domain/funds-reservation.ts';
import type { FundsChange } from '../funds-change.ts';
import type { FundsCommandProblem } from '../funds-command.ts';
import type { MutationResolvers } from '../generated.ts';
import type { FundsProblem, FundsRequest } from '../reserve-funds.ts';

type FundsMutations = Pick<
  MutationResolvers,
  'reserveFunds' | 'adjustReservation' | 'convertFunds' | 'liquidateFunds' | 'releaseFunds'
>;

export const fundsMutations: Required<FundsMutations> = {
  reserveFunds: async (_parent, { input }, context) => {
    requirePermission(context.viewer, 'funds:reserve');
    const reader = createInputReader();
    const text = (field: Exclude<keyof typeof input, 'amount'>) =>
      reader.text(field, input[field], KEY_LENGTH_MAX);
    const request: FundsRequest = {
      idempotencyKey: text('idempotencyKey'),
      documentType: input.documentType,
      documentId: text('documentId'),
      documentNumber: text('documentNumber'),
      correlationId: text('correlationId'),
      costCentreId: text('costCentreId'),
      category: text('category'),
      amount: reader.amount('amount', input.amount, 'positive'),
      on: input.on,
      actorId: context.viewer.id,
      traceparent: context.traceparent,
    };
    const flaw = reader.flaw();
    const result = flaw === null ? await reserve(context, request) : refused(flaw);
    return answerOf(result, 'FundsReservation', context.correlationId);
  },
  adjustReservation: (_parent, { input }, context) => {
    const reader = createInputReader();
    const total = reader.amount('amount', input.amount, 'notNegative');
    return answerCommand(context, { operation: 'adjustReservation', input, reader }, (change) =>
      adjustFunds(change, { ...documentOf(input), total }),
    );
  },
  convertFunds: (_parent, { input }, context) => {
    const reader = createInputReader();
    const command = {
      requisitionId: input.requisitionId,
      purchaseOrderId: reader.text('purchaseOrderId', input.purchaseOrderId, KEY_LENGTH_MAX),
      purchaseOrderNumber: reader.text(
        'purchaseOrderNumber',
        input.purchaseOrderNumber,
        KEY_LENGTH_MAX,
      ),
      total: reader.amount('amount', input.amount, 'positive'),
    };
    return answerCommand(context, { operation: 'convertFunds', input, reader }, (change) =>
      convertFunds(change, command),
    );
  },
  liquidateFunds: (_parent, { input }, context) => {
    const reader = createInputReader();
    const invoice = {
      ...documentOf(input),
      invoiceId: reader.text('invoiceId', input.invoiceId, KEY_LENGTH_MAX),
      invoiceNumber: reader.text('invoiceNumber', input.invoiceNumber, KEY_LENGTH_MAX),
      kind: 'STANDARD',
      amount: reader.amount('amount', input.amount, 'positive'),
      final: input.final,
    } as const;
    return answerCommand(context, { operation: 'liquidateFunds', input, reader }, (change) =>
      liquidateFunds(change, invoice),
    );
  },
  releaseFunds: (_parent, { input }, context) =>
    answerCommand(
      context,
      { operation: 'releaseFunds', input, reader: createInputReader() },
      (change) => releaseFunds(change, documentOf(input)),
    ),
};

function documentOf(input: { documentType: FundsReservation['documentType']; documentId: string }) {
  return { documentType: input.documentType, documentId: input.documentId };
}

/** Through the batch; a document that holds a claim already is set anew in a transaction of its own. */
async function reserve(
  context: Context,
  request: FundsRequest,
): Promise<Result<FundsReservation, FundsProblem | FundsCommandProblem | Unavailable>> {
  const place = {
    companyCode: companyOf(request.costCentreId),
    costCentreId: request.costCentreId,
  };
  if (!within(context.scope, place)) return refused(notFound('cost centre', request.costCentreId));
  try {
    const answer = await context.reservations.run(request);
    if (answer !== 'ALREADY_RESERVED') return answer;
  } catch (error) {
    if (error instanceof BatchQueueFull) return refused(unavailable('budgets', error.message));
    throw error;
  }
  const change = { idempotencyKey: request.idempotencyKey, on: request.on };
  return repeatedOnRace(() =>
    once(context.database, reservationCommand(request), (tx) =>
      reserveAnew(changeOf(context, tx, change), request),
    ),
  );
}

/** The common way of the other commands: authorise, once per key, decide and commit, hide what may not be seen. */
async function answerCommand(
  context: Context,
  call: {
    operation: string;
    input: { idempotencyKey: string; on: string };
    reader: ReturnType<typeof createInputReader>;
  },
  command: (change: FundsChange) => Promise<Result<FundsReservation, FundsCommandProblem>>,
) {
  requirePermission(context.viewer, 'funds:reserve');
  const { idempotencyKey, ...input } = call.input;
  call.reader.text('idempotencyKey', idempotencyKey, KEY_LENGTH_MAX);
  const flaw = call.reader.flaw();
  const work = async (
    tx: FundsChange['tx'],
  ): Promise<Result<FundsReservation, FundsCommandProblem>> => {
    const outcome = await command(changeOf(context, tx, call.input));
    if (!outcome.ok || within(context.scope, outcome.value)) return outcome;
    return refused(notFound('funds reservation', outcome.value.documentId));
  };
  const named = { caller: context.viewer.id, idempotencyKey, operation: call.operation, input };
  const result = flaw === null ? await once(context.database, named, work) : refused(flaw);
  return answerOf(result, 'FundsReservation', context.correlationId);
}

function changeOf(
  context: Context,
  tx: FundsChange['tx'],
  input: { idempotencyKey: string; on: string },
): FundsChange {
  return {
    tx,
    clock: context.clock,
    cause: {
      correlationId: context.correlationId,
      causationId: input.idempotencyKey,
      traceparent: context.traceparent,
      actorId: context.viewer.id,
    },
    mode: 'COMMAND',
    on: input.on,
  };
}
