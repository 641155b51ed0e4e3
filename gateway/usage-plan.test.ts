import { describe, expect, it } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';
import { createUsagePlans } from './usage-plan.ts';
import type { ReportedOperation } from './usage-plan.ts';

const schema = buildSchema(`
  scalar Date
  scalar Json
  enum Status { OPEN CLOSED }
  enum Currency { EUR CHF }
  interface Document { id: ID! status: Status total(currency: Currency): Money }
  type Invoice implements Document { id: ID! status: Status total(currency: Currency): Money due: Date supplier: Supplier }
  type Order implements Document { id: ID! status: Status total(currency: Currency): Money note: String }
  type Money { amount: String! currency: Currency! }
  type Supplier { id: ID! name: String! }
  union Found = Invoice | Supplier
  input Period { from: Date until: Date }
  input Filter { status: Status period: Period text: String! limit: Int = 3 all: [Filter!] }
  input Line { sku: ID! quantity: Int note: String }
  type Query {
    document(id: ID!): Document
    documents(filter: Filter, first: Int = 10, after: String): [Document!]!
    search(text: String!): [Found!]!
    lookup(meta: Json, on: Date): String
  }
  type Mutation { order(lines: [Line!]!, note: String): Order }
  type Subscription { changed(ids: [ID!]): Document }
`);

function used(
  query: string,
  variables: Record<string, unknown> = {},
  operationName: string | null = null,
): ReportedOperation | null {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  return createUsagePlans().of(schema, document, operationName)?.reported(variables) ?? null;
}

const fields = (query: string, variables?: Record<string, unknown>): readonly string[] =>
  used(query, variables)?.fields ?? [];

describe('the coordinates that an operation uses', () => {
  it.each<[string, string, Record<string, unknown>, string[]]>([
    [
      'fields with their types, whatever their aliases',
      '{ a: document(id: "1") { b: id } }',
      {},
      [
        'Document',
        'Document.id',
        'Query',
        'Query.document',
        'Query.document.id',
        'Query.document.id!',
      ],
    ],
    [
      'every value of an enum that is selected, and scalars that are ours',
      '{ document(id: 1) { status ... on Invoice { due } } }',
      {},
      [
        'Date',
        'Document',
        'Document.status',
        'Invoice',
        'Invoice.due',
        'Query',
        'Query.document',
        'Query.document.id',
        'Query.document.id!',
        'Status',
        'Status.CLOSED',
        'Status.OPEN',
      ],
    ],
    [
      'a union, its members by their fragments, and nothing for __typename',
      '{ search(text: "x") { __typename ...S ... on Invoice { __typename } } } fragment S on Supplier { name ...T } fragment T on Supplier { id }',
      {},
      [
        'Found',
        'Invoice',
        'Query',
        'Query.search',
        'Query.search.text',
        'Query.search.text!',
        'Supplier',
        'Supplier.id',
        'Supplier.name',
      ],
    ],
    [
      'what is skipped: without it the document is not valid',
      'query ($no: Boolean!) { document(id: 1) { id @include(if: $no) ... on Order @skip(if: true) { note } } }',
      { no: false },
      [
        'Document',
        'Document.id',
        'Order',
        'Order.note',
        'Query',
        'Query.document',
        'Query.document.id',
        'Query.document.id!',
      ],
    ],
    [
      'an enum value that the text gives, alone',
      '{ document(id: 1) { total(currency: CHF) { amount } } }',
      {},
      [
        'Currency',
        'Currency.CHF',
        'Document',
        'Document.total',
        'Document.total.currency',
        'Document.total.currency!',
        'Money',
        'Money.amount',
        'Query',
        'Query.document',
        'Query.document.id',
        'Query.document.id!',
      ],
    ],
  ])('are %s', (_what, query, variables, expected) => {
    expect(fields(query, variables)).toEqual(expected);
  });

  it('leave out introspection, and an operation of nothing else', () => {
    expect(fields('{ __schema { types { name } } document(id: 1) { id } }')).not.toContain(
      'Query.__schema',
    );
    expect(used('{ __typename __type(name: "Query") { name } }')).toBeNull();
    expect(used('{ ...R } fragment R on Query { __typename }')).toBeNull();
  });

  it('are those of the operation that is asked for, with its fragments only', () => {
    const document =
      'query A { document(id: 1) { ...F } } query B { search(text: "x") { ...G } } fragment F on Document { id } fragment G on Supplier { name }';
    expect(used(document, {}, 'B')).toMatchObject({
      operation: 'fragment G on Supplier{name}query B{search(text:""){...G}}',
      operationName: 'B',
      fields: expect.not.arrayContaining(['Query.document', 'Document.id']),
    });
  });
});

describe('a coordinate with an exclamation mark', () => {
  const total = (argument: string) => `{ document(id: 1) { ${argument} } }`;
  const currency = 'Document.total.currency';

  it.each<[string, string, Record<string, unknown>, boolean]>([
    ['a value in the text', total('total(currency: EUR) { amount }'), {}, true],
    ['null in the text', total('total(currency: null) { amount }'), {}, false],
    [
      'a second place without a value',
      total('a: total(currency: EUR) { amount } total { amount }'),
      {},
      false,
    ],
    [
      'a variable that demands a value',
      `query ($c: Currency!) ${total('total(currency: $c) { amount }')}`,
      { c: 'EUR' },
      true,
    ],
    [
      'a variable that need not have one, whatever it has today',
      `query ($c: Currency) ${total('total(currency: $c) { amount }')}`,
      { c: 'EUR' },
      false,
    ],
    [
      'a variable with a default',
      `query ($c: Currency = EUR) ${total('total(currency: $c) { amount }')}`,
      {},
      true,
    ],
    [
      'a variable with a default, sent as null',
      `query ($c: Currency = EUR) ${total('total(currency: $c) { amount }')}`,
      { c: null },
      false,
    ],
  ])('says for %s whether the argument could become required', (_what, query, variables, is) => {
    const found = fields(query, variables);
    expect(found).toContain(currency);
    expect(found.includes(`${currency}!`)).toBe(is);
  });
});

describe('input objects', () => {
  it('in the text count by the fields that they give', () => {
    const found = fields(
      '{ documents(filter: { text: "x", status: OPEN, all: [{ text: "y" }], period: { from: null } }) { id } }',
    );
    expect(found.filter((one) => /^(Filter|Period|Status|Date)/.test(one))).toEqual([
      'Date',
      'Filter',
      'Filter.all',
      'Filter.period',
      'Filter.status',
      'Filter.text',
      'Filter.text!',
      'Period',
      'Period.from',
      'Status',
      'Status.OPEN',
    ]);
  });

  const query = 'query Q($filter: Filter) { documents(filter: $filter) { id } }';
  const ofInputs = (variables: Record<string, unknown>) =>
    fields(query, variables).filter((one) => /^(Filter|Period|Status|Date)/.test(one));

  it.each<[Record<string, unknown>, string[]]>([
    [{}, ['Filter']],
    [{ filter: null }, ['Filter']],
    [{ filter: { text: 'secret' } }, ['Filter', 'Filter.text', 'Filter.text!']],
    [
      { filter: { text: 'a', limit: null, period: { from: '2026-01-01' } } },
      [
        'Date',
        'Filter',
        'Filter.limit',
        'Filter.period',
        'Filter.period!',
        'Filter.text',
        'Filter.text!',
        'Period',
        'Period.from',
        'Period.from!',
      ],
    ],
    [
      { filter: { text: 'a', status: 'OPEN', all: [{ text: 'b' }, { text: 'c', limit: 1 }] } },
      [
        'Filter',
        'Filter.all',
        'Filter.limit',
        'Filter.status',
        'Filter.text',
        'Filter.text!',
        'Status',
        'Status.CLOSED',
        'Status.OPEN',
      ],
    ],
    [
      { filter: { text: 'a', constructor: 1, unknown: 2 } },
      ['Filter', 'Filter.text', 'Filter.text!'],
    ],
    [{ filter: 'no object' }, ['Filter']],
  ])('in the variables %j count by the fields that they give', (variables, expected) => {
    expect(ofInputs(variables)).toEqual(expected);
  });

  it('in a list count together, and one outside a list as a list of one', () => {
    const order = 'mutation ($lines: [Line!]!) { order(lines: $lines) { note } }';
    const lines = (value: unknown) =>
      fields(order, { lines: value }).filter((one) => one.startsWith('Line'));
    expect(lines([{ sku: 1, quantity: 2 }, { sku: 2 }])).toEqual([
      'Line',
      'Line.quantity',
      'Line.sku',
      'Line.sku!',
    ]);
    expect(lines({ sku: 1 })).toEqual(['Line', 'Line.sku', 'Line.sku!']);
  });

  it('that are too large to look through count with everything that they may hold', () => {
    const order = 'mutation ($lines: [Line!]!) { order(lines: $lines) { note } }';
    const found = fields(order, { lines: Array.from({ length: 400 }, () => ({ sku: 1 })) });
    expect(found).toEqual(expect.arrayContaining(['Line.sku', 'Line.quantity', 'Line.note']));
    expect(found).not.toContain('Line.sku!');
  });

  it('are the same reported operation when they have the same shape, and few of them are told apart', () => {
    const plans = createUsagePlans();
    const document = parse(query);
    const reported = (filter: unknown) => plans.of(schema, document, null)?.reported({ filter });
    expect(reported({ text: 'a' })).toBe(reported({ text: 'b' }));
    expect(reported({ text: 'a' })?.key).not.toBe(reported({ text: 'a', limit: 1 })?.key);
    const shapes = new Set(
      Array.from({ length: 2_000 }, (_, index) => {
        const given = ['status', 'period', 'text', 'limit', 'all'].filter(
          (_name, bit) => index & (1 << bit),
        );
        const nulls = ['status', 'period', 'text', 'limit', 'all'].filter(
          (_name, bit) => (index >> 5) & (1 << bit),
        );
        return reported(
          Object.fromEntries([
            ...given.map((name) => [name, 1]),
            ...nulls.map((name) => [name, null]),
          ]),
        );
      }),
    );
    expect(shapes.size).toBeLessThanOrEqual(101);
  });

  it('in the default of a variable count as well', () => {
    const found = fields(
      'query ($f: Filter = { text: "x", period: { until: "2026" } }) { documents(filter: $f) { id } }',
    );
    expect(found).toEqual(expect.arrayContaining(['Filter.text', 'Period.until']));
  });
});

describe('the text that is reported', () => {
  const text = (query: string, variables?: Record<string, unknown>) =>
    used(query, variables)?.operation;

  it('holds no value of anybody', () => {
    expect(
      text(
        '{ DE89370400440532013000: search(text: "DE89370400440532013000") { ... on Supplier { name } } document(id: 815) { total(currency: EUR) { amount } } documents(first: 42, filter: { text: """Müller""", all: [{ text: "a" }, { text: "b" }] }) { id } } # Meier',
      ),
    ).toBe(
      '{document(id:0){total(currency:EUR){amount}}documents(filter:{text:"" all:[{text:""}]}first:0){id}search(text:""){...on Supplier{name}}}',
    );
  });

  it('shows nothing of what stands inside a scalar of ours, not even names', () => {
    expect(text('{ lookup(meta: { iban: "DE89", list: [1, { a: MEIER }] }, on: MEIER) }')).toBe(
      '{lookup(meta:{}on:"")}',
    );
    expect(text('{ lookup(meta: [MEIER, SCHMITT]) }')).toBe('{lookup(meta:[""])}');
  });

  it('is the same for operations that ask for the same', () => {
    const one = text(
      'query Q($a: String!, $b: ID!) { search(text: $a) { __typename } x: document(id: $b) { status id } }',
      { a: '', b: '' },
    );
    const two = text(
      'query Q($b: ID!, $a: String!) {\n document(id: $b) { y: id status } search(text: $a) { __typename } }',
      { a: '', b: '' },
    );
    expect(one).toBe(two);
    expect(validate(schema, parse(one ?? ''))).toEqual([]);
  });

  it('keeps the key over restarts and schemas that differ elsewhere', () => {
    const other = buildSchema('type Query { document(id: ID!): D more: Int } type D { id: ID! }');
    const keyIn = (one: typeof schema) =>
      createUsagePlans().of(one, parse('{ document(id: 1) { __typename } }'), null)?.reported({})
        .key;
    expect(keyIn(schema)).toBe(keyIn(schema));
    expect(keyIn(schema)).not.toBe(keyIn(other));
  });
});
