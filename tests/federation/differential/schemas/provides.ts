import type { FederatedSchema } from '../federated-schema.ts';

/** Fields that a subgraph knows on some ways only. */
export const PROVIDES_SCHEMAS: readonly FederatedSchema[] = [
  {
    name: 'songs: plain @provides',
    constructs: ['@provides'],
    subgraphs: {
      songs: `
        type Query { song(id: ID!): Song songs: [Song!]! }
        type Song @key(fields: "id") { id: ID! title: String! length: Int }`,
      charts: `
        type Query { top: Song @provides(fields: "title") newest: Song }
        type Song @key(fields: "id") { id: ID! title: String! @external plays: Int! }`,
    },
    world: () => {
      const songs = [
        { id: '1', title: 'Sea', length: 3, plays: 10 },
        { id: '2', title: 'Sky', length: null, plays: 0 },
      ];
      return {
        query: {
          songs,
          song: ({ id }: { id?: unknown }) => songs.find((one) => one.id === id) ?? null,
          top: songs[0],
          newest: songs[1],
        },
        entities: { Song: songs },
      };
    },
    queries: [
      { text: '{ top { title plays } newest { title plays } }' },
      { text: '{ top { plays: title id: length } newest { id: title title: plays } }' },
    ],
  },
  {
    name: 'recipes: nested @provides on lists',
    constructs: ['nested @provides', '@provides on a list'],
    subgraphs: {
      recipes: `
        type Query { recipes: [Recipe!]! @provides(fields: "steps { tool { name } }") quick: Recipe }
        type Recipe @key(fields: "id") { id: ID! steps: [Step!]! }
        type Step { text: String tool: Tool }
        type Tool @key(fields: "id") { id: ID! name: String @external }`,
      tools: `
        type Query { tools: [[Tool]] }
        type Tool @key(fields: "id") { id: ID! name: String maker: Maker }
        type Maker @key(fields: "id") { id: ID! city: String }`,
      makers: `
        type Query { makers: [Maker!] @provides(fields: "tools { maker { city } }") }
        type Maker @key(fields: "id") { id: ID! tools: [Tool!]! city: String @external }
        type Tool @key(fields: "id") { id: ID! maker: Maker @external }`,
    },
    world: () => {
      const maker = { id: 'm', city: 'Oslo', tools: () => [whisk, pan] };
      const whisk = { id: '1', name: 'whisk', maker };
      const pan = { id: '2', name: null, maker };
      const recipes = [
        {
          id: '1',
          steps: [
            { text: 'beat', tool: whisk },
            { text: null, tool: null },
          ],
        },
        { id: '2', steps: [{ text: 'fry', tool: pan }] },
      ];
      return {
        query: { recipes, quick: recipes[1], tools: [[whisk, null], null, [pan]], makers: [maker] },
        entities: { Recipe: recipes, Tool: [whisk, pan], Maker: [maker] },
      };
    },
    queries: [
      { text: '{ recipes { steps { tool { name } } } quick { steps { tool { name } } } }' },
      {
        text: '{ makers { tools { name maker { city } } city } tools { maker { city tools { name } } } }',
      },
    ],
  },
  {
    name: 'zoo: @provides through a union',
    constructs: ['@provides', 'union', 'fragment on an impossible type'],
    subgraphs: {
      animals: `
        type Query { cats: [Cat!]! }
        type Cat @key(fields: "id") { id: ID! name: String lives: Int! }
        type Dog @key(fields: "id") { id: ID! name: String }`,
      shelter: `
        type Query { guests: [Guest!]! @provides(fields: "... on Cat { name }") boss: Guest @provides(fields: "... on Dog { name }") }
        union Guest = Cat | Dog
        type Cat @key(fields: "id") { id: ID! name: String @external cage: Int }
        type Dog @key(fields: "id") { id: ID! name: String @external leash: Int }`,
    },
    world: () => {
      const cat = { id: '1', name: 'Tom', lives: 9, cage: 4 };
      const dog = { id: '1', name: 'Rex', leash: null };
      return {
        query: { cats: [cat], guests: [cat, dog, cat], boss: dog },
        entities: { Cat: [cat], Dog: [dog] },
      };
    },
    queries: [
      {
        text: '{ guests { ... on Cat { name cage } ... on Dog { name leash } } boss { ... on Dog { name } } }',
      },
      { text: '{ guests { ... on Cat { id: lives } ... on Dog { dog: id } __typename } }' },
      {
        shows: ['fragment on an impossible type', 'nested fragments'],
        text: '{ guests { ... on Cat { ... on Guest { ... on Dog { leash } ... on Cat { lives name } } } } }',
      },
    ],
  },
];
