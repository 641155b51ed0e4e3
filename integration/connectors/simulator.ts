import { accepted, refused } from '#kernel/problem.ts';
import { isRecord } from '#kernel/json.ts';
import { parseMoney, toWire } from '#kernel/money.ts';
import { failure } from '../connector.ts';
import { failureOfAnswer, failureOfError } from './simulator-failure.ts';
import {
  cancelBody,
  changeBody,
  createBody,
  dateFromWire,
  orderMatches,
} from './simulator-wire.ts';
import type { Secret } from '#kernel/config.ts';
import type { ErpGuard } from '../erp-guard.ts';
import type {
  Answer,
  ChangePage,
  Connector,
  ErpChange,
  ErpDocument,
  ErpStatus,
} from '../connector.ts';
import type { ErpDocumentType } from '../events.ts';
import type { Wire } from './simulator-wire.ts';

/** Where each type lives, how its number and status are called, and what its statuses mean to us. */
interface Resource {
  readonly path: string;
  readonly object: string;
  readonly status: string;
  readonly statuses: Readonly<Record<string, ErpStatus>>;
  readonly numberOf: (wire: Wire) => unknown;
}

const RESOURCES: Readonly<Record<ErpDocumentType, Resource>> = {
  PURCHASE_ORDER: {
    path: '/erp/PurchaseOrders',
    object: 'PurchaseOrder',
    status: 'PurchaseOrderStatus',
    statuses: { IN_PROCESS: 'IN_PROCESS', RELEASED: 'CONFIRMED', CANCELLED: 'CANCELLED' },
    numberOf: (wire) => wire['PurchaseOrder'],
  },
  GOODS_RECEIPT: {
    path: '/erp/GoodsReceipts',
    object: 'GoodsReceipt',
    status: 'MaterialDocumentStatus',
    statuses: { POSTED: 'CONFIRMED', CANCELLED: 'CANCELLED' },
    numberOf: (wire) => wire['MaterialDocument'],
  },
  INVOICE: {
    path: '/erp/SupplierInvoices',
    object: 'SupplierInvoice',
    status: 'SupplierInvoiceStatus',
    statuses: { POSTED: 'CONFIRMED', CANCELLED: 'CANCELLED' },
    // Invoice numbers repeat per fiscal year, so the year is part of the number.
    numberOf: (wire) =>
      typeof wire['SupplierInvoice'] === 'string' && typeof wire['FiscalYear'] === 'string'
        ? `${wire['SupplierInvoice']}/${wire['FiscalYear']}`
        : null,
  },
};

const PAYMENT_STATUSES = ['SCHEDULED', 'PAID', 'RETURNED'] as const;
/** A call that takes longer is given up; its outcome is then unknown. */
export const CALL_TIMEOUT_MS = 5_000;

export interface SimulatorOptions {
  readonly url: string;
  readonly apiKey: Secret;
  readonly guard: ErpGuard;
  readonly timeoutMs?: number;
}

/** The connector to the ERP simulator, whose wire is in the manner of SAP's OData services. */
export function createSimulatorConnector(options: SimulatorOptions): Connector {
  const http = createHttp(options);
  return {
    create: async (command) =>
      documentFrom(
        command.documentType,
        await http('POST', RESOURCES[command.documentType].path, { body: createBody(command) }),
      ),
    change: async (command, current) => {
      if (command.documentType !== 'PURCHASE_ORDER')
        return refused(
          failure('MAPPING', 'MAPPING', `A ${command.documentType} cannot be changed at the ERP.`),
        );
      const body = changeBody(command, current.wire);
      const etag = current.wire['@odata.etag'];
      const ifMatch = typeof etag === 'string' ? etag : '*';
      return documentFrom(
        'PURCHASE_ORDER',
        await http('PATCH', pathOf('PURCHASE_ORDER', current.erpNumber), { body, ifMatch }),
      );
    },
    cancel: async (command, current) =>
      documentFrom(
        command.documentType,
        await http('POST', `${pathOf(command.documentType, current.erpNumber)}/Cancel`, {
          body: cancelBody(command),
        }),
      ),
    find: (documentType, reference) => find(http, documentType, reference),
    readBack: async (documentType, erpNumber) => {
      const answer = await http('GET', pathOf(documentType, erpNumber), { absent: 404 });
      if (!answer.ok || answer.value !== null) return documentFrom(documentType, answer);
      return accepted(null);
    },
    isApplied: (command, document) =>
      command.documentType === 'PURCHASE_ORDER' && document.status !== 'CANCELLED'
        ? orderMatches(command, document.wire)
        : false,
    changesSince: (watermark, limit) => changesSince(http, watermark, limit),
    readChange,
  };
}

type Http = (
  method: string,
  path: string,
  options: { readonly body?: Wire; readonly ifMatch?: string; readonly absent?: number },
) => Answer<unknown>;

/** One call of the wire, through the guard, with a time limit; a status equal to `absent` is answered as null. */
function createHttp(options: SimulatorOptions): Http {
  return (method, path, call) =>
    options.guard.run(async () => {
      const writes = method !== 'GET';
      try {
        const response = await fetch(`${options.url}${path}`, {
          method,
          headers: {
            'x-api-key': options.apiKey.reveal(),
            'content-type': 'application/json',
            ...(call.ifMatch === undefined ? {} : { 'if-match': call.ifMatch }),
          },
          ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
          signal: AbortSignal.timeout(options.timeoutMs ?? CALL_TIMEOUT_MS),
        });
        const body: unknown = await response.json();
        if (response.ok) return accepted(body);
        if (response.status === call.absent) return accepted(null);
        const retryAfter = response.headers.get('retry-after');
        return refused(failureOfAnswer(response.status, { body, retryAfter, writes }));
      } catch (error) {
        return refused(failureOfError(error, writes));
      }
    });
}

async function find(
  http: Http,
  documentType: ErpDocumentType,
  reference: string,
): Answer<readonly ErpDocument[]> {
  const { path } = RESOURCES[documentType];
  const answer = await http(
    'GET',
    `${path}?externalReference=${encodeURIComponent(reference)}`,
    {},
  );
  if (!answer.ok) return answer;
  const list = isRecord(answer.value) ? answer.value['value'] : undefined;
  const documents = Array.isArray(list)
    ? list.map((wire) => readDocument(documentType, wire))
    : [null];
  if (documents.includes(null)) return refused(unreadable(`the list of ${documentType}`));
  return accepted(documents.filter((document) => document !== null));
}

async function changesSince(http: Http, watermark: bigint, limit: number): Answer<ChangePage> {
  const answer = await http('GET', `/erp/Changes?since=${watermark}&limit=${limit}`, {});
  if (!answer.ok) return answer;
  const page = answer.value;
  if (
    !isRecord(page) ||
    typeof page['SystemId'] !== 'string' ||
    !Number.isSafeInteger(page['NextSince']) ||
    !Array.isArray(page['value'])
  )
    return refused(unreadable('the change feed'));
  return accepted({
    systemId: page['SystemId'],
    messages: page['value'],
    nextWatermark: BigInt(Number(page['NextSince'])),
    hasMore: page['HasMore'] === true,
  });
}

function documentFrom(
  documentType: ErpDocumentType,
  answer: Awaited<ReturnType<Http>>,
): Awaited<Answer<ErpDocument>> {
  if (!answer.ok) return answer;
  const document = readDocument(documentType, answer.value);
  return document === null ? refused(unreadable(documentType)) : accepted(document);
}

/** The document in our words, or null when a field that we live by is missing or has an unknown value. */
function readDocument(documentType: ErpDocumentType, wire: unknown): ErpDocument | null {
  if (!isRecord(wire)) return null;
  const resource = RESOURCES[documentType];
  const erpNumber = resource.numberOf(wire);
  const status = resource.statuses[String(wire[resource.status])];
  const version = wire['Version'];
  const externalReference = wire['ExternalReference'];
  if (typeof erpNumber !== 'string' || status === undefined) return null;
  if (
    typeof version !== 'number' ||
    !Number.isSafeInteger(version) ||
    typeof externalReference !== 'string'
  )
    return null;
  return { erpNumber, externalReference, status, erpVersion: BigInt(version), wire };
}

function readChange(message: unknown): ErpChange | null {
  if (!isRecord(message)) return null;
  const {
    EventId: eventId,
    Sequence: sequence,
    eventType,
    ExternalReference: externalReference,
    ObjectType,
    Object: object,
  } = message;
  if (
    typeof eventId !== 'string' ||
    typeof eventType !== 'string' ||
    typeof externalReference !== 'string'
  )
    return null;
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence)) return null;
  const head = { eventId, sequence: BigInt(sequence), eventType, externalReference };
  if (ObjectType === 'Payment') {
    const payment = readPayment(object);
    return payment === null ? null : { ...head, kind: 'payment', payment };
  }
  const documentType = documentTypes.find((type) => RESOURCES[type].object === ObjectType);
  const document = documentType === undefined ? null : readDocument(documentType, object);
  return documentType === undefined || document === null
    ? null
    : { ...head, kind: 'document', documentType, document };
}

const documentTypes = ['PURCHASE_ORDER', 'GOODS_RECEIPT', 'INVOICE'] as const;

function readPayment(wire: unknown) {
  if (!isRecord(wire)) return null;
  const {
    Payment: paymentNumber,
    PaymentStatus,
    PaymentAmount,
    DocumentCurrency,
    ClearingDate,
    ScheduledDate,
    Version,
  } = wire;
  const status = PAYMENT_STATUSES.find((candidate) => candidate === PaymentStatus);
  if (status === undefined || typeof paymentNumber !== 'string' || typeof Version !== 'number')
    return null;
  if (typeof PaymentAmount !== 'string' || typeof DocumentCurrency !== 'string') return null;
  const amount = { amount: PaymentAmount, currency: DocumentCurrency };
  const money = parseMoney(amount);
  if (typeof money === 'string') return null;
  const valueOn = dateFromWire(ClearingDate) ?? dateFromWire(ScheduledDate);
  return { paymentNumber, status, amount: toWire(money), valueOn, erpVersion: BigInt(Version) };
}

function pathOf(documentType: ErpDocumentType, erpNumber: string): string {
  return `${RESOURCES[documentType].path}/${erpNumber}`;
}

/** The ERP answered, and not in the agreed form: whether it wrote is found out by looking again. */
function unreadable(what: string) {
  return failure(
    'NOT_APPLIED',
    'CONTRACT_CHANGED',
    `The ERP answered ${what} in a form that is not the agreed one.`,
  );
}
