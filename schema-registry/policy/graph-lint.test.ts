import { describe, expect, it } from '@jest/globals';
import { parse } from 'graphql';
import { classificationsOf } from './classification.ts';
import { coordinatesOf } from './element.ts';
import { lintContract, lintSupergraph } from './graph-lint.ts';
import { defaultSeverities } from './rules.ts';

const policy = { rules: defaultSeverities('production') };

/** Coordinate → tag and where it comes from. */
function classified(sdl: string): Record<string, string> {
  return Object.fromEntries(
    [...classificationsOf(parse(sdl))].map(([coordinate, tags]) => [
      coordinate,
      tags.map(({ tag, from }) => (from === coordinate ? tag : `${tag} by ${from}`)).join(', '),
    ]),
  );
}

describe('a classification', () => {
  it.each<[string, string, Record<string, string>]>([
    [
      'of a type is that of its fields, their arguments, and the fields that answer it',
      `type Account @tag(name: "bank") { iban(masked: Boolean): String }
       type Supplier { id: ID accounts(first: Int): [Account!]! }`,
      {
        Account: 'bank',
        'Account.iban': 'bank by Account',
        'Account.iban(masked:)': 'bank by Account',
        'Supplier.accounts': 'bank by Account',
      },
    ],
    [
      'of a scalar or enum is that of what answers and takes it',
      `scalar Iban @tag(name: "bank") enum Risk @tag(name: "restricted") { HIGH }
       type Query { supplier(iban: Iban): String risk: Risk! } input Filter { risk: [Risk!] }`,
      {
        Iban: 'bank',
        Risk: 'restricted',
        'Risk.HIGH': 'restricted by Risk',
        'Query.supplier(iban:)': 'bank by Iban',
        'Query.risk': 'restricted by Risk',
        'Filter.risk': 'restricted by Risk',
      },
    ],
    [
      'of an input is that of its fields and of what takes it',
      'input Person @tag(name: "pii") { name: String } type Mutation { add(input: Person!): ID }',
      { Person: 'pii', 'Person.name': 'pii by Person', 'Mutation.add(input:)': 'pii by Person' },
    ],
    [
      'of a field is that of its arguments, and of nothing around it',
      'type Supplier { id: ID phone(country: String): String @tag(name: "pii") }',
      { 'Supplier.phone': 'pii', 'Supplier.phone(country:)': 'pii by Supplier.phone' },
    ],
    [
      'of an interface is that of what implements it, and of what answers that',
      `interface Person @tag(name: "pii") { name: String }
       type Buyer implements Person { name: String limit: Int } type Query { buyer: Buyer }`,
      {
        Person: 'pii',
        'Person.name': 'pii by Person',
        Buyer: 'pii by Person',
        'Buyer.name': 'pii by Person',
        'Buyer.limit': 'pii by Person',
        'Query.buyer': 'pii by Person',
      },
    ],
    [
      "of an implementation's field is that of the interface's field, but not of the interface",
      `interface Party { id: ID account(of: ID): String }
       type Supplier implements Party { id: ID account(of: ID): String @tag(name: "bank") }
       type Buyer implements Party { id: ID account(of: ID): String }`,
      {
        'Supplier.account': 'bank',
        'Supplier.account(of:)': 'bank by Supplier.account',
        'Party.account': 'bank by Supplier.account',
        'Party.account(of:)': 'bank by Supplier.account',
      },
    ],
    [
      'is not handed down by an implementation to an interface that others implement too',
      `interface Node { id: ID } type Account implements Node @tag(name: "bank") { id: ID }
       type Order implements Node { id: ID }`,
      { Account: 'bank', 'Account.id': 'bank by Account' },
    ],
    [
      'can be several, each from its nearest source',
      `type Account @tag(name: "bank") @tag(name: "portal") { holder: String @tag(name: "pii") @tag(name: "bank") }`,
      { Account: 'bank', 'Account.holder': 'bank by Account, pii' },
    ],
    [
      'can be stated by an extension',
      'type A { id: ID } extend type A @tag(name: "pii") { b: ID }',
      { A: 'pii', 'A.id': 'pii by A', 'A.b': 'pii by A' },
    ],
    ['is nothing where tags only sort', 'type A @tag(name: "portal") { id: ID }', {}],
  ])('%s', (_title, sdl, expected) => {
    expect(classified(sdl)).toEqual(expected);
  });
});

describe('a contract that forbids a classification', () => {
  const supergraph = parse(`type Query { supplier: Supplier } scalar Iban @tag(name: "bank")
    type Supplier { name: String account: Iban owner: String @tag(name: "pii") }`);
  const shown = (...visible: readonly string[]) =>
    lintContract({
      contract: 'partner',
      supergraph,
      visible: new Set(visible),
      forbiddenTags: ['bank', 'pii'],
      policy,
    });

  it('is told of everything classified that it shows, and of where it has it from', () => {
    const findings = shown(...coordinatesOf(supergraph));
    expect(findings.map(({ coordinate }) => coordinate)).toEqual([
      'Iban',
      'Supplier.account',
      'Supplier.owner',
    ]);
    expect(findings[1]).toMatchObject({
      severity: 'ERROR',
      code: 'classification-exposed',
      contract: 'partner',
      subgraph: null,
      message: expect.stringContaining('which is so by `Iban`'),
    });
  });

  it('is right when it shows none of it', () => {
    expect(shown('Query', 'Query.supplier', 'Supplier', 'Supplier.name')).toEqual([]);
  });

  it('is not looked at when it forbids nothing, or when the policy says so', () => {
    const visible = coordinatesOf(supergraph);
    const asked = { contract: 'partner', supergraph, visible, policy };
    expect(lintContract({ ...asked, forbiddenTags: [] })).toEqual([]);
    const off = { rules: { ...policy.rules, 'classification-exposed': 'OFF' as const } };
    expect(lintContract({ ...asked, forbiddenTags: ['bank'], policy: off })).toEqual([]);
  });
});

describe('types that nothing leads to', () => {
  const graph = (rest: string) =>
    parse(`type Query { a: A } type A implements I { id: ID } interface I { id: ID } ${rest}`);
  const unreachable = (rest: string, changed: ReadonlySet<string> | null = null) =>
    lintSupergraph({ document: graph(rest), changedCoordinates: changed, policy }).map(
      ({ coordinate }) => coordinate,
    );

  it.each<[string, string, string[]]>([
    ['through a union', 'extend type A { u: U } union U = B type B { id: ID }', []],
    [
      'through an interface to what implements it',
      'type B implements I { id: ID c: C } enum C { D }',
      [],
    ],
    [
      'through arguments and inputs',
      'extend type A { x(i: In): ID } input In { s: S } scalar S',
      [],
    ],
    ['through the argument of a directive', 'directive @d(s: S) on OBJECT scalar S', []],
    ['nowhere', 'type B { c: C } type C { b: B } input In { id: ID }', ['B', 'C', 'In']],
    [
      "in the supergraph's own machinery",
      'enum join__Graph { A } scalar link__Import type _Entity { id: ID }',
      [],
    ],
  ])('are looked for %s', (_title, rest, expected) => {
    expect(unreachable(rest)).toEqual(expected);
  });

  it('are told of when they changed', () => {
    expect(unreachable('type B { id: ID } type C { id: ID }', new Set(['C.id']))).toEqual(['C']);
  });
});
