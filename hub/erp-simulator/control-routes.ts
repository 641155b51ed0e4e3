import { parseBehaviour } from './behaviour.ts';
import type { Behaviour } from './behaviour.ts';
import { documentsOf, lastSequence } from './books.ts';
import type { Books } from './books.ts';
import { now } from './clock.ts';
import { formatUnits, unitsAtScale } from './decimal.ts';
import { documentKey, documentTypes } from './document.ts';
import type { StoredDocument } from './document.ts';
import type { Simulation } from './erp-simulator.ts';
import { currencies } from './master-data.ts';
import { returnPayment } from './payment.ts';
import { presented } from './presentation.ts';
import { unknownDocument } from './read-routes.ts';
import { malformed } from './refusal.ts';
import { ok } from './route.ts';
import type { Route, RouteAnswer, RouteRequest } from './route.ts';

/** The hand on the simulator: for tests and demonstrations, untouched by the behaviour it sets. */
export function controlRoutes(simulation: Simulation): readonly Route[] {
  const { ledger, sender } = simulation;
  return [
    ...behaviourRoutes(simulation),
    {
      method: 'GET',
      path: '/control/documents',
      handle: ({ query }) => ok(documentReport(ledger.books, query.get('externalReference'))),
    },
    {
      method: 'GET',
      path: '/control/webhooks',
      handle: () => ok({ ...sender.counts(), open: ledger.books.unsettledWebhooks.size }),
    },
    {
      method: 'POST',
      path: '/control/payments/:Payment/return',
      handle: (request) => returnOnOrder(simulation, request),
    },
  ];
}

function behaviourRoutes(simulation: Simulation): readonly Route[] {
  const { ledger, plan, work, startBehaviour } = simulation;
  const report = (): RouteAnswer => ok({ ...plan.behaviour(), remaining: plan.remaining() });
  const take = (body: unknown, base: Behaviour): RouteAnswer => {
    const parsed = parseBehaviour(body, base);
    if (parsed.kind === 'faulty') {
      const refusals = parsed.faults.map((fault) => malformed('fieldMalformed', fault));
      return { kind: 'refused', refusals };
    }
    plan.set(parsed.behaviour);
    work.followAll();
    return report();
  };
  return [
    { method: 'GET', path: '/control/behaviour', handle: report },
    { method: 'PUT', path: '/control/behaviour', handle: ({ body }) => take(body, startBehaviour) },
    {
      method: 'PATCH',
      path: '/control/behaviour',
      handle: ({ body }) => take(body, plan.behaviour()),
    },
    {
      method: 'POST',
      path: '/control/reset',
      handle: async ({ query }) => {
        if (query.get('state') === 'true') await ledger.forget();
        return take({}, startBehaviour);
      },
    },
  ];
}

/** The bank returns one payment now, also one that was reported paid. */
async function returnOnOrder(simulation: Simulation, request: RouteRequest): Promise<RouteAnswer> {
  const { books } = simulation.ledger;
  const reason = request.body['reason'] ?? 'AC04';
  if (typeof reason !== 'string') {
    return { kind: 'refused', refusals: [malformed('fieldMalformed', 'reason must be a string.')] };
  }
  const outcome = await simulation.execute(() => {
    const payment = books.payments.get(request.parameters.join('/'));
    if (payment === undefined) return unknownDocument(request);
    return returnPayment(books, payment, { at: now(), reason });
  });
  if (outcome.kind === 'refused') return outcome;
  return ok(outcome.documents.map(({ document }) => presented(document))[0]);
}

/**
 * What a checker compares with the hub: per type the count by status, totals by company code and currency, and the same per
 * external reference. Totals leave out cancelled documents and returned payments.
 */
function documentReport(books: Books, reference: string | null): object {
  const byType = documentTypes.map((type) => {
    const all = storedOf(books, type).filter(
      ({ document }) => reference === null || document.ExternalReference === reference,
    );
    const references = Map.groupBy(all, ({ document }) => document.ExternalReference);
    const byExternalReference = [...references].map(([name, group]) => [
      name,
      { keys: group.map(documentKey), ...summary(group) },
    ]);
    return [
      type,
      { ...summary(all), byExternalReference: Object.fromEntries(byExternalReference) },
    ];
  });
  return {
    SystemId: books.systemId,
    LastSequence: lastSequence(books),
    documents: Object.fromEntries(byType),
  };
}

function summary(group: readonly StoredDocument[]): object {
  const statuses = Map.groupBy(group, statusOf);
  const totals = new Map<string, bigint>();
  for (const stored of group.filter(counts)) {
    const amount = amountOf(stored);
    if (amount === undefined) continue;
    const name = `${stored.document.CompanyCode}/${amount.currency}`;
    totals.set(name, (totals.get(name) ?? 0n) + amount.units);
  }
  return {
    count: group.length,
    byStatus: Object.fromEntries([...statuses].map(([status, list]) => [status, list.length])),
    totals: Object.fromEntries([...totals].map(([name, units]) => [name, amountText(name, units)])),
  };
}

function storedOf(books: Books, type: StoredDocument['type']): readonly StoredDocument[] {
  // The map of a type holds documents of that type only; the compiler cannot tie the two together.
  return [...documentsOf(books, type).values()].map(
    (document) => ({ type, document }) as StoredDocument,
  );
}

function statusOf(stored: StoredDocument): string {
  switch (stored.type) {
    case 'PurchaseOrder':
      return stored.document.PurchaseOrderStatus;
    case 'SupplierInvoice':
      return stored.document.SupplierInvoiceStatus;
    case 'GoodsReceipt':
      return stored.document.MaterialDocumentStatus;
    case 'Payment':
      return stored.document.PaymentStatus;
  }
}

function counts(stored: StoredDocument): boolean {
  return !['CANCELLED', 'RETURNED'].includes(statusOf(stored));
}

/** The amount a document counts with; credit memos count below zero, receipts carry none. */
function amountOf(stored: StoredDocument): { currency: string; units: bigint } | undefined {
  if (stored.type === 'GoodsReceipt') return undefined;
  const currency = stored.document.DocumentCurrency;
  const units = unitsAtScale(amountField(stored), currencies.get(currency) ?? 0) ?? 0n;
  const credit = stored.type === 'SupplierInvoice' && stored.document.SupplierInvoiceIsCreditMemo;
  return { currency, units: credit === 'X' ? -units : units };
}

function amountField(stored: Exclude<StoredDocument, { type: 'GoodsReceipt' }>): string {
  switch (stored.type) {
    case 'PurchaseOrder':
      return stored.document.TotalNetAmount;
    case 'SupplierInvoice':
      return stored.document.InvoiceGrossAmount;
    case 'Payment':
      return stored.document.PaymentAmount;
  }
}

function amountText(name: string, units: bigint): string {
  return formatUnits(units, currencies.get(name.split('/')[1] ?? '') ?? 0);
}
