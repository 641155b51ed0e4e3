import { describe, expect, it } from '@jest/globals';
import { changeKind, compareSchemas, directionsOf, nextVersion } from './compatibility.ts';
import { KEYWORD_TABLE } from './keyword-table.ts';
import { readSchema } from './schema-document.ts';
import { VOCABULARY } from './schema-vocabulary.ts';
import type { Compatibility } from './compatibility.ts';
import type { Openness } from './containment.ts';
import type { SchemaDocument } from './schema-document.ts';

function read(json: unknown): SchemaDocument {
  const result = readSchema(json);
  if (!result.ok) throw new Error(result.problem.message);
  return result.value;
}

/** The rules that are broken, in each direction. */
function broken(older: unknown, newer: unknown, openness: Openness = 'STRICT') {
  const [a, b] = [read(older), read(newer)];
  const rules = (direction: 'BACKWARD' | 'FORWARD') =>
    [...new Set(compareSchemas(a, b, { direction, openness }).map(({ rule }) => rule))].sort();
  return { BACKWARD: rules('BACKWARD'), FORWARD: rules('FORWARD') };
}

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
const closed = (properties: object, more: object = {}) =>
  object(properties, { additionalProperties: false, ...more });
const text = { type: 'string' };
const number = { type: 'number' };

type Case = readonly [
  name: string,
  older: unknown,
  newer: unknown,
  backward: readonly string[],
  forward: readonly string[],
];

const STRICT_CASES: readonly Case[] = [
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
  [
    'a required property',
    object({ a: text }),
    object({ a: text }, { required: ['a'] }),
    ['REQUIRED_ADDED'],
    [],
  ],
  [
    'an optional property in a closed object',
    closed({ a: text }),
    closed({ a: text, b: text }),
    [],
    ['CONTENT_MODEL_NARROWED'],
  ],
  [
    'an optional property in an open object',
    object({ a: text }),
    object({ a: text, b: text }),
    ['PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL'],
    [],
  ],
  [
    'a property taken away in an open object',
    object({ a: text, b: text }),
    object({ a: text }),
    [],
    ['PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL'],
  ],
  [
    'an open object closed',
    object({ a: text }),
    closed({ a: text }),
    ['CONTENT_MODEL_NARROWED'],
    [],
  ],
  [
    'typed other properties',
    object({}, { additionalProperties: text }),
    object({ a: text }, { additionalProperties: text }),
    [],
    [],
  ],
  [
    'other properties of another type',
    object({}, { additionalProperties: text }),
    object({ a: number }, { additionalProperties: text }),
    ['TYPE_NARROWED'],
    ['TYPE_NARROWED'],
  ],
  [
    'a pattern of names',
    object({}, { patternProperties: { '^x-': text } }),
    object({ 'x-a': text }, { patternProperties: { '^x-': text } }),
    [],
    [],
  ],
  [
    'names held to a pattern',
    closed({ ab: text }),
    closed({ ab: text }, { propertyNames: { pattern: '^[a-z]+$' } }),
    [],
    [],
  ],
  [
    'unevaluatedProperties for additionalProperties',
    closed({ a: text }),
    object({ a: text }, { unevaluatedProperties: false }),
    [],
    [],
  ],
  [
    'unevaluatedProperties across allOf',
    closed({ a: text, b: text }),
    {
      type: 'object',
      allOf: [{ properties: { a: text } }, { properties: { b: text } }],
      unevaluatedProperties: false,
    },
    [],
    [],
  ],
  [
    'a maximum of properties',
    closed({ a: text }),
    closed({ a: text }, { maxProperties: 1 }),
    [],
    [],
  ],
  [
    'a dependent property',
    object({ a: text, b: text }),
    object({ a: text, b: text }, { dependentRequired: { a: ['b'] } }),
    ['DEPENDENT_REQUIRED_ADDED'],
    [],
  ],
  [
    'a dependent schema',
    object({ a: text, b: text }),
    object({ a: text, b: text }, { dependentSchemas: { a: { required: ['b'] } } }),
    ['REQUIRED_ADDED'],
    [],
  ],
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

describe('the table of comparisons, judged STRICT', () => {
  it.each(STRICT_CASES)('%s', (_name, older, newer, backward, forward) => {
    expect(broken(older, newer)).toEqual({ BACKWARD: backward, FORWARD: forward });
  });
});

const LENIENT_CASES: readonly Case[] = [
  [
    'an optional property in an open object',
    object({ a: text }),
    object({ a: text, b: text }),
    [],
    [],
  ],
  [
    'a property taken away in an open object',
    object({ a: text, b: text }),
    object({ a: text }),
    [],
    [],
  ],
  [
    'a required property',
    object({ a: text }),
    object({ a: text, b: text }, { required: ['b'] }),
    ['REQUIRED_ADDED'],
    [],
  ],
  [
    'an open object closed',
    object({ a: text }),
    closed({ a: text }),
    ['CONTENT_MODEL_NARROWED'],
    [],
  ],
  [
    'a property that a branch declares otherwise',
    { type: 'object', anyOf: [{ properties: { b: number } }, { properties: { c: text } }] },
    object({ b: text }),
    ['TYPE_NARROWED'],
    [],
  ],
  [
    'a property under typed others',
    object({}, { additionalProperties: number }),
    object({ a: text }),
    ['TYPE_NARROWED'],
    ['TYPE_NARROWED'],
  ],
];

describe('an open content model, judged LENIENT', () => {
  it.each(LENIENT_CASES)('%s', (_name, older, newer, backward, forward) => {
    expect(broken(older, newer, 'LENIENT')).toEqual({ BACKWARD: backward, FORWARD: forward });
  });
});

describe('the keyword table', () => {
  it('has a row with a rule and a reason for every keyword of the vocabulary', () => {
    expect(Object.keys(KEYWORD_TABLE).sort()).toEqual(Object.keys(VOCABULARY).sort());
    for (const row of Object.values(KEYWORD_TABLE)) {
      expect(row.rule).toMatch(/^[A-Z_]+$/);
      expect(row.reason.length).toBeGreaterThan(10);
    }
  });
});

describe('bounds', () => {
  it('refuses by name what is too deep, too large, circular or outside the document', () => {
    const nested = (depth: number): unknown => (depth === 0 ? true : { not: nested(depth - 1) });
    const code = (json: unknown) => {
      const result = readSchema(json);
      return result.ok ? null : result.problem.flaws[0]?.code;
    };
    expect(code(nested(40))).toBeNull();
    expect(code(nested(80))).toBe('TOO_DEEP');
    expect(code({ enum: Array.from({ length: 30_000 }, (_, index) => index) })).toBe('TOO_LARGE');
    expect(
      code({ $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }),
    ).toBe('CIRCULAR_IN_PLACE');
    expect(code({ $ref: 'https://example.com/money.json' })).toBe('REFERENCE_UNRESOLVED');
    expect(code({ type: 'string', maxLenght: 3 })).toBe('UNKNOWN_KEYWORD');
    expect(code({ type: 'string', format: 'moon-phase' })).toBe('UNKNOWN_FORMAT');
    expect(code({ type: 'strin' })).toBe('INVALID_KEYWORD');
    expect(code({ $schema: 'http://json-schema.org/draft-04/schema#' })).toBe('DIALECT_UNKNOWN');
  });

  it('ends a comparison that doubles at every level with COMPARISON_LIMIT', () => {
    const bomb = (leaf: unknown): unknown => {
      const levels = Array.from({ length: 40 }, (_, level) => [
        `l${level}`,
        closed({ a: { $ref: `#/$defs/l${level + 1}` }, b: { $ref: `#/$defs/l${level + 1}` } }),
      ]);
      return { $ref: '#/$defs/l0', $defs: { ...Object.fromEntries(levels), l40: leaf } };
    };
    expect(broken(bomb(text), bomb(text))).toEqual({ BACKWARD: [], FORWARD: [] });
    expect(broken(bomb(text), bomb({ ...text, maxLength: 3 })).BACKWARD).toEqual([
      'COMPARISON_LIMIT',
    ]);
  });

  it('does not run a pattern that may back-track without end', () => {
    const older = closed({ [`${'a'.repeat(40)}!`]: text });
    const newer = object(
      {},
      { patternProperties: { '^(a+)+$': number }, additionalProperties: text },
    );
    expect(broken(older, newer).BACKWARD).toContain('TYPE_NARROWED');
  });
});

describe('a version', () => {
  const kind = (older: unknown, newer: unknown, compatibility: Compatibility) =>
    changeKind(read(older), read(newer), { compatibility, openness: 'STRICT' });

  it('counts as semantic versions do', () => {
    expect(nextVersion(null, 'PATCH')).toBe('1.0.0');
    expect(nextVersion('1.2.3', 'PATCH')).toBe('1.2.4');
    expect(nextVersion('1.2.3', 'MINOR')).toBe('1.3.0');
    expect(nextVersion('1.2.3', 'MAJOR')).toBe('2.0.0');
  });

  it('is a patch for words, a minor for what breaks nobody, a major for the rest', () => {
    expect(kind(text, { ...text, title: 'T' }, 'BACKWARD')).toBe('PATCH');
    expect(kind({ type: 'integer' }, number, 'BACKWARD')).toBe('MINOR');
    expect(kind({ type: 'integer' }, number, 'FORWARD')).toBe('MAJOR');
    expect(kind({ type: 'integer' }, number, 'NONE')).toBe('MAJOR');
  });

  it('asks for the directions of its mode', () => {
    expect(directionsOf('NONE')).toEqual([]);
    expect(directionsOf('BACKWARD_TRANSITIVE')).toEqual(['BACKWARD']);
    expect(directionsOf('FULL')).toEqual(['BACKWARD', 'FORWARD']);
  });
});
