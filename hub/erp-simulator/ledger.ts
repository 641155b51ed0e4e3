import { applyRecord, emptyBooks, installation, recordOf, reinstallation } from './books.ts';
import type { Books } from './books.ts';
import { now } from './clock.ts';
import type { Change, Decision, StoredDocument } from './document.ts';
import { openJournal } from './journal.ts';
import type { Refusal } from './refusal.ts';

/** The books with their journal: the only way to change state, and durable before it returns. */
export type Ledger = {
  readonly books: Books;
  /** Decides on the books as they are now, writes, and resolves when the outcome is on disk. */
  readonly commit: (decide: () => Decision) => Promise<Outcome>;
  readonly settleWebhook: (sequence: number) => void;
  /** Resolves when everything visible in the books is on disk. */
  readonly durable: () => Promise<void>;
  readonly forget: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type Outcome =
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] }
  | {
      readonly kind: 'committed';
      readonly documents: readonly StoredDocument[];
      readonly changes: readonly Change[];
    };

export async function openLedger(
  stateFile: string,
  onFatal: (error: unknown) => void,
): Promise<Ledger> {
  const books = emptyBooks();
  const journal = await openJournal(stateFile, (record) => applyRecord(books, record));
  if (books.systemId === '') {
    const record = installation();
    applyRecord(books, record);
    await journal.append(record);
  }

  const commit = async (decide: () => Decision): Promise<Outcome> => {
    const decision = decide();
    if (decision.kind === 'refused') return decision;
    const { documents } = decision.entry;
    if (documents.length === 0) return { kind: 'committed', documents, changes: [] };
    const record = recordOf(books, decision.entry, now());
    applyRecord(books, record);
    await journal.append(record).catch(onFatal);
    return { kind: 'committed', documents, changes: record.changes };
  };

  const settleWebhook = (sequence: number): void => {
    // A sequence from before a reset is no longer open.
    if (!books.unsettledWebhooks.has(sequence)) return;
    const record = { kind: 'webhook-settled', sequence } as const;
    applyRecord(books, record);
    void journal.append(record).catch(onFatal);
  };

  const forget = async (): Promise<void> => {
    const record = reinstallation(books);
    applyRecord(books, record);
    await journal.restart(record).catch(onFatal);
  };

  return { books, commit, settleWebhook, forget, durable: journal.settled, close: journal.close };
}
