import { describe, expect, it } from '@jest/globals';
import { createPlaceFinder } from './coordinate-place.ts';

const ORDERS = `type Query {
  order(
    "Its id."
    id: ID!
  ): Order
}
"""
What was
bought.
"""
type Order { id: ID! }
extend type Order {
  total: String
}
enum State { OPEN }
directive @owned(by: String) on OBJECT
`;

describe('the place of a coordinate', () => {
  it.each([
    ['Order', { file: 'o', line: 11, column: 6 }],
    ['Order.id', { file: 'o', line: 11, column: 14 }],
    ['Order.total', { file: 'o', line: 13, column: 3 }],
    ['Query.order(id:)', { file: 'o', line: 4, column: 5 }],
    ['Query.order(gone:)', { file: 'o', line: 2, column: 3 }],
    ['State.OPEN', { file: 'o', line: 15, column: 14 }],
    ['State.GONE', { file: 'o', line: 15, column: 6 }],
    ['Order.gone', { file: 'o', line: 11, column: 6 }],
    ['@owned', { file: 'o', line: 16, column: 12 }],
    ['@owned(by:)', { file: 'o', line: 16, column: 18 }],
    ['Invoice.gone', { file: 'i', line: 1, column: 6 }],
    ['Nowhere', null],
  ])('of %s is where it is written, or what it was taken from', async (coordinate, place) => {
    const find = await createPlaceFinder([
      { file: 'broken', sdl: 'type {' },
      { file: 'o', sdl: ORDERS },
      { file: 'i', sdl: 'type Invoice { id: ID! }' },
    ]);
    expect(find(coordinate)).toEqual(place);
  });
});
