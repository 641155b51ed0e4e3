import { describe, expect, it } from '@jest/globals';
import { composeSchemaContract, composeServices } from '@theguild/federation-composition';
import fc from 'fast-check';
import {
  Kind,
  buildASTSchema,
  lexicographicSortSchema,
  parse,
  printSchema,
  validateSchema,
} from 'graphql';
import { apiOf } from './api-schema.ts';
import { hiddenBy } from './contract-filter.ts';
import { graphView } from './graph-view.ts';
import { hiddenSupergraph, prunedApi } from './hidden-schema.ts';
import type { DocumentNode } from 'graphql';
import type { TagFilter } from './contract-filter.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@tag", "@inaccessible", "@external", "@requires"])';

interface Service {
  readonly name: string;
  readonly sdl: string;
}

/** The API schema of a contract by our filter, or that it cannot be. */
function ours(services: readonly Service[], filter: TagFilter): string {
  const composed = composeServices(parsed(services));
  if (composed.errors !== undefined || composed.supergraphDocumentNode === undefined)
    throw new Error(JSON.stringify(composed.errors));
  const supergraph = parse(composed.supergraphSdl);
  const hides = hiddenBy(graphView(supergraph), filter);
  if (!hides.ok) return 'REFUSED';
  const pruned = shown(prunedApi(apiOf(supergraph), hides.hidden));
  // What a gateway reads of the contract's supergraph is the very schema that was checked.
  expect(shown(apiOf(hiddenSupergraph(supergraph, hides.hidden)))).toBe(pruned);
  return pruned;
}

/**
 * The same by the composition library, which composes the filtered subgraphs anew. `NO ANSWER` where it has none: it keeps
 * hidden members of unions, and input fields of hidden types, in a schema that nobody can build then, itself included.
 */
function theirs(services: readonly Service[], filter: TagFilter): string {
  const tags = { include: new Set(filter.include), exclude: new Set(filter.exclude) };
  try {
    const contract = composeSchemaContract(parsed(services), tags, filter.removeUnreachable);
    if (contract.errors !== undefined || contract.supergraphDocumentNode === undefined)
      return 'REFUSED';
    const api = apiOf(contract.supergraphDocumentNode);
    const isEmpty = api.definitions.some(
      (type) => type.kind === Kind.UNION_TYPE_DEFINITION && type.types?.length === 0,
    );
    return isEmpty ? 'NO ANSWER' : shown(api);
  } catch {
    return 'NO ANSWER';
  }
}

function parsed(
  services: readonly Service[],
): { name: string; url: string; typeDefs: DocumentNode }[] {
  return services.map(({ name, sdl }) => ({
    name,
    url: `http://${name}`,
    typeDefs: parse(`${LINK}\n${sdl}`),
  }));
}

function shown(api: DocumentNode): string {
  return printSchema(lexicographicSortSchema(buildASTSchema(api, { assumeValidSDL: true })));
}

const filter = (include: string[], exclude: string[], removeUnreachable = true): TagFilter => ({
  include,
  exclude,
  removeUnreachable,
});

const CASES: readonly (readonly [string, readonly string[], TagFilter])[] = [
  ['an excluded field', ['type Query { a: Int b: Int @tag(name: "x") }'], filter([], ['x'])],
  [
    'an excluded type, and the field that led to it',
    ['type Query { a: Int b: B @tag(name: "x") } type B @tag(name: "x") { id: ID }'],
    filter([], ['x']),
  ],
  [
    'an excluded type that is still referred to',
    ['type Query { a: Int b: B } type B @tag(name: "x") { id: ID }'],
    filter([], ['x']),
  ],
  [
    'tags of one type in two subgraphs',
    [
      'type Query { p: P } type P @key(fields: "id") { id: ID! a: Int @tag(name: "x") }',
      'type P @key(fields: "id") { id: ID! b: Int @tag(name: "y") c: Int }',
    ],
    filter([], ['x', 'y']),
  ],
  [
    'included fields only, and what is not reachable any more',
    [
      'type Query { p: P @tag(name: "x") q: Q } type P { id: ID @tag(name: "x") b: Int } type Q { id: ID r: R } type R { id: ID }',
    ],
    filter(['x'], []),
  ],
  [
    'included fields only, unreachable types kept',
    [
      'type Query { p: P @tag(name: "x") } type P { id: ID @tag(name: "x") } type R { id: ID @tag(name: "x") }',
    ],
    filter(['x'], [], false),
  ],
  [
    'an enum whose values are all excluded',
    ['type Query { e: E a: Int } enum E { A @tag(name: "x") B @tag(name: "x") }'],
    filter([], ['x']),
  ],
  [
    'an enum value that is a default',
    ['type Query { f(e: E = A): Int a: Int } enum E { A @tag(name: "x") B }'],
    filter([], ['x']),
  ],
  [
    'a required argument that is excluded',
    ['type Query { f(a: Int! @tag(name: "x")): Int }'],
    filter([], ['x']),
  ],
  [
    'an optional argument that is excluded',
    ['type Query { f(a: Int @tag(name: "x"), b: Int): Int }'],
    filter([], ['x']),
  ],
  [
    'a required input field that is excluded',
    ['type Query { f(a: I): Int } input I { a: Int! @tag(name: "x") b: Int }'],
    filter([], ['x']),
  ],
  [
    'a field of an implementation that its interface shows',
    [
      'type Query { n: N } interface N { id: ID! } type A implements N { id: ID! @tag(name: "x") b: Int }',
    ],
    filter([], ['x']),
  ],
  [
    'an excluded interface',
    [
      'type Query { a: A } interface N @tag(name: "x") { id: ID! } type A implements N { id: ID! b: Int }',
    ],
    filter([], ['x']),
  ],
  [
    'an excluded union and scalar',
    [
      'type Query { a: Int u: U @tag(name: "x") s: S @tag(name: "x") } union U @tag(name: "x") = A type A { id: ID } scalar S @tag(name: "x")',
    ],
    filter([], ['x']),
  ],
  [
    'something that is inaccessible already',
    ['type Query { a: Int b: Int @inaccessible c: C } type C { id: ID d: Int @inaccessible }'],
    filter([], ['x']),
  ],
  [
    'a query root of which nothing is left',
    ['type Query { a: Int @tag(name: "x") }'],
    filter([], ['x']),
  ],
];

describe('a contract cut from the composed supergraph is the contract composed from filtered subgraphs', () => {
  it.each(CASES)('%s', (_name, sdls, wanted) => {
    const services = sdls.map((sdl, index) => ({ name: `s${index}`, sdl }));
    expect(ours(services, wanted)).toBe(theirs(services, wanted));
  });

  it('for any tags on a graph of two subgraphs', () => {
    const tag = fc.constantFrom(
      '',
      '',
      '@tag(name: "x")',
      '@tag(name: "y")',
      '@tag(name: "x") @tag(name: "y")',
    );
    const tags = fc.array(tag, { minLength: 24, maxLength: 24 });
    const names = fc.subarray(['x', 'y']);
    let compared = 0;
    fc.assert(
      fc.property(tags, names, names, fc.boolean(), (on, include, exclude, unreachable) => {
        const services = graphWith(on);
        const wanted = filter(include, exclude, unreachable);
        const [mine, other] = [ours(services, wanted), theirs(services, wanted)];
        if (other === 'NO ANSWER') return;
        compared += 1;
        expect(mine).toBe(other);
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(150);
  });

  it('takes hidden members out of unions, and hides a union of which nothing is left', () => {
    const sdl =
      'type Query { u: U v: V @tag(name: "x") } union U = A | B union V = B type A { id: ID } type B @tag(name: "x") { id: ID }';
    const api = ours([{ name: 's', sdl }], filter([], ['x']));
    expect(api).toMatch(/union U = A$/);
    expect(api).not.toContain('V');
  });

  it('keeps what a composed directive takes, whatever its tags', () => {
    const sdl =
      `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective"])
      @link(url: "https://concord.example/sunset/v1.0", import: ["@sunset"]) @composeDirective(name: "@sunset")
      directive @sunset(on: Date!) on FIELD_DEFINITION scalar Date
      type Query { a: Int @tag(name: "x") b: Date }`.replace(
        'import: ["@composeDirective"]',
        'import: ["@composeDirective", "@tag"]',
      );
    const composed = composeServices([{ name: 's', url: 'http://s', typeDefs: parse(sdl) }]);
    if (composed.supergraphDocumentNode === undefined) throw new Error(String(composed.errors));
    const supergraph = composed.supergraphDocumentNode;
    const hides = hiddenBy(graphView(supergraph), filter(['x'], []));
    if (!hides.ok) throw new Error(JSON.stringify(hides.errors));
    expect(shown(prunedApi(apiOf(supergraph), hides.hidden))).toContain('scalar Date');
  });

  it('leaves a schema that is valid, without any tag in it', () => {
    const services = [{ name: 'a', sdl: CASES[4]?.[1][0] ?? '' }];
    const composed = composeServices(parsed(services));
    if (composed.supergraphDocumentNode === undefined) throw new Error('does not compose');
    const supergraph = composed.supergraphDocumentNode;
    const hides = hiddenBy(graphView(supergraph), filter(['x'], []));
    if (!hides.ok) throw new Error(JSON.stringify(hides.errors));
    const document = hiddenSupergraph(supergraph, hides.hidden);
    expect(JSON.stringify(document, without)).not.toContain('"value":"tag"');
    expect(validateSchema(buildASTSchema(apiOf(document)))).toEqual([]);
  });
});

function without(key: string, value: unknown): unknown {
  return key === 'loc' || isDefinition(value) ? undefined : value;
}

function isDefinition(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as { kind?: string }).kind === 'DirectiveDefinition'
  );
}

/** Types of every kind that lead to one another, with these tags in turn. */
function graphWith(on: readonly string[]): Service[] {
  const t = (index: number): string => on[index] ?? '';
  const line = 'type Line { text: String @shareable }';
  return [
    {
      name: 'a',
      sdl: `type Query { order(id: ID! ${t(0)}, filter: Filter ${t(1)}): Order ${t(2)} node: Node ${t(3)} plain: Int }
        interface Node ${t(4)} { id: ID! ${t(5)} }
        type Order implements Node @key(fields: "id") ${t(6)} { id: ID! ${t(7)} state: State ${t(8)} part: Part ${t(9)} }
        enum State ${t(10)} { OPEN ${t(11)} DONE ${t(12)} }
        input Filter ${t(13)} { state: State ${t(14)} text: String ${t(15)} }
        union Part = Line ${line}`,
    },
    {
      name: 'b',
      sdl: `type Order @key(fields: "id") { id: ID! ${t(16)} paid: Boolean ${t(17)} }
        type Invoice ${t(18)} { id: ID ${t(19)} order: Order ${t(20)} }
        type Query { invoice: Invoice ${t(21)} parts: Part ${t(22)} }
        union Part ${t(23)} = Invoice | Line ${line}`,
    },
  ];
}
