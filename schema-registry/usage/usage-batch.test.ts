import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { aggregate } from './usage-aggregate.ts';
import { batchOf } from './usage-batch.ts';
import type { SummedReport } from './usage-batch.ts';
import type { ReportedUse, UsageReport } from './usage-report.ts';

const NOW = new Date('2026-11-25T12:00:00Z');
const KEYS = ['k1', 'k2', 'k3'];

const use: fc.Arbitrary<ReportedUse> = fc.record({
  operationKey: fc.constantFrom(...KEYS, 'unknown'),
  atMs: fc.integer({ min: NOW.getTime() - 9 * 86_400_000, max: NOW.getTime() + 3_600_000 }),
  requests: fc.integer({ min: 1, max: 100 }),
  errors: fc.constantFrom(0, 1),
  client: fc.constantFrom('a', 'b'),
  clientVersion: fc.constantFrom('1', '2'),
  document: fc.option(
    fc.record({
      app: fc.constantFrom('a', 'b'),
      version: fc.constant('1'),
      hash: fc.constant('h'),
    }),
  ),
});
const report: fc.Arbitrary<UsageReport> = fc.record({
  detail: fc.constantFrom('FULL' as const, 'OUTPUT_FIELDS_ONLY' as const),
  operations: fc.constant(
    new Map(KEYS.map((key) => [key, { name: key, text: '', coordinates: [] }])),
  ),
  uses: fc.array(use, { maxLength: 30 }),
});

/** Two of the keys stand for the same operation, as happens when only literals differ. */
function summed(given: UsageReport, gateway: string): SummedReport {
  const operations = new Map(
    [...given.operations].map(([key, reported]) => [
      key,
      { hash: key === 'k3' ? 'k2' : key, entry: null, reported },
    ]),
  );
  return { gateway, name: null, report: given, sums: aggregate(given, NOW), operations };
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((all, one) => all + one, 0);

describe('reports added up', () => {
  it('lose no request, and none is there twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(report, fc.constantFrom('g', 'h')), { maxLength: 4 }),
        (given) => {
          const reports = given.map(([one, gateway]) => summed(one, gateway));
          const batch = batchOf(reports);
          const all = sum(given.flatMap(([one]) => one.uses.map(({ requests }) => requests)));
          const accepted = sum(reports.map(({ sums }) => sums.accepted));
          const rejected = sum(
            reports.flatMap(({ sums }) => sums.rejections.map(({ count }) => count)),
          );
          expect(accepted + rejected).toBe(all);
          expect(sum(batch.sums.map(({ requests }) => requests))).toBe(accepted);
          expect(sum(batch.coverage.map(({ requests }) => requests))).toBe(accepted);
          const rows = batch.sums.map(({ hash, client, clientVersion, day }) =>
            [hash, client, clientVersion, day].join(' '),
          );
          expect(new Set(rows).size).toBe(rows.length);
          const told = batch.coverage.map(({ gateway, day }) => `${gateway} ${day}`);
          expect(new Set(told).size).toBe(told.length);
        },
      ),
    );
  });

  it('tell no later time than now', () => {
    fc.assert(
      fc.property(report, (given) => {
        const { sums, documents } = batchOf([summed(given, 'g')]);
        const times = [
          ...sums.map(({ lastSeenMs }) => lastSeenMs),
          ...documents.map(({ lastUsedMs }) => lastUsedMs),
        ];
        expect(times.every((time) => time <= NOW.getTime())).toBe(true);
      }),
    );
  });

  it('tell of a day as weakly as the weakest report', () => {
    const empty = { operations: new Map(), uses: [] };
    const { coverage } = batchOf([
      summed({ ...empty, detail: 'FULL' }, 'g'),
      summed({ ...empty, detail: 'OUTPUT_FIELDS_ONLY' }, 'g'),
      summed({ ...empty, detail: 'FULL' }, 'h'),
    ]);
    expect(coverage).toEqual([
      { gateway: 'g', day: '2026-11-25', reports: 2, requests: 0, detail: 'OUTPUT_FIELDS_ONLY' },
      { gateway: 'h', day: '2026-11-25', reports: 1, requests: 0, detail: 'FULL' },
    ]);
  });
});
