/** What the shop holds, linked as a program without a network would hold it. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly username: string;
  readonly birthday: string;
  readonly reviews: Review[];
  readonly numberOfReviews: number;
}

export interface Product {
  readonly upc: string;
  readonly name: string;
  readonly price: number;
  readonly weight: number;
  readonly inStock: boolean;
  readonly shippingEstimate: number;
  readonly reviews: Review[];
}

export interface Review {
  readonly id: string;
  readonly body: string;
  readonly author: User;
  readonly product: Product;
}

export interface Shop {
  readonly users: readonly User[];
  readonly products: readonly Product[];
  readonly reviews: readonly Review[];
}

/** Reviews stay within their block, so that n blocks make an answer exactly n times as large. */
export const BLOCK = { users: 6, products: 5, reviews: 12 } as const;
/** Enough for an answer sixteen times as large. */
const BLOCKS = 16;
/** Tuned so that the answer to the benchmark's query has about 87 KB. */
const BODY_CHARACTERS = 488;

export function createShop(): Shop {
  const numbers = (count: number): number[] =>
    Array.from({ length: count * BLOCKS }, (_, index) => index);
  const users = numbers(BLOCK.users).map(userOf);
  const products = numbers(BLOCK.products).map(productOf);
  const reviews = numbers(BLOCK.reviews).map((index) => reviewOf(index, { users, products }));
  return { users, products, reviews };
}

function userOf(index: number): User {
  const number = digits(index);
  return {
    id: `u${number}`,
    name: `Person Number ${number}`,
    username: `@person${number}`,
    birthday: '1990-01-01',
    reviews: [],
    numberOfReviews: BLOCK.reviews / BLOCK.users,
  };
}

function productOf(index: number): Product {
  const weight = 100 + ((index % BLOCK.products) + 1) * 50;
  const price = 400 + (index % BLOCK.products) * 199;
  return {
    upc: `p${digits(index)}`,
    name: `Piece of furniture ${digits(index)}`,
    price,
    weight,
    inStock: index % 2 === 0,
    shippingEstimate: shippingEstimate({ price, weight }),
    reviews: [],
  };
}

/** Dear things are sent free, all others by weight. */
export function shippingEstimate(of: { readonly price: number; readonly weight: number }): number {
  return of.price > 1_000 ? 0 : Math.round(of.weight / 2);
}

function reviewOf(index: number, { users, products }: Pick<Shop, 'users' | 'products'>): Review {
  const block = Math.floor(index / BLOCK.reviews);
  const within = index % BLOCK.reviews;
  const author = users[block * BLOCK.users + (within % BLOCK.users)];
  const product = products[block * BLOCK.products + (within % BLOCK.products)];
  if (author === undefined || product === undefined) throw new Error('a review is of this block');
  const review = { id: `r${digits(index)}`, body: bodyOf(within), author, product };
  author.reviews.push(review);
  product.reviews.push(review);
  return review;
}

const WORDS =
  'a table that stands firmly on four legs was delivered in time and assembled by two people within the hour '.split(
    /(?<= )/,
  );

function bodyOf(within: number): string {
  let body = '';
  for (let word = within; body.length < BODY_CHARACTERS; word += 1) {
    body += WORDS[word % WORDS.length] ?? '';
  }
  return body.slice(0, BODY_CHARACTERS);
}

/** Names of one length, so that answers differ in nothing but their number of things. */
function digits(index: number): string {
  return String(index + 1).padStart(3, '0');
}
