import { announce } from './announce.ts';
import { entityQuery, openCalls } from './floor-call.ts';
import { listenForQueries } from './query-door.ts';
import { BLOCK } from './shop-data.ts';
import type { QueryBody } from './query-door.ts';
import type { ServiceName } from './shop-contracts.ts';

/**
 * The floor: what the well-known query costs a program that is written for it alone. The same seven calls as a good plan's,
 * the answers put together by hand. It knows no other operation, no limit, no viewer, and not what becomes of an error.
 */
const call = openCalls();

const NESTED = 'reviews { id body author { id username reviews { id body product { upc } } } }';
const USERS = 'query ($first: Int!) { users(first: $first) { id username name } }';
const TOP = 'query ($first: Int!) { topProducts(first: $first) { upc name price weight } }';
const REVIEWS_OF_USERS = entityQuery('User', `reviews { id body product { upc ${NESTED} } }`);
const REVIEWS_OF_PRODUCTS = entityQuery('Product', NESTED);
const NAMES_OF_PRODUCTS = entityQuery('Product', 'name price weight');
const NAMES_OF_USERS = entityQuery('User', 'name');
const STOCK = entityQuery('Product', 'inStock shippingEstimate');

interface UserRow {
  readonly id: string;
  readonly username: string;
  readonly name: string;
}

interface ProductRow {
  readonly upc: string;
  readonly name: string;
  readonly price: number;
  readonly weight: number;
}

interface StockRow {
  readonly inStock: boolean;
  readonly shippingEstimate: number;
}

interface ReviewRow {
  readonly id: string;
  readonly body: string;
}

/** A review with its author and what else that author wrote. */
interface WrittenRow extends ReviewRow {
  readonly author: Omit<UserRow, 'name'> & {
    readonly reviews: readonly (ReviewRow & { readonly product: Pick<ProductRow, 'upc'> })[];
  };
}

interface ReviewedRow {
  readonly reviews: readonly WrittenRow[];
}

interface ReviewerRow {
  readonly reviews: readonly (ReviewRow & {
    readonly product: Pick<ProductRow, 'upc'> & ReviewedRow;
  })[];
}

interface Found {
  readonly users: ReadonlyMap<string, UserRow>;
  readonly products: ReadonlyMap<string, ProductRow & StockRow>;
}

async function entitiesOf<Row>(
  service: ServiceName,
  query: string,
  representations: readonly object[],
): Promise<readonly Row[]> {
  const data = await call<{ readonly _entities: readonly Row[] }>(service, query, {
    representations,
  });
  return data._entities;
}

async function answer({ variables = {} }: QueryBody): Promise<string> {
  const [byUsers, byProducts] = await Promise.all([
    usersWithReviews(variables['users'] ?? BLOCK.users),
    productsWithReviews(variables['products'] ?? BLOCK.products),
  ]);
  const found = await fill(byUsers, byProducts);
  const data = {
    users: byUsers.users.map((user, index) => ({
      ...userOf(user),
      reviews: (byUsers.reviewers[index]?.reviews ?? []).map((review) => ({
        id: review.id,
        body: review.body,
        product: {
          ...productOf(review.product, found),
          reviews: review.product.reviews.map((written) => writtenOf(written, found)),
        },
      })),
    })),
    topProducts: byProducts.products.map((product, index) => ({
      ...productOf(product, found),
      reviews: (byProducts.reviewed[index]?.reviews ?? []).map((written) =>
        writtenOf(written, found),
      ),
    })),
  };
  return JSON.stringify({ data });
}

async function usersWithReviews(first: unknown) {
  const { users } = await call<{ readonly users: readonly UserRow[] }>('accounts', USERS, {
    first,
  });
  const keys = users.map(({ id }) => ({ __typename: 'User', id }));
  return { users, reviewers: await entitiesOf<ReviewerRow>('reviews', REVIEWS_OF_USERS, keys) };
}

async function productsWithReviews(first: unknown) {
  const { topProducts: products } = await call<{ readonly topProducts: readonly ProductRow[] }>(
    'products',
    TOP,
    { first },
  );
  const keys = products.map(({ upc }) => ({ __typename: 'Product', upc }));
  const reviewed = await entitiesOf<ReviewedRow>('reviews', REVIEWS_OF_PRODUCTS, keys);
  return { products, reviewed };
}

/** The names of everybody and everything that the reviews mention, each asked for once. */
async function fill(
  { reviewers }: Awaited<ReturnType<typeof usersWithReviews>>,
  { reviewed, products: top }: Awaited<ReturnType<typeof productsWithReviews>>,
): Promise<Found> {
  const authors = new Map<string, WrittenRow['author']>();
  const upcs = new Set(top.map(({ upc }) => upc));
  const note = (written: WrittenRow): void => {
    authors.set(written.author.id, written.author);
    for (const { product } of written.author.reviews) upcs.add(product.upc);
  };
  for (const { reviews } of reviewers) {
    for (const { product } of reviews) {
      upcs.add(product.upc);
      product.reviews.forEach(note);
    }
  }
  for (const { reviews } of reviewed) reviews.forEach(note);
  const [users, products] = await Promise.all([namesOfUsers(authors), stockOf([...upcs])]);
  return { users, products };
}

async function namesOfUsers(authors: ReadonlyMap<string, WrittenRow['author']>) {
  const ids = [...authors.keys()];
  const keys = ids.map((id) => ({ __typename: 'User', id }));
  const rows = await entitiesOf<Pick<UserRow, 'name'>>('accounts', NAMES_OF_USERS, keys);
  return new Map(
    ids.map((id, index) => {
      const { username = '' } = authors.get(id) ?? {};
      return [id, { id, username, name: rows[index]?.name ?? '' }] as const;
    }),
  );
}

async function stockOf(upcs: readonly string[]) {
  const keys = upcs.map((upc) => ({ __typename: 'Product', upc }));
  const rows = await entitiesOf<ProductRow>('products', NAMES_OF_PRODUCTS, keys);
  const priced = rows.map(({ price, weight }, index) => ({ ...keys[index], price, weight }));
  const stock = await entitiesOf<StockRow>('inventory', STOCK, priced);
  const found = new Map<string, ProductRow & StockRow>();
  for (const [index, upc] of upcs.entries()) {
    const [row, inStock] = [rows[index], stock[index]];
    if (row === undefined || inStock === undefined) throw new Error(`${upc} is missing`);
    found.set(upc, { ...row, ...inStock, upc });
  }
  return found;
}

function userOf({ id, username, name }: UserRow) {
  return { id, username, name };
}

function productOf({ upc }: Pick<ProductRow, 'upc'>, { products }: Found) {
  const product = products.get(upc);
  if (product === undefined) throw new Error(`${upc} is missing`);
  const { inStock, name, price, shippingEstimate, weight } = product;
  return { inStock, name, price, shippingEstimate, upc, weight };
}

function writtenOf({ id, body, author }: WrittenRow, found: Found) {
  const user = found.users.get(author.id);
  if (user === undefined) throw new Error(`${author.id} is missing`);
  return {
    id,
    body,
    author: {
      ...userOf(user),
      reviews: author.reviews.map((review) => ({
        id: review.id,
        body: review.body,
        product: productOf(review.product, found),
      })),
    },
  };
}

announce({ url: await listenForQueries(answer) });
