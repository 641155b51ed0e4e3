import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { coverageGaps, coveredSince, daysBetween } from './coverage.ts';
import type { KnownGateway } from './coverage.ts';

const DAYS = daysBetween(new Date('2026-11-01T23:59:00Z'), new Date('2026-11-10T00:00:00Z'));

function gateway(name: string, firstSeen: number, retired: number | null = null): KnownGateway {
  return {
    gateway: name,
    firstSeenDay: `2026-11-${String(firstSeen).padStart(2, '0')}`,
    retiredDay: retired === null ? null : `2026-11-${String(retired).padStart(2, '0')}`,
  };
}

/** A history as a picture: one line per gateway, one sign per day; `x` reported. Covered days come back as `+`. */
function picture(
  gateways: readonly KnownGateway[],
  lines: Readonly<Record<string, string>>,
): string {
  const reports = Object.entries(lines).flatMap(([name, line]) =>
    line
      .split('')
      .flatMap((sign, index) => (sign === 'x' ? [{ gateway: name, day: DAYS[index] ?? '' }] : [])),
  );
  const days = coverageGaps(DAYS, gateways, reports);
  return days.map(({ state }) => (state === 'COVERED' ? '+' : '-')).join('');
}

describe('coverage of ten days', () => {
  it('has one entry per UTC day, both ends included', () => {
    expect(DAYS).toHaveLength(10);
    expect([DAYS[0], DAYS.at(-1)]).toEqual(['2026-11-01', '2026-11-10']);
  });

  it.each<[string, KnownGateway[], Record<string, string>, string]>([
    ['is missing while nobody ever reported', [], {}, '----------'],
    [
      'is there on every day that the only gateway reported',
      [gateway('a', 1)],
      { a: 'xxxxxxxxxx' },
      '++++++++++',
    ],
    ['is missing on the days of its silence', [gateway('a', 1)], { a: 'xxx..xxxxx' }, '+++--+++++'],
    ['is missing before the first report', [gateway('a', 4)], { a: '...xxxxxxx' }, '---+++++++'],
    [
      'needs every gateway, not just one',
      [gateway('a', 1), gateway('b', 1)],
      { a: 'xxxxxxxxxx', b: 'xx.xxxxxxx' },
      '++-+++++++',
    ],
    [
      'does not expect a gateway before it was first seen',
      [gateway('a', 1), gateway('b', 5)],
      { a: 'xxxxxxxxxx', b: '....xxxxxx' },
      '++++++++++',
    ],
    [
      'expects a gateway that was switched off, until it is retired',
      [gateway('a', 1), gateway('b', 1)],
      { a: 'xxxxxxxxxx', b: 'xxxxx.....' },
      '+++++-----',
    ],
    [
      'expects nothing of a gateway from the day of its retirement on',
      [gateway('a', 1), gateway('b', 1, 8)],
      { a: 'xxxxxxxxxx', b: 'xxxxx.....' },
      '+++++--+++',
    ],
    [
      'is missing where only a retired gateway is left and silent',
      [gateway('a', 1, 5)],
      { a: 'xxxx......' },
      '++++------',
    ],
    [
      'counts what a retired gateway tells all the same',
      [gateway('a', 1, 5)],
      { a: 'xxxxxx....' },
      '++++++----',
    ],
  ])('%s', (_name, gateways, lines, expected) => {
    expect(picture(gateways, lines)).toBe(expected);
  });

  it('names who kept silent', () => {
    const [day] = coverageGaps(
      ['2026-11-02'],
      [gateway('b', 1), gateway('a', 1), gateway('c', 3)],
      [],
    );
    expect(day).toEqual({ day: '2026-11-02', state: 'MISSING', missing: ['a', 'b'] });
  });

  it.each([
    ['+++++', '2026-11-01'],
    ['+-+++', '2026-11-03'],
    ['++++-', null],
    ['-----', null],
  ])('%s is unbroken since %s', (signs, since) => {
    const days = signs.split('').map((sign, index) => ({
      day: `2026-11-0${index + 1}`,
      state: sign === '+' ? ('COVERED' as const) : ('MISSING' as const),
      missing: [],
    }));
    expect(coveredSince(days)).toBe(since);
  });

  it('never grows when one more gateway is known, and never shrinks when one more report is', () => {
    const day = fc.integer({ min: 1, max: 9 });
    const known = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      first: day,
      retired: fc.option(day),
    });
    const report = fc.record({
      gateway: fc.constantFrom('a', 'b', 'c'),
      day: day.map((number) => `2026-11-0${number}`),
    });
    const covered = (
      gateways: KnownGateway[],
      reports: { gateway: string; day: string }[],
    ): string[] =>
      coverageGaps(DAYS, gateways, reports)
        .filter(({ state }) => state === 'COVERED')
        .map((entry) => entry.day);
    fc.assert(
      fc.property(
        fc.array(known),
        known,
        fc.array(report),
        report,
        (base, added, reports, more) => {
          const gateways = base.map(({ name, first, retired }) => gateway(name, first, retired));
          const before = covered(gateways, reports);
          const withGateway = covered(
            [...gateways, gateway(added.name, added.first, added.retired)],
            reports,
          );
          expect(before).toEqual(expect.arrayContaining(withGateway));
          expect(covered(gateways, [...reports, more])).toEqual(expect.arrayContaining(before));
        },
      ),
    );
  });
});
