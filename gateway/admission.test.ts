import { describe, expect, it } from '@jest/globals';
import { buildSchema, getIntrospectionQuery, parse } from 'graphql';
import { createAdmissions } from './admission.ts';
import { DEFAULT_LIMITS } from './gateway-limits.ts';
import { costWeightsOf } from './cost-weight.ts';
import { listSizesOf } from './list-size.ts';
import type { Viewer } from '#kernel/identity.ts';

const PAGED =
  '@listSize(slicingArguments: ["first", "last"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false)';
const connection = (name: string): string =>
  `type ${name}Connection { edges: [${name}Edge!]! nodes: [${name}!]! pageInfo: PageInfo! } type ${name}Edge { cursor: String! node: ${name}! }`;
const PAGE = 'first: Int, after: String, last: Int, before: String';

/** The documents of requisition to payment, as the rooms declare them. */
const SDL = `
  directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean) on FIELD_DEFINITION
  type Query {
    requisition(id: ID!): Requisition
    requisitions(${PAGE}): RequisitionConnection! ${PAGED}
    costCentre(id: ID!): CostCentre
    defaulted(limit: Int = 80): [Line!]! @listSize(slicingArguments: ["limit"])
    known: [Line!]! @listSize(assumedSize: 40)
    either(first: Int = 9, last: Int): [Line!]! @listSize(slicingArguments: ["first", "last"])
    window(page: Page, ids: [ID!]): [Line!]! @listSize(slicingArguments: ["page.first", "ids"])
    sliced(first: Int, last: Int): [Line!]! @listSize(slicingArguments: ["first", "last"])
    report(rows: Int): Report @listSize(slicingArguments: ["rows"], sizedFields: ["lines"], requireOneSlicingArgument: false, assumedSize: 30)
    tree: Node
    value: Int
  }
  input Page { first: Int after: String }
  type Report { lines: [Line!]! notes: [Line!]! }
  type Mutation { submit(id: ID!): Requisition }
  type Subscription { events(after: ID): Requisition }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Money { amount: String! currency: String! }
  type Node { value: Int a: Node b: Node list: [Node!] }
  type CostCentre { id: ID! requisitions(${PAGE}): RequisitionConnection! ${PAGED} }
  type Supplier { id: ID! legalName: String! }
  type Reservation { id: ID! status: String! amount: Money! }
  type Task { id: ID! status: String! assignee: String }
  type Stage { name: String! tasks: [Task!]! }
  type Approval { id: ID! status: String! stages: [Stage!]! decisions: [Task!]! }
  type Line { sequence: Int! total: Money! }
  type Receipt { id: ID! lines: [Line!]! }
  type Payment { id: ID! status: String! amount: Money! }
  type Hold { id: ID! reason: String! }
  type Invoice { id: ID! total: Money! lines: [Line!]! holds: [Hold!]! payments: [Payment!]! }
  type PurchaseOrder { id: ID! total: Money! supplier: Supplier goodsReceipts: [Receipt!]! invoices(${PAGE}): InvoiceConnection! ${PAGED} }
  type Entry { at: String! text: String! }
  type Requisition {
    id: ID! status: String! total: Money! lines: [Line!]! supplier: Supplier
    fundsReservations: [Reservation!]! approval: Approval timeline: [Entry!]!
    purchaseOrders(${PAGE}): PurchaseOrderConnection! ${PAGED}
  }
  ${['Requisition', 'PurchaseOrder', 'Invoice'].map(connection).join(' ')}`;

const DEEP = `
  query Deep($first: Int!) {
    requisitions(first: $first) { nodes { ...Whole } pageInfo { hasNextPage endCursor } }
  }
  fragment Whole on Requisition {
    id status total { ...Amount } lines { sequence total { ...Amount } } supplier { id legalName }
    fundsReservations { id status amount { ...Amount } }
    approval { id status stages { name tasks { id status assignee } } decisions { id status } }
    purchaseOrders(first: 3) { edges { node {
      id total { ...Amount } supplier { id }
      goodsReceipts { id lines { sequence total { ...Amount } } }
      invoices(first: 3) { edges { node {
        id total { ...Amount } holds { id reason } payments { id status amount { ...Amount } }
      } } }
    } } }
    timeline { at text }
  }
  fragment Amount on Money { amount currency }`;

const viewer = (role: string): Viewer => ({
  id: 'v',
  name: 'v',
  kind: 'person',
  roles: [role],
  companies: ['*'],
  costCentres: ['*'],
});
const schema = buildSchema(SDL);
const admissions = createAdmissions({
  schema,
  listSizes: listSizesOf(parse(SDL)),
  weights: costWeightsOf(parse(SDL)),
  limits: DEFAULT_LIMITS,
});

function admit(query: string, variables: Record<string, unknown> = {}, role = 'requestor') {
  return admissions.admit({ query, variables, operationName: null, viewer: viewer(role) });
}

function outcome(query: string, variables: Record<string, unknown> = {}): unknown {
  const admission = admit(query, variables);
  return admission.ok ? 'admitted' : admission.errors[0]?.extensions['code'];
}

function costOf(query: string, variables: Record<string, unknown> = {}): number {
  const admission = admit(query, variables);
  if (!admission.ok) throw new Error(admission.errors[0]?.message);
  return admission.cost;
}

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const doubling = (levels: number, body: (next: string) => string): string =>
  `${times(levels, (level) => `fragment F${level} on Node { ${body(`...F${level + 1}`)} }`)} fragment F${levels} on Node { value }`;

describe('an honest query', () => {
  it('from requisition to payment is admitted for 1, 10 and 100 documents', () => {
    for (const first of [1, 10, 100]) expect(outcome(DEEP, { first })).toBe('admitted');
    expect(costOf(DEEP, { first: 100 })).toBeGreaterThan(10_000);
  });

  it('may go down three connections by their edges to an amount of money', () => {
    const query = `{ costCentre(id: 1) { requisitions(first: 5) { edges { node { purchaseOrders(first: 5) { edges { node {
      invoices(first: 5) { edges { node { total { amount } } } } } } } } } } } }`;
    expect(outcome(query)).toBe('admitted');
  });
});

describe('the cost of a query', () => {
  it('is the number of objects that its page sizes allow', () => {
    expect(costOf('{ value }')).toBe(0);
    expect(costOf('{ requisition(id: 1) { id total { amount } } }')).toBe(2);
    expect(costOf('{ requisitions(first: 10) { nodes { id } } }')).toBe(1 + 10);
    expect(costOf('{ requisitions(first: 10) { edges { node { total { amount } } } } }')).toBe(
      1 + 10 * 3,
    );
    expect(costOf('{ requisitions(first: 10) { nodes { id } pageInfo { hasNextPage } } }')).toBe(
      1 + 10 + 1,
    );
  });

  it('takes page sizes from variables, their defaults and the defaults of the contract', () => {
    const query = 'query Q($n: Int = 20) { requisitions(first: $n) { nodes { id } } }';
    expect(costOf(query, { n: 50 })).toBe(51);
    expect(costOf(query)).toBe(21);
    expect(costOf('{ defaulted { sequence } }')).toBe(80);
    expect(costOf('{ defaulted(limit: 3) { sequence } }')).toBe(3);
    expect(costOf('{ known { sequence } }')).toBe(40);
  });

  it('takes the size of the lists that the contract names from the object around them', () => {
    expect(costOf('{ report(rows: 10) { lines { sequence } } }')).toBe(1 + 10);
    expect(costOf('{ report(rows: 10) { lines { sequence } notes { sequence } } }')).toBe(
      1 + 10 + 5,
    );
    expect(costOf('{ report { lines { sequence } } }')).toBe(1 + 30);
    expect(
      costOf('{ report(rows: 10) { ...R } } fragment R on Report { lines { sequence } }'),
    ).toBe(1 + 10);
  });

  it('is told once where one argument is expected to say it; a default is given unless another is', () => {
    expect(costOf('{ either { sequence } }')).toBe(9);
    expect(costOf('{ either(last: 20) { sequence } }')).toBe(20);
    expect(outcome('{ either(first: 1, last: 1) { sequence } }')).toBe('SLICING_ARGUMENT_EXPECTED');
  });

  it('follows a path into an input object, and counts what a list asks for', () => {
    const query =
      'query ($page: Page, $ids: [ID!]) { window(page: $page, ids: $ids) { sequence } }';
    expect(costOf('{ window(page: { first: 12 }) { sequence } }')).toBe(12);
    expect(costOf('{ window(ids: [1, 2, 3]) { sequence } }')).toBe(3);
    expect(costOf(query, { page: { first: 7 } })).toBe(7);
    expect(costOf(query, { page: { first: 8 } })).toBe(8);
    expect(costOf(query, { ids: ['a', 'b'] })).toBe(2);
    expect(outcome(query, { page: { first: 101 } })).toBe('PAGE_TOO_LARGE');
    expect(outcome(query, { page: {} })).toBe('SLICING_ARGUMENT_EXPECTED');
  });

  it('is the default where a variable has no value', () => {
    const query = 'query ($n: Int) { defaulted(limit: $n) { sequence } }';
    expect(costOf(query)).toBe(80);
    expect(costOf(query, { n: 3 })).toBe(3);
    expect(outcome(query, { n: null })).toBe('SLICING_ARGUMENT_EXPECTED');
  });

  it('is asked of the operation that runs, and of none when a document is only looked at', () => {
    const query =
      'query A($a: Int) { sliced(first: $a) { ...L } } query B($b: Int) { sliced(last: $b) { ...L } } fragment L on Line { sequence }';
    const named = (operationName: string, variables: Record<string, unknown> | null) => {
      const asked = { query, variables, operationName, viewer: viewer('requestor') };
      const admission = admissions.admit(asked);
      return admission.ok || admission.errors[0]?.extensions['code'];
    };
    expect([named('A', null), named('B', null)]).toEqual([true, true]);
    expect([named('A', { a: 5 }), named('B', { a: 5 })]).toEqual([
      true,
      'SLICING_ARGUMENT_EXPECTED',
    ]);
    expect([named('A', {}), named('A', null)]).toEqual(['SLICING_ARGUMENT_EXPECTED', true]);
  });

  it.each<[string, string, object]>([
    ['none of them', '{ sliced { sequence } }', {}],
    ['two of them', '{ sliced(first: 1, last: 1) { sequence } }', {}],
    ['a null', '{ sliced(first: null) { sequence } }', {}],
    ['a variable without a value', 'query ($n: Int) { sliced(first: $n) { sequence } }', {}],
    ['no number', 'query ($n: Int) { sliced(first: $n) { sequence } }', { n: 'ten' }],
  ])(
    'is not known where one argument is expected to say it, and there is %s',
    (_name, query, variables) => {
      expect(costOf('query ($n: Int) { sliced(first: $n) { sequence } }', { n: 7 })).toBe(7);
      expect(outcome(query, { ...variables })).toBe('SLICING_ARGUMENT_EXPECTED');
    },
  );

  it('is the same through fragments, whose connection gives them its page size', () => {
    const query = `{ requisitions(first: 10) { ...C } } fragment C on RequisitionConnection { ...D } fragment D on RequisitionConnection { nodes { id } }`;
    expect(costOf(query)).toBe(11);
  });
});

describe('an abusive query', () => {
  const cases: Record<string, readonly [string, string]> = {
    'a bomb of doubled fragments': [
      `{ tree { ...F0 } } ${doubling(20, (next) => `a { ${next} } b { ${next} }`)}`,
      'QUERY_TOO_DEEP',
    ],
    'a fragment used twice in one selection set, twenty times': [
      `{ tree { ...F0 } } ${doubling(20, (next) => `${next} ${next}`)}`,
      'TOO_MANY_FIELDS',
    ],
    'the same with only type names below': [
      `{ tree { ...F0 } } ${doubling(20, (next) => `${next} ${next}`).replace('value', '__typename')}`,
      'TOO_MANY_FIELDS',
    ],
    'a cycle of fragments': [
      '{ tree { ...A } } fragment A on Node { a { ...B } } fragment B on Node { b { ...A } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    'a cycle that nobody spreads': [
      '{ value } fragment A on Node { ...A }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    '2,000 aliases': [`{ ${times(2_000, (index) => `a${index}: value`)} }`, 'QUERY_TOO_LONG'],
    '200 aliases': [
      `{ tree { ${times(200, (index) => `a${index}: value`)} } }`,
      'TOO_MANY_ALIASES',
    ],
    'aliases in a fragment used twice': [
      `{ tree { a { ...F } b { ...F } } } fragment F on Node { ${times(20, (index) => `a${index}: value`)} }`,
      'TOO_MANY_ALIASES',
    ],
    '10,000 directives': [`{ value ${'@include(if: true) '.repeat(10_000)} }`, 'QUERY_TOO_LONG'],
    '100 directives': [`{ value ${'@include(if: true) '.repeat(100)} }`, 'TOO_MANY_DIRECTIVES'],
    '100 directives on the operation': [
      `query Q ${'@a '.repeat(100)} { value }`,
      'TOO_MANY_DIRECTIVES',
    ],
    '1,000 levels': [
      `{ tree ${'{ a '.repeat(1_000)} { value } ${'}'.repeat(1_000)} }`,
      'QUERY_TOO_LONG',
    ],
    '200 levels': [`{ tree ${'{ a '.repeat(200)} { value } ${'}'.repeat(200)} }`, 'QUERY_TOO_DEEP'],
    'levels of a field that does not exist': [
      `{ nothing ${'{ a '.repeat(200)} { value } ${'}'.repeat(200)} }`,
      'QUERY_TOO_DEEP',
    ],
    '30 root fields': [`{ ${times(30, (index) => `a${index}: value`)} }`, 'TOO_MANY_ROOT_FIELDS'],
    'one field 300 times': [`{ tree { ${'value '.repeat(300)} } }`, 'FIELD_REPEATED'],
    'one field 150 times in inline fragments': [
      `{ tree { ${'... { a { value } } '.repeat(150)} } }`,
      'FIELD_REPEATED',
    ],
    '100 fragments': [
      `{ ${times(100, (index) => `...F${index}`)} } ${times(100, (index) => `fragment F${index} on Query { value }`)}`,
      'TOO_MANY_FRAGMENTS',
    ],
    'lists of lists': [
      `{ tree { ${'list { '.repeat(8)} value ${'} '.repeat(8)} } }`,
      'QUERY_TOO_COSTLY',
    ],
    'pages of pages': [
      '{ requisitions(first: 100) { nodes { purchaseOrders(first: 100) { nodes { invoices(first: 100) { nodes { id } } } } } } }',
      'QUERY_TOO_COSTLY',
    ],
    'a page of 101': ['{ requisitions(first: 101) { nodes { id } } }', 'PAGE_TOO_LARGE'],
    'a comment of a megabyte': [`{ value } # ${'x'.repeat(1_000_000)}`, 'QUERY_TOO_LONG'],
    'an introspection query': [getIntrospectionQuery(), 'INTROSPECTION_DISABLED'],
    'text that is no query': ['{ value', 'GRAPHQL_PARSE_FAILED'],
  };
  it.each(Object.entries(cases))('%s is refused with its own code', (_name, [query, code]) => {
    expect(outcome(query)).toBe(code);
  });

  it('is refused by the page size of its variables, also when its text is known', () => {
    const query = 'query Q($n: Int) { requisitions(last: $n) { nodes { id } } }';
    expect(outcome(query, { n: 100 })).toBe('admitted');
    expect(outcome(query, { n: 100_000 })).toBe('PAGE_TOO_LARGE');
  });

  it('is told the limit and its own figure', () => {
    const admission = admit('{ requisitions(first: 500) { nodes { id } } }');
    expect(admission.ok ? null : admission.errors[0]?.toJSON()).toMatchObject({
      message: expect.stringMatching(/At most 100 .* has 500/),
      extensions: { code: 'PAGE_TOO_LARGE', limit: 100, measured: 500 },
    });
  });

  it('may look like an introspection query and is still bounded', () => {
    const bomb = `{ __schema { types { ...F0 } } } ${times(20, (level) => `fragment F${level} on __Type { ofType { ...F${level + 1} } x: ofType { ...F${level + 1} } }`)} fragment F20 on __Type { name }`;
    const admission = admit(bomb, {}, 'architect');
    expect(admission.ok).toBe(false);
    expect(admit(getIntrospectionQuery(), {}, 'architect').ok).toBe(true);
  });
});
