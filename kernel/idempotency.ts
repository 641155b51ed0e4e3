import { GraphQLError } from 'graphql';
import { canonicalJson, decodeJson, encodeJson } from './json.ts';
import { sha256 } from './id.ts';
import { idempotencyKeyReused, refused } from './problem.ts';
import type { Database, Transaction } from './database.ts';
import type { IdempotencyKeyReused, Problem, Result } from './problem.ts';

/** A command as its caller named it: the same key must always come with the same input. */
export interface Command {
  /** Whose keys these are: keys of different callers do not meet. */
  readonly caller: string;
  readonly idempotencyKey: string;
  /** The mutation's name. */
  readonly operation: string;
  /** The whole input, without the key. */
  readonly input: unknown;
}

/**
 * Runs `work` once per key, in the transaction that stores its answer. The same key with the same input
 * gets the first answer again; with another input it is refused. A refusal rolls back and is not kept: it changed
 * nothing, and the same request may succeed later. Two runs at once: the second waits for the first.
 */
export async function once<Value, P extends Problem>(
  database: Database,
  command: Command,
  work: (tx: Transaction) => Promise<Result<Value, P>>,
): Promise<Result<Value, P | IdempotencyKeyReused>> {
  requireIdempotencyKey(command.idempotencyKey);
  const fingerprint = fingerprintOf(command);
  try {
    return await database.transaction(async (tx) => {
      const first = await claim<Value>(tx, command, fingerprint);
      if (first !== null) return first;
      const result = await work(tx);
      if (!result.ok) throw new RolledBack(result);
      await tx.query('update idempotency set answer = $3 where caller = $1 and key = $2', [
        command.caller,
        command.idempotencyKey,
        encodeJson({ value: result.value }),
      ]);
      return result;
    });
  } catch (error) {
    if (error instanceof RolledBack) return error.result as Result<Value, P>;
    throw error;
  }
}

/** Room for any sensible id with a prefix; PostgreSQL's index holds no more than some 2,700 bytes. */
const IDEMPOTENCY_KEY_LENGTH_MAX = 200;
// oxlint-disable-next-line no-control-regex -- PostgreSQL takes no NUL, and people cannot read the others
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

/** Throws BAD_USER_INPUT, a top-level error, for a key that cannot be kept. */
export function requireIdempotencyKey(key: string): void {
  const isKept = key !== '' && key.length <= IDEMPOTENCY_KEY_LENGTH_MAX;
  if (isKept && !CONTROL_CHARACTER.test(key)) return;
  throw new GraphQLError(
    `An idempotency key of 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} characters without control characters is expected, not ${key.length} characters. Nothing was changed. Send a new UUID for each new request.`,
    { extensions: { code: 'BAD_USER_INPUT', argumentName: 'idempotencyKey' } },
  );
}

/** Takes the key, or answers with what it was used for. */
async function claim<Value>(
  tx: Transaction,
  command: Command,
  fingerprint: string,
): Promise<Result<Value, IdempotencyKeyReused> | null> {
  const claimed = await tx.query(
    `insert into idempotency (caller, key, operation, fingerprint) values ($1, $2, $3, $4)
     on conflict do nothing returning key`,
    [command.caller, command.idempotencyKey, command.operation, fingerprint],
  );
  if (claimed.length > 0) return null;
  const [row] = await tx.query<{ fingerprint: string; answer: string | null }>(
    'select fingerprint, answer from idempotency where caller = $1 and key = $2',
    [command.caller, command.idempotencyKey],
  );
  if (row === undefined || row.fingerprint !== fingerprint || row.answer === null) {
    return refused(idempotencyKeyReused(command.idempotencyKey));
  }
  return { ok: true, value: (decodeJson(row.answer) as { value: Value }).value };
}

/** Carries a refusal out of the transaction that it rolls back. */
class RolledBack extends Error {
  readonly result: unknown;
  constructor(result: unknown) {
    super('refused');
    this.result = result;
  }
}

/** The next number of a series, such as `PO-DE01-000042`; the row lock makes the series gapless. */
export async function nextNumber(tx: Transaction, series: string): Promise<string> {
  const [row] = await tx.query<{ last_number: bigint }>(
    `insert into number_series (series, last_number) values ($1, 1)
     on conflict (series) do update set last_number = number_series.last_number + 1 returning last_number`,
    [series],
  );
  return `${series}-${String(row?.last_number ?? 0n).padStart(6, '0')}`;
}

/**
 * The first answer of a command, if it was given: for commands that must ask another service before they open
 * their transaction. Null when the key is new; `once` still decides.
 */
export async function firstAnswer<Value>(
  database: Database,
  command: Command,
): Promise<Result<Value, IdempotencyKeyReused> | null> {
  requireIdempotencyKey(command.idempotencyKey);
  const [row] = await database.query<{ fingerprint: string; answer: string | null }>(
    'select fingerprint, answer from idempotency where caller = $1 and key = $2',
    [command.caller, command.idempotencyKey],
  );
  if (row === undefined || row.answer === null) return null;
  if (row.fingerprint !== fingerprintOf(command))
    return refused(idempotencyKeyReused(command.idempotencyKey));
  return { ok: true, value: (decodeJson(row.answer) as { value: Value }).value };
}

/** What makes two inputs of one key the same: for callers that store answers of many commands in one statement. */
export function fingerprintOf(command: Command): string {
  return sha256(canonicalJson({ operation: command.operation, input: command.input }));
}
