import { newId } from '#kernel/id.ts';
import { within } from '#kernel/identity.ts';
import { nextNumber } from '#kernel/idempotency.ts';
import { accepted, notFound, refused } from '#kernel/problem.ts';
import { duplicateInvoice } from '../domain/duplicate-invoice.ts';
import { captured } from '../domain/invoice.ts';
import { capture } from '../domain/invoice-decision.ts';
import { tellFacts } from './invoice-fact.ts';
import { drawMatch, findOrderId, lockOrderOf } from './invoice-match.ts';
import { passOn } from './waiting-invoices.ts';
import { resolveSeller, sellerKeys } from '../domain/seller.ts';
import { placeOfOrder } from '../store/matching-store.ts';
import { findDuplicate, insertInvoices, insertLines, putHolds } from '../store/invoice-store.ts';
import { findSellerCandidates, isKnownSupplier } from '../store/projection-store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Transaction } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { NotFound, Result } from '#kernel/problem.ts';
import type { CapturedDocument } from '../domain/captured-document.ts';
import type { DuplicateInvoice } from '../domain/duplicate-invoice.ts';
import type { Dossier, Invoice, SourceDocument } from '../domain/invoice.ts';
import type { Change } from '../domain/invoice-decision.ts';
import type { Telling } from './invoice-fact.ts';
import type { LineAssignment } from '../domain/order-link.ts';
import type { Order } from '../store/matching-store.ts';

/** What comes with the document. */
export interface CaptureRequest {
  readonly document: CapturedDocument;
  readonly source: SourceDocument;
  readonly companyCode: string;
  readonly costCentreId: string | null;
  /** Named by the caller; null: found by the document. */
  readonly supplierId: string | null;
  readonly purchaseOrderId: string | null;
  /** Order line of each line by position, where the caller names it. */
  readonly orderLineIds: readonly (string | null)[];
  readonly capturedBy: string;
  /** Orders outside of it are treated as unknown. */
  readonly scope: ReadScope;
}

/**
 * Takes a document in: finds supplier and order, refuses a number that was captured before, matches, and asks for
 * posting when nothing objects; all in the caller's transaction.
 */
export async function takeIn(
  tx: Transaction,
  request: CaptureRequest,
  using: { readonly clock: Clock; readonly telling: Telling },
): Promise<Result<Invoice, DuplicateInvoice | NotFound>> {
  const supplierId = await findSupplier(tx, request);
  if (supplierId !== null && typeof supplierId === 'object') return refused(supplierId);
  const drafted = await draft(tx, { ...request, supplierId }, using.clock);
  if (!drafted.ok) return drafted;
  const change = await matched(tx, drafted.value, { request, clock: using.clock });
  const { invoice, lines, holds } = change.dossier;
  const inserted = await insertInvoices(tx, [invoice]);
  if (inserted.length === 0)
    return refused(
      duplicateInvoice(invoice.supplierInvoiceNumber, (await findDuplicate(tx, invoice)) ?? ''),
    );
  await insertLines(tx, lines);
  await putHolds(tx, holds);
  await tellFacts(tx, using.telling, change.facts);
  await passOn(tx, change, using);
  return accepted(invoice);
}

async function findSupplier(
  tx: Transaction,
  request: CaptureRequest,
): Promise<string | null | NotFound> {
  if (request.supplierId !== null) {
    return (await isKnownSupplier(tx, request.supplierId))
      ? request.supplierId
      : notFound('supplier', request.supplierId);
  }
  const keys = sellerKeys(request.document.seller);
  return resolveSeller(keys, await findSellerCandidates(tx, keys));
}

interface Draft {
  readonly dossier: Dossier;
  readonly order: Order | null;
}

/** The invoice before its match; the order is locked from here on, so that the number series is always taken after it. */
async function draft(
  tx: Transaction,
  request: CaptureRequest,
  clock: Clock,
): Promise<Result<Draft, DuplicateInvoice | NotFound>> {
  const { document, supplierId } = request;
  const id = newId(clock);
  const orderId = await findOrderId(tx, {
    ...document,
    id,
    supplierId,
    companyCode: request.companyCode,
    purchaseOrderId: request.purchaseOrderId,
  });
  const order = await lockOrderOf(tx, orderId, id);
  if (request.purchaseOrderId !== null && !isOwnOrder(order, request))
    return refused(notFound('purchase order', request.purchaseOrderId));
  const draftOf = (number: string): Dossier =>
    captured(document, {
      ...request,
      id,
      number,
      correlationId: newId(clock),
      order,
      lineIds: document.lines.map(() => newId(clock)),
      now: clock.now(),
    });
  // Looked up before a number is taken, so that a repeated capture does not wait for the series; the index has the last word.
  const earlier = await findDuplicate(tx, draftOf('').invoice);
  if (earlier !== null) return refused(duplicateInvoice(document.supplierInvoiceNumber, earlier));
  return accepted({ dossier: draftOf(await nextNumber(tx, `INV-${request.companyCode}`)), order });
}

function isOwnOrder(order: Order | null, request: CaptureRequest): boolean {
  return (
    order !== null &&
    order.companyCode === request.companyCode &&
    within(request.scope, placeOfOrder(order))
  );
}

async function matched(
  tx: Transaction,
  { dossier, order }: Draft,
  using: { readonly request: CaptureRequest; readonly clock: Clock },
): Promise<Change> {
  const change = capture(dossier);
  if (dossier.invoice.supplierId === null) return change;
  const drawn = await drawMatch(tx, change, {
    order,
    assigned: assignment(dossier, using.request.orderLineIds),
    clock: using.clock,
  });
  if (!drawn.ok) throw new Error(drawn.problem.message);
  return drawn.value;
}

function assignment(dossier: Dossier, orderLineIds: readonly (string | null)[]): LineAssignment {
  return new Map(
    dossier.lines.flatMap((line, index) => {
      const orderLineId = orderLineIds[index] ?? null;
      return orderLineId === null ? [] : [[line.id, orderLineId] as const];
    }),
  );
}
