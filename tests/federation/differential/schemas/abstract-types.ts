import type { FederatedSchema } from '../federated-schema.ts';

/** Unions and interfaces. */
export const ABSTRACT_SCHEMAS: readonly FederatedSchema[] = [
  {
    name: 'search: a union over entities and values',
    constructs: ['union', 'nested fragments', '__typename'],
    subgraphs: {
      search: `
        type Query { search(limit: Int): [Hit] first: Hit }
        union Hit = Page | Person | Advert
        type Page @key(fields: "url") { url: ID! }
        type Person @key(fields: "id") { id: ID! home: Hit }
        type Advert { text: String! links: [Hit!] }`,
      pages: `
        type Query { page: Page }
        type Page @key(fields: "url") { url: ID! title: String author: Person! }
        type Person @key(fields: "id") { id: ID! name: String! }`,
    },
    world: () => {
      const ann = { id: '1', name: 'Ann', home: () => page };
      const bob = { id: '2', name: 'Bob', home: null };
      const page = { url: '/a', title: 'A', author: bob };
      const advert = { __typename: 'Advert', text: 'buy', links: () => [page, ann] };
      const hits = [page, ann, advert, null, bob, page];
      return {
        query: {
          search: ({ limit }: { limit?: unknown }) =>
            typeof limit === 'number' ? hits.slice(0, limit) : hits,
          first: advert,
          page,
        },
        entities: { Page: [page], Person: [ann, bob] },
      };
    },
    queries: [
      {
        text: '{ search { __typename ... on Page { title author { name home { __typename } } } ... on Person { name } ... on Advert { links { ... on Page { title } } text } } }',
      },
      {
        text: '{ search { ... on Page { x: url } ... on Person { x: id } } first { kind: __typename } }',
      },
      {
        text: '{ search { ...H } } fragment H on Hit { ... on Hit { ... on Person { home { ...P } name } } ...P } fragment P on Page { author { id: name } }',
      },
      { text: '{ first { ... on Page { title } } }' },
    ],
  },
  {
    name: 'shapes: an interface with different members in two subgraphs',
    constructs: ['interface', 'nested fragments', '__typename'],
    subgraphs: {
      plane: `
        type Query { shapes: [Shape!]! }
        interface Shape { id: ID! area: Float }
        type Circle implements Shape @key(fields: "id") { id: ID! area: Float radius: Float! }
        type Square implements Shape @key(fields: "id") { id: ID! area: Float side: Float }`,
      colours: `
        type Query { favourite: Shape coloured: [Coloured] }
        interface Shape { id: ID! }
        interface Coloured { colour: String }
        type Circle implements Shape & Coloured @key(fields: "id") { id: ID! colour: String }
        type Square implements Shape @key(fields: "id") { id: ID! corners: Int }`,
    },
    world: () => {
      const circle = { id: '1', area: 3.5, radius: 1.5, colour: 'red' };
      const square = { id: '2', area: null, side: null, corners: 4 };
      return {
        query: { shapes: [circle, square, circle], favourite: square, coloured: [circle, null] },
        entities: { Circle: [circle], Square: [square] },
      };
    },
    queries: [
      { text: '{ favourite { area id } shapes { ... on Coloured { colour } area } }' },
      {
        text: '{ shapes { ... on Coloured { ... on Shape { id ... on Square { corners } } } ... on Square { corners side } } coloured { colour ... on Circle { radius } } }',
      },
      {
        text: '{ coloured { ... on Shape { area __typename } } favourite { __typename ... on Circle { colour } } }',
      },
    ],
  },
  {
    name: 'media: interfaces of interfaces',
    constructs: ['interface of interfaces', 'nested fragments', 'fragment on an impossible type'],
    subgraphs: {
      library: `
        type Query { nodes: [Node] works: [Work!]! }
        interface Node { id: ID! }
        interface Work implements Node { id: ID! title: String }
        type Novel implements Work & Node @key(fields: "id") { id: ID! title: String pages: Int }
        type Film implements Work & Node @key(fields: "id") { id: ID! title: String minutes: Int! }
        type Reader implements Node @key(fields: "id") { id: ID! reads: [Work!]! }`,
      critics: `
        type Query { praised: Novel }
        type Novel @key(fields: "id") { id: ID! stars: Int }
        type Film @key(fields: "id") { id: ID! stars: Int! }
        type Reader @key(fields: "id") { id: ID! likes: Novel }`,
    },
    world: () => {
      const novel = { id: '1', title: 'N', pages: 9, stars: null };
      const film = { id: '1', title: null, minutes: 90, stars: 4 };
      const reader = { id: '3', reads: [novel, film], likes: novel };
      return {
        query: { nodes: [novel, film, null, reader], works: [film, novel], praised: novel },
        entities: { Novel: [novel], Film: [film], Reader: [reader] },
      };
    },
    queries: [
      {
        text: '{ nodes { ... on Work { title ... on Novel { stars } ... on Film { score: stars } } ... on Reader { likes { stars } reads { title ... on Novel { pages } } } } }',
      },
      {
        shows: ['fragment on an impossible type'],
        text: '{ works { ... on Node { ... on Reader { likes { title } } id } } }',
      },
      {
        text: '{ works { ... on Novel { __typename stars } ... on Node { kind: __typename id } } }',
      },
    ],
  },
  {
    name: 'payments: a union whose members come from two subgraphs',
    constructs: ['union', '@shareable'],
    subgraphs: {
      cards: `
        type Query { methods: [Method!]! @shareable }
        union Method = Card | Cash
        type Card @key(fields: "id") { id: ID! brand: String }
        type Cash { amount: Int! @shareable }`,
      banks: `
        type Query { fallback: Method }
        union Method = Transfer | Cash | Card
        type Transfer @key(fields: "id") { id: ID! bank: Bank! }
        type Cash { amount: Int! @shareable }
        type Card @key(fields: "id") { id: ID! limit: Int }
        type Bank { bic: String! name: String }`,
    },
    world: () => {
      const card = { id: '1', brand: 'V', limit: null };
      const transfer = { id: '1', bank: { bic: 'B', name: null } };
      const cash = { __typename: 'Cash', amount: 5 };
      return {
        query: { methods: [card, cash], fallback: transfer },
        entities: { Card: [card], Transfer: [transfer] },
      };
    },
    queries: [
      {
        text: '{ methods { ... on Card { limit brand } ... on Cash { amount } } fallback { ... on Transfer { bank { bic } } ... on Card { brand } } }',
      },
      { text: '{ methods { __typename ... on Transfer { bank { name } } } }' },
    ],
  },
  {
    name: 'feed: lists of an interface below entities',
    constructs: ['interface', 'lists of lists', 'null in a list'],
    subgraphs: {
      users: 'type Query { user: User! } type User @key(fields: "id") { id: ID! name: String }',
      feed: `
        type Query { trending: [Item] }
        interface Item { id: ID! by: User }
        type User @key(fields: "id") { id: ID! feed: [[Item]] last: Item }
        type Note implements Item @key(fields: "id") { id: ID! by: User text: String }
        type Photo implements Item @key(fields: "id") { id: ID! by: User src: String! }`,
      likes: `
        type Query { likes: Int }
        type Note @key(fields: "id") { id: ID! likes: Int! }
        type Photo @key(fields: "id") { id: ID! likes: Int! fans: [User!]! }
        type User @key(fields: "id") { id: ID! }`,
    },
    world: () => {
      const user = {
        id: '1',
        name: 'Ann',
        feed: () => [[note, photo, null], [], null],
        last: () => photo,
      };
      const note = { id: '1', by: user, text: null, likes: 1 };
      const photo = { id: '2', by: null, src: 'p', likes: 2, fans: [user] };
      return {
        query: { user, trending: [photo, note], likes: 3 },
        entities: { User: [user], Note: [note], Photo: [photo] },
      };
    },
    queries: [
      {
        text: '{ user { feed { ... on Note { likes } ... on Photo { likes fans { name last { by { name } } } } } } likes }',
      },
      { text: '{ trending { by { feed { id } name } ... on Photo { likes src } } }' },
    ],
  },
];
