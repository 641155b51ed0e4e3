import { requirePermission } from '#kernel/access.ts';
import { violatedConstraint } from '#kernel/database.ts';
import { once } from '#kernel/idempotency.ts';
import { may, readScope, within } from '#kernel/identity.ts';
import { step } from '#kernel/lifecycle.ts';
import { accepted, invalidInput, notFound, refused, versionConflict } from '#kernel/problem.ts';
import { duplicateInvoice } from '../domain/duplicate-invoice.ts';
import { HOLD_RULES } from '../domain/hold.ts';
import { INVOICE_LIFECYCLE } from '../domain/invoice.ts';
import { saveChange } from './invoice-fact.ts';
import { drawMatch, findOrderId, lockOrderOf, matchAgain } from './invoice-match.ts';
import { passOn } from './waiting-invoices.ts';
import * as decision from '../domain/invoice-decision.ts';
import { findDuplicate, findPlace, lockDossier, readInvoices } from '../store/invoice-store.ts';
import { placeOfOrder } from '../store/matching-store.ts';
import { isKnownSupplier } from '../store/projection-store.ts';
import type { Transaction } from '#kernel/database.ts';
import type { Permission, Place } from '#kernel/identity.ts';
import type {
  IdempotencyKeyReused,
  IllegalTransition,
  InvalidInput,
  NotFound,
  Problem,
  Result,
  SegregationOfDuties,
  VersionConflict,
} from '#kernel/problem.ts';
import type { Context } from '../context.ts';
import type { DuplicateInvoice } from '../domain/duplicate-invoice.ts';
import type { Dossier, Invoice } from '../domain/invoice.ts';
import type { Change, HoldNotReleasable } from '../domain/invoice-decision.ts';
import type { Telling } from './invoice-fact.ts';

/** What every command on an existing invoice carries. */
interface ChangeInput {
  readonly idempotencyKey: string;
  readonly invoiceId: string;
  readonly expectedVersion?: number | null | undefined;
}

type ChangeProblem = NotFound | VersionConflict | IllegalTransition | IdempotencyKeyReused;
type Answer<P extends Problem> = Promise<Result<Invoice, P | ChangeProblem>>;

/** Longest reason that is kept; it is read by people. */
const REASON_MAX = 1000;

export async function releaseHolds(
  context: Context,
  input: ChangeInput & { readonly holdIds: readonly string[]; readonly reason: string },
): Answer<InvalidInput | SegregationOfDuties | HoldNotReleasable> {
  const flaw = reasonFlaw(input.reason) ?? (input.holdIds.length === 0 ? emptyHolds() : null);
  if (flaw !== null) return refused(flaw);
  const { viewer, clock } = context;
  // Which of the two permissions is needed depends on the holds; nobody without either gets to know of them.
  const permission = may(viewer, 'hold:release') ? 'hold:release' : 'hold:release-payment';
  const command = { operation: 'releaseHolds', permission, input } as const;
  return changeInvoice<NotFound | IllegalTransition | SegregationOfDuties | HoldNotReleasable>(
    context,
    command,
    async (tx, dossier, place) => {
      const open = new Map(
        dossier.holds.filter((hold) => hold.status === 'OPEN').map((hold) => [hold.id, hold]),
      );
      for (const id of input.holdIds) {
        const hold = open.get(id);
        if (hold === undefined) return refused(notFound('open hold', id));
        const needed = HOLD_RULES[hold.code].releasedWith;
        if (needed !== null) requirePermission(viewer, needed, place);
      }
      const released = decision.releaseHolds(dossier, {
        ...input,
        by: viewer.id,
        now: clock.now(),
      });
      return released.ok ? matchAgain(tx, released.value, context) : released;
    },
  );
}

export async function resolveInvoiceSupplier(
  context: Context,
  input: ChangeInput & { readonly supplierId: string },
): Answer<DuplicateInvoice> {
  const { supplierId } = input;
  const command = {
    operation: 'resolveInvoiceSupplier',
    permission: 'invoice:write',
    input,
  } as const;
  const resolving = changeInvoice<DuplicateInvoice | NotFound | IllegalTransition>(
    context,
    command,
    async (tx, dossier) => {
      if (!(await isKnownSupplier(tx, supplierId)))
        return refused(notFound('supplier', supplierId));
      return resolveAndMatch(tx, dossier, { supplierId, clock: context.clock });
    },
  );
  return resolving.catch(async (error: unknown) => {
    if (!NUMBER_TAKEN.has(violatedConstraint(error) ?? '')) throw error;
    // The same number came in between the look and the write.
    const [invoice] = await readInvoices(
      context.database,
      [input.invoiceId],
      readScope(context.viewer),
    );
    if (invoice === undefined) throw error;
    const earlier = await findDuplicate(context.database, { ...invoice, supplierId });
    return refused(duplicateInvoice(invoice.supplierInvoiceNumber, earlier ?? ''));
  });
}

/** The indexes that say that a number is taken. */
const NUMBER_TAKEN = new Set(['invoice_supplier_number', 'invoice_seller_number']);

export async function rematchInvoice(
  context: Context,
  input: ChangeInput & {
    readonly purchaseOrderId?: string | null | undefined;
    readonly lines?:
      | readonly { readonly invoiceLineId: string; readonly purchaseOrderLineId: string }[]
      | null
      | undefined;
  },
): Answer<never> {
  const orderId = input.purchaseOrderId ?? null;
  const command = {
    operation: 'rematchInvoice',
    permission: 'invoice:write',
    input,
    orderId,
  } as const;
  return changeInvoice<NotFound | IllegalTransition>(context, command, async (tx, dossier) => {
    const legal = step(INVOICE_LIFECYCLE, dossier.invoice.status, 'hold');
    if (!legal.ok) return legal;
    const order = await lockOrderOf(
      tx,
      orderId ?? dossier.invoice.purchaseOrderId ?? (await findOrderId(tx, dossier.invoice)),
      dossier.invoice.id,
    );
    const isVisible =
      order !== null &&
      order.companyCode === dossier.invoice.companyCode &&
      within(readScope(context.viewer), placeOfOrder(order));
    if (orderId !== null && !isVisible) return refused(notFound('purchase order', orderId));
    const assigned = new Map(
      (input.lines ?? []).map((line) => [line.invoiceLineId, line.purchaseOrderLineId]),
    );
    const stranger = [...assigned.values()].find(
      (id) => order?.lines.every((line) => line.id !== id) !== false,
    );
    if (stranger !== undefined) return refused(notFound('line of the purchase order', stranger));
    return drawMatch(tx, decision.unchanged(dossier), { order, assigned, clock: context.clock });
  });
}

export async function rejectInvoice(
  context: Context,
  input: ChangeInput & { readonly reason: string },
): Answer<InvalidInput> {
  return endInvoice(context, input, { operation: 'rejectInvoice', end: decision.reject });
}

export async function cancelInvoice(
  context: Context,
  input: ChangeInput & { readonly reason: string },
): Answer<InvalidInput> {
  return endInvoice(context, input, { operation: 'cancelInvoice', end: decision.cancel });
}

export async function retryPosting(context: Context, input: ChangeInput): Answer<never> {
  return changeInvoice(
    context,
    { operation: 'retryPosting', permission: 'invoice:write', input },
    async (_tx, dossier) => decision.retryPosting(dossier, context.clock.now()),
  );
}

async function endInvoice(
  context: Context,
  input: ChangeInput & { readonly reason: string },
  ending: { readonly operation: string; readonly end: typeof decision.reject },
): Answer<InvalidInput> {
  const flaw = reasonFlaw(input.reason);
  if (flaw !== null) return refused(flaw);
  return changeInvoice(
    context,
    { operation: ending.operation, permission: 'invoice:write', input },
    async (_tx, dossier) => ending.end(dossier, input.reason, context.clock.now()),
  );
}

interface ChangeCommand {
  readonly operation: string;
  readonly permission: Permission;
  readonly input: ChangeInput;
  /** The order to lock when the invoice is about to move to another one. */
  readonly orderId?: string | null;
}

/** Authorise, load under lock, decide, commit: the same for every command on an invoice. */
async function changeInvoice<P extends Problem>(
  context: Context,
  command: ChangeCommand,
  decide: (tx: Transaction, dossier: Dossier, place: Place) => Promise<Result<Change, P>>,
): Promise<Result<Invoice, P | NotFound | VersionConflict | IdempotencyKeyReused>> {
  const { database, viewer } = context;
  const { idempotencyKey, ...input } = command.input;
  const place = await findPlace(database, input.invoiceId, readScope(viewer));
  if (place === null) {
    requirePermission(viewer, command.permission);
    return refused(notFound('invoice', input.invoiceId));
  }
  requirePermission(viewer, command.permission, place);
  const named = { caller: viewer.id, idempotencyKey, operation: command.operation, input };
  return once<Invoice, P | NotFound | VersionConflict>(database, named, async (tx) => {
    // The order before the invoice, as everywhere, so that two changes never wait for each other.
    await lockOrderOf(tx, command.orderId ?? place.purchaseOrderId, input.invoiceId);
    const dossier = await lockDossier(tx, input.invoiceId);
    if (dossier === null) return refused(notFound('invoice', input.invoiceId));
    const { version } = dossier.invoice;
    if (typeof input.expectedVersion === 'number' && input.expectedVersion !== version)
      return refused(versionConflict('invoice', version));
    const change = await decide(tx, dossier, place);
    if (!change.ok) return change;
    const telling = tellingOf(context, idempotencyKey);
    await saveChange(tx, change.value, telling);
    await passOn(tx, change.value, { clock: context.clock, telling });
    return accepted(change.value.dossier.invoice);
  });
}

/** The supplier of a queued invoice is known now; refused when this supplier's number was captured before. */
export async function resolveAndMatch(
  tx: Transaction,
  dossier: Dossier,
  resolution: { readonly supplierId: string; readonly clock: Context['clock'] },
): Promise<Result<Change, DuplicateInvoice | IllegalTransition>> {
  const { invoice } = dossier;
  const resolved = decision.resolveSupplier(dossier, resolution.supplierId, resolution.clock.now());
  if (!resolved.ok) return resolved;
  const earlier = await findDuplicate(tx, { ...invoice, supplierId: resolution.supplierId });
  if (earlier !== null) return refused(duplicateInvoice(invoice.supplierInvoiceNumber, earlier));
  return matchAgain(tx, resolved.value, resolution);
}

/** Names the request as the cause of what follows. */
export function tellingOf(context: Context, idempotencyKey: string): Telling {
  return {
    event: context.event,
    cause: {
      causationId: idempotencyKey,
      traceparent: context.traceparent,
      actorId: context.viewer.id,
    },
  };
}

function reasonFlaw(reason: string): InvalidInput | null {
  const length = reason.trim().length;
  if (length > 0 && length <= REASON_MAX) return null;
  return invalidInput([
    {
      field: 'reason',
      code: 'BAD_LENGTH',
      message: `A reason of 1 to ${REASON_MAX} characters is expected.`,
    },
  ]);
}

function emptyHolds(): InvalidInput {
  return invalidInput([
    { field: 'holdIds', code: 'EMPTY', message: 'The id of at least one open hold is expected.' },
  ]);
}
