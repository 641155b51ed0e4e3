import type { FederatedSchema } from '../federated-schema.ts';

const fail = (): never => {
  throw new Error('It fails.');
};

/** Fields that fail or are null where they must not be; the answer is the one of a single server. */
export const NULL_SCHEMAS: readonly FederatedSchema[] = [
  {
    name: 'trees: nulls go up to the nearest nullable parent',
    constructs: ['null propagation', 'error paths', 'failing field'],
    subgraphs: {
      trees: `
        type Query { tree: Tree forest: [Tree!]! park: [Tree!] road: [Tree] }
        type Tree @key(fields: "id") { id: ID! trunk: Trunk! twig: Trunk }
        type Trunk { bark: String! age: Int }`,
      leaves: `
        type Query { leaf: Leaf! }
        type Tree @key(fields: "id") { id: ID! leaves: [Leaf!]! top: Leaf colours: [String!] }
        type Leaf { colour: String! veins: [Int!]! size: Int }`,
    },
    world: () => {
      const green = { colour: 'green', veins: [1, 2], size: 3 };
      const torn = { colour: 'red', veins: [1, null], size: fail };
      const bare = { colour: fail, veins: [], size: null };
      const trunk = { bark: 'rough', age: 5 };
      const oak = {
        id: '1',
        trunk,
        twig: null,
        leaves: [green, green],
        top: green,
        colours: ['a'],
      };
      const elm = {
        id: '2',
        trunk,
        twig: { bark: null, age: 1 },
        leaves: [green, torn],
        top: bare,
        colours: ['a', null],
      };
      const ash = { id: '3', trunk, twig: trunk, leaves: [bare], top: torn, colours: fail };
      return {
        query: { tree: elm, forest: [oak], park: [oak, ash], road: [oak, elm, ash], leaf: green },
        entities: { Tree: [oak, elm, ash] },
      };
    },
    queries: [
      { text: '{ road { leaves { colour } } }' },
      { text: '{ road { id leaves { veins size } top { colour } } park { top { colour } } }' },
      { text: '{ park { leaves { colour } } tree { twig { bark } colours } }' },
      {
        text: '{ tree { a: top { colour } top { size } leaves { size } } road { colours twig { bark } } }',
      },
    ],
  },
  {
    name: 'ships: a strict field of a second subgraph',
    constructs: ['null propagation', 'error paths', 'failing field', 'alias'],
    subgraphs: {
      ships: `
        type Query { ships: [Ship] fleet: Fleet flagship: Ship! }
        type Fleet { ships: [Ship!]! admiral: String }
        type Ship @key(fields: "id") { id: ID! name: String! }`,
      crews: `
        type Query { crews: Int! }
        type Ship @key(fields: "id") { id: ID! captain: Captain! crew: [Sailor] log(day: Int): String! }
        type Captain { name: String! rank: Int }
        type Sailor { name: String mate: Sailor! }`,
    },
    world: () => {
      const sailor = { name: 'S', mate: { name: 'M', mate: null } };
      const good = {
        id: '1',
        name: 'G',
        captain: { name: 'C', rank: null },
        crew: [sailor, null],
        log: 'fine',
      };
      const bad = {
        id: '2',
        name: 'B',
        captain: fail,
        crew: fail,
        log: ({ day }: { day?: unknown }) => (day === 1 ? null : 'ok'),
      };
      const ugly = { id: '3', name: 'U', captain: { name: null, rank: 1 }, crew: [], log: fail };
      return {
        query: {
          ships: [good, bad, ugly, bad],
          fleet: { ships: [good, bad], admiral: 'A' },
          flagship: good,
          crews: 3,
        },
        entities: { Ship: [good, bad, ugly] },
      };
    },
    queries: [
      { text: '{ ships { name captain { name } } }' },
      { text: '{ ships { log one: log(day: 1) } fleet { admiral ships { captain { rank } } } }' },
      {
        text: '{ flagship { crew { mate { mate { name } } } } fleet { ships { crew { name } } } }',
      },
      { text: '{ a: ships { captain { rank } } b: ships { x: crew { name } y: log(day: 1) } }' },
    ],
  },
  {
    name: 'mines: failures at the root and below unions',
    constructs: ['failing field', 'null propagation', 'union', 'root fields over subgraphs'],
    subgraphs: {
      pits: `
        type Query { pit: Find strictPit: Find! deep: [Find!] }
        union Find = Gold | Stone
        type Gold @key(fields: "id") { id: ID! grams: Int! }
        type Stone { kind: String! }`,
      assay: `
        type Query { assay: Int! rough: Int }
        type Gold @key(fields: "id") { id: ID! carat: Int! pure: Boolean }`,
    },
    world: () => {
      const gold = { id: '1', grams: 5, carat: 18, pure: fail };
      const fool = { id: '2', grams: fail, carat: fail, pure: null };
      const stone = { __typename: 'Stone', kind: null };
      return {
        query: { pit: fool, strictPit: gold, deep: [gold, stone], assay: 3, rough: fail },
        entities: { Gold: [gold, fool] },
      };
    },
    queries: [
      { text: '{ pit { ... on Gold { carat } } rough deep { ... on Stone { kind } } }' },
      {
        text: '{ strictPit { ... on Gold { pure carat } } pit { __typename ... on Gold { grams } } }',
      },
      { text: '{ deep { ... on Gold { carat pure grams } __typename } assay }' },
    ],
  },
  {
    name: 'chains: a failure on the way to a third subgraph',
    constructs: ['failing field', 'null propagation', '@requires', 'chained keys'],
    subgraphs: {
      a: 'type Query { things: [Thing!]! one: Thing } type Thing @key(fields: "id") { id: ID! }',
      b: `
        type Query { b: Int }
        type Thing @key(fields: "id") @key(fields: "code") { id: ID! code: ID base: Int }`,
      c: `
        type Query { c: Int }
        type Thing @key(fields: "code") { code: ID base: Int @external double: Int @requires(fields: "base") plain: Int! owner: Owner }
        type Owner @key(fields: "id") { id: ID! }`,
      d: 'type Query { d: Int } type Owner @key(fields: "id") { id: ID! name: String! }',
    },
    world: () => {
      const owner = { id: 'o', name: 'Ann' };
      const lost = { id: 'l', name: fail };
      const things = [
        { id: '1', code: 'c1', base: 2, plain: 1, owner },
        { id: '2', code: 'c2', base: null, plain: 2, owner: lost },
        { id: '3', code: 'c3', base: 4, plain: 3, owner: null },
      ];
      return {
        query: { things, one: things[1], b: 1, c: 2, d: 3 },
        entities: { Thing: things, Owner: [owner, lost] },
        computed: { Thing: { double: ({ base }) => (base === null ? null : Number(base) * 2) } },
      };
    },
    queries: [
      { text: '{ things { double plain owner { name } } }' },
      { text: '{ one { owner { name } base code: plain } things { base: double } }' },
    ],
  },
];
