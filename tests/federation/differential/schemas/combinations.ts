import type { FederatedSchema, Thing } from '../federated-schema.ts';

const fail = (): never => {
  throw new Error('It fails.');
};

/** Constructs that meet each other. */
export const COMBINED_SCHEMAS: readonly FederatedSchema[] = [
  {
    name: 'fares: @requires of what a third subgraph provides, by a composite key',
    constructs: ['@requires', 'composite key', '@provides', 'input object'],
    subgraphs: {
      trains: `
        type Query { trains(find: Find): [Train!]! @provides(fields: "speed") }
        input Find { line: String! number: Int }
        type Train @key(fields: "line number") { line: String! number: Int! speed: Int @external name: String }`,
      tracks: `
        type Query { fastest: Train }
        type Train @key(fields: "line number") { line: String! number: Int! speed: Int length: Int! }`,
      fares: `
        type Query { cheap: [Train] }
        type Train @key(fields: "number line") {
          line: String! number: Int! speed: Int @external length: Int! @external
          fare(class: Int = 2): Int @requires(fields: "speed length") }`,
    },
    world: () => {
      const trains = [
        { line: 'a', number: 1, speed: 100, length: 5, name: 'Ex' },
        { line: 'b', number: 1, speed: null, length: 3, name: null },
      ];
      return {
        query: {
          trains: ({ find }: { find?: { line?: unknown } }) =>
            find === undefined || find === null
              ? trains
              : trains.filter(({ line }) => line === find.line),
          fastest: trains[0],
          cheap: [trains[1], null],
        },
        entities: { Train: trains },
        computed: {
          Train: {
            fare: ({ speed, length }, given) =>
              speed === null ? null : Number(speed) + Number(length) * Number(given['class']),
          },
        },
      };
    },
    queries: [
      {
        text: '{ trains { fare first: fare(class: 1) speed } cheap { fare length } fastest { fare name } }',
      },
      {
        text: 'query ($f: Find, $c: Int) { trains(find: $f) { line: fare(class: $c) number: name } }',
        variables: { f: { line: 'a' } },
      },
    ],
  },
  {
    name: 'catalogue: interface entities with unions, lists and nulls',
    constructs: ['interface', 'union', 'null propagation', 'lists of lists', 'duplicated entities'],
    subgraphs: {
      catalogue: `
        type Query { shelves: [[Product]] picks: [Pick!] }
        interface Product { id: ID! name: String! }
        union Pick = Bread | Milk
        type Bread implements Product @key(fields: "id") { id: ID! name: String! grain: String }
        type Milk implements Product @key(fields: "id") { id: ID! name: String! fat: Int related: [Product!] }`,
      prices: `
        type Query { prices: Int }
        type Bread @key(fields: "id") { id: ID! price: Int! }
        type Milk @key(fields: "id") { id: ID! price: Int! offers: [Pick] }
        union Pick = Milk | Bread`,
    },
    world: () => {
      const rye = { id: '1', name: 'rye', grain: 'rye', price: 4 };
      const stale = { id: '2', name: 'stale', grain: null, price: fail };
      const milk = {
        id: '1',
        name: 'milk',
        fat: 3,
        related: () => [rye, milk],
        price: 2,
        offers: () => [rye, stale, null],
      };
      return {
        query: { shelves: [[rye, null, milk], null, [stale, rye]], picks: [milk, rye], prices: 3 },
        entities: { Bread: [rye, stale], Milk: [milk] },
      };
    },
    queries: [
      {
        text: '{ shelves { name ... on Bread { price } ... on Milk { price offers { ... on Bread { price name } } } } }',
      },
      {
        text: '{ picks { ... on Milk { related { ... on Milk { offers { ... on Milk { price } ... on Bread { grain price } } } name } } ... on Bread { price } } }',
      },
      { text: '{ picks { ... on Product { name id } ... on Milk { id2: price } } }' },
    ],
  },
  {
    name: 'clubs: deep entities with arguments at every step',
    constructs: [
      'variable',
      'circular references',
      'reused fragment',
      'same field with different arguments',
    ],
    subgraphs: {
      clubs: `
        type Query { club(id: ID! = "1"): Club }
        type Club @key(fields: "id") { id: ID! name(lang: Lang = EN): String members(first: Int, order: Order): [Member!]! }
        type Member @key(fields: "id") { id: ID! }
        enum Lang { EN NO } input Order { by: String = "id" down: Boolean! = false }`,
      members: `
        type Query { member(id: ID!): Member }
        type Member @key(fields: "id") { id: ID! name(lang: Lang = EN): String clubs(first: Int! = 5): [Club!] rival: Member }
        type Club @key(fields: "id") { id: ID! }
        enum Lang { EN NO }`,
      scores: `
        type Query { scores: [Int] }
        type Member @key(fields: "id") { id: ID! score(weights: [Int!] = [1, 2]): Int }
        type Club @key(fields: "id") { id: ID! score: Int! best: Member }`,
    },
    world: () => {
      const named =
        (name: string) =>
        ({ lang }: { lang?: unknown }) =>
          `${name} ${String(lang)}`;
      const cut =
        (list: () => object[]) =>
        ({ first }: { first?: unknown }) =>
          list().slice(0, typeof first === 'number' ? first : 9);
      const score = ({ weights }: { weights?: unknown }) =>
        Array.isArray(weights) ? weights.reduce((sum: number, one: number) => sum + one, 0) : null;
      const ann: Thing = {
        id: '1',
        name: named('Ann'),
        clubs: cut(() => [chess, rowing]),
        rival: () => bob,
        score,
      };
      const bob = { id: '2', name: null, clubs: null, rival: () => ann, score: 3 };
      const chess: Thing = {
        id: '1',
        name: named('chess'),
        members: cut(() => [ann, bob, ann]),
        score: 1,
        best: () => bob,
      };
      const rowing = {
        id: '2',
        name: named('rowing'),
        members: cut(() => []),
        score: 2,
        best: null,
      };
      const clubs = [chess, rowing];
      const members = [ann, bob];
      return {
        query: {
          club: ({ id }: { id?: unknown }) => clubs.find((one) => one['id'] === id) ?? null,
          member: ({ id }: { id?: unknown }) => members.find((one) => one['id'] === id) ?? null,
          scores: [1, null],
        },
        entities: { Club: clubs, Member: members },
      };
    },
    queries: [
      {
        text: 'query ($l: Lang!, $n: Int!) { club { ...C members(first: $n) { ...M rival { ...M } } best { clubs(first: 1) { ...C } } } } fragment C on Club { name(lang: $l) en: name score } fragment M on Member { name(lang: $l) score s: score(weights: [$n]) }',
        variables: { l: 'NO', n: 2 },
      },
      {
        text: '{ member(id: 1) { clubs { members(order: { down: true }) { clubs { best { name } } } a: members(first: 1) { score(weights: 5) } } } club { id: name name: score } }',
      },
    ],
  },
  {
    name: 'assets: an interface object with a failing field',
    constructs: ['@interfaceObject', 'failing field', 'null propagation', 'list input'],
    subgraphs: {
      assets: `
        type Query { assets(ids: [ID!]): [Asset] }
        interface Asset @key(fields: "id") { id: ID! label: String }
        type House implements Asset @key(fields: "id") { id: ID! label: String rooms: Int! }
        type Field implements Asset @key(fields: "id") { id: ID! label: String acres: Int }`,
      values: `
        type Query { valued: Int }
        type Asset @key(fields: "id") @interfaceObject { id: ID! value: Int! history(years: [Int!]): [Int!] risk: Risk }
        type Risk { level: Int! reason: String }`,
    },
    world: () => {
      const house = {
        id: '1',
        label: 'H',
        rooms: 3,
        value: 10,
        history: [1, 2],
        risk: { level: 1, reason: null },
      };
      const field = {
        id: '2',
        label: null,
        acres: 5,
        value: fail,
        history: fail,
        risk: { level: null, reason: 'r' },
      };
      const assets = [house, field];
      return {
        query: {
          assets: ({ ids }: { ids?: unknown }) =>
            Array.isArray(ids) ? assets.filter(({ id }) => ids.includes(id)) : [...assets, null],
          valued: 2,
        },
        entities: { House: [house], Field: [field] },
      };
    },
    queries: [
      { text: '{ assets { label value } }' },
      {
        text: '{ assets { ... on House { rooms value } ... on Field { acres history risk { reason level } } } valued }',
      },
      {
        text: 'query ($i: [ID!], $y: [Int!]) { assets(ids: $i) { history(years: $y) risk { reason } __typename } }',
        variables: { i: [1, 2], y: [3] },
      },
    ],
  },
  {
    name: 'museum: override, provides, requires and inaccessible in one',
    constructs: [
      '@override',
      '@provides',
      '@requires',
      'inaccessible field',
      'shared enum',
      'multiple keys',
    ],
    subgraphs: {
      works: `
        type Query { works: [Work!]! }
        type Work @key(fields: "id") @key(fields: "code") { id: ID! code: ID! @inaccessible year: Int era: Era place: Place }
        type Place @key(fields: "hall wall { side }") { hall: Int! wall: Wall! }
        type Wall { side: Side! }
        enum Side { NORTH SOUTH } enum Era { OLD NEW }`,
      dating: `
        type Query { oldest: Work @provides(fields: "year") }
        type Work @key(fields: "code") {
          code: ID! year: Int @external era: Era @override(from: "works")
          age: Int @requires(fields: "year") }
        enum Era { OLD NEW }`,
      halls: `
        type Query { hall(hall: Int!): Place }
        type Place @key(fields: "wall { side } hall") { hall: Int! wall: Wall! light: String works: [Work] }
        type Wall { side: Side! }
        enum Side { NORTH SOUTH }
        type Work @key(fields: "code", resolvable: false) { code: ID! @inaccessible }`,
    },
    world: () => {
      const place = {
        hall: 1,
        wall: { side: 'NORTH' },
        light: 'dim',
        works: () => [mask, urn, null],
      };
      const mask = { id: '1', code: 'm', year: 1900, era: 'OLD', place };
      const urn = { id: '2', code: 'u', year: null, era: null, place: null };
      return {
        query: {
          works: [mask, urn],
          oldest: mask,
          hall: ({ hall }: { hall?: unknown }) => (hall === 1 ? place : null),
        },
        entities: { Work: [mask, urn], Place: [place] },
        computed: { Work: { age: ({ year }) => (year === null ? null : 2026 - Number(year)) } },
      };
    },
    queries: [
      {
        text: '{ hall(hall: 1) { works { age id era } light } oldest { year age place { light works { year } } } }',
      },
      {
        text: '{ works { code: era year: age age: year place { wall: light hall: wall { side } } } }',
      },
    ],
  },
];
