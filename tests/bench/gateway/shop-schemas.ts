import { buildSubgraphSchema } from '@apollo/subgraph';
import { buildSchema, execute, parse } from 'graphql';
import { CONTRACTS, MONOLITH_CONTRACT } from './shop-contracts.ts';
import { createShop, shippingEstimate } from './shop-data.ts';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { ServedGraph } from './served-graph.ts';
import type { ServiceName } from './shop-contracts.ts';
import type { Product, Review, Shop, User } from './shop-data.ts';
import type { Operation } from './shop-operations.ts';

interface First {
  readonly first: number;
}

/** Executable schemas of the four subgraphs, over one shop. */
export function subgraphSchemas(shop: Shop): Readonly<Record<ServiceName, GraphQLSchema>> {
  const users = new Map(shop.users.map((user) => [user.id, user]));
  const products = new Map(shop.products.map((product) => [product.upc, product]));
  const reviews = new Map(shop.reviews.map((review) => [review.id, review]));
  const userOf = ({ id }: Pick<User, 'id'>) => users.get(id) ?? null;
  const productOf = ({ upc }: Pick<Product, 'upc'>) => products.get(upc) ?? null;
  const build = (name: ServiceName, resolvers: object): GraphQLSchema =>
    buildSubgraphSchema([{ typeDefs: parse(CONTRACTS[name]), resolvers: { ...resolvers } }]);
  return {
    accounts: build('accounts', {
      Query: {
        me: () => shop.users[0],
        user: (_: unknown, key: Pick<User, 'id'>) => userOf(key),
        users: (_: unknown, { first }: First) => shop.users.slice(0, first),
      },
      User: { __resolveReference: userOf },
    }),
    inventory: build('inventory', {
      Product: {
        __resolveReference: (key: Product) => ({ ...key, inStock: productOf(key)?.inStock }),
        shippingEstimate: (product: Product) => shippingEstimate(product),
      },
    }),
    products: build('products', {
      Query: { topProducts: (_: unknown, { first }: First) => shop.products.slice(0, first) },
      Product: { __resolveReference: productOf },
    }),
    reviews: build('reviews', {
      User: { __resolveReference: userOf },
      Product: { __resolveReference: productOf },
      Review: { __resolveReference: ({ id }: Pick<Review, 'id'>) => reviews.get(id) ?? null },
    }),
  };
}

/** One schema over the same shop; its things are linked, so every resolver is the default one and nothing waits. */
export function createMonolith(): (
  document: DocumentNode,
  variables: Variables,
) => ExecutionResult {
  const schema = buildSchema(MONOLITH_CONTRACT);
  const shop = createShop();
  const rootValue = {
    users: ({ first }: First) => shop.users.slice(0, first),
    topProducts: ({ first }: First) => shop.products.slice(0, first),
  };
  return (document, variables) => {
    const result = execute({ schema, document, rootValue, variableValues: variables });
    if (result instanceof Promise) throw new Error('nothing here waits');
    return result;
  };
}

type Variables = Readonly<Record<string, unknown>>;

/** Makes events longer, where readers are to be kept from reading them all. */
const PADDING = 'x'.repeat(Number(process.env['EVENT_BYTES'] ?? 0));

/** The shop as it is served. */
export function shopGraph(): ServedGraph {
  const shop = createShop();
  return {
    contracts: CONTRACTS,
    schemas: subgraphSchemas(shop),
    answerTo: expectedData,
    feed: {
      service: 'reviews',
      event: (sequence) => {
        const written = shop.reviews[sequence % shop.reviews.length];
        const review = written && { ...written, body: `${written.body}${PADDING}` };
        const sentAtMs = performance.timeOrigin + performance.now();
        return { reviewAdded: { sequence, sentAtMs, review } };
      },
    },
  };
}

function expectedData({ query, variables }: Operation): unknown {
  const { data, errors } = createMonolith()(parse(query), variables);
  if (errors !== undefined || data === undefined) throw new Error('the query fits the shop');
  return JSON.parse(JSON.stringify(data));
}
