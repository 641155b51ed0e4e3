import { isRecord } from '#kernel/json.ts';
import { may, readScope, within } from '#kernel/identity.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { Permission, Viewer } from '#kernel/identity.ts';
import type { ApprovalEvent } from '../subgraphs/approvals/events.ts';
import type { BudgetEvent } from '../subgraphs/budgets/events.ts';
import type { InvoiceEvent } from '../subgraphs/invoices/events.ts';
import type { PurchaseOrdersEvent } from '../subgraphs/purchase-orders/events.ts';
import type { SupplierEvent } from '../subgraphs/suppliers/events.ts';
import type { IntegrationEvent } from './events.ts';

/** Every event of the house. */
export type HouseEvent =
  | SupplierEvent
  | BudgetEvent
  | ApprovalEvent
  | PurchaseOrdersEvent
  | InvoiceEvent
  | IntegrationEvent;
export type HouseEventType = HouseEvent['type'];

/** Event type → what happened, to complete "Requisition REQ-1 …". The compiler asks for a line per type. */
const WORDS: Readonly<Record<HouseEventType, string>> = {
  'concord.supplier.created.v1': 'was created',
  'concord.supplier.activated.v1': 'was activated',
  'concord.supplier.changed.v1': 'was changed',
  'concord.supplier.blocked.v1': 'was blocked',
  'concord.supplier.unblocked.v1': 'was unblocked',
  'concord.supplier.bank-change-proposed.v1': 'has a bank change proposed',
  'concord.supplier.bank-change-approved.v1': 'has a bank change approved',
  'concord.supplier.bank-change-rejected.v1': 'has a bank change rejected',
  'concord.supplier.bank-change-withdrawn.v1': 'has a bank change withdrawn',
  'concord.cost-centre.created.v1': 'was created',
  'concord.cost-centre.changed.v1': 'was changed',
  'concord.funds.reserved.v1': 'reserved funds',
  'concord.funds.adjusted.v1': 'reserved more or less than before',
  'concord.funds.converted.v1': 'moved funds to the next stage',
  'concord.funds.liquidated.v1': 'became an actual expense',
  'concord.funds.reversed.v1': 'took an actual expense back',
  'concord.funds.released.v1': 'released funds',
  'concord.funds.overrun.v1': 'went beyond the budget',
  'concord.budget-line.created.v1': 'was created',
  'concord.budget-line.changed.v1': 'was changed',
  'concord.fiscal-period.changed.v1': 'was changed',
  'concord.approval.requested.v1': 'was sent for approval',
  'concord.approval.advanced.v1': 'was approved at one stage and goes to the next',
  'concord.approval.delegated.v1': 'was delegated to another approver',
  'concord.approval.approved.v1': 'was approved',
  'concord.approval.rejected.v1': 'was rejected by the approver',
  'concord.approval.returned.v1': 'was returned for correction',
  'concord.approval.withdrawn.v1': 'was withdrawn from approval',
  'concord.approval.unroutable.v1': 'has no approval rule that fits',
  'concord.requisition.created.v1': 'was created',
  'concord.requisition.changed.v1': 'was changed',
  'concord.requisition.submitted.v1': 'was submitted',
  'concord.requisition.approval-requested.v1': 'waits for approval',
  'concord.requisition.approved.v1': 'is approved',
  'concord.requisition.rejected.v1': 'is rejected',
  'concord.requisition.returned.v1': 'is back for correction',
  'concord.requisition.withdrawn.v1': 'was withdrawn',
  'concord.requisition.ordered.v1': 'is ordered',
  'concord.requisition.closed.v1': 'is closed',
  'concord.requisition.cancelled.v1': 'was cancelled',
  'concord.purchase-order.created.v1': 'was created',
  'concord.purchase-order.dispatched.v1': 'was dispatched',
  'concord.purchase-order.change-submitted.v1': 'has a change waiting for approval',
  'concord.purchase-order.changed.v1': 'was changed',
  'concord.purchase-order.change-rejected.v1': 'keeps its old version; the change was rejected',
  'concord.purchase-order.received.v1': 'had goods received',
  'concord.purchase-order.cancelled.v1': 'was cancelled',
  'concord.purchase-order.closed.v1': 'is closed',
  'concord.goods-receipt.posted.v1': 'was posted',
  'concord.goods-receipt.reversed.v1': 'was reversed',
  'concord.invoice.captured.v1': 'was captured',
  'concord.invoice.supplier-resolved.v1': 'has its supplier resolved',
  'concord.invoice.matched.v1': 'matches its order',
  'concord.invoice.held.v1': 'is on hold',
  'concord.invoice.released.v1': 'was released from hold',
  'concord.invoice.posting-requested.v1': 'is being posted',
  'concord.invoice.posted.v1': 'is posted',
  'concord.invoice.posting-failed.v1': 'could not be posted',
  'concord.invoice.rejected.v1': 'was rejected',
  'concord.invoice.cancelled.v1': 'was cancelled',
  'concord.payment.scheduled.v1': 'is scheduled',
  'concord.payment.paid.v1': 'is paid',
  'concord.payment.returned.v1': 'came back from the bank',
  'concord.erp.document-confirmed.v1': 'was confirmed by the ERP',
  'concord.erp.document-refused.v1': 'was refused by the ERP',
  'concord.erp.payment-reported.v1': 'has a payment reported by the ERP',
  'concord.exception.raised.v1': 'was raised',
  'concord.exception.assigned.v1': 'was assigned',
  'concord.exception.resolved.v1': 'was resolved',
  'concord.consumer.event-parked.v1': 'waits: a room could not take an event',
  'concord.consumer.retry-requested.v1': 'is being retried by a room',
  'concord.consumer.parked-taken.v1': 'goes on: the room has taken the event',
};

/** Every type of event that the thread records. */
export const HOUSE_EVENT_TYPES: readonly string[] = Object.keys(WORDS);

/** GraphQL type of an event's document → the permission to read it. What is not listed is shown to nobody. */
const PERMISSIONS: Readonly<Record<string, Permission>> = {
  Supplier: 'supplier:read',
  CostCentre: 'budget:read',
  FundsReservation: 'budget:read',
  BudgetLine: 'budget:read',
  FiscalPeriod: 'budget:read',
  ApprovalRequest: 'approval:read',
  Requisition: 'requisition:read',
  PurchaseOrder: 'order:read',
  GoodsReceipt: 'receipt:read',
  Invoice: 'invoice:read',
  Payment: 'payment:read',
  IntegrationException: 'exception:read',
};
const BANK_CHANGE = 'concord.supplier.bank-change-';
/** Of parked and retried events only those should hear who can do something about them. */
const CONSUMER = 'concord.consumer.';

/** The permission that reading this event takes, or null when nobody may. */
export function permissionFor(event: Pick<DomainEvent, 'type' | 'document'>): Permission | null {
  if (event.type.startsWith(BANK_CHANGE)) return 'bank:read';
  if (event.type.startsWith(CONSUMER)) return 'exception:read';
  return PERMISSIONS[event.document.type] ?? null;
}

/** May the viewer know of this event? Decided anew for every event. Company `*` is everybody's. */
export function mayRead(viewer: Viewer, event: DomainEvent): boolean {
  const permission = permissionFor(event);
  if (permission === null || !may(viewer, permission)) return false;
  return event.audience.companyCode === '*' || within(readScope(viewer), event.audience);
}

/** Data fields that name the document which an event about something else is really about, in order. */
const SUBJECT_FIELDS: Readonly<Record<string, string>> = {
  ApprovalRequest: 'documentId',
  FundsReservation: 'documentId',
  IntegrationException: 'documentId',
  GoodsReceipt: 'purchaseOrderId',
  Payment: 'invoiceId',
};

/** The document on whose timeline the event belongs: an approval's is the requisition, a payment's the invoice. */
export function subjectIdOf(event: DomainEvent): string {
  const field = SUBJECT_FIELDS[event.document.type];
  const value = field !== undefined && isRecord(event.data) ? event.data[field] : undefined;
  return typeof value === 'string' ? value : event.document.id;
}

/** One line for people: what happened to which document, and who holds it now where that is known. */
export function summaryOf(event: DomainEvent): string {
  const words = isHouseType(event.type) ? WORDS[event.type] : event.type;
  return `${nounOf(event)} ${event.document.number} ${words}${detailOf(event)}.`;
}

function isHouseType(type: string): type is HouseEventType {
  return Object.hasOwn(WORDS, type);
}

/** `PurchaseOrder` → `Purchase order`; an approval request speaks of its document. */
function nounOf(event: DomainEvent): string {
  const ofDocument =
    event.document.type === 'ApprovalRequest' && isRecord(event.data)
      ? event.data['documentType']
      : null;
  if (typeof ofDocument === 'string') {
    const words = ofDocument.toLowerCase().replaceAll('_', ' ');
    return words.charAt(0).toUpperCase() + words.slice(1);
  }
  const words = event.document.type.replaceAll(/(?<!^)([A-Z])/g, ' $1').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function detailOf({ data }: DomainEvent): string {
  if (!isRecord(data)) return '';
  const pending = data['pendingApproverIds'];
  if (Array.isArray(pending) && pending.length > 0) return `; waiting for ${pending.join(', ')}`;
  const holds = data['holds'];
  if (Array.isArray(holds) && holds.length > 0) return ` (${holds.join(', ')})`;
  const erpNumber = erpNumberOf(data);
  if (erpNumber !== null) return ` as ${erpNumber}`;
  return typeof data['code'] === 'string' && typeof data['message'] === 'string'
    ? `: ${data['message']}`.replace(/\.$/, '')
    : '';
}

/** The ERP's number in an event's data, when it carries one. */
export function erpNumberOf(data: unknown): string | null {
  if (!isRecord(data)) return null;
  const number = data['erpNumber'] ?? data['paymentNumber'];
  return typeof number === 'string' ? number : null;
}
