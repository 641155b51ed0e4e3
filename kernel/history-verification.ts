import { EMPTY_FRONTIER, isFrontier, isHash, leafHash, rootOf, withLeaf } from './history-chain.ts';
import { isRecord } from './json.ts';
import { readPublishedKeys, trustedKeysFrom } from './signature.ts';
import { openCheckpoint } from './signed-note.ts';
import type { KeyObject } from 'node:crypto';
import type { Frontier } from './history-chain.ts';
import type { OpenedCheckpoint } from './signed-note.ts';

export const HISTORY_FORMAT = 'concord-history/1';

export type HistoryProblemCode =
  /** The text is no export, or a line of it cannot be read. */
  | 'UNREADABLE'
  /** Numbers are left out. */
  | 'ENTRY_REMOVED'
  /** An entry comes after one with a higher number. */
  | 'ENTRY_REORDERED'
  /** The next entry names another hash than this entry has. */
  | 'ENTRY_EDITED'
  /** An entry is withheld although the export says that it is of the whole registry. */
  | 'ENTRY_WITHHELD'
  /** A signed checkpoint states another root than the entries have. */
  | 'ROOT_DIFFERS'
  | 'CHECKPOINT_FORGED'
  /** A checkpoint is of another log. */
  | 'CHECKPOINT_FOREIGN'
  /** A checkpoint that was kept elsewhere ends before the export begins, so that nothing is proved by it. */
  | 'CHECKPOINT_NOT_MET'
  /** A checkpoint states more entries than there are: the end was cut off. */
  | 'TRUNCATED'
  /** The last entries are covered by no checkpoint that a trusted key signed. */
  | 'UNSIGNED';

export interface HistoryProblem {
  readonly code: HistoryProblemCode;
  /** Line of the export, from 1. */
  readonly line: number;
  /** Number of the entry concerned, or null. */
  readonly seq: number | null;
  readonly message: string;
}

export interface HistoryVerdict {
  readonly ok: boolean;
  readonly problems: readonly HistoryProblem[];
  readonly origin: string | null;
  /** The graph whose entries are told in full, or null for all. */
  readonly graphId: string | null;
  /** Numbers of the first and the last entry. */
  readonly from: number;
  readonly to: number;
  /** Entries of other graphs, of which the export tells the hash only. */
  readonly withheld: number;
  /** Up to this entry, a trusted key has signed for all. */
  readonly signedTo: number;
  /** When the last trusted checkpoint was made: nothing is known of later entries. */
  readonly signedAt: string | null;
}

/** Who must be believed for a verdict: nothing in an export is trusted for itself. */
export interface HistoryTrust {
  /** Ids of signing keys that are known from elsewhere, such as from the registry's publication at an earlier time. */
  readonly pinnedKeys: Iterable<string>;
  /** Checkpoint notes that were kept elsewhere: the export must hold what they state, which finds a rewritten or cut history. */
  readonly keptCheckpoints?: readonly string[];
}

/** Beyond these, more problems tell nothing new. */
const PROBLEMS_MAX = 100;
const LINE_CHARACTERS_MAX = 4 * 1024 * 1024;

/**
 * Verifies an export of a registry's history without a registry: every hash, link and number, and every signed checkpoint.
 * Finds entries that were edited, removed, added or put elsewhere, and an end that was cut off up to the last checkpoint
 * that is known (see `keptCheckpoints`). Memory does not grow with the length of the export.
 */
export async function verifyHistory(
  text: string | AsyncIterable<string>,
  trust: HistoryTrust,
): Promise<HistoryVerdict> {
  const verification = new Verification(trust);
  for await (const line of linesOf(text)) verification.read(line);
  return verification.conclude();
}

async function* linesOf(text: string | AsyncIterable<string>): AsyncIterable<string> {
  let rest = '';
  for await (const piece of typeof text === 'string' ? [text] : text) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > LINE_CHARACTERS_MAX) break;
  }
  if (rest !== '') yield rest;
}

/** Where the reading of one export stands. */
class Verification {
  readonly #trust: HistoryTrust;
  readonly #problems: HistoryProblem[] = [];
  #line = 0;
  #trusted: ReadonlyMap<string, KeyObject> = new Map();
  #kept: OpenedCheckpoint[] = [];
  #origin: string | null = null;
  #graphId: string | null = null;
  #first = 1;
  #frontier: Frontier = EMPTY_FRONTIER;
  #seq = 0;
  #lastHash: string | null = '';
  #withheld = 0;
  /** The highest size that any checkpoint states, trusted or not. */
  #statedSize = 0;
  #signedTo = 0;
  #signedAt: string | null = null;

  constructor(trust: HistoryTrust) {
    this.#trust = trust;
  }

  read(line: string): void {
    this.#line += 1;
    // Without its header a file says nothing.
    if (this.#line > 1 && this.#origin === null) return;
    const value = line.length > LINE_CHARACTERS_MAX ? null : parsed(line);
    if ((this.#line === 1) !== (value?.['type'] === 'header')) {
      this.#report('UNREADABLE', null, 'The first line, and no other, must be the header.');
    } else if (value?.['type'] === 'header') this.#readHeader(value);
    else if (value?.['type'] === 'entry') this.#readEntry(value, line);
    else if (value?.['type'] === 'leaf') this.#readLeaf(value);
    else if (value?.['type'] === 'checkpoint') this.#readCheckpoint(value['note']);
    else this.#report('UNREADABLE', null, 'The line is nothing that an export has.');
  }

  conclude(): HistoryVerdict {
    if (this.#line === 0) this.#report('UNREADABLE', null, 'The export is empty.');
    for (const checkpoint of this.#kept) this.#concludeKept(checkpoint);
    if (this.#statedSize > this.#seq) {
      const message = `A checkpoint states ${this.#statedSize} entries, and the export ends with entry ${this.#seq}: its end was cut off.`;
      this.#report('TRUNCATED', this.#seq, message);
    }
    const isSigned = this.#signedAt !== null && this.#signedTo === this.#seq;
    // Where another problem was found, that is why nobody could have signed for the whole.
    if (!isSigned && this.#problems.length === 0) {
      const message = `No checkpoint of a trusted key covers the entries from ${this.#signedTo + 1} to ${this.#seq}. Check which keys are pinned.`;
      this.#report('UNSIGNED', this.#signedTo + 1, message);
    }
    return {
      ok: this.#problems.length === 0,
      problems: this.#problems,
      origin: this.#origin,
      graphId: this.#graphId,
      from: this.#first,
      to: this.#seq,
      withheld: this.#withheld,
      signedTo: this.#signedTo,
      signedAt: this.#signedAt,
    };
  }

  #readHeader(header: Record<string, unknown>): void {
    const tops = Array.isArray(header['frontier']) ? (header['frontier'] as unknown[]) : [];
    const frontier = { size: Number(header['from']) - 1, tops: tops.map(String) };
    const keys = readPublishedKeys(header);
    const isHeader =
      header['format'] === HISTORY_FORMAT &&
      typeof header['origin'] === 'string' &&
      Number.isSafeInteger(frontier.size) &&
      frontier.size >= 0;
    if (!isHeader || keys === null || !isFrontier(frontier)) {
      const message = `The header is not that of an export in the format "${HISTORY_FORMAT}".`;
      this.#report('UNREADABLE', null, message);
      return;
    }
    this.#trusted = trustedKeysFrom(keys, this.#trust.pinnedKeys);
    this.#origin = String(header['origin']);
    this.#graphId = typeof header['graph'] === 'string' ? header['graph'] : null;
    this.#first = frontier.size + 1;
    this.#seq = frontier.size;
    this.#frontier = frontier;
    this.#lastHash = frontier.size === 0 ? '' : null;
    this.#kept = (this.#trust.keptCheckpoints ?? []).flatMap((note) => this.#opened(note) ?? []);
    this.#meetKept();
  }

  #readEntry(entry: Record<string, unknown>, line: string): void {
    const { seq, previous } = entry;
    if (typeof seq !== 'number' || typeof previous !== 'string') {
      this.#report('UNREADABLE', null, 'The entry has no number or does not name the one before.');
      return;
    }
    const inOrder = this.#expect(seq);
    if (inOrder && this.#lastHash !== null && previous !== this.#lastHash) {
      const message = `Entry ${seq} names another hash of entry ${seq - 1} than that has: entry ${seq - 1} was edited, or entry ${seq} was put there.`;
      this.#report('ENTRY_EDITED', seq - 1, message);
    }
    this.#add(seq, leafHash(line));
  }

  #readLeaf(leaf: Record<string, unknown>): void {
    const { seq, hash } = leaf;
    if (typeof seq !== 'number' || !isHash(hash)) {
      this.#report('UNREADABLE', null, 'The withheld entry has no number or no hash.');
      return;
    }
    this.#expect(seq);
    if (this.#graphId === null)
      this.#report('ENTRY_WITHHELD', seq, `Entry ${seq} is withheld in an export of everything.`);
    this.#withheld += 1;
    this.#add(seq, hash);
  }

  /** Is this the number that comes next? */
  #expect(seq: number): boolean {
    const expected = this.#seq + 1;
    if (seq > expected) {
      const which = seq - expected === 1 ? `${expected} is` : `${expected} to ${seq - 1} are`;
      this.#report('ENTRY_REMOVED', expected, `Before entry ${seq}, ${which} missing.`);
    } else if (seq < expected) {
      this.#report('ENTRY_REORDERED', seq, `Entry ${seq} comes after entry ${this.#seq}.`);
    }
    return seq === expected;
  }

  #add(seq: number, hash: string): void {
    this.#frontier = withLeaf(this.#frontier, hash);
    this.#seq = seq;
    this.#lastHash = hash;
    this.#meetKept();
  }

  #readCheckpoint(note: unknown): void {
    const checkpoint = this.#opened(note);
    if (checkpoint === null) return;
    this.#statedSize = Math.max(this.#statedSize, checkpoint.size);
    if (checkpoint.size < this.#seq)
      this.#report('UNREADABLE', null, 'The checkpoint does not stand behind its last entry.');
    else if (checkpoint.size === this.#seq) this.#compare(checkpoint, 'in the export');
  }

  /** Reads a checkpoint note; tells of one that is no checkpoint, forged or of another log. */
  #opened(note: unknown): OpenedCheckpoint | null {
    const checkpoint = typeof note === 'string' ? openCheckpoint(note, this.#trusted) : null;
    if (checkpoint === null) {
      this.#report('UNREADABLE', null, 'There is a checkpoint that is none.');
    } else if (checkpoint.origin !== this.#origin) {
      const message = `A checkpoint is of the log "${checkpoint.origin}", the export of "${this.#origin}".`;
      this.#report('CHECKPOINT_FOREIGN', null, message);
      return null;
    } else if (checkpoint.isForged) {
      const message = `The checkpoint of ${checkpoint.size} entries is not what its key has signed.`;
      this.#report('CHECKPOINT_FORGED', checkpoint.size, message);
    }
    return checkpoint;
  }

  /** Compares the kept checkpoints that are of just as many entries as were read. */
  #meetKept(): void {
    const met = this.#kept.filter(({ size }) => size === this.#seq);
    if (met.length === 0) return;
    this.#kept = this.#kept.filter(({ size }) => size !== this.#seq);
    for (const checkpoint of met) this.#compare(checkpoint, 'that was kept elsewhere');
  }

  /** A kept checkpoint that was not met: the export is too short, begins too late, or has other numbers. */
  #concludeKept(checkpoint: OpenedCheckpoint): void {
    const { size } = checkpoint;
    this.#statedSize = Math.max(this.#statedSize, size);
    if (size < this.#first - 1) {
      const message = `The checkpoint of ${size} entries that was kept elsewhere cannot be compared: the export begins with entry ${this.#first}. Export from an earlier one.`;
      this.#report('CHECKPOINT_NOT_MET', size, message);
    } else if (size <= this.#seq) this.#reportRoot(checkpoint, 'that was kept elsewhere');
  }

  #compare(checkpoint: OpenedCheckpoint, where: string): void {
    if (checkpoint.root !== rootOf(this.#frontier) || this.#frontier.size !== checkpoint.size) {
      this.#reportRoot(checkpoint, where);
    } else if (checkpoint.signedBy !== null && !checkpoint.isForged) {
      this.#signedTo = checkpoint.size;
      this.#signedAt = checkpoint.at ?? '';
    }
  }

  /** Once: where one root differs, all later ones do. */
  #reportRoot({ size }: OpenedCheckpoint, where: string): void {
    if (this.#problems.some(({ code }) => code === 'ROOT_DIFFERS')) return;
    const message = `The checkpoint ${where} states another root of ${size} entries than these have: one of them was edited, removed, added or put elsewhere.`;
    this.#report('ROOT_DIFFERS', size, message);
  }

  #report(code: HistoryProblemCode, seq: number | null, message: string): void {
    if (this.#problems.length < PROBLEMS_MAX)
      this.#problems.push({ code, line: this.#line, seq, message });
  }
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}
