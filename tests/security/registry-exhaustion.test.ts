import { describe, expect, it } from '@jest/globals';
import { HERE, ORDERS } from '../support/registry-calls.ts';
import { CHECK, change, LINK, many, openShop, PUBLISH, QUERY } from '../support/registry-shop.ts';
import type { WorkshopLimits } from '../../schema-registry/composition/workshop.ts';
import type { Answer, RegistryWorld } from '../support/registry-world.ts';

const READ = 'query ($t: TargetInput!) { target(target: $t) { current { number } } }';

it('the registry is alive while it is given heavy work', async () => {
  await using shop = await openShop();
  const { world } = shop;
  const { isAlive, done } = whileAlive(world, [
    world.ask(
      shop.architect,
      CHECK,
      change(`${LINK} type Query { ${many(3_000, (i) => `f${i}(a: Int): Int`)} }`),
    ),
    world.ask(shop.architect, CHECK, change(`${QUERY} # ${'x'.repeat(20 * 1024 * 1024)}`)),
  ]);
  expect((await done).map(({ code }) => code)).toEqual([null, 'INVALID_INPUT']);
  expect(await isAlive).toBeGreaterThan(0);
});

/** Asks again and again whether the registry is alive until the work is done; tells how often it said so before that. */
function whileAlive(
  { url }: RegistryWorld,
  work: readonly Promise<Answer>[],
): { readonly isAlive: Promise<number>; readonly done: Promise<Answer[]> } {
  const over = new AbortController();
  const done = Promise.all(work).finally(() => over.abort());
  const count = async (): Promise<number> => {
    let times = 0;
    while (!over.signal.aborted) {
      const { status } = await fetch(`${url}/livez`);
      if (status === 200 && !over.signal.aborted) times += 1;
    }
    return times;
  };
  return { isAlive: count(), done };
}

/** Each of the types is held against each of the interfaces. */
const tangle = (prefix: string): string =>
  `${QUERY.replace('a: Int', `a: Int @shareable`)} ${many(900, (i) => `interface ${prefix}I${i} { a: Int }`)} ${many(
    140,
    (i) => `type ${prefix}T${i} implements ${many(900, (j) => `& ${prefix}I${j}`)} { a: Int }`,
  )}`;

const EXHAUSTING: readonly {
  readonly what: string;
  readonly limits: WorkshopLimits;
  readonly input: object;
  readonly code: string;
  /** One is done after the other, so that each adds its time. */
  readonly times: number;
}[] = [
  {
    what: 'time',
    limits: { timeoutMs: 25_000, memoryMegabytes: 1536 },
    input: {
      input: {
        target: HERE,
        subgraphs: ['A', 'B', 'C', 'D', 'E', 'F'].map((name) => ({
          subgraph: name,
          url: 'http://a.example',
          sdl: tangle(name),
        })),
      },
    },
    code: 'COMPOSITION_TIMEOUT',
    times: 1,
  },
  {
    what: 'memory',
    limits: { timeoutMs: 60_000, memoryMegabytes: 100 },
    input: change(
      `${LINK} type Query { ${many(14_000, (i) => `f${i}(a: Int, b: [Int!]): Query`)} }`,
    ),
    code: 'COMPOSITION_ABORTED',
    times: 2,
  },
];

describe.each(EXHAUSTING)('a composition that needs too much $what', (exhausting) => {
  const { limits, input, code, times } = exhausting;
  it('is ended by name, while the registry answers everybody else, and the next one goes on', async () => {
    await using shop = await openShop(limits);
    const { world, architect } = shop;
    const target = await world.registry.ensureTarget(HERE);
    const { token } = await world.token(HERE, ['artifact:read']);
    const artifact = (headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${world.url}/artifacts/v1/${target.id}/supergraph`, {
        headers: { 'x-hive-cdn-key': token, ...headers },
      });
    const etag = (await artifact()).headers.get('etag') ?? '';
    const before = await world.counts();
    const { isAlive, done } = whileAlive(
      world,
      Array.from({ length: times }, () => world.ask(architect, PUBLISH, input)),
    );
    expect((await artifact({ 'if-none-match': etag })).status).toBe(304);
    expect((await world.ask(architect, READ, { t: HERE })).value).toMatchObject({
      current: { number: 1 },
    });
    for (const answer of await done)
      expect(answer).toMatchObject({
        code: 'CHECK_FAILED',
        value: {
          result: {
            steps: expect.arrayContaining([
              { name: 'COMPOSITION', status: 'FAILED', findings: [{ code }] },
            ]),
          },
        },
      });
    expect(await isAlive).toBeGreaterThan(0);
    expect(await world.counts()).toEqual(before);
    const next = await world.ask(
      architect,
      CHECK,
      change(`${ORDERS} extend type Query { b: Int }`),
    );
    expect(next.value).toMatchObject({ result: { conclusion: 'PASSED' } });
  });
});
