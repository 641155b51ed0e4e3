import type { FederatedSchema, Thing } from '../federated-schema.ts';

/** Subgraphs of the first federation, which extend each other's types. */
export const FEDERATION_1_SCHEMAS: readonly FederatedSchema[] = [
  {
    name: 'shop: extensions only',
    constructs: ['federation 1', '@requires', '@provides'],
    subgraphs: {
      products: `# federation 1
        extend type Query { products(first: Int = 2): [Product] }
        type Product @key(fields: "upc") @key(fields: "sku") { upc: ID! sku: String! name: String weight: Int }`,
      reviews: `# federation 1
        extend type Query { reviews: [Review!] }
        type Review @key(fields: "id") { id: ID! body: String product: Product author: User @provides(fields: "name") }
        extend type Product @key(fields: "upc") { upc: ID! @external weight: Int @external reviews: [Review!]! heavy: Boolean @requires(fields: "weight") }
        extend type User @key(fields: "id") { id: ID! @external name: String @external reviews: [Review!] }`,
      users: `# federation 1
        extend type Query { me: User }
        type User @key(fields: "id") { id: ID! name: String email: String! }`,
    },
    world: () => {
      const ann = { id: '1', name: 'Ann', email: 'a@x', reviews: () => reviews };
      const bob = { id: '2', name: null, email: 'b@x', reviews: () => [] };
      const products: Thing[] = [
        { upc: '1', sku: 's1', name: 'P', weight: 5, reviews: () => reviews },
        { upc: '2', sku: 's2', name: null, weight: null, reviews: () => [] },
        { upc: '3', sku: 's3', name: 'R', weight: 1, reviews: () => [reviews[1]] },
      ];
      const reviews: Thing[] = [
        { id: 'a', body: 'good', product: products[0], author: ann },
        { id: 'b', body: null, product: products[2], author: bob },
      ];
      return {
        query: {
          products: ({ first }: { first?: unknown }) => products.slice(0, Number(first ?? 3)),
          reviews,
          me: ann,
        },
        entities: { User: [ann, bob], Product: products, Review: reviews },
        computed: {
          Product: { heavy: ({ weight }) => (weight === null ? null : Number(weight) > 3) },
        },
      };
    },
    queries: [
      {
        shows: ['federation 1'],
        text: '{ products(first: 3) { heavy reviews { author { name email } product { name } } } me { reviews { body } } }',
      },
      { text: '{ reviews { author { name } product { heavy weight: name } } }' },
    ],
  },
  {
    name: 'forum: value types and interfaces of the first federation',
    constructs: ['federation 1', 'shared value type', 'interface', 'shared enum'],
    subgraphs: {
      threads: `# federation 1
        type Query { threads: [Thread!]! stamp: Stamp }
        interface Dated { at: Stamp }
        type Thread implements Dated @key(fields: "id") { id: ID! at: Stamp title: String state: State }
        type Stamp { day: Int! month: Int! }
        enum State { OPEN CLOSED }`,
      replies: `# federation 1
        type Query { replies: [Reply] last: Stamp state: State }
        interface Dated { at: Stamp }
        type Reply implements Dated { at: Stamp text: String! thread: Thread }
        extend type Thread @key(fields: "id") { id: ID! @external replies: [Reply!] dated: [Dated] }
        type Stamp { day: Int! month: Int! }
        enum State { OPEN CLOSED }`,
    },
    world: () => {
      const at = { day: 1, month: 2 };
      const thread = {
        id: '1',
        at,
        title: 'T',
        state: 'OPEN',
        replies: () => [reply],
        dated: () => [reply, null],
      };
      const empty = { id: '2', at: null, title: null, state: 'CLOSED', replies: null, dated: [] };
      const reply = { __typename: 'Reply', at, text: 'hm', thread };
      return {
        query: { threads: [thread, empty], stamp: at, replies: [reply], last: null, state: 'OPEN' },
        entities: { Thread: [thread, empty] },
      };
    },
    queries: [
      {
        text: '{ threads { replies { thread { title at { day } } } dated { at { month } ... on Reply { text } } state } last { day } stamp { day } }',
      },
    ],
  },
];
