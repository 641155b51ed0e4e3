import { expect, it } from '@jest/globals';
import { startGraph } from '../test-world/graph.ts';
import { createAdmissions } from '../admission.ts';
import { DEFAULT_LIMITS } from '../gateway-limits.ts';
import { listSizesOf } from '../list-size.ts';
import { WARM_UP_VIEWER } from '../operation-context.ts';

const graph = await startGraph({
  shop: {
    sdl: `
      type Query {
        product: Product
        products(first: Int): [Product!] @listSize(slicingArguments: ["first"])
        search(text: String, deep: Boolean @cost(weight: 30)): [Product] @cost(weight: 7) @listSize(assumedSize: 3)
        price: Money
        node: Node
      }
      interface Node { id: ID! }
      type Product implements Node { id: ID! maker: Maker price: Money rare: Int @cost(weight: 4) }
      type Maker @cost(weight: 5) { name: String }
      scalar Money @cost(weight: 2)`,
    resolvers: {
      Query: {
        product: () => PRODUCT,
        products: (_: unknown, { first }: { first: number }) =>
          Array.from({ length: Math.min(first, 2) }, () => PRODUCT),
        search: () => [PRODUCT, null],
        price: () => '9',
        node: () => PRODUCT,
      },
    },
  },
});
const PRODUCT = { __typename: 'Product', id: '1', maker: { name: 'm' }, price: '3', rare: 1 };
const admissions = createAdmissions({
  schema: graph.engine.schema,
  weights: graph.engine.weights,
  listSizes: listSizesOf(graph.engine.supergraph),
  limits: DEFAULT_LIMITS,
});

it.each<[string, number, number]>([
  ['{ product { id } }', 1, 1],
  ['{ product { id rare } }', 5, 5],
  ['{ product { maker { name } } }', 6, 6],
  ['{ product { price } price }', 5, 5],
  ['{ products(first: 10) { id } }', 10, 2],
  ['{ products(first: 10) { maker { name } price } }', 10 * (1 + 5 + 2), 2 * (1 + 5 + 2)],
  ['{ search(text: "x") { id } }', 21, 7],
  ['{ search(text: "x", deep: true) { id } }', 51, 37],
  ['{ node { id ... on Product { rare } } }', 5, 5],
  ['{ a: product { id } b: product { ...F } } fragment F on Product { maker { name } }', 7, 7],
])('%s may cost %s and costs %s', async (query, estimated, actual) => {
  const applicant = { query, variables: {}, operationName: null, viewer: WARM_UP_VIEWER };
  expect(admissions.admit(applicant)).toMatchObject({ ok: true, cost: estimated });
  expect((await graph.ask(query)).extensions).toEqual({ actualCost: actual });
});
