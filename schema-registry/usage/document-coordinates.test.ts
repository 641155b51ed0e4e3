import { describe, expect, it } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import { coordinatesOf } from './document-coordinates.ts';
import { parentOf, readCoordinate, withParents } from './coordinate.ts';
import { clearedOperation } from './operation-text.ts';

const SCHEMA = buildSchema(`
  directive @audit(level: Int) on FIELD
  type Query {
    node(id: ID!): Node
    find(first: Int, filter: Filter, kinds: [Kind!]): [Result!]!
  }
  interface Node { id: ID! }
  union Result = Invoice | Order
  type Invoice implements Node { id: ID! kind: Kind! total(currency: String): Int }
  type Order implements Node { id: ID! }
  input Filter { kind: Kind inner: Filter must: Int! }
  enum Kind { A B }`);

const coordinates = (text: string): string[] => coordinatesOf(SCHEMA, parse(text));

describe('the coordinates of a document', () => {
  it.each<[string, string, string[]]>([
    [
      'name fields, arguments and what they belong to',
      '{ node(id: 1) { id } }',
      ['ID', 'Node', 'Node.id', 'Query', 'Query.node', 'Query.node(id:)', 'Query.node(id:)!'],
    ],
    [
      'name the types of fragments and union members',
      '{ find { ... on Invoice { total } ... on Order { __typename } } }',
      ['Int', 'Invoice', 'Invoice.total', 'Order', 'Query', 'Query.find', 'Result'],
    ],
    [
      'name every value of an enum that is answered',
      '{ node(id: 1) { ... on Invoice { kind } } }',
      [
        'ID',
        'Invoice',
        'Invoice.kind',
        'Kind',
        'Kind.A',
        'Kind.B',
        'Node',
        'Query',
        'Query.node',
        'Query.node(id:)',
        'Query.node(id:)!',
      ].filter((name) => name !== 'ID'),
    ],
    [
      'name of literals exactly the input fields and enum values that are given',
      '{ find(filter: { kind: B, must: 1 }) { __typename } }',
      [
        'Filter',
        'Filter.kind',
        'Filter.kind!',
        'Filter.must',
        'Filter.must!',
        'Kind',
        'Kind.B',
        'Query',
        'Query.find',
        'Query.find(filter:)',
        'Query.find(filter:)!',
        'Result',
      ],
    ],
    [
      'name all of the input type of a variable, however deep',
      'query ($f: Filter) { find(filter: $f) { __typename } }',
      [
        'Filter',
        'Filter.inner',
        'Filter.kind',
        'Filter.must',
        'Filter.must!',
        'Int',
        'Kind',
        'Kind.A',
        'Kind.B',
        'Query',
        'Query.find',
        'Query.find(filter:)',
        'Result',
      ],
    ],
    [
      'name directives and their arguments',
      '{ node(id: 1) @audit(level: 2) { id @audit } }',
      [
        '@audit',
        '@audit(level:)',
        'ID',
        'Node',
        'Node.id',
        'Query',
        'Query.node',
        'Query.node(id:)',
        'Query.node(id:)!',
      ],
    ],
    ['leave introspection out', '{ __schema { types { name } } }', ['Query']],
  ])('%s', (_name, text, expected) => {
    const builtIn = /^(ID|Int|String|Boolean|Float)$/;
    const found = coordinates(text).filter((name) => !builtIn.test(name));
    expect(found).toEqual(expected.filter((name) => !builtIn.test(name)));
  });

  it.each([
    ['a literal', '{ find(first: 1) { __typename } }', true],
    ['null', '{ find(first: null) { __typename } }', false],
    ['a variable that cannot be null', 'query ($n: Int!) { find(first: $n) { __typename } }', true],
    ['a variable that can be null', 'query ($n: Int) { find(first: $n) { __typename } }', false],
    [
      'a variable with a default that can be null',
      'query ($n: Int = 1) { find(first: $n) { __typename } }',
      false,
    ],
    [
      'in one place and not in the other',
      '{ a: find(first: 1) { __typename } b: find { __typename } }',
      false,
    ],
    [
      'in two places',
      '{ a: find(first: 1) { __typename } b: find(first: 2) { __typename } }',
      true,
    ],
    [
      'by a fragment of two operations of which one may give null',
      'query A($n: Int!) { ...f } query B($n: Int) { ...f } fragment f on Query { find(first: $n) { __typename } }',
      false,
    ],
  ])('say that an argument is always given: %s', (_name, text, expected) => {
    expect(coordinates(text).includes('Query.find(first:)!')).toBe(expected);
  });
});

describe('a reported coordinate', () => {
  it.each([
    ['Invoice', 'Invoice'],
    ['Invoice.total', 'Invoice.total'],
    ['Invoice.total.currency', 'Invoice.total(currency:)'],
    ['Invoice.total.currency!', 'Invoice.total(currency:)!'],
    ['Invoice.total(currency:)', 'Invoice.total(currency:)'],
    ['Filter.kind!', 'Filter.kind!'],
    ['@audit', '@audit'],
    ['@audit(level:)', '@audit(level:)'],
    ['', null],
    ['a b', null],
    ['a.', null],
    ['a.b.c.d', null],
    ['a.b(c)', null],
    ['1a', null],
    ['a!!', null],
  ])('"%s" is read as %s', (text, expected) => {
    expect(readCoordinate(text)).toBe(expected);
  });
  it('is part of its field, its type, or of nothing', () => {
    expect(['A.b(c:)!', 'A.b', 'A'].map(parentOf)).toEqual(['A.b', 'A', null]);
    expect(withParents(['A.b(c:)!', '__Type.name', 'B.__typename'])).toEqual([
      'A',
      'A.b',
      'A.b(c:)!',
      'B',
    ]);
  });
});

describe('the stored text of an operation', () => {
  it.each([
    ['numbers and texts', '{ a(x: 42, y: 1.5, z: "DE89") }', '{a(x:0 y:0 z:"")}'],
    ['block texts', '{ a(z: """DE89""") }', '{a(z:"")}'],
    ['lists of them, and their length', '{ a(x: [1, 2, 3], y: ["a"]) }', '{a(x:[]y:[])}'],
    [
      'what is inside of objects',
      '{ a(x: {iban: "DE89", n: [{m: 7}]}) }',
      '{a(x:{iban:"" n:[{m:0}]})}',
    ],
    [
      'defaults of variables',
      'query Q($x: String = "DE89") { a(x: $x) }',
      'query Q($x:String=""){a(x:$x)}',
    ],
    ['aliases', '{ invoice_4711: a(x: 1) }', '{a(x:0)}'],
    ['comments', '{ a # DE89\n }', '{a}'],
    ['arguments of directives', '{ a @audit(level: 4711) }', '{a@audit(level:0)}'],
  ])('has no %s', (_name, text, body) => {
    expect(clearedOperation(text, 'Q').body).toBe(body);
  });
  it('keeps enum values, booleans and variables, which name nothing', () => {
    expect(clearedOperation('{ a(x: OPEN, y: true, z: [$v, B]) }', '').body).toBe(
      '{a(x:OPEN y:true z:[$v B])}',
    );
  });
  it('says what kind the named operation is', () => {
    const text = 'query A { a } mutation B { b }';
    expect([clearedOperation(text, 'B').kind, clearedOperation(text, 'C').kind]).toEqual([
      'MUTATION',
      'QUERY',
    ]);
    expect(clearedOperation('{', '')).toEqual({ kind: 'UNKNOWN', body: '' });
  });
});
