import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld } from './test-world/world.ts';
import type { World } from './test-world/world.ts';

/** The gateway runs in this process, so this thread's time is what it takes. */
let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const times = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(' ');

/** Under 900 bytes, 2^20 fields when it is expanded: it held other gateways up for seconds. */
const FRAGMENT_BOMB = `{ tree { ...F0 } } ${times(20, (level) => `fragment F${level} on Node { ...F${level + 1} ...F${level + 1} }`)} fragment F20 on Node { value }`;
const ATTACKS: Readonly<Record<string, string>> = {
  'a bomb of fragments': FRAGMENT_BOMB,
  'a bomb of fragments under keys': FRAGMENT_BOMB.replaceAll(
    /\{ \.\.\.(F\d+) \.\.\.F\d+ \}/g,
    '{ a { ...$1 } b { ...$1 } }',
  ),
  'lists in lists': `{ tree { ${'list { '.repeat(7)} value ${'} '.repeat(7)} } }`,
  'a thousand levels': `{ tree ${'{ a '.repeat(1_000)} { value } ${'} '.repeat(1_000)} }`,
  'two thousand aliases': `{ ${times(2_000, (index) => `a${index}: echo`)} }`,
  'a thousand directives': `{ echo ${'@skip(if: false) '.repeat(1_000)} }`,
  'a thousand fragments': `{ ${times(1_000, (index) => `...F${index}`)} } ${times(1_000, (index) => `fragment F${index} on Query { echo }`)}`,
  'one field five thousand times': `{ ${'echo '.repeat(5_000)} }`,
  'a circle of fragments': '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
  'sixty kilobytes of brackets': `{ tree ${'{ a '.repeat(15_000)}`,
  'a long text': `{ echo(number: "${'x'.repeat(60_000)}") }`,
  'forty conditions': `query (${times(40, (index) => `$v${index}: Boolean = true`)}) { tree { ${times(25, (index) => `... @include(if: $v${index}) { value }`)} } }`,
};
/** Three times what is promised: a machine may be that much slower. Undefended, each takes seconds. */
const ALLOWED_MS = 150;

/** The milliseconds of this thread that the longest turns of its loop took: the slowest in a hundred. */
async function slowTurnMs(work: () => Promise<unknown>): Promise<number> {
  const turns: number[] = [];
  let before = process.threadCpuUsage();
  let isOver = false;
  const turn = (): void => {
    const { user, system } = process.threadCpuUsage(before);
    turns.push((user + system) / 1_000);
    before = process.threadCpuUsage();
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isOver = true;
  const worked = turns.filter((ms) => ms > 1).toSorted((one, other) => one - other);
  return worked[Math.floor(worked.length * 0.99)] ?? 0;
}

/** The least of three: what else the process did in the meantime is not the query's. */
async function threadMs(work: () => Promise<unknown>): Promise<number> {
  const samples: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const before = process.threadCpuUsage();
    await work();
    const { user, system } = process.threadCpuUsage(before);
    samples.push((user + system) / 1_000);
  }
  return Math.min(...samples);
}

describe('an operation that is made to stall the gateway', () => {
  it.each(Object.entries(ATTACKS))('%s takes it no time to speak of', async (_name, query) => {
    const spent = await threadMs(() => world.post(query));
    expect(spent).toBeLessThan(ALLOWED_MS);
  });

  it('holds nobody up: others are answered while all of them come at once', async () => {
    await world.post('{ echo }');
    const attacks = Array.from({ length: 5 }, () => Object.values(ATTACKS)).flat();
    const slowMs: number[] = [];
    for (let burst = 0; burst < 3; burst += 1) {
      let answers: Awaited<ReturnType<World['post']>>[] = [];
      slowMs.push(
        await slowTurnMs(async () => {
          answers = await Promise.all([
            ...attacks.map((query) => world.post(query)),
            ...Array.from({ length: 20 }, () => world.post('{ echo }')),
          ]);
        }),
      );
      expect(answers.slice(attacks.length).map(({ data }) => data)).toEqual(
        Array.from({ length: 20 }, () => ({ echo: 7 })),
      );
    }
    // What the fault matrix allows: a stall of 200 ms. The least of three, for the process collects garbage, too.
    expect(Math.min(...slowMs)).toBeLessThan(200);
  });
});
