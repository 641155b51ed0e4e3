import { describe, expect, it } from '@jest/globals';
import { buildSchema, parse, print } from 'graphql';
import { changedMeaning } from './operation-meaning.ts';
import { cursorOf, givenCursor, resumedAfter } from './resume-cursor.ts';

const schema = buildSchema(`
  type Query { x: Int }
  type Subscription { events(id: ID, after: String): Item!  loose(id: ID): Item! }
  union Item = Event | Gap
  type Event { sequence: String! note: String list: [Int!]! kind: Kind parent: Event }
  type Gap { resumeAfter: String! }
  enum Kind { A B }
`);
const operation = (query: string, variables = {}, operationName: string | null = null) => ({
  document: parse(query),
  variables,
  operationName,
});

describe('the cursor of a subscription', () => {
  it('is what the client gave as `after`, however it gave it', () => {
    const body = '{ ... on Event { sequence } }';
    const cases: readonly (readonly [string, Record<string, unknown>, unknown])[] = [
      [`subscription { events ${body} }`, {}, null],
      [`subscription { events(after: "7") ${body} }`, {}, '7'],
      [`subscription { events(after: null) ${body} }`, {}, null],
      [`subscription ($a: String) { events(after: $a) ${body} }`, { a: '8' }, '8'],
      [`subscription ($a: String) { events(after: $a) ${body} }`, {}, null],
      [`subscription ($a: String = "9") { events(after: $a) ${body} }`, {}, '9'],
      [`subscription ($a: String = "9") { events(after: $a) ${body} }`, { a: null }, null],
      [`subscription { ...f } fragment f on Subscription { events(after: "6") ${body} }`, {}, '6'],
    ];
    for (const [query, variables, cursor] of cases)
      expect([query, givenCursor(operation(query, variables))]).toEqual([query, cursor]);
  });

  it('is read from a result by whichever field holds it, under whichever name', () => {
    const asked = operation(`subscription {
      e: events { ... on Event { at: sequence note } ...gap }
    } fragment gap on Gap { resumeAfter }`);
    expect(cursorOf(asked, { data: { e: { at: '3', note: 'x' } } })).toBe('3');
    expect(cursorOf(asked, { data: { e: { resumeAfter: '4' } } })).toBe('4');
    expect(cursorOf(asked, { data: { e: null } })).toBeNull();
    expect(cursorOf(asked, { data: null })).toBeNull();
    const without = operation('subscription { events { ... on Event { note } } }');
    expect(cursorOf(without, { data: { events: { note: 'x' } } })).toBeNull();
  });

  it('replaces what was given, in an operation that is otherwise the same', () => {
    const first = operation(
      'subscription S($a: String, $id: ID) { events(id: $id, after: $a) { __typename } } query Other { x }',
      { a: '1', id: 'i' },
      'S',
    );
    const resumed = resumedAfter(first, '5', schema);
    expect(resumed?.variables).toEqual({ a: '1', id: 'i', resumeAfter: '5' });
    expect(print(resumed?.document ?? first.document)).toBe(
      print(
        parse(`subscription S($id: ID, $resumeAfter: String) {
          events(id: $id, after: $resumeAfter) { __typename }
        } query Other { x }`),
      ),
    );
    expect(resumedAfter(first, '6', schema)?.document).toBe(resumed?.document);
    expect(resumed && givenCursor(resumed)).toBe('5');
    const taken = operation(
      'subscription ($resumeAfter: ID) { events(id: $resumeAfter) { __typename } }',
    );
    expect(resumedAfter(taken, '5', schema)?.variables).toEqual({ resumeAfter_: '5' });
    expect(
      resumedAfter(operation('subscription { loose { __typename } }'), '5', schema),
    ).toBeNull();
  });
});

describe('the meaning of an operation', () => {
  const document = parse(
    'subscription { events { ... on Event { sequence list kind parent { note } } } }',
  );
  const after = (from: string, to: string) => {
    const text = print(parse(SDL));
    if (!text.includes(from)) throw new Error(`"${from}" is not in the schema`);
    return changedMeaning(document, schema, buildSchema(text.replace(from, to)));
  };
  const SDL = `type Query { x: Int }
    type Subscription { events(id: ID, after: String): Item! }
    union Item = Event | Gap
    type Event { sequence: String! note: String list: [Int!]! kind: Kind parent: Event }
    type Gap { resumeAfter: String! }
    enum Kind { A B }`;

  it('is kept by what it does not ask for, and by stricter promises', () => {
    expect(after('resumeAfter: String!', 'resumeAfter: Int')).toBeNull();
    expect(after('note: String', 'note: String!')).toBeNull();
    expect(after('kind: Kind', 'kind: Kind!')).toBeNull();
    expect(after('A\n', 'A\n C\n')).toBeNull();
    expect(after('parent: Event', 'parent: Event!')).toBeNull();
  });

  it('is changed by another scalar, a list, or a null where there was none', () => {
    expect(after('note: String', 'note: Int')).toBe('"Event.note" was String and is now Int.');
    expect(after('list: [Int!]!', 'list: [Int]!')).toBe(
      '"Event.list" was [Int!]! and is now [Int]!.',
    );
    expect(after('kind: Kind', 'kind: [Kind]')).toContain('[Kind]');
    expect(after('sequence: String!', 'sequence: String')).toContain('String!');
  });
});
