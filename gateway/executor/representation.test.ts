import { expect, it } from '@jest/globals';
import { parse } from 'graphql';
import { representationIndex } from './representation-index.ts';
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
const representation = compileRepresentation(
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
const { write } = representation;

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

it.each<[string, object[], (number | null)[], number]>([
  ['the same room', [{ id: '1' }, { id: '2' }, { id: '1' }], [0, 1, 0], 2],
  ['a text and a number', [{ id: '1' }, { id: 1 }], [0, 1], 2],
  ['a room without a key', [{ id: null }, {}, { id: '1' }], [null, null, 0], 1],
])('entities of one key: %s', (_name, rooms, indexes, told) => {
  const texts: string[] = [];
  const indexOf = representationIndex(representation, texts);
  expect(rooms.map((room) => indexOf({ __typename: 'Room', ...room }))).toEqual(indexes);
  expect(texts).toHaveLength(told);
});

it('entities of several fields are one only when all of them are alike', () => {
  const texts: string[] = [];
  const indexOf = representationIndex(representation, texts);
  const guest = (country: unknown, passport: unknown, number?: string) => ({
    __typename: 'Guest',
    country,
    passport,
    price: 5,
    ...(number === undefined ? {} : { card: { number } }),
  });
  const guests = [
    guest('no', '1'),
    guest('no', '2'),
    guest('se', '1'),
    guest('no', '2'),
    guest('no', '1', '7'),
    guest('no', '1', '7'),
    guest(null, null, '7'),
    guest(null, null, '7'),
    guest('no', null),
    guest('no', '1'),
  ];
  expect(guests.map(indexOf)).toEqual([0, 1, 2, 1, 3, 3, 4, 4, null, 0]);
  expect(new Set(texts).size).toBe(5);
});

it('an object in the first place is compared by what it holds', () => {
  const texts: string[] = [];
  const requires = [on('Guest', field('card', [field('number')]))];
  const ofCards = compileRepresentation(requires, [], { types, service: 'hotel' });
  const indexOf = representationIndex(ofCards, texts);
  const cards = [{ number: '7' }, { number: '8' }, { number: '7', more: 1 }];
  expect(cards.map((card) => indexOf({ __typename: 'Guest', card }))).toEqual([0, 1, 0]);
});
