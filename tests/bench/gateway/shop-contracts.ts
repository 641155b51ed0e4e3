/** The four subgraphs of the public federation benchmark, in their form and not in their text. */
export type ServiceName = 'accounts' | 'inventory' | 'products' | 'reviews';

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3",
  import: ["@key", "@external", "@provides", "@requires"])`;

/** `first` is ours: it makes the answer as large as one wishes. Left out, it gives the answer of 87 KB. */
export const CONTRACTS: Readonly<Record<ServiceName, string>> = {
  accounts: `${LINK}
    type Query { me: User  user(id: ID!): User  users(first: Int = 6): [User] }
    type User @key(fields: "id") { id: ID! name: String username: String birthday: String }`,
  inventory: `${LINK}
    type Product @key(fields: "upc") {
      upc: String!
      weight: Int @external
      price: Int @external
      inStock: Boolean
      shippingEstimate: Int @requires(fields: "price weight")
    }`,
  products: `${LINK}
    type Query { topProducts(first: Int = 5): [Product] }
    type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }`,
  reviews: `${LINK}
    type Subscription { reviewAdded: ReviewAdded! }
    type ReviewAdded { sequence: Int! sentAtMs: Float! review: Review! }
    type Review @key(fields: "id") {
      id: ID!
      body: String
      author: User @provides(fields: "username")
      product: Product
    }
    type User @key(fields: "id") { id: ID! username: String @external reviews: [Review] numberOfReviews: Int! }
    type Product @key(fields: "upc") { upc: String! reviews: [Review] }`,
};

/** The same graph as one service would serve it. */
export const MONOLITH_CONTRACT = `
  type Query { me: User  user(id: ID!): User  users(first: Int = 6): [User]  topProducts(first: Int = 5): [Product] }
  type User { id: ID! name: String username: String birthday: String reviews: [Review] numberOfReviews: Int! }
  type Product {
    upc: String! name: String price: Int weight: Int inStock: Boolean shippingEstimate: Int reviews: [Review]
  }
  type Review { id: ID! body: String author: User product: Product }`;
