import type { FederatedSchema } from '../federated-schema.ts';

/** Fields that are computed from what other subgraphs know. */
export const REQUIRES_SCHEMAS: readonly FederatedSchema[] = [
  {
    name: 'freight: plain @requires',
    constructs: ['@requires'],
    subgraphs: {
      products: `
        type Query { products: [Product] }
        type Product @key(fields: "id") { id: ID! weight: Int price: Int! }`,
      freight: `
        type Query { heaviest: Product }
        type Product @key(fields: "id") {
          id: ID! weight: Int @external price: Int! @external
          freight: Int @requires(fields: "weight price") label: String! @requires(fields: "weight") }`,
    },
    world: () => {
      const products = [
        { id: '1', weight: 3, price: 10 },
        { id: '2', weight: null, price: 5 },
      ];
      return {
        query: { products: [...products, null], heaviest: products[0] },
        entities: { Product: products },
        computed: {
          Product: {
            freight: ({ weight, price }) =>
              weight === null ? null : Number(weight) * Number(price),
            label: ({ weight, id }) => `${String(id)}: ${String(weight)}`,
          },
        },
      };
    },
    queries: [
      { text: '{ products { freight } heaviest { label } }' },
      { text: '{ products { weight: freight freight: price label id: weight } }' },
      { text: '{ heaviest { freight price: label weight } }' },
    ],
  },
  {
    name: 'boxes: @requires of nested fields and lists',
    constructs: ['nested @requires'],
    subgraphs: {
      boxes: `
        type Query { boxes: [Box!]! }
        type Box @key(fields: "id") { id: ID! size: Size parts: [Part!]! }
        type Size { wide: Int! high: Int! unit: String }
        type Part @key(fields: "id") { id: ID! grams: Int }`,
      paint: `
        type Query { painter: String }
        type Box @key(fields: "id") {
          id: ID! size: Size @external parts: [Part!]! @external
          area: Int @requires(fields: "size { wide high }")
          mass: Int! @requires(fields: "parts { grams }") }
        type Size { wide: Int! @external high: Int! @external }
        type Part @key(fields: "id") { id: ID! grams: Int @external colour: String }`,
    },
    world: () => {
      const parts = [
        { id: '1', grams: 5, colour: 'red' },
        { id: '2', grams: null, colour: null },
      ];
      const boxes = [
        { id: '1', size: { wide: 2, high: 3, unit: 'cm' }, parts },
        { id: '2', size: null, parts: [] },
      ];
      return {
        query: { boxes, painter: 'Bo' },
        entities: { Box: boxes, Part: parts },
        computed: {
          Box: {
            area: ({ size }) => {
              const { wide, high } = (size ?? {}) as { wide?: number; high?: number };
              return wide === undefined || high === undefined ? null : wide * high;
            },
            mass: ({ parts: all }) =>
              (all as { grams: number | null }[]).reduce(
                (sum, { grams }) => sum * 10 + (grams ?? 0),
                0,
              ),
          },
        },
      };
    },
    queries: [
      { text: '{ boxes { area mass } }' },
      {
        text: '{ boxes { size { wide: unit high: wide } area parts { grams: colour id } mass } painter }',
      },
      { text: '{ boxes { parts { weight: grams colour } size: id } }' },
      { text: '{ boxes { parts: mass size: area } }' },
    ],
  },
  {
    name: 'rates: @requires of a field with arguments',
    constructs: ['@requires with arguments'],
    subgraphs: {
      rates: `
        type Query { loans: [Loan!]! }
        type Loan @key(fields: "id") { id: ID! rate(year: Int!, kind: Kind = FIXED): Int }
        enum Kind { FIXED OPEN }`,
      advice: `
        type Query { advisor: String }
        enum Kind { FIXED OPEN }
        type Loan @key(fields: "id") {
          id: ID! rate(year: Int!, kind: Kind = FIXED): Int @external
          advice(tone: String = "plain"): String @requires(fields: "rate(year: 2020, kind: OPEN)") }`,
    },
    world: () => {
      const rate = ({ year, kind }: { year?: unknown; kind?: unknown }) =>
        Number(year) - 2000 + (kind === 'OPEN' ? 100 : 0);
      const loans = [
        { id: '1', rate },
        { id: '2', rate: null },
      ];
      return {
        query: { loans, advisor: 'Vi' },
        entities: { Loan: loans },
        computed: {
          Loan: { advice: ({ rate: given }, { tone }) => `${String(tone)} ${String(given)}` },
        },
      };
    },
    queries: [
      { text: '{ loans { advice } }' },
      {
        text: '{ loans { rate(year: 2001) advice(tone: "loud") open: rate(year: 2001, kind: OPEN) same: rate(year: 2020, kind: OPEN) } advisor }',
      },
      {
        text: 'query ($y: Int!) { loans { advice rate: rate(year: $y) } }',
        variables: { y: 2020 },
      },
    ],
  },
  {
    name: 'taxes: @requires through three subgraphs',
    constructs: ['@requires through several subgraphs', '@requires'],
    subgraphs: {
      goods: `
        type Query { goods: [Good!]! }
        type Good @key(fields: "id") { id: ID! net: Int! }`,
      taxes: `
        type Query { taxman: String }
        type Good @key(fields: "id") {
          id: ID! net: Int! @external tax: Int! @requires(fields: "net") }`,
      totals: `
        type Query { cheapest: Good }
        type Good @key(fields: "id") {
          id: ID! net: Int! @external tax: Int! @external
          total: Int! @requires(fields: "net tax") }`,
      words: `
        type Query { writer: String }
        type Good @key(fields: "id") {
          id: ID! total: Int! @external words: String @requires(fields: "total") }`,
    },
    world: () => {
      const goods = [
        { id: '1', net: 10 },
        { id: '2', net: 20 },
      ];
      return {
        query: { goods: [...goods, goods[0]], taxman: 'Ty', cheapest: goods[0], writer: 'Wo' },
        entities: { Good: goods },
        computed: {
          Good: {
            tax: ({ net }) => Number(net) / 5,
            total: ({ net, tax }) => Number(net) + Number(tax),
            words: ({ total }) => `costs ${String(total)}`,
          },
        },
      };
    },
    queries: [
      { text: '{ goods { words } cheapest { words } }' },
      { text: '{ goods { tax: words net: total total: tax } }' },
      { text: '{ cheapest { total } goods { total words tax net } }' },
    ],
  },
  {
    name: 'vehicles: @requires on the members of an interface',
    constructs: ['@requires on an interface', 'interface'],
    subgraphs: {
      fleet: `
        type Query { vehicles: [Vehicle!]! }
        interface Vehicle { id: ID! wheels: Int }
        type Car implements Vehicle @key(fields: "id") { id: ID! wheels: Int doors: Int! }
        type Bike implements Vehicle @key(fields: "id") { id: ID! wheels: Int bell: Boolean }`,
      garage: `
        type Query { bay: Vehicle }
        interface Vehicle { id: ID! service: String }
        type Car implements Vehicle @key(fields: "id") {
          id: ID! wheels: Int @external doors: Int! @external
          service: String @requires(fields: "wheels doors") }
        type Bike implements Vehicle @key(fields: "id") {
          id: ID! wheels: Int @external service: String @requires(fields: "wheels") }`,
    },
    world: () => {
      const car = { id: '1', wheels: 4, doors: 2 };
      const bike = { id: '2', wheels: null, bell: true };
      return {
        query: { vehicles: [car, bike, car], bay: bike },
        entities: { Car: [car], Bike: [bike] },
        computed: {
          Car: {
            service: ({ wheels, doors }) => `${String(wheels)} wheels ${String(doors)} doors`,
          },
          Bike: { service: ({ wheels }) => `${String(wheels)} wheels` },
        },
      };
    },
    queries: [
      { text: '{ vehicles { service } bay { service wheels } }' },
      { text: '{ vehicles { wheels: service ... on Car { doors } ... on Bike { service } } }' },
      { text: '{ bay { ... on Bike { bell service } __typename } }' },
    ],
  },
  {
    name: 'letters: @requires of an entity behind an entity',
    constructs: ['nested @requires', '@requires through several subgraphs'],
    subgraphs: {
      post: `
        type Query { letters: [Letter!]! }
        type Letter @key(fields: "id") { id: ID! to: Person from: Person! }
        type Person @key(fields: "name") { name: ID! }`,
      addresses: `
        type Query { person(name: ID!): Person }
        type Person @key(fields: "name") { name: ID! town: Town }
        type Town @key(fields: "zip") { zip: ID! }`,
      towns: `
        type Query { towns: [Town] }
        type Town @key(fields: "zip") { zip: ID! km: Int }`,
      stamps: `
        type Query { stamp: Int }
        type Letter @key(fields: "id") {
          id: ID! to: Person @external from: Person! @external
          postage: Int @requires(fields: "to { town { km } }")
          code: String! @requires(fields: "from { name town { zip } }") }
        type Person @key(fields: "name") { name: ID! town: Town @external }
        type Town @key(fields: "zip") { zip: ID! km: Int @external }`,
    },
    world: () => {
      const towns = [
        { zip: 'Z1', km: 7 },
        { zip: 'Z2', km: null },
      ];
      const ann = { name: 'Ann', town: towns[0] };
      const bob = { name: 'Bob', town: towns[1] };
      const cy = { name: 'Cy', town: null };
      const letters = [
        { id: '1', to: ann, from: bob },
        { id: '2', to: cy, from: ann },
        { id: '3', to: null, from: cy },
      ];
      const person = ({ name }: { name?: unknown }) =>
        [ann, bob, cy].find((one) => one.name === name) ?? null;
      return {
        query: { letters, person, towns: [...towns, null], stamp: 1 },
        entities: { Letter: letters, Person: [ann, bob, cy], Town: towns },
        computed: {
          Letter: {
            postage: ({ to }) => (to as { town?: { km?: number } } | null)?.town?.km ?? null,
            code: ({ from }) => JSON.stringify(from, ['name', 'town', 'zip']),
          },
        },
      };
    },
    queries: [
      { text: '{ letters { postage } }' },
      { text: '{ letters { code to { town { zip } } postage } stamp }' },
      { text: '{ letters { to: code from: postage } }' },
    ],
  },
];
