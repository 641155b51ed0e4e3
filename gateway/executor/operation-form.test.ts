import { describe, expect, it } from '@jest/globals';
import { buildSchema, parse, print } from 'graphql';
import { operationFormOf } from './operation-form.ts';
import { plannedForm } from './planned-form.ts';
import { aliasRuleOf } from './response-key.ts';

const schema = buildSchema(`
  type Query { result: Result order: Order node: Node }
  union Result = Order | Problem
  interface Node { id: ID }
  type Order implements Node { id: ID next: Result }
  type Problem { code: String }`);

const aliases = aliasRuleOf(parse('type T @join__type(key: "id nested { code }") { id: ID }'));
const PLANNING = { schema, guard: null, aliases, partlyHidden: new Set<string>() };

function formOf(text: string, operationName: string | null = null) {
  const form = operationFormOf(parse(text), operationName);
  if (form === null) throw new Error('There is no such operation.');
  const planned = plannedForm(form.operation, { ...PLANNING, conditions: null });
  const flat = (node: typeof planned): string | null => node && print(node).replace(/\s+/g, ' ');
  return { ...form, planned: flat(planned), introspection: flat(form.introspection), flat };
}

describe('what the planner is given', () => {
  it.each([
    [
      'query A { __typename } query B { order { ...F } } fragment F on Order { id }',
      'B',
      'query B { order { id } }',
    ],
    [
      '{ order { ...F ...F } } fragment F on Order { ...G } fragment G on Order { id }',
      null,
      '{ order { id } }',
    ],
    [
      'query Q($t: Boolean!) { result { ... on Result @include(if: $t) { __typename } } }',
      null,
      'query Q($t: Boolean!) { result { ... @include(if: $t) { __typename } } }',
    ],
    [
      'query Q($t: Boolean!) { result { ...F @skip(if: $t) } } fragment F on Result { __typename }',
      null,
      'query Q($t: Boolean!) { result { ... @skip(if: $t) { __typename } } }',
    ],
    [
      '{ order { id @skip(if: true) next @include(if: true) { __typename } } }',
      null,
      '{ order { next { __typename } } }',
    ],
    [
      '{ order { id @skip(if: true) } node { ... @include(if: false) { id } } }',
      null,
      '{ order { __typename } node { __typename } }',
    ],
    ['{ order { id } __typename s: __schema { __typename } }', null, '{ order { id } }'],
    ['{ ... on Query { ... { __typename order { id } } } }', null, '{ order { id } }'],
    [
      '{ order { id: next { __typename } code: id nested: id other: id t: __typename } }',
      null,
      '{ order { _client_id: next { __typename } _client_code: id _client_nested: id other: id __typename } }',
    ],
    [
      '{ order { id } order { id next { t: __typename } } }',
      null,
      '{ order { id next { __typename } } }',
    ],
    [
      'query ($t: Boolean!) { order { id } order @include(if: $t) { next { __typename } } }',
      null,
      'query ($t: Boolean!) { order { id } order @include(if: $t) { next { __typename } } }',
    ],
  ])('%s (%s)', (text, name, planned) => {
    expect(formOf(text, name).planned).toBe(planned);
  });

  it('is nothing when no subgraph needs to be asked', () => {
    expect(formOf('{ __typename }').planned).toBeNull();
    expect(formOf('{ order @skip(if: true) { id } }').planned).toBeNull();
  });

  it('leaves out what conditions decide, once they are known', () => {
    const { operation, flat, conditionVariables } = formOf(
      'query Q($a: Boolean!, $b: Boolean!) { order @include(if: $a) { id @skip(if: $b) } node { id } }',
    );
    expect(conditionVariables).toEqual(['a', 'b']);
    const decided = (conditions: object): string | null =>
      flat(plannedForm(operation, { ...PLANNING, conditions: { ...conditions } }));
    expect(decided({ a: false, b: false })).toContain('{ node { id } }');
    expect(decided({ a: true, b: true })).toContain('{ order { __typename } node { id } }');
    expect(decided({ a: true, b: false })).toContain('{ order { id } node { id } }');
  });
});

it('introspection stands alone, of queries only', () => {
  expect(formOf('{ order { id } s: __schema { __typename } }').introspection).toBe(
    '{ s: __schema { __typename } }',
  );
  expect(formOf('{ order { id } }').introspection).toBeNull();
});

it('an operation that is not there, or not named among several, has no form', () => {
  const text = 'query A { __typename } query B { __typename }';
  expect(operationFormOf(parse(text), null)).toBeNull();
  expect(operationFormOf(parse(text), 'C')).toBeNull();
});
