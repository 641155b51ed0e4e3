const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])';

/** The contracts of a small shop, and changes of them. */
export const PRODUCTS = `${LINK}
"Where everything begins."
type Query {
  "A product by its id."
  product("Which one." id: ID!): Product
  "The first products, by name."
  products("How many." first: Int! = 10): [Product!]!
}
"Something that is sold."
type Product @key(fields: "id") {
  "Its id."
  id: ID!
  "Its name."
  name: String!
  "Its weight in grams."
  weight: Int
}
`;
export const PRODUCTS_WITH_COLOUR = PRODUCTS.replace(
  '  "Its weight in grams."',
  '  "Its colour."\n  colour: String\n  "Its weight in grams."',
);
export const PRODUCTS_WITHOUT_NAME = PRODUCTS.replace('  "Its name."\n  name: String!\n', '');
export const PRODUCTS_WITHOUT_WEIGHT = PRODUCTS.replace(
  '  "Its weight in grams."\n  weight: Int\n',
  '',
);
export const PRODUCTS_THAT_DO_NOT_COMPOSE = PRODUCTS.replace('fields: "id"', 'fields: "nothing"');

export const REVIEWS = `${LINK}
type Query {
  "The newest reviews."
  reviews("How many." first: Int! = 10): [Review!]!
}
"What somebody thinks of a product."
type Review {
  "Its id."
  id: ID!
  "What it is about."
  product: Product!
}
type Product @key(fields: "id", resolvable: false) {
  id: ID!
}
`;

/** Longer than what is taken: generated, since nobody writes so much. */
export const TOO_LONG = `${PRODUCTS}${Array.from({ length: 40_000 }, (_, index) => `type T${index} { some: Int other: Int }\n`).join('')}`;
