/** The fragments of the well-known query. */
const FRAGMENTS = `
  fragment User on User { id username name }
  fragment Review on Review { id body }
  fragment Product on Product { inStock name price shippingEstimate upc weight }`;

const selection = (users: string, topProducts: string): string => `{
    ${users} {
      ...User
      reviews { ...Review product { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } } }
    }
    ${topProducts} {
      ...Product
      reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } }
    }
  }`;

/** An operation; its name is in it, and can be put into its place for distinct texts of the same cost. */
export interface Operation {
  readonly name: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, number>>;
}

/** The query of the public benchmark: seven calls of subgraphs, an answer of 87 KB. */
export const TEST_QUERY: Operation = {
  name: 'TestQuery',
  query: `${FRAGMENTS}\n  query TestQuery ${selection('users', 'topProducts')}`,
  variables: {},
};

/** The same, with an answer so many times as large. */
export function sizedQuery(times: number): Operation {
  const arguments_ = '($users: Int!, $products: Int!)';
  const fields = selection('users(first: $users)', 'topProducts(first: $products)');
  return {
    name: 'SizedQuery',
    query: `${FRAGMENTS}\n  query SizedQuery${arguments_} ${fields}`,
    variables: { users: 6 * times, products: 5 * times },
  };
}

/** A small one over three subgraphs, in which what an operation costs beside its answer is seen best. */
export const SMALL_QUERY: Operation = {
  name: 'SmallQuery00000',
  query:
    'query SmallQuery00000 { topProducts { upc name inStock reviews { id author { id name } } } }',
  variables: {},
};
