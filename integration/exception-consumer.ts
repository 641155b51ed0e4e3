import { causeFrom } from './consumer.ts';
import { lockExceptionOf } from './store/exception.ts';
import type { Transaction } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { EventHandler, EventHandlers, OnParked } from '#kernel/inbox.ts';
import type { ParkedEvent, ParkedTaken } from '#kernel/parked-notice.ts';
import type { ExceptionDesk } from './exception-desk.ts';
import type { Trouble } from './integration-exception.ts';
import type { ApprovalSnapshot } from '../subgraphs/approvals/events.ts';
import type { OverrunSnapshot } from '../subgraphs/budgets/events.ts';
import type { InvoiceSnapshot } from '../subgraphs/invoices/events.ts';

/** Troubles of other rooms that people work here, and the facts that end them. */
export function exceptionHandlers(desk: ExceptionDesk): EventHandlers {
  const closeApproval = closer(
    desk,
    (event) => `approval:${(event.data as ApprovalSnapshot).documentId}`,
  );
  const closeSupplier = closer(desk, (event) => `supplier:${event.document.id}`);
  const unknownSupplier: EventHandler = async (tx, event) => {
    const { supplierId } = event.data as InvoiceSnapshot;
    const subject = `supplier:${event.document.id}`;
    if (supplierId !== null || (await isOpen(tx, subject))) return;
    const detail = 'No supplier has the tax number or name that the invoice carries.';
    await desk.raise(
      tx,
      { ...aboutDocument(event, 'INVOICE'), subject, code: 'SUPPLIER_UNKNOWN', detail },
      causeFrom(event),
    );
  };
  return {
    'concord.approval.unroutable.v1': async (tx, event) => {
      const request = event.data as ApprovalSnapshot;
      const trouble: Trouble = {
        ...aboutDocument(event, request.documentType),
        subject: `approval:${request.documentId}`,
        code: 'APPROVAL_UNROUTABLE',
        detail:
          request.comment ??
          'No rule of the approval policy fits amount, company, cost centre and category.',
        documentId: request.documentId,
        documentNumber: request.documentNumber,
      };
      await desk.raise(tx, trouble, causeFrom(event));
    },
    'concord.approval.requested.v1': closeApproval,
    'concord.approval.withdrawn.v1': closeApproval,
    'concord.funds.overrun.v1': async (tx, event) => {
      const { overrun, overrunLineId, documentType, documentId } = event.data as OverrunSnapshot;
      const detail = `Budget line ${overrunLineId} is ${overrun.amount} ${overrun.currency} beyond its limit.`;
      const trouble = {
        ...aboutDocument(event, documentType),
        documentId,
        subject: `overrun:${event.document.id}`,
        code: 'FUNDS_OVERRUN',
        detail,
      } as const;
      await desk.raise(tx, trouble, causeFrom(event));
    },
    'concord.invoice.captured.v1': unknownSupplier,
    'concord.invoice.held.v1': unknownSupplier,
    'concord.invoice.supplier-resolved.v1': closeSupplier,
    'concord.invoice.rejected.v1': closeSupplier,
    'concord.invoice.cancelled.v1': closeSupplier,
    'concord.consumer.event-parked.v1': async (tx, event) => {
      const parked = event.data as ParkedEvent;
      await desk.raise(tx, parkedTrouble(event, parked), causeFrom(event));
    },
    'concord.consumer.parked-taken.v1': closer(desk, (event) =>
      parkedSubject(event.data as ParkedTaken),
    ),
  };
}

/** Raises an exception for an event that a consumer of this room has parked, or still cannot take. */
export function raiseForParked(desk: ExceptionDesk, consumer: string): OnParked {
  return async (tx, event, error) => {
    const parked = {
      consumer,
      eventId: event.id,
      eventType: event.type,
      error,
      documentId: event.document.id,
    };
    await desk.raise(tx, parkedTrouble(event, parked), causeFrom(event));
  };
}

function parkedTrouble(event: DomainEvent, parked: ParkedEvent): Trouble {
  return {
    ...aboutDocument(event, event.document.type),
    subject: parkedSubject(parked),
    code: 'EVENT_PARKED',
    detail: `${parked.consumer} could not take ${parked.eventType}: ${parked.error}`,
    documentId: parked.documentId,
  };
}

/** `parked:<consumer>/<document id>`. */
export function parkedSubject(parked: {
  readonly consumer: string;
  readonly documentId: string;
}): string {
  return `parked:${parked.consumer}/${parked.documentId}`;
}

function closer(desk: ExceptionDesk, subjectOf: (event: DomainEvent) => string): EventHandler {
  return (tx, event) =>
    desk.settle(tx, subjectOf(event), `ended by ${event.type}`, causeFrom(event));
}

async function isOpen(tx: Transaction, subject: string): Promise<boolean> {
  const known = await lockExceptionOf(tx, subject);
  return known !== null && known.status !== 'RESOLVED';
}

function aboutDocument(event: DomainEvent, documentType: string) {
  return {
    documentType,
    documentId: event.document.id,
    documentNumber: event.document.number,
    deliveryId: null,
    erp: null,
    correlationId: event.correlationId,
    audience: event.audience,
  };
}
