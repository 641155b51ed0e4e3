import type { FederatedSchema } from '../federated-schema.ts';

/** Mutations: in order, over subgraphs, and the entities that they return. */
export const MUTATION_SCHEMAS: readonly FederatedSchema[] = [
  {
    name: 'journal: steps over two subgraphs',
    constructs: ['mutations in order'],
    subgraphs: {
      left: `
        type Query { journal: [String!]! @shareable }
        type Mutation { left(word: String!): [String!]! clear: Int! }`,
      right: `
        type Query { size: Int }
        type Mutation { right(word: String!): [String!]! count: Int }`,
    },
    world: () => {
      const journal: string[] = [];
      const write =
        (side: string) =>
        ({ word }: { word?: unknown }) => {
          journal.push(`${side} ${String(word)}`);
          return [...journal];
        };
      return {
        query: { journal, size: () => journal.length },
        mutation: {
          left: write('left'),
          right: write('right'),
          clear: () => journal.splice(0).length,
          count: () => journal.length,
        },
        entities: {},
      };
    },
    queries: [
      {
        shows: ['mutations in order'],
        text: 'mutation { a: left(word: "1") b: right(word: "2") c: left(word: "3") count clear d: right(word: "4") }',
      },
      { text: 'mutation { right(word: "1") left(word: "2") }' },
      {
        text: 'mutation ($w: String!) { count left(word: $w) more: count ...R } fragment R on Mutation { right(word: $w) last: count }',
        variables: { w: 'x' },
      },
      { text: 'mutation { __typename left(word: "1") }' },
    ],
  },
  {
    name: 'transfers: entities below mutations',
    constructs: ['entity below a mutation', 'mutations in order', 'union'],
    subgraphs: {
      accounts: `
        type Query { account(id: ID!): Account }
        type Mutation { deposit(id: ID!, amount: Int!): DepositResult! }
        union DepositResult = Deposited | Refused
        type Deposited { account: Account! amount: Int! }
        type Refused { reason: String account: Account }
        type Account @key(fields: "id") { id: ID! balance: Int! }`,
      owners: `
        type Query { owners: [Owner!]! }
        type Mutation { rename(id: ID!, name: String): Owner }
        type Owner @key(fields: "id") { id: ID! name: String accounts: [Account!]! }
        type Account @key(fields: "id") { id: ID! owner: Owner! }`,
    },
    world: () => {
      const owner = { id: '1', name: 'Ann' as unknown, accounts: () => accounts };
      const accounts = [
        { id: '1', balance: 0, owner },
        { id: '2', balance: 5, owner },
      ];
      const account = ({ id }: { id?: unknown }) => accounts.find((one) => one.id === id) ?? null;
      return {
        query: { account, owners: [owner] },
        mutation: {
          deposit: ({ id, amount }: { id?: unknown; amount?: unknown }) => {
            const found = account({ id });
            if (found === null || Number(amount) < 0)
              return { __typename: 'Refused', reason: 'no', account: found };
            found.balance += Number(amount);
            // What was deposited is a copy: later steps do not change it.
            return { __typename: 'Deposited', account: { ...found }, amount };
          },
          rename: ({ id, name }: { id?: unknown; name?: unknown }) => {
            if (id !== '1') return null;
            owner.name = name ?? null;
            return { ...owner };
          },
        },
        entities: { Owner: [owner], Account: accounts },
      };
    },
    queries: [
      {
        shows: ['entity below a mutation'],
        text: 'mutation { deposit(id: "1", amount: 5) { ... on Deposited { amount account { balance owner { name } } } ... on Refused { reason } } }',
      },
      {
        shows: ['mutations in order'],
        text: 'mutation { a: deposit(id: "1", amount: 5) { ... on Deposited { account { balance } } } rename(id: "1", name: "Bo") { name } b: deposit(id: "1", amount: -1) { ... on Refused { account { balance owner { id } } } } c: deposit(id: "2", amount: 1) { ... on Deposited { account { owner { name } balance } } } }',
      },
      {
        text: 'mutation { rename(id: "9", name: "x") { name accounts { balance } } deposit(id: "9", amount: 1) { __typename } }',
      },
    ],
  },
  {
    name: 'stages: a mutation that fails between others',
    constructs: ['mutations in order', 'failing field', 'null propagation', 'error paths'],
    subgraphs: {
      one: 'type Query { log: [String!] } type Mutation { first: String second: String broken: String strict: String! }',
      two: 'type Query { logged: Int } type Mutation { third: String fails(text: String): Int! soft: Int }',
    },
    world: () => {
      const log: string[] = [];
      const step = (name: string) => () => {
        log.push(name);
        return log.join(' ');
      };
      const fail = (): never => {
        log.push('failed');
        throw new Error('It fails.');
      };
      return {
        query: { log, logged: () => log.length },
        mutation: {
          first: step('first'),
          second: step('second'),
          third: step('third'),
          broken: fail,
          soft: fail,
          fails: fail,
          strict: () => null,
        },
        entities: {},
      };
    },
    queries: [
      { text: 'mutation { first broken third second }' },
      { text: 'mutation { first soft third broken second again: first }' },
      { text: 'mutation { fails }' },
      { text: 'mutation { first strict }' },
    ],
  },
];
