import { decimalOf } from '#kernel/decimal.ts';
import { newId } from '#kernel/id.ts';
import { normalisedInvoiceNumber } from '../domain/supplier-invoice-number.ts';
import { concludeMatch, linkOrder } from '../domain/invoice-decision.ts';
import { matchInvoice } from '../domain/match.ts';
import { linkLines } from '../domain/order-link.ts';
import {
  findOrderByReference,
  findPreceding,
  findSupplierState,
  lockOrder,
  readPolicy,
} from '../store/matching-store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Transaction } from '#kernel/database.ts';
import type { IllegalTransition, Result } from '#kernel/problem.ts';
import type { Invoice, InvoiceLine } from '../domain/invoice.ts';
import type { Change } from '../domain/invoice-decision.ts';
import type { LineAssignment } from '../domain/order-link.ts';
import type { Order } from '../store/matching-store.ts';

/** The category of an invoice without order, for choosing the policy. */
const NO_CATEGORY = '*';

/** The order to match with: the one named, or else the one that the document or the credited invoice names. Not locked. */
export async function findOrderId(
  tx: Transaction,
  invoice: Pick<
    Invoice,
    | 'id'
    | 'companyCode'
    | 'purchaseOrderId'
    | 'orderReference'
    | 'kind'
    | 'supplierId'
    | 'precedingInvoices'
  >,
): Promise<string | null> {
  if (invoice.purchaseOrderId !== null) return invoice.purchaseOrderId;
  const referenced =
    invoice.orderReference === null
      ? null
      : await findOrderByReference(tx, invoice.companyCode, invoice.orderReference);
  if (referenced !== null || invoice.kind === 'STANDARD') return referenced;
  return (await precedingOf(tx, invoice))?.purchaseOrderId ?? null;
}

/**
 * Matches an invoice of a known supplier with its order, which the caller has locked, and concludes what follows. The
 * state is decided, not yet written.
 */
export async function drawMatch(
  tx: Transaction,
  change: Change,
  using: {
    readonly order: Order | null;
    readonly assigned?: LineAssignment;
    readonly clock: Clock;
  },
): Promise<Result<Change, IllegalTransition>> {
  const { order } = using;
  const linked = linkOrder(change.dossier, order);
  const lines =
    order === null ? linked.lines : linkLines(linked.lines, order.lines, using.assigned);
  const { invoice } = linked;
  const supplierId = invoice.supplierId ?? '';
  const policy = await readPolicy(tx, invoice.companyCode, order?.category ?? NO_CATEGORY);
  const findings = matchInvoice({
    ...invoice,
    supplierId,
    lines: lines.map(toMatchLine),
    order,
    supplier: await findSupplierState(tx, supplierId),
    creditableMinor:
      order === null ? ((await precedingOf(tx, invoice))?.creditableMinor ?? null) : null,
    policy,
  });
  const dossier = { ...linked, lines };
  // Facts told so far are of this same transaction: they tell the thread and the place that the link has just given.
  const facts = change.facts.map((fact) => ({
    ...fact,
    dossier: { ...linkOrder(fact.dossier, order), lines },
  }));
  return concludeMatch({ dossier, facts }, findings, {
    now: using.clock.now(),
    newId: () => newId(using.clock),
  });
}

/** Matches with the order that the invoice has or, if it has none yet, the one it names. */
export async function matchAgain(
  tx: Transaction,
  change: Change,
  using: { readonly clock: Clock },
): Promise<Result<Change, IllegalTransition>> {
  const { invoice } = change.dossier;
  const order = await lockOrderOf(tx, await findOrderId(tx, invoice), invoice.id);
  return drawMatch(tx, change, { order, clock: using.clock });
}

/** The order, locked and with its billed quantities as this invoice sees them. */
export async function lockOrderOf(
  tx: Transaction,
  orderId: string | null,
  invoiceId: string,
): Promise<Order | null> {
  return orderId === null ? null : lockOrder(tx, orderId, invoiceId);
}

async function precedingOf(
  tx: Transaction,
  invoice: Pick<Invoice, 'id' | 'supplierId' | 'precedingInvoices'>,
) {
  if (invoice.supplierId === null) return null;
  return findPreceding(tx, {
    supplierId: invoice.supplierId,
    normalisedNumbers: invoice.precedingInvoices.map(normalisedInvoiceNumber),
    invoiceId: invoice.id,
  });
}

function toMatchLine(line: InvoiceLine) {
  return {
    id: line.id,
    description: line.description,
    quantity: decimalOf(line.quantity),
    unitCode: line.unitCode,
    netAmountMinor: line.netAmountMinor,
    purchaseOrderLineId: line.purchaseOrderLineId,
  };
}
