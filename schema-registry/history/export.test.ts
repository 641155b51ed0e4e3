import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { instantOf, systemClock } from '#kernel/clock.ts';
import { Secret } from '#kernel/config.ts';
import { verifyHistory } from '#kernel/history-verification.ts';
import { silentLog } from '#kernel/log.ts';
import { openSigningKeys } from '../artifact/signing-key.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { startCheckpoints } from './checkpoint-schedule.ts';
import { HistoryAltered, makeCheckpoint, readCheckpoints } from './checkpoint.ts';
import { exportHistory } from './export.ts';
import { appendHistory, readHead } from './history.ts';
import type { Database } from '#kernel/database.ts';
import type { Principal } from '../access/principal.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { CheckpointMaking } from './checkpoint.ts';

const SECRET = new Secret('a secret of the test, long enough');
const GRAPHS = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const architect: Principal = { id: 'ana', name: 'Ana', kind: 'person', allows: () => true };

describe('the export of the history', () => {
  let db: TestDatabase;
  let database: Database;
  let making: CheckpointMaking;
  beforeAll(async () => {
    db = await createTestDatabase();
    database = await db.open('schema_registry', new URL('../migrations/', import.meta.url));
    const keys = await openSigningKeys({ database, clock: systemClock, secret: SECRET });
    making = { database, keys, clock: systemClock };
  });
  afterAll(async () => db[Symbol.asyncDispose]());

  const append = (graph: number, subject: string): Promise<void> =>
    database.transaction((tx) =>
      appendHistory(tx, {
        action: 'schema.published',
        actorId: 'ana',
        graphId: GRAPHS[graph] ?? '',
        targetId: null,
        subject,
        details: { secret: `of graph ${graph}` },
        at: instantOf('2026-03-01T10:00:00Z'),
      }),
    );
  const firstKid = async (): Promise<string> => (await making.keys.published()).keys[0]?.kid ?? '';
  const exported = async (graphId: string | null, fromSeq: number): Promise<string> => {
    let text = '';
    for await (const piece of exportHistory(making, { graphId, fromSeq })) text += piece;
    return text;
  };
  /** As somebody who owns the server could. */
  const behindItsBack = async (statement: string): Promise<void> => {
    const client = new Client({ connectionString: db.adminUrl });
    await client.connect();
    await client.query('set search_path = schema_registry; set session_replication_role = replica');
    await client.query(statement);
    await client.end();
  };

  it('verifies whole, from any entry on, and by graph, across a rotation of keys', async () => {
    for (let index = 0; index < 7; index += 1) {
      await append(index % 2, `subgraph:s${index}`);
      if (index === 3) await making.keys.rotate(architect, 'yearly');
      if (index % 2 === 0) await makeCheckpoint(making);
    }
    const pinnedKeys = [await firstKid()];
    const { size } = await readHead(database);
    expect(size).toBe(9);
    for (let from = 1; from <= size + 1; from += 1) {
      const verdict = await verifyHistory(await exported(null, from), { pinnedKeys });
      expect(verdict).toMatchObject({ ok: true, problems: [], from, to: size, signedTo: size });
    }
    const [early] = await readCheckpoints(database, { from: 1, to: 4 });
    const keptCheckpoints = [early?.note ?? ''];
    for (const [from, codes] of [
      [1, []],
      [(early?.size ?? 0) + 1, []],
      [(early?.size ?? 0) + 2, ['CHECKPOINT_NOT_MET']],
    ] as const) {
      const verdict = await verifyHistory(await exported(null, from), {
        pinnedKeys,
        keptCheckpoints,
      });
      expect(verdict.problems.map(({ code }) => code)).toEqual(codes);
    }
    const ofOne = await exported(GRAPHS[1] ?? '', 1);
    expect(ofOne).not.toContain('of graph 0');
    expect(ofOne).toContain('of graph 1');
    expect(await verifyHistory(ofOne, { pinnedKeys })).toMatchObject({
      ok: true,
      withheld: 4,
      graphId: GRAPHS[1],
    });
  });

  it('is trusted by whoever pinned only the newest key, and by nobody who pinned none', async () => {
    const text = await exported(null, 1);
    const newest = (await making.keys.active()).kid;
    expect(await verifyHistory(text, { pinnedKeys: [newest] })).toMatchObject({ ok: true });
    expect(await verifyHistory(text, { pinnedKeys: [] })).toMatchObject({
      ok: false,
      problems: [{ code: 'UNSIGNED' }],
    });
  });

  it('has a checkpoint once per size and key, however often it is asked for', async () => {
    const { size } = await readHead(database);
    const made = await Promise.all([1, 2, 3].map(() => makeCheckpoint(making)));
    expect(new Set(made.map(({ note }) => note)).size).toBe(1);
    expect(await readCheckpoints(database, { from: size, to: size })).toHaveLength(1);
  });

  it('gets a checkpoint by itself when it has grown', async () => {
    await append(0, 'subgraph:later');
    const { size } = await readHead(database);
    const schedule = startCheckpoints({ ...making, log: silentLog, everyMs: 5 });
    while ((await readCheckpoints(database, { from: size, to: size })).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await schedule.close();
    expect(await readCheckpoints(database, { from: size, to: size })).toHaveLength(1);
  });

  it('is not signed on when an entry since the last checkpoint was changed in the database', async () => {
    await append(0, 'subgraph:honest');
    const { size } = await readHead(database);
    const swap = (from: string, to: string): Promise<void> =>
      behindItsBack(
        `update history_entry set body = replace(body, 'subgraph:${from}', 'subgraph:${to}') where seq = ${size}`,
      );
    await swap('honest', 'forged');
    await expect(makeCheckpoint(making)).rejects.toThrow(HistoryAltered);
    await swap('forged', 'honest');
    expect(await makeCheckpoint(making)).toMatchObject({ size });
  });

  it('shows an older entry that was changed in the database', async () => {
    await behindItsBack(
      `update history_entry set body = replace(body, 'ana', 'bob') where seq = 3`,
    );
    const verdict = await verifyHistory(await exported(null, 1), {
      pinnedKeys: [await firstKid()],
    });
    expect(verdict.problems[0]).toMatchObject({ code: 'ENTRY_EDITED', seq: 3 });
    expect(verdict.problems[1]).toMatchObject({ code: 'ROOT_DIFFERS' });
  });

  it('is not signed on when the last checkpoint was changed in the database', async () => {
    await append(0, 'subgraph:after');
    await behindItsBack(
      "update history_checkpoint set frontier[1] = repeat('0', 64) where size = (select max(size) from history_checkpoint)",
    );
    await expect(makeCheckpoint(making)).rejects.toThrow('not what was signed');
  });
});
