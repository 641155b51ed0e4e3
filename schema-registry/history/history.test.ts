import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { instantOf } from '#kernel/clock.ts';
import { EMPTY_FRONTIER, leafHash, rootOf, withLeaf } from '#kernel/history-chain.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { appendHistory, readHead, WHOLE_REGISTRY } from './history.ts';
import type { Database } from '#kernel/database.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { HistoryEntry } from './history.ts';

const entry = (subject: string): HistoryEntry => ({
  action: 'schema.published',
  actorId: 'ana',
  graphId: WHOLE_REGISTRY,
  targetId: null,
  subject,
  details: { version: '1.2.0', count: 3n, nested: { b: 1, a: 'ü\u0000\u2028' } },
  at: instantOf('2026-03-01T10:00:00Z'),
});

describe('the history', () => {
  let db: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    db = await createTestDatabase();
    database = await db.open('schema_registry', new URL('../migrations/', import.meta.url));
  });
  afterAll(async () => db[Symbol.asyncDispose]());

  const rows = (): Promise<{ seq: bigint; body: string; leaf_hash: string }[]> =>
    database.query('select seq, body, leaf_hash from history_entry order by seq');

  it('numbers entries without gaps when many append at once, and none for what is rolled back', async () => {
    const append = (index: number): Promise<void> =>
      database.transaction(async (tx) => {
        await appendHistory(tx, entry(`subgraph:s${index}`));
        if (index % 5 === 0) throw new Error('rolled back');
      });
    const outcomes = await Promise.allSettled(Array.from({ length: 25 }, (_, at) => append(at)));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(5);
    expect((await rows()).map(({ seq }) => Number(seq))).toEqual(
      Array.from({ length: 20 }, (_, at) => at + 1),
    );
  });

  it('links every entry to the one before and keeps the root of all of them', async () => {
    let frontier = EMPTY_FRONTIER;
    let previous = '';
    for (const row of await rows()) {
      expect(JSON.parse(row.body)).toMatchObject({ previous, seq: Number(row.seq) });
      expect(leafHash(row.body)).toBe(row.leaf_hash);
      previous = row.leaf_hash;
      frontier = withLeaf(frontier, previous);
    }
    const head = await readHead(database);
    expect(rootOf(head)).toBe(rootOf(frontier));
    expect(head).toMatchObject({ size: 20, lastHash: previous });
  });

  it.each([
    `update history_entry set actor_id = 'bo'`,
    'delete from history_entry where seq = 3',
    'truncate history_entry',
    'delete from history_checkpoint',
    'truncate history_checkpoint',
    'delete from history_head',
  ])('refuses: %s', async (statement) => {
    await expect(database.query(statement)).rejects.toThrow('only ever added to');
  });

  it('refuses an entry that carries a document', async () => {
    const large = { ...entry('x'), details: { sdl: 'x'.repeat(1024 * 1024) } };
    await expect(database.transaction((tx) => appendHistory(tx, large))).rejects.toThrow(
      'characters',
    );
  });
});
