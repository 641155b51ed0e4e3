import { requirePermission } from '#kernel/access.ts';
import { newId } from '#kernel/id.ts';
import { nextNumber } from '#kernel/idempotency.ts';
import { may, readScope } from '#kernel/identity.ts';
import { accepted, invalidInput, notFound, refused } from '#kernel/problem.ts';
import { requireAuthor } from './authorship.ts';
import { perform } from './command.ts';
import { readDraft } from './domain/requisition-draft.ts';
import { checkVersion, draftRequisition, move, reviseRequisition } from './domain/requisition.ts';
import { costCentreById, isSupplierKnown } from './store/projection-store.ts';
import {
  insertRequisitions,
  lockVisibleRequisition,
  replaceRequisitionLines,
  requisitionLines,
  updateRequisition,
} from './store/requisition-store.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type {
  IllegalTransition,
  InvalidInput,
  NotFound,
  Result,
  VersionConflict,
} from '#kernel/problem.ts';
import type { RequisitionFact } from './announcement.ts';
import type { Doing, Done } from './command.ts';
import type { Context } from './context.ts';
import type { DocumentLine } from './domain/document-line.ts';
import type { DraftFacts, DraftInput, LineInput } from './domain/requisition-draft.ts';
import type { Requisition, RequisitionAction } from './domain/requisition.ts';

/** Names a requisition, as it was when it was read. */
export interface RequisitionCommand {
  readonly idempotencyKey: string;
  readonly id: string;
  readonly expectedVersion?: number | null | undefined;
}

type Absent<Fields> = { readonly [Key in keyof Fields]?: Fields[Key] | null | undefined };
export type RequisitionChange = RequisitionCommand & Absent<DraftInput>;

/** Writes a draft; whoever writes it is its requester. */
export function createRequisition(
  context: Context,
  input: DraftInput & { readonly idempotencyKey: string },
) {
  requirePermission(context.viewer, 'requisition:write');
  return perform<Requisition, InvalidInput>(
    context,
    { operation: 'createRequisition', input },
    async (tx, { announce, now }) => {
      const draft = readDraft(input, await factsOf(tx, context, input));
      if (!draft.ok) return draft;
      const document = draftRequisition(draft.value, {
        id: newId(context.clock),
        number: await nextNumber(tx, `REQ-${draft.value.companyCode}`),
        requesterId: context.viewer.id,
        correlationId: newId(context.clock),
        now,
      });
      await insertRequisitions(tx, [document]);
      return accepted({
        value: document.requisition,
        events: [announce.requisition('created', document.requisition)],
      });
    },
  );
}

/** Gives a draft another content. */
export function changeRequisition(context: Context, input: RequisitionChange) {
  return perform<Requisition, NotFound | VersionConflict | IllegalTransition | InvalidInput>(
    context,
    { operation: 'updateRequisition', input },
    async (tx, { announce, now }) => {
      const current = await openForAuthor(tx, context, input);
      if (!current.ok) return current;
      const requisition = current.value;
      const wanted = mergedWith(requisition, await requisitionLines(tx, [requisition.id]), input);
      const draft = readDraft(wanted, await factsOf(tx, context, wanted));
      if (!draft.ok) return draft;
      if (draft.value.companyCode !== requisition.companyCode)
        return refused(companyIsFixed(requisition));
      const revised = reviseRequisition(requisition, draft.value, now);
      if (!revised.ok) return revised;
      await updateRequisition(tx, revised.value.requisition);
      await replaceRequisitionLines(tx, revised.value);
      return accepted({
        value: revised.value.requisition,
        events: [announce.requisition('changed', revised.value.requisition)],
      });
    },
  );
}

/** Takes the requisition back from whoever looks at it. */
export function withdrawRequisition(context: Context, input: RequisitionCommand) {
  return moveRequisition(context, input, {
    operation: 'withdrawRequisition',
    action: 'withdraw',
    fact: 'withdrawn',
  });
}

/** Gives the requisition up. */
export function cancelRequisition(context: Context, input: RequisitionCommand) {
  return moveRequisition(context, input, {
    operation: 'cancelRequisition',
    action: 'cancel',
    fact: 'cancelled',
  });
}

function moveRequisition(
  context: Context,
  input: RequisitionCommand,
  step: {
    readonly operation: string;
    readonly action: RequisitionAction;
    readonly fact: RequisitionFact;
  },
) {
  type Moved = Result<Done<Requisition>, NotFound | VersionConflict | IllegalTransition>;
  const { operation, action, fact } = step;
  return perform(
    context,
    { operation, input },
    async (tx, { announce, now }: Doing): Promise<Moved> => {
      const current = await openForAuthor(tx, context, input);
      if (!current.ok) return current;
      const moved = move(current.value, action, now);
      if (!moved.ok) return moved;
      await updateRequisition(tx, moved.value);
      return accepted({ value: moved.value, events: [announce.requisition(fact, moved.value)] });
    },
  );
}

/** The requisition under its row lock, if the viewer sees it, may change it and has read its newest version. */
async function openForAuthor(
  tx: Transaction,
  context: Context,
  input: RequisitionCommand,
): Promise<Result<Requisition, NotFound | VersionConflict>> {
  const requisition = await lockVisibleRequisition(tx, input.id, readScope(context.viewer));
  if (requisition === null) return refused(notFound('requisition', input.id));
  requireAuthor(context.viewer, requisition);
  return checkVersion(requisition, 'requisition', input.expectedVersion);
}

/** What the input names. A cost centre in which the viewer may not write looks like one that does not exist. */
async function factsOf(sql: Sql, context: Context, input: DraftInput): Promise<DraftFacts> {
  const costCentre = await costCentreById(sql, input.costCentreId);
  const isOpen =
    costCentre !== null &&
    may(context.viewer, 'requisition:write', {
      companyCode: costCentre.companyCode,
      costCentreId: costCentre.id,
    });
  return {
    costCentre: isOpen ? costCentre : null,
    supplierIsKnown: await isSupplierKnown(sql, input.supplierId),
    newId: () => newId(context.clock),
  };
}

/** The requisition's content with what the input replaces. A change of currency needs lines in that currency. */
function mergedWith(
  requisition: Requisition,
  lines: readonly DocumentLine[],
  input: RequisitionChange,
): DraftInput {
  return {
    title: input.title ?? requisition.title,
    justification: input.justification ?? requisition.justification,
    costCentreId: input.costCentreId ?? requisition.costCentreId,
    supplierId: input.supplierId ?? requisition.supplierId,
    category: input.category ?? requisition.category,
    currency: input.currency ?? requisition.total.currency,
    neededBy: input.neededBy ?? requisition.neededBy,
    lines: input.lines ?? lines.map(asInput),
  };
}

function asInput(line: DocumentLine): LineInput {
  const {
    description,
    category,
    quantity,
    unitCode,
    unitPrice,
    priceQuantity,
    overDeliveryPercent,
    underDeliveryPercent,
    neededBy,
  } = line;
  const { currency } = line.netAmount;
  return {
    description,
    category,
    quantity: { value: quantity, unitCode },
    unitPrice,
    currency,
    priceQuantity,
    overDeliveryPercent,
    underDeliveryPercent,
    neededBy,
  };
}

function companyIsFixed(requisition: Requisition): InvalidInput {
  const message = `The requisition belongs to company ${requisition.companyCode}; make a new one for another company.`;
  return invalidInput([{ field: 'costCentreId', code: 'COMPANY_DIFFERS', message }]);
}
