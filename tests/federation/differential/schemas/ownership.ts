import type { FederatedSchema } from '../federated-schema.ts';

/** Who answers a field that several subgraphs know. */
export const OWNERSHIP_SCHEMAS: readonly FederatedSchema[] = [
  {
    name: 'bills: a field taken over',
    constructs: ['@override', 'moved field'],
    subgraphs: {
      monolith: `
        type Query { bills: [Bill!]! total: Int }
        type Bill @key(fields: "id") { id: ID! amount: Int due: String payer: Payer }
        type Payer { name: String! }`,
      billing: `
        type Query { total: Int @override(from: "monolith") open: [Bill!]! }
        type Bill @key(fields: "id") { id: ID! amount: Int @override(from: "monolith") vat: Int! }`,
    },
    world: () => {
      const bills = [
        { id: '1', amount: 10, due: 'May', payer: { name: 'Ann' }, vat: 2 },
        { id: '2', amount: null, due: null, payer: null, vat: 0 },
      ];
      return { query: { bills, total: 10, open: [bills[1]] }, entities: { Bill: bills } };
    },
    queries: [
      { text: '{ bills { amount due payer { name } } total }' },
      { text: '{ open { due amount vat payer { name } } bills { id: amount } }' },
    ],
  },
  {
    name: 'hotels: a moved field that others require and provide',
    constructs: ['moved field', '@override', '@requires', '@provides'],
    subgraphs: {
      old: `
        type Query { hotels: [Hotel!]! }
        type Hotel @key(fields: "id") { id: ID! stars: Int beds: Int! }`,
      fresh: `
        type Query { best: Hotel }
        type Hotel @key(fields: "id") { id: ID! stars: Int @override(from: "old") pool: Boolean }`,
      guide: `
        type Query { guide: [Hotel!] @provides(fields: "beds") }
        type Hotel @key(fields: "id") {
          id: ID! stars: Int @external beds: Int! @external praise: String @requires(fields: "stars") }`,
    },
    world: () => {
      const hotels = [
        { id: '1', stars: 4, beds: 10, pool: true },
        { id: '2', stars: null, beds: 2, pool: null },
      ];
      return {
        query: { hotels, best: hotels[0], guide: hotels },
        entities: { Hotel: hotels },
        computed: {
          Hotel: { praise: ({ stars }) => (stars === null ? null : '*'.repeat(Number(stars))) },
        },
      };
    },
    queries: [
      { text: '{ hotels { praise stars beds } best { beds praise } guide { beds stars praise } }' },
    ],
  },
  {
    name: 'maps: value types with different fields',
    constructs: ['@shareable', 'shared value type'],
    subgraphs: {
      geo: `
        type Query { places: [Place!]! centre: Point }
        type Place @key(fields: "id") { id: ID! at: Point! @shareable name: String @shareable }
        type Point @shareable { x: Int! y: Int! }`,
      traffic: `
        type Query { busy: Place corner: Point }
        type Place @key(fields: "id") { id: ID! at: Point! @shareable name: String @shareable cars: Int }
        type Point @shareable { x: Int! y: Int! }`,
      height: `
        type Query { peak: Point3 }
        type Place @key(fields: "id") { id: ID! top: Point3 }
        type Point3 { z: Int! }`,
    },
    world: () => {
      const places = [
        { id: '1', at: { x: 1, y: 2 }, name: 'A', cars: 3, top: { z: 9 } },
        { id: '2', at: { x: 0, y: 0 }, name: null, cars: null, top: null },
      ];
      return {
        query: { places, centre: { x: 5, y: 5 }, busy: places[0], corner: null, peak: { z: 8 } },
        entities: { Place: places },
      };
    },
    queries: [
      {
        text: '{ places { at { x } name cars top { z } } busy { at { y x } name } centre { x } corner { y } }',
      },
    ],
  },
  {
    name: 'profiles: one object in two halves',
    constructs: ['shared value type', '@shareable', 'shared enum', 'root fields over subgraphs'],
    subgraphs: {
      left: `
        type Query { profile: Profile @shareable users: [User!]! }
        type Profile { nick: String @shareable mood: Mood }
        type User @key(fields: "id") { id: ID! profile: Profile! @shareable }
        enum Mood { GLAD SAD }`,
      right: `
        type Query { profile: Profile @shareable moods: [Mood!]! }
        type Profile { nick: String @shareable score: Int }
        type User @key(fields: "id") { id: ID! profile: Profile! @shareable }
        enum Mood { GLAD SAD }`,
    },
    world: () => {
      const profile = { nick: 'n', mood: 'GLAD', score: 3 };
      const users = [
        { id: '1', profile },
        { id: '2', profile: { nick: null, mood: null, score: null } },
      ];
      return { query: { profile, users, moods: ['SAD', 'GLAD'] }, entities: { User: users } };
    },
    queries: [
      { text: '{ users { profile { score nick mood } } moods }' },
      { text: '{ users { profile { score } other: profile { mood } } }' },
      { text: '{ profile { mood score nick } }' },
      { text: '{ profile { score } half: profile { mood } }' },
    ],
  },
  {
    name: 'flags: enums and unions shared unevenly',
    constructs: ['shared enum', 'enum input', 'inaccessible enum value'],
    subgraphs: {
      first: `
        type Query { level: Level levels: [Level] at(level: Grade = LOW, all: [Grade!]): [Item!] }
        enum Level { LOW HIGH }
        enum Grade { LOW HIGH MIDDLE }
        type Item @key(fields: "id") { id: ID! grade: Grade! level: Level }`,
      second: `
        type Query { top: Item hidden: Level2 }
        enum Level2 { SEEN UNSEEN @inaccessible }
        enum Grade { LOW HIGH MIDDLE }
        type Item @key(fields: "id") { id: ID! best(of: Grade!): Grade level2: Level2 levels2: [Level2] }`,
    },
    world: () => {
      const best = ({ of }: { of?: unknown }) => of;
      const items = [
        { id: '1', grade: 'LOW', level: 'HIGH', best, level2: 'SEEN', levels2: ['SEEN', 'UNSEEN'] },
        { id: '2', grade: 'MIDDLE', level: null, best, level2: 'UNSEEN', levels2: null },
      ];
      return {
        query: {
          level: 'LOW',
          levels: ['HIGH', null],
          at: ({ level, all }: { level?: unknown; all?: unknown }) =>
            items.filter(
              ({ grade }) => grade === level || (Array.isArray(all) && all.includes(grade)),
            ),
          top: items[0],
          hidden: 'UNSEEN',
        },
        entities: { Item: items },
      };
    },
    queries: [
      {
        shows: ['enum input', 'list input'],
        text: 'query ($g: Grade!, $all: [Grade!]) { at(level: $g, all: $all) { grade best(of: $g) high: best(of: HIGH) level2 } }',
        variables: { g: 'LOW', all: ['MIDDLE'] },
      },
      {
        shows: ['inaccessible enum value'],
        text: '{ hidden top { level2 levels2 } at(level: MIDDLE) { level2 } }',
      },
    ],
  },
];
