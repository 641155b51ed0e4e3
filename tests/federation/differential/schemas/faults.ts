import type { FederatedSchema, Fault } from '../federated-schema.ts';

const shop = (name: string, constructs: FederatedSchema['constructs'], faults: readonly Fault[]) =>
  ({
    name,
    constructs,
    subgraphs: {
      shop: `
        type Query { items: [Item] strict: [Item!]! item: Item }
        type Item @key(fields: "id") { id: ID! name: String! maker: Maker }
        type Maker @key(fields: "id") { id: ID! }`,
      stock: `
        type Query { stocked: Int counts: [Int!]! }
        type Item @key(fields: "id") { id: ID! copies: Int shelf: Shelf! places: [Shelf!] }
        type Shelf { aisle: Int! }`,
      makers: `
        type Query { makers: Int }
        type Maker @key(fields: "id") { id: ID! city: String since: Int! }`,
    },
    world: () => {
      const makers = [
        { id: '1', city: 'Oslo', since: 1900 },
        { id: '2', city: null, since: 2000 },
      ];
      const items = [
        {
          id: '1',
          name: 'cup',
          maker: makers[0],
          copies: 1,
          shelf: { aisle: 1 },
          places: [{ aisle: 1 }],
        },
        { id: '2', name: 'pot', maker: makers[1], copies: null, shelf: { aisle: 2 }, places: [] },
        { id: '3', name: 'pan', maker: null, copies: 3, shelf: { aisle: 3 }, places: null },
      ];
      return {
        query: {
          items: [...items, null],
          strict: items,
          item: items[1],
          stocked: 4,
          counts: [1],
          makers: 2,
        },
        entities: { Item: items, Maker: makers },
      };
    },
    faults,
    queries: [
      { text: '{ items { name copies maker { city } } }' },
      { text: '{ items { copies places { aisle } } item { maker { since } name } }' },
      { text: '{ strict { name copies } stocked makers item { shelf { aisle } } }' },
      { text: '{ item { name shelf { aisle } maker { id since } } items { shelf { aisle } } }' },
      { text: '{ a: items { b: copies c: name } d: item { e: maker { f: city } } }' },
    ],
  }) satisfies FederatedSchema;

/** Subgraphs that fail. The monolith knows the data; where the errors belong is compared with Hive's. */
export const FAULT_SCHEMAS: readonly FederatedSchema[] = [
  shop(
    'a subgraph that is down',
    ['failing call', 'null propagation', 'error paths'],
    [{ subgraph: 'stock', on: 'every call', kind: 'call fails' }],
  ),
  shop(
    'a subgraph that fails for entities only',
    ['failing call', 'error paths'],
    [{ subgraph: 'stock', on: 'entity calls', kind: 'call fails' }],
  ),
  shop(
    'two subgraphs that are down',
    ['failing call'],
    [
      { subgraph: 'stock', on: 'every call', kind: 'call fails' },
      { subgraph: 'makers', on: 'every call', kind: 'call fails' },
    ],
  ),
  shop(
    'a subgraph that throws for one entity',
    ['failing entity', 'null propagation', 'error paths'],
    [
      {
        subgraph: 'stock',
        on: 'entity calls',
        kind: 'entity throws',
        only: ({ id }) => id === '2',
      },
    ],
  ),
  shop(
    'a subgraph that throws for every maker',
    ['failing entity'],
    [{ subgraph: 'makers', on: 'entity calls', kind: 'entity throws' }],
  ),
  shop(
    'a subgraph that answers nothing',
    ['empty answer', 'null propagation'],
    [{ subgraph: 'stock', on: 'every call', kind: 'answers null' }],
  ),
  shop(
    'a subgraph that knows no maker',
    ['null entity', 'null propagation'],
    [{ subgraph: 'makers', on: 'entity calls', kind: 'entity unknown' }],
  ),
];
