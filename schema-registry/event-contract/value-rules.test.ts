import { describe, expect, it } from '@jest/globals';
import { broken, number, object, text } from './comparison-world.ts';
import type { Case } from './comparison-world.ts';

const CASES: readonly Case[] = [
  ['the same', object({ a: text }), object({ a: text }), [], []],
  [
    'a description',
    object({ a: text }),
    object({
      a: { ...text, title: 'A', description: 'x', default: 'd', examples: ['e'], deprecated: true },
    }),
    [],
    [],
  ],
  [
    'a part moved to $defs',
    object({ a: text, b: text }),
    object({ a: { $ref: '#/$defs/t' }, b: { $ref: '#/$defs/t' } }, { $defs: { t: text } }),
    [],
    [],
  ],
  ['a part wrapped in allOf', object({ a: text }), { allOf: [object({ a: text })] }, [], []],
  ['an integer becomes a number', { type: 'integer' }, number, [], ['TYPE_NARROWED']],
  ['another type', text, number, ['TYPE_NARROWED'], ['TYPE_NARROWED']],
  ['null becomes possible', text, { type: ['string', 'null'] }, [], ['TYPE_NARROWED']],
  ['null said by anyOf', { type: ['string', 'null'] }, { anyOf: [text, { type: 'null' }] }, [], []],
  [
    'a value is added to an enum',
    { enum: ['A', 'B'] },
    { enum: ['A', 'B', 'C'] },
    [],
    ['ENUM_NARROWED'],
  ],
  ['an enum becomes any text', { enum: ['A', 'B'] }, text, [], ['ENUM_NARROWED']],
  ['const becomes enum', { const: 'A' }, { enum: ['A', 'B'] }, [], ['CONST_CHANGED']],
  ['another const', { const: 1 }, { const: 2 }, ['CONST_CHANGED'], ['CONST_CHANGED']],
  ['an enum as consts', { enum: ['A', 'B'] }, { oneOf: [{ const: 'A' }, { const: 'B' }] }, [], []],
  ['booleans as enum', { type: 'boolean' }, { enum: [true, false] }, [], []],
  [
    'a tighter minimum',
    { type: 'number', minimum: 0 },
    { type: 'number', exclusiveMinimum: 0 },
    ['MINIMUM_RAISED'],
    [],
  ],
  [
    'the same edge of integers',
    { type: 'integer', exclusiveMinimum: 0 },
    { type: 'integer', minimum: 1 },
    [],
    [],
  ],
  [
    'a wider maximum',
    { type: 'number', maximum: 10 },
    { type: 'number', maximum: 11 },
    [],
    ['MAXIMUM_LOWERED'],
  ],
  [
    'multiples of a finer step',
    { type: 'number', multipleOf: 0.1 },
    { type: 'number', multipleOf: 0.01 },
    [],
    ['MULTIPLE_OF_NARROWED'],
  ],
  [
    'an integer by its step',
    { type: 'number', multipleOf: 2 },
    { type: 'integer' },
    [],
    ['MULTIPLE_OF_NARROWED'],
  ],
  [
    'a longer text',
    { ...text, maxLength: 10 },
    { ...text, maxLength: 20 },
    [],
    ['MAX_LENGTH_LOWERED'],
  ],
  ['a minimum length', text, { ...text, minLength: 1 }, ['MIN_LENGTH_RAISED'], []],
  [
    'another pattern',
    { ...text, pattern: '^a' },
    { ...text, pattern: '^[ab]' },
    ['PATTERN_CHANGED'],
    ['PATTERN_CHANGED'],
  ],
  [
    'listed values under a pattern',
    { enum: ['EUR', 'USD'] },
    { ...text, pattern: '^[A-Z]{3}$' },
    [],
    ['ENUM_NARROWED'],
  ],
  ['a format', text, { ...text, format: 'date' }, ['FORMAT_CHANGED'], []],
];

describe('comparisons of values, judged STRICT', () => {
  it.each(CASES)('%s', (_name, older, newer, backward, forward) => {
    expect(broken(older, newer)).toEqual({ BACKWARD: backward, FORWARD: forward });
  });
});
