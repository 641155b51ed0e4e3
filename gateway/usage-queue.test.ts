import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS } from '#kernel/clock.ts';
import { openUsageQueue } from './usage-queue.ts';
import { HEARTBEAT, folded, packed } from './usage-report.ts';
import { createUsageSpool } from './usage-spool.ts';
import type { PackedReport, UsageReport } from './usage-report.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concord-queue-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Use {
  readonly key: string;
  readonly client: string | null;
  readonly day: number;
  readonly ok: boolean;
  readonly isSubscription: boolean;
}

function reportOf(uses: readonly Use[]): UsageReport {
  const entry = ({ key, client, day }: Use) => ({
    operationMapKey: key,
    timestamp: day * DAY_MS + 1_000,
    metadata: client === null ? {} : { client: { name: client, version: '1' } },
  });
  return {
    size: uses.length,
    map: Object.fromEntries(
      uses.map(({ key }) => [
        key,
        { operation: `{${key}}`, operationName: key, fields: [`Query.${key}`] },
      ]),
    ),
    operations: uses
      .filter(({ isSubscription }) => !isSubscription)
      .map((use) => ({
        ...entry(use),
        execution: { ok: use.ok, duration: 1, errorsTotal: use.ok ? 0 : 1 },
      })),
    subscriptionOperations: uses.filter(({ isSubscription }) => isSubscription).map(entry),
  };
}

const unpacked = ({ gzip }: PackedReport): UsageReport =>
  JSON.parse(gunzipSync(gzip).toString('utf8')) as UsageReport;

/** Who used what on which day: what must survive everything. */
function facts(reports: readonly UsageReport[]): Set<string> {
  return new Set(
    reports.flatMap(({ operations, subscriptionOperations, map }) =>
      [...operations, ...subscriptionOperations].map(({ operationMapKey, timestamp, metadata }) =>
        JSON.stringify([
          map[operationMapKey]?.fields,
          metadata.client?.name,
          Math.floor(timestamp / DAY_MS),
        ]),
      ),
    ),
  );
}

const use: fc.Arbitrary<Use> = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  client: fc.constantFrom('portal', 'mobile', null),
  day: fc.integer({ min: 20_000, max: 20_003 }),
  ok: fc.boolean(),
  isSubscription: fc.boolean(),
});

describe('reports that are folded', () => {
  it('become few and lose no use by any client on any day', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(use, { maxLength: 30 }), { maxLength: 6 }),
        async (all) => {
          const reports = all.map(reportOf);
          const fold = (await folded(await Promise.all(reports.map(packed)))).map(unpacked);
          expect(facts(fold)).toEqual(facts(reports));
          for (const { size, operations, subscriptionOperations, map } of fold) {
            expect(size).toBe(operations.length + subscriptionOperations.length);
            for (const { operationMapKey } of operations)
              expect(map).toHaveProperty(operationMapKey);
          }
          expect(fold.length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a report that was damaged on disk', () => {
  it('stays as it is beside those that are folded', async () => {
    const damaged = { id: 'damaged', operations: 3, gzip: Buffer.from('no gzip') };
    const fold = await folded([await packed(many('a', 3)), damaged, await packed(many('a', 3))]);
    expect(fold).toHaveLength(2);
    expect(fold).toContain(damaged);
  });
});

const many = (key: string, count: number): UsageReport =>
  reportOf(
    Array.from({ length: count }, (_, index) => ({
      key,
      client: `client-${index % 3}`,
      day: 20_000,
      ok: true,
      isSubscription: false,
    })),
  );

describe('a queue of reports', () => {
  const open = async (name: string, maxBytes = 1_000_000) => {
    const problems: string[] = [];
    const spool = createUsageSpool(join(folder, name));
    const complain = (problem: string): void => void problems.push(problem);
    return { queue: await openUsageQueue({ spool, maxBytes, complain }), problems };
  };
  const drain = async (queue: Awaited<ReturnType<typeof openUsageQueue>>) => {
    const reports: UsageReport[] = [];
    for (let { head } = queue; head !== undefined; { head } = queue) {
      reports.push(unpacked(head));
      await queue.shift();
    }
    return reports;
  };

  it('writes nothing until something fails, and removes the file when all are sent', async () => {
    const { queue } = await open('one.jsonl');
    const onDisk = () => readFile(join(folder, 'one.jsonl'), 'utf8').catch(() => null);
    await queue.push(await packed(many('a', 5)));
    expect(await onDisk()).toBeNull();
    await queue.persist();
    await queue.push(await packed(many('b', 5)));
    const reopened = await open('one.jsonl');
    expect(reopened.queue.length).toBe(2);
    expect(reopened.queue.head?.id).toBe(queue.head?.id);
    await drain(queue);
    expect(await onDisk()).toBeNull();
  });

  it("skips lines that were torn or are nobody's, and goes on behind them", async () => {
    const first = await open('torn.jsonl');
    await first.queue.push(await packed(many('a', 5)));
    await first.queue.persist();
    await appendFile(join(folder, 'torn.jsonl'), '{}\n{"id":"x","operations":1,"gz');
    const second = await open('torn.jsonl');
    expect(second.queue.length).toBe(1);
    await second.queue.push(await packed(many('b', 5)));
    const third = await open('torn.jsonl');
    expect(facts(await drain(third.queue)).size).toBe(6);
  });

  it('writes what a full disk refused as soon as there is room again', async () => {
    const spool = createUsageSpool(join(folder, 'full.jsonl'));
    let isFull = true;
    const refusing = (work: () => Promise<void>): Promise<void> =>
      isFull ? Promise.reject(new Error('ENOSPC')) : work();
    const problems: string[] = [];
    const queue = await openUsageQueue({
      spool: {
        ...spool,
        append: (reports) => refusing(() => spool.append(reports)),
        replace: (reports) => refusing(() => spool.replace(reports)),
      },
      maxBytes: 1_000_000,
      complain: (problem) => void problems.push(problem),
    });
    await queue.push(await packed(many('a', 5)));
    await queue.persist();
    expect(problems).toHaveLength(1);
    isFull = false;
    await queue.push(await packed(many('b', 5)));
    expect((await open('full.jsonl')).queue.length).toBe(2);
  });

  it('stays within its bound through a long outage, in memory and on disk, and loses no use', async () => {
    const maxBytes = 6_000;
    const { queue, problems } = await open('long.jsonl', maxBytes);
    await queue.persist();
    const sent: UsageReport[] = [];
    for (let index = 0; index < 200; index += 1) {
      const report = many(`k${index % 7}`, 40);
      sent.push(report);
      await queue.push(await packed(report));
      expect((await readFile(join(folder, 'long.jsonl'))).length).toBeLessThan(5 * maxBytes);
    }
    expect(queue.length).toBeLessThan(60);
    expect(problems).toEqual([]);
    const reopened = await open('long.jsonl', maxBytes);
    expect(facts(await drain(reopened.queue))).toEqual(facts(sent));
    expect(facts(await drain(queue))).toEqual(facts(sent));
  });

  it('says how much it dropped when not even that helps', async () => {
    const { queue, problems } = await open('full.jsonl', 400);
    for (let index = 0; index < 30; index += 1)
      await queue.push(await packed(many(`k${index}`, 3)));
    expect(problems.join()).toMatch(/\d+ operations were dropped/);
    expect(queue.head).toBeDefined();
  });

  it('goes on without a disk', async () => {
    const { queue, problems } = await open('');
    await queue.persist();
    await queue.push(await packed(HEARTBEAT));
    expect(queue.length).toBe(1);
    expect(problems.join()).toContain('cannot be used');
  });
});
