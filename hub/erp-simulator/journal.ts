import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { JournalRecord } from './books.ts';

/**
 * The durable state: one JSON record a line, appended and fsynced before anything is answered. Records that arrive while a
 * write is under way share the next fsync.
 */
export type Journal = {
  /** Resolves when the record is on disk. Records become durable in the order of the calls. */
  readonly append: (record: JournalRecord) => Promise<void>;
  /** Resolves when everything appended so far is on disk; a reader waits for it before it shows what it read. */
  readonly settled: () => Promise<void>;
  /** Forgets every record and starts over with this one. */
  readonly restart: (record: JournalRecord) => Promise<void>;
  /** Writes what was appended before; a later `append` never resolves. */
  readonly close: () => Promise<void>;
};

type FileHandle = Awaited<ReturnType<typeof open>>;

/**
 * Opens the file, hands each record to `onRecord` and cuts off a torn last line: its write was never answered.
 * Throws when a line before the last is not readable, since the state would be wrong without it.
 */
export async function openJournal(
  path: string,
  onRecord: (record: JournalRecord) => void,
): Promise<Journal> {
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(path, 'a+', 0o600);
  await syncDirectory(dirname(path));
  await replay(handle, path, onRecord);
  return writerOf(handle);
}

function writerOf(handle: FileHandle): Journal {
  let tail: Promise<void> = Promise.resolve();
  let open: { lines: string[]; written: Promise<void> } | undefined;
  let closing = false;

  const append = (record: JournalRecord): Promise<void> => {
    // What comes after closing is not written, so whoever waits for it must never go on and answer.
    if (closing) return new Promise(() => undefined);
    const line = `${JSON.stringify(record)}\n`;
    if (open !== undefined) {
      open.lines.push(line);
      return open.written;
    }
    const lines = [line];
    const written = tail.then(async () => {
      open = undefined;
      await handle.appendFile(lines.join(''));
      await handle.sync();
    });
    open = { lines, written };
    tail = written;
    return written;
  };

  const restart = (record: JournalRecord): Promise<void> => {
    open = undefined;
    tail = tail.then(async () => {
      await handle.truncate(0);
    });
    return append(record);
  };

  const close = async (): Promise<void> => {
    closing = true;
    await tail;
    await handle.close();
  };
  return { append, restart, close, settled: () => tail };
}

async function replay(
  handle: FileHandle,
  path: string,
  onRecord: (record: JournalRecord) => void,
): Promise<void> {
  const content = await handle.readFile();
  const end = content.lastIndexOf(0x0a) + 1;
  if (end < content.length) await handle.truncate(end);
  let start = 0;
  for (let line = 1; start < end; line += 1) {
    const stop = content.indexOf(0x0a, start);
    onRecord(parseRecord(content.toString('utf8', start, stop), `${path}:${line}`));
    start = stop + 1;
  }
}

function parseRecord(line: string, place: string): JournalRecord {
  try {
    // Only this program writes the file, so the shape is its own.
    return JSON.parse(line) as JournalRecord;
  } catch (cause) {
    const text = `Expected a journal record at ${place}, got unreadable text; restore the file or start with a new one.`;
    throw new Error(text, { cause });
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  await directory.sync();
  await directory.close();
}
