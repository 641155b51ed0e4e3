import { describe, expect, it } from '@jest/globals';
import { parse } from 'graphql';
import { lintSubgraph } from './lint.ts';
import { RULES } from './rules.ts';
import type { Owners } from './lint-context.ts';

/** The coordinates that break one rule. */
function breaches(
  rule: string,
  sdl: string,
  owners: Owners = { subgraph: null, types: {} },
): string[] {
  const rules = Object.fromEntries(
    RULES.map(({ id }) => [id, id === rule ? ('ERROR' as const) : ('OFF' as const)]),
  );
  return lintSubgraph({
    subgraph: 'invoices',
    document: parse(sdl),
    changedCoordinates: null,
    policy: { rules },
    owners,
  }).map(({ coordinate }) => String(coordinate));
}

describe('a Float', () => {
  it.each([
    'type Invoice { totalAmount: Float }',
    'type Invoice { amounts: [Float!]! }',
    'type Invoice { tax_due: Float }',
    'type Invoice { unitPrice(discountAmount: Int): Float }',
    'type Query { invoices(minAmount: Float): ID }',
    'input PayInput { paid: Float! }',
    'type Price { value: Float }',
    'type Budget { net: Float }',
    'type Line { "What one unit costs, in EUR." each: Float }',
    'type Line { "ISO 4217 minor units." each: Float }',
    'interface Payable { balance: Float! }',
    'directive @limit(amount: Float) on OBJECT',
  ])('that is money is found: %s', (sdl) => {
    expect(breaches('no-float-for-money', sdl)).toHaveLength(1);
    expect(breaches('no-float', sdl)).toHaveLength(1);
  });

  it.each([
    'type Invoice { taxRate: Float }',
    'type Invoice { discountPercent: Float! }',
    'type Match { score: Float }',
    'type Place { latitude: Float }',
    'type Setting { value: Float }',
    'type Order { lineCount: Float quantity: Float }',
    'type Supplier { spendShare: Float }',
  ])('that is not money is a Float all the same: %s', (sdl) => {
    expect(breaches('no-float-for-money', sdl)).toEqual([]);
    expect(breaches('no-float', sdl).length).toBeGreaterThan(0);
  });

  it.each([
    'type Invoice { amount: Int }',
    'scalar Decimal type Invoice { amount: Decimal, price: [Decimal!] }',
  ])('is not what this is: %s', (sdl) => {
    expect(breaches('no-float-for-money', sdl)).toEqual([]);
    expect(breaches('no-float', sdl)).toEqual([]);
  });
});

describe('a mutation', () => {
  const types = `interface Problem { code: String } type Ok { id: ID } type Bad implements Problem { code: String }
    type LooseProblem { code: String }`;
  it.each<[string, string, string[]]>([
    ['a success and a problem', 'union R = Ok | Bad type Mutation { pay: R! }', []],
    ['a scalar', 'type Mutation { pay: Boolean }', ['Mutation.pay']],
    ['an object', 'type Mutation { pay: Ok }', ['Mutation.pay']],
    ['a list of results', 'union R = Ok | Bad type Mutation { pay: [R!]! }', ['Mutation.pay']],
    ['no problem', 'union R = Ok type Mutation { pay: R }', ['Mutation.pay']],
    ['no success', 'union R = Bad type Mutation { pay: R }', ['Mutation.pay']],
    [
      'a problem that is not one',
      'union R = Ok | Bad | LooseProblem type Mutation { pay: R }',
      ['Mutation.pay'],
    ],
    [
      'a problem by extension',
      'union R = Ok extend union R = Bad extend type Mutation { pay: R }',
      [],
    ],
    ['a type that is not there', 'type Mutation { pay: Missing }', ['Mutation.pay']],
  ])('that answers %s is judged', (_title, sdl, expected) => {
    expect(breaches('mutation-result', `${types} ${sdl}`)).toEqual(expected);
  });
});

describe('a list', () => {
  const item = 'type Item { id: ID }';
  it.each<[string, string, string[]]>([
    ['of a query', 'type Query { items: [Item] }', ['Query.items']],
    ['of a subscription', 'type Subscription { items: [Item!]! }', ['Subscription.items']],
    ['of an entity', 'type A @key(fields: "id") { id: ID items: [Item] }', ['A.items']],
    [
      'of an extended entity',
      'extend type A @key(fields: "id") { id: ID @external } extend type A { items: [[Item]] }',
      ['A.items'],
    ],
    ['of unions', 'union U = Item type Query { all: [U] }', ['Query.all']],
    ['that is paged', 'type Query { a(first: Int): [Item] b(last: Int!): [Item] }', []],
    ['that states its size', 'type Query { items: [Item] @listSize(assumedSize: 3) }', []],
    ['that is external', 'type A @key(fields: "id") { id: ID items: [Item] @external }', []],
    ['of scalars', 'type Query { numbers: [Int!]! }', []],
    ['of an object without identity', 'type Line { items: [Item] }', []],
    ['of a mutation', 'type Mutation { items: [Item] }', []],
  ])('%s is judged', (_title, sdl, expected) => {
    expect(breaches('lists-paged', `${item} ${sdl}`)).toEqual(expected);
  });
});

describe('an owner', () => {
  const sdl = 'type Invoice { id: ID } enum Kind { A } scalar constructor';
  it.each<[string, Owners, string[]]>([
    ['of nothing', { subgraph: null, types: {} }, ['Invoice', 'Kind', 'constructor']],
    ['of the subgraph', { subgraph: 'ap', types: {} }, []],
    ['of a type', { subgraph: null, types: { Invoice: 'ap' } }, ['Kind', 'constructor']],
  ])('%s answers for what it owns', (_title, owners, expected) => {
    expect(breaches('owned', sdl, owners)).toEqual(expected);
  });
});

describe('protection', () => {
  it.each(['@authenticated', '@requiresScopes(scopes: [["a"]])', '@policy(policies: [["a"]])'])(
    'by %s is refused on scalars and enums, and right on fields, objects and interfaces',
    (directive) => {
      const sdl = `scalar S ${directive} enum E ${directive} { A } extend scalar S ${directive}
        type T ${directive} { a: S ${directive} } interface I ${directive} { a: S }`;
      expect(breaches('auth-on-leaf', sdl)).toEqual(['S', 'E', 'S']);
    },
  );
});

describe('a deprecation', () => {
  it.each<[string, string[]]>([
    ['@deprecated', ['A.a']],
    ['@deprecated(reason: null)', ['A.a']],
    ['@deprecated(reason: "  ")', ['A.a']],
    ['@deprecated(reason: "No longer supported.")', ['A.a']],
    ['@deprecated(reason: "Use `b`.")', []],
  ])('by %s is judged wherever it stands', (directive, expected) => {
    expect(breaches('deprecation-reason', `type A { a: ID ${directive} }`)).toEqual(expected);
    expect(breaches('deprecation-reason', `enum A { a ${directive} }`)).toEqual(expected);
    expect(breaches('deprecation-reason', `input A { a: ID ${directive} }`)).toEqual(expected);
    expect(breaches('deprecation-reason', `type B { b(a: ID ${directive}): ID }`)).toEqual(
      expected.map(() => 'B.b(a:)'),
    );
  });
});
