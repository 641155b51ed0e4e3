import { expect, it } from '@jest/globals';
import { parse } from 'graphql';
import { compileRepresentation } from './representation.ts';
import { typeGraphOf } from './type-graph.ts';
import type { RequiresSelection } from '@graphql-hive/router-query-planner';

const SUPERGRAPH = parse(`
  type Guest @join__type(graph: HOTEL, key: "country passport") @join__type(graph: HOTEL, key: "card { number }")
    @join__type(graph: OTHER, key: "name") { country: String }
  type Room @join__type(graph: HOTEL, key: "id") { id: ID }`);
const types = typeGraphOf(SUPERGRAPH, new Map([['HOTEL', { name: 'hotel' }]]));
const field = (name: string, selections?: RequiresSelection[]): RequiresSelection =>
  selections === undefined ? { kind: 'Field', name } : { kind: 'Field', name, selections };
const on = (typeCondition: string, ...selections: RequiresSelection[]): RequiresSelection => ({
  kind: 'InlineFragment',
  typeCondition,
  selections: [field('__typename'), ...selections],
});
const { write, onlyKey } = compileRepresentation(
  [
    on(
      'Guest',
      field('country'),
      field('passport'),
      field('card', [field('number')]),
      field('price'),
    ),
    on('Room', field('id')),
  ],
  [],
  { types, service: 'hotel' },
);

it.each<[string, object, string | null]>([
  [
    'a whole key',
    { country: 'no', passport: '1', price: 5 },
    '{"__typename":"Guest","country":"no","passport":"1","price":5}',
  ],
  ['half of a key', { country: 'no', passport: null, price: 5 }, null],
  ['no key, and what is required', { price: 5 }, null],
  [
    'another key',
    { country: null, card: { number: '7', more: 1 }, price: 5 },
    '{"__typename":"Guest","country":null,"card":{"number":"7"},"price":5}',
  ],
  [
    'what is required, and is null',
    { country: 'no', passport: '1', price: null },
    '{"__typename":"Guest","country":"no","passport":"1","price":null}',
  ],
  ['what is required, and was not answered', { country: 'no', passport: '1' }, null],
])('with %s', (_with, guest, text) => {
  expect(write({ __typename: 'Guest', ...guest })).toBe(text);
});

it('an entity without its type’s name, or of a type that nobody asks for, is none', () => {
  expect(write({ country: 'no', passport: '1', price: 5 })).toBeNull();
  expect(write({ __typename: 'Stranger', id: '1' })).toBeNull();
});

it('one field tells entities apart where it is the only one', () => {
  expect(write({ __typename: 'Room', id: '9' })).toBe('{"__typename":"Room","id":"9"}');
  expect([onlyKey('Room'), onlyKey('Guest')]).toEqual(['id', null]);
});
