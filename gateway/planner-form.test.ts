import { describe, expect, it } from '@jest/globals';
import { buildSchema, parse, print } from 'graphql';
import { createPlannerForms } from './planner-form.ts';

const schema = buildSchema(`
  type Query { result: Result order: Order }
  union Result = Order | Problem
  type Order { id: ID next: Result }
  type Problem { code: String }`);

function formOf(text: string, operationName: string | null = null): string {
  return print(createPlannerForms(schema).of(parse(text), operationName)).replace(/\s+/g, ' ');
}

describe('the form of a document for the planner', () => {
  it('holds the chosen operation and its fragments alone', () => {
    const text =
      'query A { __typename } query B { order { ...F } } fragment F on Order { id } fragment G on Order { id }';
    expect(formOf(text, 'B')).toBe('query B { order { ...F } } fragment F on Order { id }');
  });

  it('takes the type from a conditional fragment on the union that it stands in', () => {
    expect(
      formOf('query Q($t: Boolean!) { result { ... on Result @include(if: $t) { __typename } } }'),
    ).toBe('query Q($t: Boolean!) { result { ... @include(if: $t) { __typename } } }');
    const spread =
      'query Q($t: Boolean!) { result { ...F @skip(if: $t) } } fragment F on Result { __typename }';
    expect(formOf(spread)).toBe(
      'query Q($t: Boolean!) { result { ... @skip(if: $t) { ...F } } } fragment F on Result { __typename }',
    );
  });

  it('leaves every other fragment as it is', () => {
    const text =
      'query Q($t: Boolean!) { result { ... on Order @include(if: $t) { id next { ... on Result { __typename } } } } order { ... on Order @include(if: $t) { id } } }';
    expect(formOf(text)).toBe(text);
  });

  it('is the same node for the same document, so that its plan is found again', () => {
    const forms = createPlannerForms(schema);
    const document = parse('{ order { id } }');
    expect(forms.of(document, null)).toBe(forms.of(document, null));
  });
});
