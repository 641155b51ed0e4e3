import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { verifyHistory } from './history-verification.ts';
import type { HistoryProblemCode } from './history-verification.ts';

const GOLDEN = readFileSync(
  new URL('../tests/contracts/history-golden.ndjson', import.meta.url),
  'utf8',
);
/** The first key of the golden export, as somebody wrote it down on the day of the first start. */
const PINNED = '9fbojoF_8nEL_5NplZ5MlmDyhWBQBPPDsy239o9p6sU';
const pinnedKeys = [PINNED];
const LINES = GOLDEN.trimEnd().split('\n');
/** Lines of the golden export: header 0, entries 1 to 3, checkpoint 4, entries 5 to 7, checkpoint 8, entry 9, checkpoint 10. */
const FIRST_CHECKPOINT = 4;
const SECOND_CHECKPOINT = 8;
const LAST_ENTRY = 9;

const noteAt = (at: number): string => (JSON.parse(LINES[at] ?? '') as { note: string }).note;
const edited = (at: number, from: string, to: string): string[] => {
  expect(LINES[at]).toContain(from);
  return LINES.with(at, LINES[at]?.replace(from, to) ?? '');
};
const without = (...at: number[]): string[] => LINES.filter((_, index) => !at.includes(index));
const swapped = (a: number, b: number): string[] =>
  LINES.with(a, LINES[b] ?? '').with(b, LINES[a] ?? '');

async function codesOf(lines: readonly string[]): Promise<HistoryProblemCode[]> {
  const verdict = await verifyHistory(`${lines.join('\n')}\n`, { pinnedKeys });
  expect(verdict.ok).toBe(verdict.problems.length === 0);
  return verdict.problems.map(({ code }) => code);
}

describe('verifying a history', () => {
  it('accepts the golden export, in any pieces', async () => {
    const verdict = await verifyHistory(GOLDEN, { pinnedKeys });
    expect(verdict).toEqual({
      ok: true,
      problems: [],
      origin: 'concord-registry/d35aba4f-a0d2-4809-83e5-5e00ee8f79cd',
      graphId: null,
      from: 1,
      to: 7,
      withheld: 0,
      signedTo: 7,
      signedAt: '2026-03-01T10:12:00.000Z',
    });
    async function* pieces(): AsyncIterable<string> {
      for (let at = 0; at < GOLDEN.length; at += 97) yield GOLDEN.slice(at, at + 97);
    }
    expect(await verifyHistory(pieces(), { pinnedKeys })).toEqual(verdict);
  });

  it.each<[string, string[], HistoryProblemCode[]]>([
    ['an edited entry', edited(2, '1.0.0', '1.0.1'), ['ENTRY_EDITED', 'ROOT_DIFFERS']],
    ['an edited last entry', edited(LAST_ENTRY, 'pipeline', 'other'), ['ROOT_DIFFERS']],
    ['an edited first entry', edited(1, 'schema-registry', 'x'), ['ENTRY_EDITED', 'ROOT_DIFFERS']],
    ['another actor', edited(7, '"ana"', '"bob"'), ['ROOT_DIFFERS', 'ENTRY_EDITED']],
    ['spaces that mean nothing', edited(2, ':2,', ': 2,'), ['ENTRY_EDITED', 'ROOT_DIFFERS']],
    ['a removed entry', without(2), ['ENTRY_REMOVED', 'ROOT_DIFFERS']],
    [
      'reordered entries',
      swapped(2, 3),
      ['ENTRY_REMOVED', 'ENTRY_REORDERED', 'ENTRY_REMOVED', 'ROOT_DIFFERS'],
    ],
    ['a doubled entry', LINES.toSpliced(3, 0, LINES[2] ?? ''), ['ENTRY_REORDERED', 'ROOT_DIFFERS']],
    ['a tail that was cut off', without(LAST_ENTRY), ['TRUNCATED']],
    ['a missing last checkpoint', without(10), ['UNSIGNED']],
    ['no checkpoint at all', without(FIRST_CHECKPOINT, SECOND_CHECKPOINT, 10), ['UNSIGNED']],
    ['a moved checkpoint', swapped(FIRST_CHECKPOINT, SECOND_CHECKPOINT), ['UNREADABLE']],
    [
      'a checkpoint with another size',
      edited(10, '\\n7\\n', '\\n8\\n'),
      ['CHECKPOINT_FORGED', 'TRUNCATED'],
    ],
    ['a checkpoint with another time', edited(10, '10:12', '10:13'), ['CHECKPOINT_FORGED']],
    ['a checkpoint of another log', edited(10, '-a0d2', '-a0d3'), ['CHECKPOINT_FOREIGN']],
    ['a checkpoint that is none', edited(10, '\\n7\\n', '\\n-7\\n'), ['UNREADABLE']],
    ['no header', without(0), ['UNREADABLE']],
    ['two headers', LINES.toSpliced(1, 0, LINES[0] ?? ''), ['UNREADABLE']],
    ['a frontier that no tree has', edited(0, '"from":1', '"from":4'), ['UNREADABLE']],
    ['a line that is no JSON', LINES.toSpliced(2, 0, 'seq 2'), ['UNREADABLE']],
    ['a line of another type', LINES.toSpliced(2, 0, '{"type":"note"}'), ['UNREADABLE']],
    ['an empty line', LINES.toSpliced(2, 0, ''), ['UNREADABLE']],
    ['an empty file', [''], ['UNREADABLE']],
  ])('finds %s', async (_what, lines, codes) => {
    expect(await codesOf(lines)).toEqual(codes);
  });

  it('finds any change of any character of an entry', async () => {
    const entries = [1, 2, 3, 5, 6, 7, LAST_ENTRY];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...entries),
        fc.nat(),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
        async (line, position, character) => {
          const text = LINES[line] ?? '';
          const at = position % text.length;
          const changed = text.slice(0, at) + character + text.slice(at + 1);
          fc.pre(changed !== text);
          expect(await codesOf(LINES.with(line, changed))).not.toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('finds any order of the lines but the right one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(LINES, { minLength: LINES.length }), async (lines) => {
        fc.pre(lines.join() !== LINES.join());
        expect(await codesOf(lines)).not.toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('takes nothing from the export on trust: keys that nobody pinned sign nothing', async () => {
    expect(await verifyHistory(GOLDEN, { pinnedKeys: [] })).toMatchObject({
      ok: false,
      problems: [{ code: 'UNSIGNED' }],
      signedTo: 0,
      signedAt: null,
    });
  });

  it('finds a history that was cut back to an older checkpoint by a checkpoint that was kept elsewhere', async () => {
    const cut = `${LINES.slice(0, SECOND_CHECKPOINT + 1).join('\n')}\n`;
    expect(await verifyHistory(cut, { pinnedKeys })).toMatchObject({ ok: true, to: 6 });
    expect(await verifyHistory(cut, { pinnedKeys, keptCheckpoints: [noteAt(10)] })).toMatchObject({
      ok: false,
      problems: [{ code: 'TRUNCATED', seq: 6 }],
    });
  });

  it('finds a history that was written anew by a checkpoint that was kept elsewhere', async () => {
    const kept = noteAt(FIRST_CHECKPOINT).replace('i3phdw', 'i3phdx');
    const verdict = await verifyHistory(GOLDEN, { pinnedKeys, keptCheckpoints: [kept] });
    expect(verdict.problems.map(({ code }) => code)).toEqual(['CHECKPOINT_FORGED', 'ROOT_DIFFERS']);
    const all = [FIRST_CHECKPOINT, SECOND_CHECKPOINT, 10].map(noteAt);
    expect(await verifyHistory(GOLDEN, { pinnedKeys, keptCheckpoints: all })).toMatchObject({
      ok: true,
    });
  });

  it('finds an entry that is withheld from an export of everything', async () => {
    const leaf = JSON.stringify({ type: 'leaf', seq: 6, hash: 'd'.repeat(64) });
    expect(await codesOf(LINES.with(6, leaf))).toContain('ENTRY_WITHHELD');
  });
});
