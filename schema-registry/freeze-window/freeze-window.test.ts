import { describe, expect, it } from '@jest/globals';
import { instantOf } from '#kernel/clock.ts';
import { freezeAt } from './freeze-window.ts';
import type { FreezeKind, FreezeWindow } from './freeze-window.ts';

const at = (text: string): Date => instantOf(`2026-${text}Z`);

function freeze(id: string, kind: FreezeKind, [from, to]: readonly [string, string]): FreezeWindow {
  return {
    id,
    kind,
    startsAt: at(from),
    endsAt: at(to),
    reason: 'period close',
    createdBy: 'architect',
    createdAt: at('01-01T00:00:00'),
    cancelledBy: null,
    cancelledAt: null,
  };
}

const WINDOWS = [
  freeze('march', 'BOTH', ['03-30T18:00:00', '04-02T06:00:00']),
  freeze('audit', 'SUNSET', ['04-01T00:00:00', '04-05T00:00:00']),
  freeze('easter', 'PUBLISH', ['04-03T00:00:00', '04-07T00:00:00']),
  {
    ...freeze('lifted', 'BOTH', ['06-01T00:00:00', '06-30T00:00:00']),
    cancelledBy: 'architect',
    cancelledAt: at('05-01T00:00:00'),
  },
];

describe('a freeze', () => {
  it.each([
    ['PUBLISH', at('03-30T17:59:59.999'), null],
    ['PUBLISH', at('03-30T18:00:00'), 'march'],
    ['PUBLISH', at('04-02T05:59:59.999'), 'march'],
    ['PUBLISH', at('04-02T06:00:00'), null],
    ['PUBLISH', at('04-04T00:00:00'), 'easter'],
    ['SUNSET', at('04-01T12:00:00'), 'audit'],
    ['SUNSET', '2026-03-29', null],
    ['SUNSET', '2026-03-30', 'march'],
    ['SUNSET', '2026-04-02', 'audit'],
    ['SUNSET', '2026-04-04', 'audit'],
    ['SUNSET', '2026-04-05', null],
    ['PUBLISH', '2026-04-02', 'march'],
    ['PUBLISH', at('06-15T00:00:00'), null],
    ['SUNSET', '2026-06-15', null],
  ] as const)('of %s at %s is %s', (what, when, id) => {
    expect(freezeAt(WINDOWS, what, when)?.id ?? null).toBe(id);
  });
});
