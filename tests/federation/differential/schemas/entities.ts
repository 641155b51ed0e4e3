import type { FederatedSchema } from '../federated-schema.ts';

/** How entities hang together, and the lists they come in. */
export const ENTITY_SCHEMAS: readonly FederatedSchema[] = [
  {
    name: 'friends: circles between subgraphs',
    constructs: ['circular references', 'duplicated entities'],
    subgraphs: {
      users: `
        type Query { users: [User!]! me: User }
        type User @key(fields: "id") { id: ID! name: String! friends: [User!]! }`,
      posts: `
        type Query { latest: Post }
        type User @key(fields: "id") { id: ID! posts: [Post!]! pinned: Post }
        type Post @key(fields: "id") { id: ID! text: String author: User! }`,
    },
    world: () => {
      const ann = {
        id: '1',
        name: 'Ann',
        friends: () => [bob, cy],
        posts: () => [first, last],
        pinned: () => last,
      };
      const bob = { id: '2', name: 'Bob', friends: () => [ann], posts: () => [], pinned: null };
      const cy = {
        id: '3',
        name: 'Cy',
        friends: () => [ann, bob, cy],
        posts: () => [reply],
        pinned: () => first,
      };
      const first = { id: 'a', text: 'hello', author: ann };
      const last = { id: 'b', text: null, author: ann };
      const reply = { id: 'c', text: 'oh', author: cy };
      return {
        query: { users: [ann, bob, cy, ann], me: cy, latest: reply },
        entities: { User: [ann, bob, cy], Post: [first, last, reply] },
      };
    },
    queries: [
      { text: '{ me { friends { friends { friends { pinned { author { name } } } } } } }' },
      {
        text: '{ latest { author { posts { author { name posts { text } } } friends { posts { author { name } } } } } }',
      },
      {
        shows: ['reused fragment'],
        text: '{ me { ...F friends { ...F } } } fragment F on User { name posts { author { ...G } } } fragment G on User { pinned { text } }',
      },
    ],
  },
  {
    name: 'prices: one entity a hundred times',
    constructs: ['duplicated entities', 'same field with different arguments'],
    subgraphs: {
      basket: `
        type Query { lines: [Line!]! }
        type Line { amount: Int! item: Item! second: Item }
        type Item @key(fields: "sku") { sku: ID! }`,
      items: `
        type Query { item(sku: ID!): Item }
        type Item @key(fields: "sku") { sku: ID! name: String! price(currency: String = "EUR", rounded: Boolean): String }`,
    },
    world: () => {
      const items = [1, 2, 3].map((number) => ({
        sku: String(number),
        name: `item ${number}`,
        price: ({ currency, rounded }: { currency?: string | null; rounded?: boolean }) =>
          currency === null ? null : `${number} ${String(currency)} ${String(rounded)}`,
      }));
      const lines = Array.from({ length: 100 }, (_, index) => ({
        amount: index,
        item: items[index % 3],
        second: index % 4 === 0 ? items[0] : null,
      }));
      return {
        query: {
          lines,
          item: ({ sku }: { sku?: unknown }) => items.find((one) => one.sku === sku) ?? null,
        },
        entities: { Item: items },
      };
    },
    queries: [
      {
        shows: ['same field with different arguments'],
        text: 'query ($c: String = "SEK", $d: String) { lines { item { sku eur: price usd: price(currency: "USD") c: price(currency: $c) d: price(currency: $d, rounded: true) n: price(currency: null) } second { name } } }',
      },
      {
        shows: ['missing variable'],
        text: 'query ($c: String, $r: Boolean) { item(sku: 1) { price(currency: $c, rounded: $r) sku } lines { item { price(currency: $c) } second { price(rounded: $r) } } }',
      },
      {
        shows: ['null variable'],
        text: 'query ($c: String = "NOK") { lines { item { price(currency: $c) } } }',
        variables: { c: null },
      },
    ],
  },
  {
    name: 'boards: lists of lists',
    constructs: ['lists of lists', 'empty list', 'null in a list'],
    subgraphs: {
      boards: `
        type Query { boards: [[Cell]] rows: [[Cell!]!]! deep: [[[Int]]] }
        type Cell @key(fields: "at") { at: ID! near: [[Cell]] }`,
      pieces: `
        type Query { pieces: [Piece] }
        type Cell @key(fields: "at") { at: ID! piece: Piece marks: [[String!]] }
        type Piece @key(fields: "id") { id: ID! name: String }`,
    },
    world: () => {
      const king = { id: 'k', name: 'king' };
      const a = { at: 'a', piece: king, marks: [['x'], [], null], near: () => [[b, null], []] };
      const b = { at: 'b', piece: null, marks: null, near: () => [null, [a]] };
      return {
        query: {
          boards: [[a, null, b], [], null, [a]],
          rows: [[a, a], [], [b]],
          deep: [[[1, null], []], null, [null]],
          pieces: [king, null],
        },
        entities: { Cell: [a, b], Piece: [king] },
      };
    },
    queries: [
      {
        text: '{ boards { piece { name } marks near { near { marks } } } deep rows { marks at } }',
      },
      { text: '{ boards { at: piece { id } } rows { near { piece { name } } } pieces { name } }' },
    ],
  },
  {
    name: 'plants: entities that a subgraph does not know',
    constructs: ['null entity', 'null propagation', 'error paths'],
    subgraphs: {
      garden: `
        type Query { plants: [Plant] pots: [Pot!]! }
        type Pot { plant: Plant! spare: Plant }
        type Plant @key(fields: "id") { id: ID! name: String }`,
      botany: `
        type Query { botanist: String }
        type Plant @key(fields: "id") { id: ID! family: String latin: String! genus: Genus }
        type Genus { name: String! }`,
    },
    world: () => {
      const fern = { id: '1', name: 'fern', family: 'X', latin: 'filix', genus: { name: 'G' } };
      const moss = { id: '2', name: 'moss', family: null, latin: null, genus: null };
      return {
        query: {
          plants: [fern, moss, fern],
          pots: [
            { plant: fern, spare: moss },
            { plant: fern, spare: null },
          ],
          botanist: 'Linn',
        },
        entities: { Plant: [fern, moss] },
      };
    },
    faults: [
      {
        subgraph: 'botany',
        on: 'entity calls',
        kind: 'entity unknown',
        only: ({ id }) => id === '2',
      },
    ],
    queries: [
      { text: '{ plants { family genus { name } } }' },
      { text: '{ plants { name latin } }' },
      { text: '{ pots { spare { latin } plant { latin name } } botanist }' },
    ],
  },
  {
    name: 'weather: root fields over three subgraphs',
    constructs: ['root fields over subgraphs', 'several operations'],
    subgraphs: {
      now: 'type Query { now: Int place(id: ID = 1): Place } type Place @key(fields: "id") { id: ID! heat: Int }',
      soon: 'type Query { soon: [Int!] home: Place! } type Place @key(fields: "id") { id: ID! rain: Int! }',
      past: 'type Query { past: String places: [Place!]! } type Place @key(fields: "id") { id: ID! snow: [Int] }',
    },
    world: () => {
      const places = [
        { id: '1', heat: 20, rain: 3, snow: [1, null] },
        { id: '2', heat: null, rain: 0, snow: null },
      ];
      return {
        query: {
          now: 12,
          soon: [1, 2],
          past: null,
          places,
          home: places[1],
          place: ({ id }: { id?: unknown }) =>
            places.find((place) => place.id === String(id)) ?? null,
        },
        entities: { Place: places },
      };
    },
    queries: [
      {
        text: '{ past soon now home { heat snow } place { rain } __typename places { rain heat } }',
      },
      {
        shows: ['several operations'],
        text: 'query A($x: ID!) { place(id: $x) { ...P } } query B { home { ...P } now } fragment P on Place { snow rain heat }',
        operationName: 'B',
      },
      {
        shows: ['several operations', 'variable'],
        text: 'query A($x: ID!) { place(id: $x) { ...P } } query B { home { ...P } now } fragment P on Place { snow rain heat }',
        operationName: 'A',
        variables: { x: 2 },
      },
      { text: '{ __typename kind: __typename }' },
      {
        shows: ['introspection'],
        text: '{ __typename now __type(name: "Place") { name fields { name } } home { rain } }',
      },
      {
        shows: ['introspection'],
        text: '{ ...I } fragment I on Query { __schema { queryType { name } } }',
      },
      {
        shows: ['introspection'],
        text: 'query A { now } query B { __schema { queryType { name } } }',
        operationName: 'A',
      },
    ],
  },
];
