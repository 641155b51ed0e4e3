import { createEventFactory } from '#kernel/event.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Audience, Cause, DomainEvent, EventDocument } from '#kernel/event.ts';
import type { Delivery } from './delivery.ts';
import type {
  ErpConfirmation,
  ErpDocumentType,
  ErpPayment,
  ErpRefusal,
  IntegrationEvent,
} from './events.ts';
import type { IntegrationException } from './integration-exception.ts';

/** The event source of this room. */
export const EVENT_SOURCE = '/integration';

/** GraphQL type name of each document that goes to an ERP. */
export const DOCUMENT_NAMES: Readonly<Record<ErpDocumentType, string>> = {
  PURCHASE_ORDER: 'PurchaseOrder',
  GOODS_RECEIPT: 'GoodsReceipt',
  INVOICE: 'Invoice',
};

type ExceptionEventType = Extract<IntegrationEvent['type'], `concord.exception.${string}`>;

/** What an event about a document of ours carries besides its facts. */
type About = Pick<Delivery, 'documentType' | 'documentId' | 'documentNumber' | 'audience'>;

/** Makes this room's events. */
export interface IntegrationEventFactory {
  confirmed(cause: Cause, about: About, sequence: number, data: ErpConfirmation): DomainEvent;
  refused(cause: Cause, about: About, sequence: number, data: ErpRefusal): DomainEvent;
  payment(cause: Cause, about: About, sequence: number, data: ErpPayment): DomainEvent;
  exception(cause: Cause, type: ExceptionEventType, exception: IntegrationException): DomainEvent;
  retryRequested(
    cause: Cause,
    exception: IntegrationException,
    data: { consumer: string; documentId: string },
  ): DomainEvent;
}

export function createIntegrationEvents(clock: Clock): IntegrationEventFactory {
  const make = createEventFactory(EVENT_SOURCE, clock);
  const onDocument = (
    about: About,
    status: string,
  ): { document: EventDocument; audience: Audience } => ({
    document: {
      type: DOCUMENT_NAMES[about.documentType],
      id: about.documentId,
      number: about.documentNumber,
      status,
    },
    audience: about.audience,
  });
  return {
    confirmed: (cause, about, sequence, data) =>
      make(cause, {
        type: 'concord.erp.document-confirmed.v1',
        ...onDocument(about, `ERP_${data.action}`),
        sequence,
        data,
      }),
    refused: (cause, about, sequence, data) =>
      make(cause, {
        type: 'concord.erp.document-refused.v1',
        ...onDocument(about, 'ERP_REFUSED'),
        sequence,
        data,
      }),
    payment: (cause, about, sequence, data) =>
      make(cause, {
        type: 'concord.erp.payment-reported.v1',
        ...onDocument(about, `PAYMENT_${data.status}`),
        sequence,
        data,
      }),
    exception: (cause, type, exception) =>
      make(cause, {
        type,
        ...onException(exception),
        data: {
          exceptionId: exception.id,
          kind: exception.kind,
          code: exception.code,
          message: exception.message,
          documentType: exception.documentType,
          documentId: exception.documentId,
          assigneeId: exception.assigneeId,
        },
      }),
    retryRequested: (cause, exception, data) =>
      make(cause, {
        type: 'concord.consumer.retry-requested.v1',
        ...onException(exception),
        data: { ...data, exceptionId: exception.id },
      }),
  };
}

function onException(exception: IntegrationException) {
  return {
    document: {
      type: 'IntegrationException',
      id: exception.id,
      number: exception.number,
      status: exception.status,
    },
    audience: exception.audience,
    sequence: exception.version,
  };
}

/** The cause of what this room does on its own account for a delivery. */
export function causeOf(
  about: Pick<Delivery, 'correlationId' | 'traceparent'>,
  causationId: string,
  actorId = 'integration',
): Cause {
  return {
    correlationId: about.correlationId,
    causationId,
    traceparent: about.traceparent,
    actorId,
  };
}
