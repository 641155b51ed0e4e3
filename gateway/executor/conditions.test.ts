import { describe, expect, it } from '@jest/globals';
import { startGraph } from '../test-world/graph.ts';

const graph = await startGraph({
  orders: {
    sdl: `type Query { order: Order } type Mutation { touch: Int! }
      type Order @key(fields: "id") { id: ID! note: String total: Int }`,
    resolvers: {
      Query: { order: () => ({ id: '1', note: 'n', total: 5 }) },
      Mutation: { touch: () => (touched += 1) },
    },
  },
  suppliers: {
    sdl: `type Query { best: String } type Order @key(fields: "id") { id: ID! supplier: String rating: Int }`,
    resolvers: {
      Query: { best: () => 'b' },
      Order: {
        __resolveReference: ({ id }: { id: string }) => ({ id, supplier: `s${id}`, rating: 3 }),
      },
    },
  },
});
let touched = 0;

const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `v${at}`);

/** So many variables, of which the first three decide about something that matters. */
const query = (count: number): string =>
  `query (${names(count)
    .map((name) => `$${name}: Boolean!`)
    .join(' ')}) {
    order @include(if: $v0) { note supplier @include(if: $v1) rating @skip(if: $v2) }
    ${names(count)
      .map((name) => `${name}: best @include(if: $${name})`)
      .join(' ')} }`;

describe.each([3, 11])('%s condition variables', (count) => {
  it.each([
    [
      [true, true, false],
      { note: 'n', supplier: 's1', rating: 3 },
      ['orders', 'suppliers', 'suppliers'],
    ],
    [[true, false, true], { note: 'n' }, ['orders', 'suppliers']],
    [[true, true, true], { note: 'n', supplier: 's1' }, ['orders', 'suppliers', 'suppliers']],
    [[false, true, false], undefined, ['suppliers']],
    [[false, false, false], undefined, []],
  ])('%j leave %j and ask %j', async (choice, order, asked) => {
    const variables = Object.fromEntries(
      names(count).map((name, at) => [name, choice[at] ?? false]),
    );
    const { data, errors, calls } = await graph.ask(query(count), { variables });
    expect(errors).toBeUndefined();
    const chosen = Object.fromEntries(
      names(count)
        .filter((name) => variables[name])
        .map((name) => [name, 'b']),
    );
    expect(JSON.parse(JSON.stringify(data))).toEqual(
      order === undefined ? chosen : { order, ...chosen },
    );
    // One plan for all choices may ask for an operation of which a condition leaves nothing.
    const subgraphs = calls.map(({ subgraph }) => subgraph).toSorted();
    if (count <= 10) expect(subgraphs).toEqual(asked);
    else expect(subgraphs.length).toBeLessThanOrEqual(3);
  });
});

it('a mutation that is asked for with a condition and without is done once', async () => {
  const text =
    'mutation ($yes: Boolean!) { touch ... @include(if: $yes) { touch } touch @skip(if: $yes) }';
  for (const yes of [true, false]) {
    const before = touched;
    const { data } = await graph.ask(text, { variables: { yes } });
    expect(data).toEqual({ touch: before + 1 });
    expect(touched).toBe(before + 1);
  }
});
