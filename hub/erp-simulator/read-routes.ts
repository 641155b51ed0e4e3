import { changesSince, documentsOf, findByReference, lastSequence } from './books.ts';
import type { Decision, DocumentType, StoredDocument } from './document.ts';
import type { Simulation } from './erp-simulator.ts';
import { entityTag, presented } from './presentation.ts';
import { malformed, messageCodes } from './refusal.ts';
import { ok } from './route.ts';
import type { Route, RouteAnswer, RouteRequest } from './route.ts';

/** Page size unless `$top` or `limit` says otherwise, and the most that either may say. */
const PAGE_SIZE = 100;
const PAGE_LIMIT = 1000;

/** Where each type is listed, and the parts of the key behind it. */
const resources: readonly { type: DocumentType; list: string; key: string }[] = [
  { type: 'PurchaseOrder', list: '/erp/PurchaseOrders', key: ':key' },
  { type: 'SupplierInvoice', list: '/erp/SupplierInvoices', key: ':key/:year' },
  { type: 'GoodsReceipt', list: '/erp/GoodsReceipts', key: ':key' },
  { type: 'Payment', list: '/erp/Payments', key: ':key' },
];

export function readRoutes(simulation: Simulation): readonly Route[] {
  return [
    ...resources.map(({ type, list }) => listRoute(simulation, type, list)),
    ...resources.map(({ type, list, key }) => keyRoute(simulation, type, `${list}/${key}`)),
    changesRoute(simulation),
  ];
}

export function unknownDocument(request: RouteRequest): Decision & { kind: 'refused' } {
  const message = `No document ${request.parameters.join('/')} at ${request.path}.`;
  const code = messageCodes.documentUnknown;
  return { kind: 'refused', refusals: [{ status: 404, code, message, target: request.path }] };
}

/** `?externalReference=` answers every document that carries it, several if it was posted several times. */
function listRoute({ ledger }: Simulation, type: DocumentType, path: string): Route {
  const handle = ({ query }: RouteRequest): RouteAnswer => {
    const top = pageNumber(query, '$top', PAGE_SIZE);
    const skip = pageNumber(query, '$skip', 0);
    if (top === undefined || top > PAGE_LIMIT) return pageRefusal('$top');
    if (skip === undefined) return pageRefusal('$skip');
    const reference = query.get('externalReference');
    const found =
      reference === null
        ? [...documentsOf(ledger.books, type).values()]
        : findByReference(ledger.books, type, reference);
    const value = found.slice(skip, skip + top).map(presented);
    return ok({ '@odata.count': found.length, value });
  };
  return { method: 'GET', path, handle };
}

function keyRoute({ ledger }: Simulation, type: DocumentType, path: string): Route {
  const handle = (request: RouteRequest): RouteAnswer => {
    const documents: ReadonlyMap<string, StoredDocument['document']> = documentsOf(
      ledger.books,
      type,
    );
    const document = documents.get(request.parameters.join('/'));
    if (document === undefined) return unknownDocument(request);
    return ok(presented(document), { etag: entityTag(document) });
  };
  return { method: 'GET', path, handle };
}

function changesRoute({ ledger }: Simulation): Route {
  const handle = ({ query }: RouteRequest): RouteAnswer => {
    const since = pageNumber(query, 'since', 0);
    const limit = pageNumber(query, 'limit', PAGE_SIZE);
    if (since === undefined) return pageRefusal('since');
    if (limit === undefined || limit === 0 || limit > PAGE_LIMIT) return pageRefusal('limit');
    const value = changesSince(ledger.books, since, limit);
    const last = lastSequence(ledger.books);
    const nextSince = value.at(-1)?.Sequence ?? since;
    return ok({
      SystemId: ledger.books.systemId,
      LastSequence: last,
      NextSince: nextSince,
      HasMore: nextSince < last,
      value,
    });
  };
  return { method: 'GET', path: '/erp/Changes', handle };
}

function pageNumber(query: URLSearchParams, name: string, fallback: number): number | undefined {
  const text = query.get(name) ?? String(fallback);
  const value = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
}

function pageRefusal(name: string): RouteAnswer {
  const message = `${name} must be a whole number, a page at most ${PAGE_LIMIT}.`;
  return { kind: 'refused', refusals: [malformed('fieldMalformed', message, name)] };
}
