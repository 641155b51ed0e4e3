import { appendEvents } from '#kernel/outbox.ts';
import { moveOrder } from '../domain/purchase-order.ts';
import { lockOrder, recordErpConfirmation, updateOrder } from '../store/order-store.ts';
import { doingFor, ignore } from './handling.ts';
import type { Transaction } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { ErpConfirmation } from '../../../integration/events.ts';
import type { Handling } from './handling.ts';

/** The ERP's first word dispatches an order; later ones only say which version it has. */
export async function applyErpConfirmation(
  handling: Handling,
  tx: Transaction,
  event: DomainEvent,
): Promise<void> {
  const confirmed = event.data as ErpConfirmation;
  if (confirmed.documentType !== 'PURCHASE_ORDER') return;
  const { documentId: orderId, erpNumber, documentVersion } = confirmed;
  const current = await lockOrder(tx, orderId);
  if (current === null) return ignore(handling, event, 'the order is not known here');
  const doing = doingFor(handling, event);
  const moved = moveOrder(current.order, 'erpConfirm', doing.now);
  if (confirmed.action !== 'CREATED' || !moved.ok)
    return recordErpConfirmation(tx, { orderId, erpNumber, documentVersion });
  const dispatched = { ...moved.value, erpNumber, erpVersion: documentVersion };
  await updateOrder(tx, dispatched);
  await appendEvents(tx, [doing.announce.order('dispatched', dispatched, current.lines)]);
}
