import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, NO_MIGRATIONS } from '../tests/support/test-database.ts';
import { firstAnswer, nextNumber, once } from './idempotency.ts';
import { accepted, refused } from './problem.ts';
import type { TestDatabase } from '../tests/support/test-database.ts';
import type { Database } from './database.ts';

describe('a command with an idempotency key', () => {
  let db: TestDatabase;
  let database: Database;
  let runs = 0;
  const command = (key: string, input: unknown = { a: 1 }, caller = 'ann') => ({
    caller,
    idempotencyKey: key,
    operation: 'do',
    input,
  });
  const work = async (): Promise<{
    ok: true;
    value: { amount: bigint; at: Date; run: number };
  }> => {
    runs += 1;
    return accepted({ amount: 12n, at: new Date(0), run: runs });
  };
  beforeAll(async () => {
    db = await createTestDatabase();
    database = await db.open('suppliers', NO_MIGRATIONS, 20);
  });
  afterAll(async () => db[Symbol.asyncDispose]());

  it('runs once and gives the first answer again, bigints and dates included', async () => {
    const first = await once(database, command('k1'), work);
    const again = await once(database, command('k1'), work);
    expect(again).toEqual(first);
    expect(await firstAnswer(database, command('k1'))).toEqual(first);
    expect(runs).toBe(1);
  });

  it('refuses a key that cannot be kept, before anything is done', async () => {
    const before = runs;
    for (const key of ['', 'x'.repeat(201), 'a\u0000b', 'a\nb']) {
      const refusal = { extensions: { code: 'BAD_USER_INPUT' } };
      await expect(once(database, command(key), work)).rejects.toMatchObject(refusal);
      await expect(firstAnswer(database, command(key))).rejects.toMatchObject(refusal);
    }
    expect(runs).toBe(before);
    expect(await once(database, command('y'.repeat(200)), work)).toMatchObject({ ok: true });
    runs = before;
  });

  it('refuses the same key with another input or for another operation', async () => {
    const problem = {
      ok: false,
      problem: { code: 'IDEMPOTENCY_KEY_REUSED', idempotencyKey: 'k1' },
    };
    expect(await once(database, command('k1', { a: 2 }), work)).toMatchObject(problem);
    expect(await once(database, { ...command('k1'), operation: 'other' }, work)).toMatchObject(
      problem,
    );
    expect(await firstAnswer(database, command('k1', { a: 2 }))).toMatchObject(problem);
  });

  it('keeps the keys of different callers apart', async () => {
    const before = runs;
    await once(database, command('k1', { a: 2 }, 'bob'), work);
    expect(runs).toBe(before + 1);
  });

  it('runs once under 20 concurrent repeats', async () => {
    const before = runs;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => once(database, command('k2'), work)),
    );
    expect(runs).toBe(before + 1);
    expect(
      new Set(
        answers.map((answer) =>
          JSON.stringify(answer, (_key, value: unknown) =>
            typeof value === 'bigint' ? Number(value) : value,
          ),
        ),
      ).size,
    ).toBe(1);
  });

  it('does not keep a refusal, nor anything that was written before it', async () => {
    const refusal = refused({ code: 'NO', message: 'no', retryable: false });
    const result = await once(database, command('k3'), async (tx) => {
      await nextNumber(tx, 'LOST');
      return refusal;
    });
    expect(result).toEqual(refusal);
    expect(await database.query("select from number_series where series = 'LOST'")).toHaveLength(0);
    expect(await once(database, command('k3', { other: true }), work)).toMatchObject({ ok: true });
  });

  it('numbers a series without gaps under concurrency', async () => {
    const numbers = await Promise.all(
      Array.from({ length: 30 }, () => database.transaction((tx) => nextNumber(tx, 'PO-DE01'))),
    );
    expect(numbers.toSorted()[29]).toBe('PO-DE01-000030');
    expect(new Set(numbers).size).toBe(30);
  });
});
