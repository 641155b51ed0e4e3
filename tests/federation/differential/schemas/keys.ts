import type { FederatedSchema } from '../federated-schema.ts';

/** How subgraphs recognise an entity. */
export const KEY_SCHEMAS: readonly FederatedSchema[] = [
  {
    name: 'books: one key, two subgraphs',
    constructs: ['__typename', 'alias', 'alias of a key'],
    subgraphs: {
      catalogue: `
        type Query { book(isbn: ID!): Book books: [Book!]! }
        type Book @key(fields: "isbn") { isbn: ID! title: String! pages: Int }`,
      stock: `
        type Query { scarce: [Book!]! }
        type Book @key(fields: "isbn") { isbn: ID! copies: Int! shelf: String }`,
    },
    world: () => {
      const books = [
        { isbn: '1', title: 'Tides', pages: 120, copies: 3, shelf: 'A' },
        { isbn: '2', title: 'Reeds', pages: null, copies: 0, shelf: null },
      ];
      const find = ({ isbn }: { isbn?: unknown }) =>
        books.find((book) => book.isbn === isbn) ?? null;
      return {
        query: { book: find, books, scarce: () => books.filter(({ copies }) => copies < 2) },
        entities: { Book: books },
      };
    },
    queries: [
      {
        shows: ['alias of a key', 'alias of __typename'],
        text: '{ books { isbn: title title: isbn pages: copies kind: __typename copies: pages } }',
      },
      { shows: ['alias of a key'], text: '{ scarce { isbn: shelf key: isbn title } }' },
      {
        text: '{ books { title copies shelf pages isbn } scarce { pages copies isbn shelf title } }',
      },
      {
        shows: ['same field with different arguments'],
        text: '{ a: book(isbn: "1") { copies title } b: book(isbn: "2") { title copies } c: book(isbn: "9") { title shelf } }',
      },
      { shows: ['alias of __typename'], text: '{ books { __typename: title copies } }' },
      { text: '{ toString: books { constructor: title valueOf: copies hasOwnProperty: isbn } }' },
      { text: '{ books { representations: title _entities: copies _e0: shelf } }' },
    ],
  },
  {
    name: 'seats: a composite key',
    constructs: ['composite key'],
    subgraphs: {
      hall: `
        type Query { seats: [Seat!]! seat(row: String!, number: Int!): Seat }
        type Seat @key(fields: "row number") { row: String! number: Int! view: String }`,
      tickets: `
        type Query { dearest: Seat }
        type Seat @key(fields: "row number") { row: String! number: Int! price: Int sold: Boolean! }`,
    },
    world: () => {
      const seats = [
        { row: 'a', number: 1, view: 'good', price: 30, sold: true },
        { row: 'a', number: 2, view: 'fair', price: 20, sold: false },
        { row: 'b', number: 1, view: null, price: null, sold: false },
      ];
      return {
        query: {
          seats,
          seat: ({ row, number }: { row?: unknown; number?: unknown }) =>
            seats.find((one) => one.row === row && one.number === number) ?? null,
          dearest: seats[0],
        },
        entities: { Seat: seats },
      };
    },
    queries: [
      { text: '{ seats { number: row row: number price } dearest { view number } }' },
      { text: '{ seat(row: "b", number: 1) { sold price view } }' },
    ],
  },
  {
    name: 'staff: a key inside of an object',
    constructs: ['nested key', 'circular references'],
    subgraphs: {
      people: `
        type Query { staff: [Employee!]! }
        type Employee @key(fields: "firm { id } badge") { firm: Firm! badge: Int! name: String }
        type Firm @key(fields: "id") { id: ID! title: String @shareable }`,
      payroll: `
        type Query { payday: String best: Employee }
        type Employee @key(fields: "badge firm { id }") { firm: Firm! badge: Int! wage: Int boss: Employee }
        type Firm @key(fields: "id") { id: ID! employees: [Employee!]! }`,
    },
    world: () => {
      const firm = { id: '1', title: 'Mill', employees: () => [ann, bob] };
      const other = { id: '2', title: 'Yard', employees: () => [cy] };
      const ann = { firm, badge: 1, name: 'Ann', wage: 9, boss: null };
      const bob = { firm, badge: 2, name: 'Bob', wage: 5, boss: ann };
      const cy = { firm: other, badge: 1, name: null, wage: 7, boss: () => cy };
      return {
        query: { staff: [ann, bob, cy], payday: 'Friday', best: ann },
        entities: { Employee: [ann, bob, cy], Firm: [firm, other] },
      };
    },
    queries: [
      { text: '{ best { name firm { title employees { name wage } } } }' },
      { text: '{ staff { wage firm { firm: id } boss { boss { name } badge: name } } payday }' },
    ],
  },
  {
    name: 'accounts: several keys',
    constructs: ['multiple keys'],
    subgraphs: {
      ledger: `
        type Query { accounts: [Account!]! }
        type Account @key(fields: "id") @key(fields: "iban") { id: ID! iban: String! balance: Int }`,
      fraud: `
        type Query { suspicious: [Account!]! }
        type Account @key(fields: "iban") { iban: String! risk: Int }`,
      crm: `
        type Query { watched: [Account] }
        type Account @key(fields: "id") { id: ID! owner: String! }`,
    },
    world: () => {
      const accounts = [
        { id: '1', iban: 'X1', balance: 10, risk: 1, owner: 'Ann' },
        { id: '2', iban: 'X2', balance: null, risk: 9, owner: 'Bob' },
      ];
      return {
        query: { accounts, suspicious: [accounts[1]], watched: [accounts[0], null, accounts[1]] },
        entities: { Account: accounts },
      };
    },
    queries: [
      { text: '{ suspicious { owner } }' },
      { text: '{ watched { risk } suspicious { owner balance } accounts { risk owner } }' },
      { text: '{ watched { id: risk iban: owner } }' },
    ],
  },
  {
    name: 'parcels: keys that chain from subgraph to subgraph',
    constructs: ['chained keys'],
    subgraphs: {
      shop: `
        type Query { parcels: [Parcel!]! }
        type Parcel @key(fields: "order") { order: ID! label: String }`,
      depot: `
        type Query { depot: String }
        type Parcel @key(fields: "order") @key(fields: "track") { order: ID! track: ID! bay: Int }`,
      carrier: `
        type Query { late: [Parcel!]! }
        type Parcel @key(fields: "track") @key(fields: "leg { number van }") {
          track: ID! leg: Leg! eta: String }
        type Leg { number: Int! van: String! }`,
      vans: `
        type Query { vans: Int }
        type Parcel @key(fields: "leg { number van }") { leg: Leg! @external driver: String }
        type Leg { number: Int! @external van: String! @external }`,
    },
    world: () => {
      const parcels = [
        {
          order: '1',
          track: 'T1',
          leg: { number: 1, van: 'a' },
          label: 'L',
          bay: 4,
          eta: 'noon',
          driver: 'Di',
        },
        {
          order: '2',
          track: 'T2',
          leg: { number: 2, van: 'a' },
          label: null,
          bay: null,
          eta: null,
          driver: 'Ed',
        },
      ];
      return {
        query: { parcels, depot: 'North', late: [parcels[1]], vans: 2 },
        entities: { Parcel: parcels },
      };
    },
    queries: [
      { text: '{ parcels { driver } }' },
      { text: '{ late { driver label } parcels { label eta driver } }' },
      { text: '{ parcels { track: driver order: eta leg { van } } }' },
    ],
  },
  {
    name: 'tags: a key that cannot be resolved',
    constructs: ['unresolvable key'],
    subgraphs: {
      posts: `
        type Query { posts: [Post!]! }
        type Post @key(fields: "id") { id: ID! tag: Tag tags: [Tag!]! }
        type Tag @key(fields: "word", resolvable: false) { word: String! }`,
      tags: `
        type Query { tag(word: String = "red"): Tag }
        type Tag @key(fields: "word") { word: String! uses: Int! hue: Hue }
        type Hue { angle: Int name: String! }`,
    },
    world: () => {
      const red = { word: 'red', uses: 2, hue: { angle: 0, name: 'warm' } };
      const blue = { word: 'blue', uses: 1, hue: null };
      const posts = [
        { id: '1', tag: red, tags: [red, blue] },
        { id: '2', tag: null, tags: [] },
      ];
      return {
        query: {
          posts,
          tag: ({ word }: { word?: unknown }) =>
            [red, blue].find((one) => one.word === word) ?? null,
        },
        entities: { Post: posts, Tag: [red, blue] },
      };
    },
    queries: [
      { text: '{ posts { tags { uses hue { name } } tag { uses } } tag { uses } }' },
      {
        shows: ['empty list'],
        text: '{ posts { tags { word uses } } none: tag(word: "none") { uses } }',
      },
    ],
  },
  {
    name: 'guests: keys that are null',
    constructs: ['null key', 'null in a list'],
    subgraphs: {
      desk: `
        type Query { guests: [Guest]! }
        type Guest @key(fields: "passport") { passport: ID room: Int }`,
      border: `
        type Query { border: String }
        type Guest @key(fields: "passport") { passport: ID country: String stamps: [String] }`,
    },
    world: () => {
      const guests = [
        { passport: 'P1', room: 1, country: 'NO', stamps: ['a', null] },
        { passport: null, room: 2, country: null, stamps: null },
        { passport: 'P3', room: 3, country: null, stamps: [] },
      ];
      return {
        query: { guests: [...guests, null, guests[0]], border: 'open' },
        entities: { Guest: guests },
      };
    },
    queries: [
      { text: '{ guests { country room stamps } }' },
      { text: '{ guests { passport: country __typename } }' },
    ],
  },
];
