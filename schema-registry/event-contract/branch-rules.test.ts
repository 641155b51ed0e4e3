import { describe, expect, it } from '@jest/globals';
import { broken, closed, number, object, text } from './comparison-world.ts';
import type { Case } from './comparison-world.ts';

const CASES: readonly Case[] = [
  [
    'an item',
    { type: 'array', items: { type: 'integer' } },
    { type: 'array', items: number },
    [],
    ['TYPE_NARROWED'],
  ],
  [
    'a tuple closed',
    { type: 'array', prefixItems: [text] },
    { type: 'array', prefixItems: [text], items: false },
    ['NOTHING_TAKEN'],
    [],
  ],
  [
    'a closed tuple grows',
    { type: 'array', prefixItems: [text], items: false },
    { type: 'array', prefixItems: [text, text], items: false },
    [],
    ['NOTHING_TAKEN'],
  ],
  [
    'fewer items',
    { type: 'array', maxItems: 3 },
    { type: 'array', maxItems: 2 },
    ['MAX_ITEMS_LOWERED'],
    [],
  ],
  [
    'unique items',
    { type: 'array' },
    { type: 'array', uniqueItems: true },
    ['UNIQUE_ITEMS_ADDED'],
    [],
  ],
  [
    'contains of a wider kind',
    { type: 'array', contains: { type: 'integer' } },
    { type: 'array', contains: number },
    [],
    ['CONTAINS_NARROWED'],
  ],
  [
    'a greater minContains',
    { type: 'array', contains: text },
    { type: 'array', contains: text, minContains: 2 },
    ['CONTAINS_NARROWED'],
    [],
  ],
  [
    'a branch is added',
    { anyOf: [text, number] },
    { anyOf: [text, number, { type: 'null' }] },
    [],
    ['ANY_OF_NARROWED'],
  ],
  [
    'branches told apart by a const',
    { oneOf: [closed({ k: { const: 'a' } }, { required: ['k'] })] },
    {
      oneOf: [
        closed({ k: { const: 'a' } }, { required: ['k'] }),
        closed({ k: { const: 'b' } }, { required: ['k'] }),
      ],
    },
    [],
    ['ONE_OF_NARROWED'],
  ],
  [
    'branches that overlap',
    { anyOf: [text, { enum: ['a'] }] },
    { oneOf: [text, { enum: ['a'] }] },
    ['ONE_OF_NARROWED'],
    [],
  ],
  ['a wider not', { not: text }, { not: { type: ['string', 'null'] } }, ['NOT_WIDENED'], []],
  ['a not by the type', number, { ...number, not: text }, [], []],
  [
    'a condition',
    object({ k: text, v: text }),
    object(
      { k: text, v: text },
      { if: { properties: { k: { const: 'x' } }, required: ['k'] }, then: { required: ['v'] } },
    ),
    ['REQUIRED_ADDED'],
    [],
  ],
  [
    'a condition that is always met',
    closed({ k: { const: 'x' }, v: text }, { required: ['k', 'v'] }),
    closed(
      { k: text, v: text },
      { required: ['k'], if: { properties: { k: { const: 'x' } } }, then: { required: ['v'] } },
    ),
    [],
    ['CONST_CHANGED', 'REQUIRED_ADDED'],
  ],
  [
    'another encoding',
    { ...text, contentEncoding: 'base64' },
    { ...text, contentEncoding: 'base64url' },
    ['CONTENT_CHANGED'],
    ['CONTENT_CHANGED'],
  ],
  [
    'a draft-07 schema in the words of 2020-12',
    {
      $schema: 'http://json-schema.org/draft-07/schema#',
      items: [text],
      additionalItems: false,
      definitions: {},
    },
    { prefixItems: [text], items: false },
    [],
    [],
  ],
  [
    'a recursive schema',
    object(
      { name: text, child: { $ref: '#' } },
      { required: ['name'], additionalProperties: false },
    ),
    object(
      { name: { type: ['string', 'null'] }, child: { $ref: '#' } },
      { required: ['name'], additionalProperties: false },
    ),
    [],
    ['TYPE_NARROWED'],
  ],
  [
    'unevaluatedItems beside contains',
    { type: 'array', items: text, minItems: 1 },
    { type: 'array', contains: text, unevaluatedItems: text },
    ['ITEM_INCOMPATIBLE'],
    ['TYPE_NARROWED'],
  ],
];

describe('comparisons of arrays and branches, judged STRICT', () => {
  it.each(CASES)('%s', (_name, older, newer, backward, forward) => {
    expect(broken(older, newer)).toEqual({ BACKWARD: backward, FORWARD: forward });
  });
});
