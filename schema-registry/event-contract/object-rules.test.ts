import { describe, expect, it } from '@jest/globals';
import { broken, closed, number, object, text } from './comparison-world.ts';
import type { Case } from './comparison-world.ts';

const CASES: readonly Case[] = [
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
    'what a required property of objects brings with it, where numbers may stand, too',
    { dependentSchemas: { b: { type: 'string' } }, required: ['b'], maximum: 0 },
    { dependentSchemas: { b: { type: 'string' } }, required: ['b'], minimum: 1 },
    ['MINIMUM_RAISED'],
    ['MAXIMUM_LOWERED'],
  ],
];

describe('comparisons of objects, judged STRICT', () => {
  it.each(CASES)('%s', (_name, older, newer, backward, forward) => {
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
