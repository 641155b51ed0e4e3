import type { FederatedSchema } from '../federated-schema.ts';

type Given = Readonly<Record<string, unknown>>;
/** What arrived, as text: an argument that was not given is not there. */
const echo = (args: Given): string => JSON.stringify(args);

/** Arguments, variables and conditions on their way through the gateway. */
export const ARGUMENT_SCHEMAS: readonly FederatedSchema[] = [
  {
    name: 'echo: every kind of argument',
    constructs: ['variable', 'variable default', 'missing variable', 'null variable'],
    subgraphs: {
      near: `
        type Query { near: Thing echo(int: Int, text: String = "preset", list: [Int!], flag: Boolean! = true): String }
        type Thing @key(fields: "id") { id: ID! }`,
      far: `
        type Query { far: [Thing!]! }
        type Thing @key(fields: "id") {
          id: ID!
          echo(int: Int, text: String = "preset", list: [[String]], id: ID, float: Float = 1.5): String
          needs(word: String!, size: Int! = 4): String! }`,
    },
    world: () => {
      const things = [
        { id: '1', echo, needs: echo },
        { id: '2', echo, needs: echo },
      ];
      return { query: { near: things[0], far: things, echo }, entities: { Thing: things } };
    },
    queries: [
      {
        shows: ['variable', 'variable default', 'missing variable', 'null variable'],
        text: 'query ($a: Int, $b: String, $c: [[String]] = [["x"], null], $d: ID = 5, $e: Int! = 6) { near { a: echo(int: $a, text: $b, list: $c, id: $d) b: echo(text: null) c: echo(int: $e) d: echo(list: [["y", $b], []]) } echo(text: $b, int: $a) }',
        variables: { d: null },
      },
      {
        shows: ['missing variable'],
        text: 'query ($w: String = "word", $s: Int) { far { needs(word: $w) sized: needs(word: "w", size: 3) } echo(int: $s) }',
      },
      {
        text: 'query ($l: [Int!], $f: Boolean = false) { one: echo(list: 3) two: echo(list: $l) three: echo(flag: $f) }',
        variables: { l: 4 },
      },
      {
        text: 'query ($i: Int!) { echo(int: $i) far { echo(int: $i) } }',
        variables: { i: 'wrong' },
      },
      { text: 'query ($i: Int!) { echo(int: $i) far { echo(int: $i) } }' },
      { text: 'query ($f: Boolean = true) { echo(flag: $f) near { id } }', variables: { f: null } },
    ],
  },
  {
    name: 'inputs: objects in objects and lists',
    constructs: ['input object', 'list input', 'enum input'],
    subgraphs: {
      orders: `
        type Query { orders(where: Where, many: [Where!]): [Order!]! }
        input Where { id: ID text: String = "any" price: Range and: [Where!] side: Side = BUY }
        input Range { from: Int! to: Int = 100 }
        enum Side { BUY SELL }
        type Order @key(fields: "id") { id: ID! }`,
      fills: `
        type Query { fills: Int }
        input Range { from: Int! to: Int = 100 }
        enum Side { BUY SELL }
        type Order @key(fields: "id") { id: ID! fills(in: Range = { from: 1 }, sides: [Side] = [BUY, null]): String }`,
    },
    world: () => {
      const orders = [{ id: '1', fills: echo }];
      return {
        query: {
          orders: (args: Given) => [{ ...orders[0], __typename: 'Order', seen: echo(args) }],
          fills: 2,
        },
        entities: { Order: orders },
      };
    },
    queries: [
      {
        shows: ['input object', 'list input', 'enum input'],
        text: 'query ($w: Where, $r: Range!, $f: Int!, $s: [Side]) { orders(where: $w, many: [{ price: $r }, { and: { price: { from: $f } } }]) { fills(in: $r, sides: $s) part: fills(in: { from: $f, to: null }, sides: SELL) id preset: fills } }',
        variables: {
          w: { id: 3, and: [{ side: 'SELL' }] },
          r: { from: 2 },
          f: 7,
          s: ['SELL', null],
        },
      },
      { text: 'query ($t: Int) { orders { fills(in: { from: 1, to: $t }) } }' },
      { text: 'query ($r: Range) { orders { fills(in: $r) } }', variables: { r: { to: 3 } } },
    ],
  },
  {
    name: 'scalars: values the gateway does not understand',
    constructs: ['custom scalar'],
    subgraphs: {
      events: `
        scalar Json scalar Day
        type Query { events(on: Day, like: Json): [Event!]! raw: Json days: [Day] }
        type Event @key(fields: "id day") { id: ID! day: Day! extra: Json }`,
      notes: `
        scalar Json scalar Day
        type Query { note(json: Json): Json }
        type Event @key(fields: "id day") { id: ID! day: Day! note(with: Json = { a: 1 }, list: [Day!]): Json }`,
    },
    world: () => {
      const events = [
        {
          id: '1',
          day: '2026-01-01',
          extra: { list: [1, null, { x: true }], null: null },
          note: echo,
        },
        {
          id: '2',
          day: '2026-01-02',
          extra: [['a'], 2, 'text'],
          note: (args: Given) => args['with'],
        },
      ];
      return {
        query: {
          events,
          raw: { data: { errors: [] } },
          days: ['a', null],
          note: ({ json }: Given) => json ?? null,
        },
        entities: { Event: events },
      };
    },
    queries: [
      {
        shows: ['custom scalar'],
        text: 'query ($j: Json, $d: [Day!]) { raw days events(like: { deep: [$j] }) { extra note(with: $j, list: $d) other: note(with: { a: [1, { b: $j }], c: null, d: E }) plain: note } note(json: $j) }',
        variables: { j: { any: ['thing', 1.5, null] }, d: 'one' },
      },
      {
        text: '{ note(json: "text") a: note(json: 1) b: note(json: [true, null]) c: note(json: null) events { id: extra day: id } }',
      },
    ],
  },
  {
    name: 'switches: @include and @skip everywhere',
    constructs: [
      '@include',
      '@skip',
      'nested conditions',
      'constant condition',
      'conditional fragment',
    ],
    subgraphs: {
      rooms: `
        type Query { rooms: [Room!]! main: Fixture }
        union Fixture = Room | Lamp
        type Room @key(fields: "id") { id: ID! name: String lamps: [Lamp!]! }
        type Lamp @key(fields: "id") { id: ID! }`,
      power: `
        type Query { power: Int }
        type Room @key(fields: "id") { id: ID! watts: Int }
        type Lamp @key(fields: "id") { id: ID! on: Boolean! room: Room }`,
    },
    world: () => {
      const lamp = { id: '1', on: true, room: () => room };
      const room = { id: '1', name: 'hall', watts: 60, lamps: [lamp, lamp] };
      return {
        query: { rooms: [room], main: lamp, power: 9 },
        entities: { Room: [room], Lamp: [lamp] },
      };
    },
    queries: [
      ...[true, false].flatMap((a) =>
        [true, false].map((b) => ({
          shows: ['@include', '@skip', 'nested conditions', 'conditional fragment'] as const,
          text: 'query ($a: Boolean!, $b: Boolean!) { rooms { watts @include(if: $a) @skip(if: $b) lamps @skip(if: $a) { on ... @include(if: $b) { room { watts name @skip(if: $b) } } } ...R @include(if: $b) } power @skip(if: $b) main { ... on Lamp @include(if: $a) { on room @include(if: $b) { name } } ... on Fixture @skip(if: $b) { __typename } } } fragment R on Room { name watts @skip(if: $a) lamps { room { watts @include(if: $a) } } }',
          variables: { a, b },
        })),
      ),
      {
        shows: ['constant condition'],
        text: '{ rooms { watts @skip(if: true) name } power @include(if: false) }',
      },
      {
        shows: ['constant condition'],
        text: '{ rooms @include(if: true) { watts @skip(if: false) ... @include(if: false) { name } } }',
      },
      {
        text: 'query ($a: Boolean = false) { rooms { id @include(if: $a) watts @include(if: $a) } }',
      },
      {
        text: 'query ($a: Boolean!) { rooms @include(if: $a) { watts } }',
        variables: { a: false },
      },
      {
        text: 'query ($a: Boolean!) { rooms { watts @include(if: $a) watts @skip(if: $a) name } }',
        variables: { a: false },
      },
      {
        text: 'query ($a: Boolean!) { rooms { lamps @include(if: $a) { on } lamps { room { watts } } } }',
        variables: { a: false },
      },
      {
        text: 'query ($a: Boolean!) { rooms { lamps @include(if: $a) { on } lamps { room { watts } } } }',
        variables: { a: true },
      },
      {
        text: 'query ($a: Boolean!) { __typename @include(if: $a) power @skip(if: $a) }',
        variables: { a: true },
      },
    ],
  },
];
