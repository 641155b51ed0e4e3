import { describe, expect, it } from '@jest/globals';
import { startGraph } from '../test-world/graph.ts';

/** Names that every object of JavaScript inherits, and aliases that take the place of what the plan needs. */
const graph = await startGraph({
  things: {
    sdl: `type Query { thing: Thing things: [Thing!]! missing: Thing constructor: Int }
      type Thing @key(fields: "id") { id: ID! name: String toString: String hasOwnProperty: Thing }`,
    resolvers: {
      Query: {
        thing: () => THING,
        things: () => [THING, { ...THING, id: '2' }],
        missing: () => null,
        constructor: () => 5,
      },
    },
  },
  more: {
    sdl: `type Thing @key(fields: "id") { id: ID! constructor: String valueOf: [Int!] price(in: String): Int }`,
    resolvers: {
      Thing: {
        __resolveReference: ({ id }: { id: string }) =>
          id === '2' ? null : { id, constructor: `c${id}`, valueOf: [1] },
        price: ({ id }: { id: string }, { in: unit }: { in?: string }) =>
          unit === 'x' ? 7 : Number(id),
      },
    },
  },
});
const THING = {
  id: '1',
  name: 'one',
  toString: 'text',
  hasOwnProperty: { id: '3', name: 'three', toString: null, hasOwnProperty: null },
};

it.each<[string, object]>([
  ['{ constructor thing { toString } }', { constructor: 5, thing: { toString: 'text' } }],
  ['{ thing { constructor valueOf } }', { thing: { constructor: 'c1', valueOf: [1] } }],
  [
    '{ things { constructor valueOf } }',
    {
      things: [
        { constructor: 'c1', valueOf: [1] },
        { constructor: null, valueOf: null },
      ],
    },
  ],
  [
    '{ thing { hasOwnProperty { constructor toString } } }',
    { thing: { hasOwnProperty: { constructor: 'c3', toString: null } } },
  ],
  ['{ thing { valueOf: name constructor: id } }', { thing: { valueOf: 'one', constructor: '1' } }],
])('%s', async (query, data) => {
  const answer = await graph.ask(query);
  expect(answer.errors).toBeUndefined();
  expect(JSON.parse(JSON.stringify(answer.data))).toEqual(data);
});

describe('an alias that is the name of a key', () => {
  it.each<[string, object]>([
    ['{ thing { id: name constructor } }', { thing: { id: 'one', constructor: 'c1' } }],
    ['{ thing { id: name real: id price } }', { thing: { id: 'one', real: '1', price: 1 } }],
    [
      '{ thing { id: price name constructor } }',
      { thing: { id: 1, name: 'one', constructor: 'c1' } },
    ],
    [
      '{ thing { __typename: name constructor } }',
      { thing: { __typename: 'one', constructor: 'c1' } },
    ],
    [
      '{ thing { name: id id: price(in: "x") other: price } }',
      { thing: { name: '1', id: 7, other: 1 } },
    ],
    [
      '{ things { id: name price } }',
      {
        things: [
          { id: 'one', price: 1 },
          { id: 'one', price: null },
        ],
      },
    ],
    [
      '{ thing { id: hasOwnProperty { id: name constructor } } }',
      { thing: { id: { id: 'three', constructor: 'c3' } } },
    ],
  ])('%s', async (query, data) => {
    const answer = await graph.ask(query);
    expect(answer.errors).toBeUndefined();
    expect(JSON.parse(JSON.stringify(answer.data))).toEqual(data);
    expect(Object.keys((answer.data as { thing?: object }).thing ?? {})).toEqual(
      Object.keys((data as { thing?: object }).thing ?? {}),
    );
  });
});
