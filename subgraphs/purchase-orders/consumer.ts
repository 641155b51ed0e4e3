import { startConsumer } from '#kernel/inbox.ts';
import { applyToChange } from './consumer/change-approval.ts';
import { applyErpConfirmation } from './consumer/erp-confirmation.ts';
import { CONSUMER } from './consumer/handling.ts';
import { applyInvoiceCancelled, applyInvoicePosted } from './consumer/invoice-posting.ts';
import { applyToRequisition } from './consumer/requisition-approval.ts';
import { saveCostCentre, saveSupplier } from './store/projection-store.ts';
import type { EventBus } from '#kernel/bus.ts';
import type { Transaction } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { Consumer, EventHandler, EventHandlers } from '#kernel/inbox.ts';
import type { ApprovalEvent, ApprovalSnapshot } from '../approvals/events.ts';
import type { BudgetEvent, CostCentreSnapshot } from '../budgets/events.ts';
import type { InvoiceEvent } from '../invoices/events.ts';
import type { SupplierEvent, SupplierSnapshot } from '../suppliers/events.ts';
import type { IntegrationEvent } from '../../integration/events.ts';
import type { Handling } from './consumer/handling.ts';

type ForeignEvent = (
  | ApprovalEvent
  | BudgetEvent
  | InvoiceEvent
  | SupplierEvent
  | IntegrationEvent
)['type'];

/** Follows what other rooms tell. */
export function startRoomConsumer(handling: Handling, bus: EventBus): Promise<Consumer> {
  return startConsumer({
    name: CONSUMER,
    database: handling.database,
    bus,
    handlers: handlersOf(handling),
    log: handling.log,
  });
}

/** Event type → what it does here. Event data are other rooms' contracts, which is where types end. */
function handlersOf(handling: Handling): EventHandlers {
  const approval: EventHandler = (tx, event) => applyApproval(handling, tx, event);
  return {
    'concord.approval.requested.v1': approval,
    'concord.approval.approved.v1': approval,
    'concord.approval.rejected.v1': approval,
    'concord.approval.returned.v1': approval,
    'concord.approval.withdrawn.v1': approval,
    'concord.erp.document-confirmed.v1': (tx, event) => applyErpConfirmation(handling, tx, event),
    'concord.invoice.posted.v1': (tx, event) => applyInvoicePosted(handling, tx, event),
    'concord.invoice.cancelled.v1': (tx, event) => applyInvoiceCancelled(handling, tx, event),
    'concord.supplier.created.v1': projectSupplier,
    'concord.supplier.activated.v1': projectSupplier,
    'concord.supplier.changed.v1': projectSupplier,
    'concord.supplier.blocked.v1': projectSupplier,
    'concord.supplier.unblocked.v1': projectSupplier,
    'concord.cost-centre.created.v1': projectCostCentre,
    'concord.cost-centre.changed.v1': projectCostCentre,
  } satisfies Partial<Record<ForeignEvent, EventHandler>>;
}

async function applyApproval(
  handling: Handling,
  tx: Transaction,
  event: DomainEvent,
): Promise<void> {
  const decision = event.data as ApprovalSnapshot;
  if (decision.documentType === 'REQUISITION')
    await applyToRequisition(handling, tx, event, decision);
  if (decision.documentType === 'PURCHASE_ORDER')
    await applyToChange(handling, tx, event, decision);
}

async function projectSupplier(tx: Transaction, event: DomainEvent): Promise<void> {
  const { supplierId: id, number, legalName, status, blocks } = event.data as SupplierSnapshot;
  await saveSupplier(tx, { id, number, legalName, status, blocks }, event.sequence);
}

async function projectCostCentre(tx: Transaction, event: DomainEvent): Promise<void> {
  const { costCentreId: id, companyCode, name, status } = event.data as CostCentreSnapshot;
  await saveCostCentre(tx, { id, companyCode, name, status }, event.sequence);
}
