import type { FederatedSchema } from '../federated-schema.ts';

/** Subgraphs that know an interface as one object. */
export const INTERFACE_OBJECT_SCHEMAS: readonly FederatedSchema[] = [
  {
    name: 'ratings: a field for every member',
    constructs: ['@interfaceObject', 'interface', '__typename'],
    subgraphs: {
      media: `
        type Query { media: [Media!]! book: Book }
        interface Media @key(fields: "id") { id: ID! title: String }
        type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int }
        type Disc implements Media @key(fields: "id") { id: ID! title: String tracks: [String!]! }`,
      ratings: `
        type Query { rating: Int }
        type Media @key(fields: "id") @interfaceObject { id: ID! stars: Int reviews: [Review!]! }
        type Review { text: String of: Media! }`,
    },
    world: () => {
      const book = {
        id: '1',
        title: 'B',
        pages: 3,
        stars: 5,
        reviews: () => [{ text: 'ok', of: book }],
      };
      const disc = { id: '2', title: null, tracks: ['x'], stars: null, reviews: () => [] };
      return {
        query: { media: [book, disc], book, rating: 1 },
        entities: { Book: [book], Disc: [disc] },
      };
    },
    queries: [
      { text: '{ media { stars title reviews { text } } book { stars } }' },
      {
        text: '{ media { ... on Book { stars pages } ... on Disc { tracks reviews { text } } __typename } }',
      },
      { text: '{ book { reviews { of { title } } } }' },
      { text: '{ book { reviews { of { __typename title ... on Book { pages } } } } }' },
    ],
  },
  {
    name: 'auctions: a root field that returns the object',
    // No `@requires` here: the composition forgets that a field of an interface object is external.
    constructs: ['@interfaceObject', 'same field with different arguments'],
    subgraphs: {
      lots: `
        type Query { lots: [Lot!]! }
        interface Lot @key(fields: "no") { no: ID! low: Int! }
        type Painting implements Lot @key(fields: "no") { no: ID! low: Int! artist: String }
        type Vase implements Lot @key(fields: "no") { no: ID! low: Int! height: Int }`,
      bids: `
        type Query { hot: [Lot] lot(no: ID!): Lot }
        type Lot @key(fields: "no") @interfaceObject {
          no: ID! bid: Int gain(share: Int = 100): Int }`,
    },
    world: () => {
      const gain = ({ share }: { share?: unknown }) => share;
      const painting = { no: '1', low: 5, artist: 'P', bid: 9, gain };
      const vase = { no: '2', low: 1, height: null, bid: null, gain: null };
      const lot = ({ no }: { no?: unknown }) =>
        [painting, vase].find((one) => one.no === no) ?? null;
      return {
        query: { lots: [painting, vase], hot: [vase, null, painting], lot },
        entities: { Painting: [painting], Vase: [vase] },
      };
    },
    queries: [
      { text: '{ hot { bid no } }' },
      { text: '{ hot { __typename bid low } lot(no: "1") { ... on Painting { artist } } }' },
      { text: '{ lots { gain bid half: gain(share: 50) } hot { gain } }' },
      { text: '{ lot(no: "2") { ... on Vase { height bid } ... on Painting { artist } } }' },
    ],
  },
];
