import { randomBytes } from 'node:crypto';
import { documentKey } from './document.ts';
import type { Change, DocumentType, Entry, StoredDocument } from './document.ts';
import type { GoodsReceipt } from './goods-receipt.ts';
import type { Payment } from './payment.ts';
import type { PurchaseOrder } from './purchase-order.ts';
import type { SupplierInvoice } from './supplier-invoice.ts';

/** One line of the journal. Reading the lines in order rebuilds the books. */
export type JournalRecord =
  | {
      readonly kind: 'installed';
      readonly systemId: string;
      readonly sequence: number;
      readonly counters: Readonly<Record<string, number>>;
    }
  | {
      readonly kind: 'entered';
      readonly documents: readonly StoredDocument[];
      readonly changes: readonly Change[];
      readonly counters: Readonly<Record<string, number>>;
    }
  /** The webhook of a change needs no more attempts: it was taken, given up, or suppressed on purpose. */
  | { readonly kind: 'webhook-settled'; readonly sequence: number };

/** The state of the ERP in memory; `applyRecord` is its only writer. */
export type Books = {
  systemId: string;
  /** The sequence before the first change in `changes`; above 0 after the state was reset. */
  sequenceBase: number;
  readonly orders: Map<string, PurchaseOrder>;
  readonly invoices: Map<string, SupplierInvoice>;
  readonly receipts: Map<string, GoodsReceipt>;
  readonly payments: Map<string, Payment>;
  /** `type|external reference` to the keys of the documents that carry it, oldest first. */
  readonly references: Map<string, string[]>;
  readonly changes: Change[];
  readonly counters: Map<string, number>;
  readonly unsettledWebhooks: Set<number>;
};

export function emptyBooks(): Books {
  return {
    systemId: '',
    sequenceBase: 0,
    orders: new Map(),
    invoices: new Map(),
    receipts: new Map(),
    payments: new Map(),
    references: new Map(),
    changes: [],
    counters: new Map(),
    unsettledWebhooks: new Set(),
  };
}

/** The first record of a new state file. */
export function installation(): JournalRecord {
  const systemId = randomBytes(6).toString('hex');
  return { kind: 'installed', systemId, sequence: 0, counters: {} };
}

/** The first record after a reset: documents go, but numbers and sequence run on so that no outside key is ever reused. */
export function reinstallation(books: Books): JournalRecord {
  return {
    kind: 'installed',
    systemId: books.systemId,
    sequence: lastSequence(books),
    counters: Object.fromEntries(books.counters),
  };
}

/** Gives an entry its sequence numbers and event ids. */
export function recordOf(
  books: Books,
  entry: Entry,
  at: Date,
): JournalRecord & { kind: 'entered' } {
  const first = lastSequence(books) + 1;
  const changes = entry.events.map(({ eventType, subject }, index): Change => {
    const sequence = first + index;
    return {
      eventType,
      Sequence: sequence,
      EventId: `msg_${books.systemId}_${sequence}`,
      EventDateTime: at.toISOString(),
      SystemId: books.systemId,
      ObjectType: subject.type,
      ObjectKey: documentKey(subject),
      ExternalReference: subject.document.ExternalReference,
      Object: subject.document,
    };
  });
  return { kind: 'entered', documents: entry.documents, changes, counters: entry.counters };
}

export function applyRecord(books: Books, record: JournalRecord): void {
  switch (record.kind) {
    case 'installed':
      clear(books);
      books.systemId = record.systemId;
      books.sequenceBase = record.sequence;
      raiseCounters(books, record.counters);
      return;
    case 'entered':
      for (const stored of record.documents) put(books, stored);
      for (const change of record.changes) {
        books.changes.push(change);
        books.unsettledWebhooks.add(change.Sequence);
      }
      raiseCounters(books, record.counters);
      return;
    case 'webhook-settled':
      books.unsettledWebhooks.delete(record.sequence);
      return;
  }
}

export function lastSequence(books: Books): number {
  return books.sequenceBase + books.changes.length;
}

/** Changes with a sequence above `since`, at most `limit`. */
export function changesSince(books: Books, since: number, limit: number): readonly Change[] {
  const start = Math.max(0, since - books.sequenceBase);
  return books.changes.slice(start, start + limit);
}

/** The next number of a range, with the counter to write beside the document that takes it. */
export function nextNumber(
  books: Books,
  range: { name: string; start: number },
): { number: string; counters: Readonly<Record<string, number>> } {
  const next = (books.counters.get(range.name) ?? range.start) + 1;
  return { number: String(next), counters: { [range.name]: next } };
}

/** Documents of one type, oldest first. */
export function documentsOf(
  books: Books,
  type: DocumentType,
): ReadonlyMap<string, StoredDocument['document']> {
  switch (type) {
    case 'PurchaseOrder':
      return books.orders;
    case 'SupplierInvoice':
      return books.invoices;
    case 'GoodsReceipt':
      return books.receipts;
    case 'Payment':
      return books.payments;
  }
}

/** Whether the books still hold exactly this version of the document. */
export function isCurrent(books: Books, stored: StoredDocument): boolean {
  return documentsOf(books, stored.type).get(documentKey(stored)) === stored.document;
}

export function findByReference(
  books: Books,
  type: DocumentType,
  reference: string,
): readonly StoredDocument['document'][] {
  const documents = documentsOf(books, type);
  const keys = books.references.get(`${type}|${reference}`) ?? [];
  return keys.flatMap((key) => documents.get(key) ?? []);
}

function put(books: Books, stored: StoredDocument): void {
  const key = documentKey(stored);
  if (!documentsOf(books, stored.type).has(key)) indexReference(books, stored, key);
  switch (stored.type) {
    case 'PurchaseOrder':
      books.orders.set(key, stored.document);
      return;
    case 'SupplierInvoice':
      books.invoices.set(key, stored.document);
      return;
    case 'GoodsReceipt':
      books.receipts.set(key, stored.document);
      return;
    case 'Payment':
      books.payments.set(key, stored.document);
      return;
  }
}

function indexReference(books: Books, stored: StoredDocument, key: string): void {
  const reference = stored.document.ExternalReference;
  if (reference === '') return;
  const name = `${stored.type}|${reference}`;
  const keys = books.references.get(name);
  if (keys === undefined) books.references.set(name, [key]);
  else keys.push(key);
}

function raiseCounters(books: Books, counters: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counters)) books.counters.set(name, value);
}

function clear(books: Books): void {
  books.orders.clear();
  books.invoices.clear();
  books.receipts.clear();
  books.payments.clear();
  books.references.clear();
  books.changes.length = 0;
  books.counters.clear();
  books.unsettledWebhooks.clear();
}
