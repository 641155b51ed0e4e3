import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { changedCoordinates } from './changed-coordinates.ts';
import { coordinatesOf } from './element.ts';
import { lintSupergraph } from './graph-lint.ts';
import { lintSubgraph } from './lint.ts';
import { defaultSeverities, RULES } from './rules.ts';
import type { Finding } from '../check/result.ts';
import type { SubgraphLint } from './lint.ts';
import type { Severity } from './target-policy.ts';

const PRODUCTION = { rules: defaultSeverities('production') };
const EVERYTHING = { rules: Object.fromEntries(RULES.map(({ id }) => [id, 'ERROR' as const])) };

function only(...rules: readonly string[]): { rules: Record<string, Severity> } {
  const off = RULES.map(({ id }) => [id, 'OFF' as const]);
  return {
    rules: { ...Object.fromEntries(off), ...Object.fromEntries(rules.map((id) => [id, 'ERROR'])) },
  };
}

function lint(sdl: string, options: Partial<SubgraphLint> = {}): Finding[] {
  return lintSubgraph({
    subgraph: 'invoices',
    document: parse(sdl),
    changedCoordinates: null,
    policy: PRODUCTION,
    owners: { subgraph: 'accounts-payable', types: {} },
    ...options,
  });
}

/** Lints what `after` changes of `before`. */
function lintChange(before: string, after: string, options: Partial<SubgraphLint> = {}): Finding[] {
  const changed = changedCoordinates(parse(before), parse(after));
  return lint(after, { changedCoordinates: changed, ...options });
}

const told = (findings: readonly Finding[]): string[] =>
  findings.map(({ code, coordinate, line, column }) => `${code} ${coordinate} ${line}:${column}`);
const codes = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code);

describe('a finding', () => {
  it('stands where the SDL has it, whatever comes before, between and within lines', () => {
    const sdl = [
      '# The contract of invoices.',
      '"A supplier\'s invoice."',
      'type Invoice { "Opaque id." id: ID! }   "Bad." type bad_name { "Fine." fine: String',
      '  "Not." Not_Fine("One." some_argument: Int): String }',
      '',
      '"Kinds." enum Kind { "One." one }',
    ].join('\n');
    expect(told(lint(sdl, { policy: only('naming-convention') }))).toEqual([
      'naming-convention bad_name 3:53',
      'naming-convention bad_name.Not_Fine 4:10',
      'naming-convention bad_name.Not_Fine(some_argument:) 4:26',
      'naming-convention Kind.one 6:29',
    ]);
  });

  it('stands in the same place when only a part of the SDL is looked at', () => {
    const before = '"A." type A { "B." b: String }\r\n"C." type C { "D." d: String }\r\n';
    const after = `${before}"E." type E { "F." f: String  g: String }  "H." type H { i: String }`;
    expect(
      told(lintChange(before, after, { policy: only('described', 'require-description') })),
    ).toEqual([
      'described E.g 3:31',
      'require-description E.g 3:31',
      'described H.i 3:58',
      'require-description H.i 3:58',
    ]);
  });

  it('keeps its place in an SDL that a client has put on one line', () => {
    const sdl = '"A." type A{"B." b:String} "C." type c{"D." d:String} "E." type e{"F." f:String}';
    expect(told(lint(sdl, { policy: only('naming-convention') }))).toEqual([
      'naming-convention c 1:38',
      'naming-convention e 1:65',
    ]);
  });

  it('names the innermost coordinate, for arguments of directives too', () => {
    const sdl =
      'directive @keep(years_kept: Int) on OBJECT\n\nextend type Query { invoices(of_company: ID): String }';
    expect(told(lint(sdl, { policy: only('naming-convention') }))).toEqual([
      'naming-convention @keep(years_kept:) 1:17',
      'naming-convention Query.invoices(of_company:) 3:30',
    ]);
  });
});

describe('what did not change', () => {
  const before = 'type Invoice { id: ID! number: String }\ntype Payment { id: ID! }';

  it('is not held against a change, and counted once', () => {
    const after =
      'type Invoice { id: ID! number: String "Due." due_on: String }\ntype Payment { id: ID! }';
    const [fault, note, ...rest] = lintChange(before, after, {
      policy: only('described', 'naming-convention'),
    });
    expect(fault).toMatchObject({ code: 'naming-convention', coordinate: 'Invoice.due_on' });
    expect(note).toMatchObject({ code: 'LINT_BASELINE', severity: 'INFO', coordinate: null });
    expect(note?.message).toContain('3 older findings');
    expect(rest).toEqual([]);
  });

  it('is held against a first publication', () => {
    const found = lint(before, { policy: only('described') });
    expect(found.map(({ coordinate }) => coordinate)).toEqual([
      'Invoice',
      'Invoice.id',
      'Invoice.number',
      'Payment',
      'Payment.id',
    ]);
  });

  it('is not looked at, so nothing changed finds nothing', () => {
    expect(lintChange(before, `${before}\n# A comment.`, { policy: EVERYTHING })).toEqual([]);
  });

  it('counts as changed when it lost what kept it right', () => {
    const union = (members: string): string =>
      `interface Problem { code: String } type Gone implements Problem { code: String } type Ok { id: ID }
       union PayResult = ${members} type Mutation { pay(input: ID): PayResult }`;
    const found = lintChange(union('Ok | Gone'), union('Ok'), { policy: only('mutation-result') });
    expect(found).toMatchObject([{ coordinate: 'PayResult', severity: 'ERROR' }]);
  });
});

describe('a subgraph', () => {
  it('may extend what others define, and use what federation knows', () => {
    const sdl = `
      extend schema
        @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", { name: "@requiresScopes", as: "@needs" }, "@shareable"])
        @link(url: "https://concord.example/sunset/v1.0", import: ["@sunset", "@colour"])
        @composeDirective(name: "@sunset")
      extend type Supplier @key(fields: "id") {
        id: ID! @federation__external
        "What it is owed." owed: String @needs(scopes: [["invoice:read"]]) @colour(of: ["red"], deep: { a: 1 })
        "Old." old: String @deprecated(reason: "Use \`owed\`.") @sunset(on: "2027-01-01", owner: "ap")
      }
      "Who." interface Party { "Name." name: String }
      extend interface Party { "City." city: String }
      extend union Anything = Supplier
      extend enum Colour { "Red." RED }
      extend input Filter { "Name." name: String }
      extend scalar Money @specifiedBy(url: "https://example.com")`;
    expect(lint(sdl)).toEqual([]);
  });

  it.each([
    [
      'an argument that a directive does not have',
      'type A @key(field: "id") { id: ID! }',
      'known-argument-names',
      'A',
    ],
    [
      'a missing argument of a renamed directive',
      `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{ name: "@key", as: "@identity" }]) type A @identity { id: ID! }`,
      'provided-required-arguments',
      'A',
    ],
    [
      'a directive in the wrong place',
      'type A @requires(fields: "id") { id: ID! }',
      'known-directives',
      'A',
    ],
    ['a directive of nobody', 'type A { id: ID! @nobody }', 'known-directives', 'A.id'],
    ["federation's own scalars", 'type A { set: FieldSet }', 'known-type-names', 'A.set'],
  ])('is told of %s', (_title, sdl, rule, coordinate) => {
    expect(lint(sdl, { policy: only(rule) })).toMatchObject([{ code: rule, coordinate }]);
  });

  it('cannot switch rules off by comments', () => {
    const sdl = `# eslint-disable
      # eslint graphql/naming-convention: off
      # eslint-disable-next-line graphql/naming-convention
      type bad_name { id: ID! } # eslint-disable-line`;
    expect(codes(lint(sdl, { policy: only('naming-convention') }))).toEqual(['naming-convention']);
  });

  it('has the renamed directives of its links looked at', () => {
    const sdl = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{ name: "@authenticated", as: "@signedIn" }])
      enum Rating @signedIn { A }
      scalar Iban @federation__policy(policies: [["bank"]])`;
    expect(lint(sdl, { policy: only('auth-on-leaf') }).map(({ coordinate }) => coordinate)).toEqual(
      ['Rating', 'Iban'],
    );
  });

  it('may name its roots itself', () => {
    const sdl = `schema { query: Reads mutation: Writes }
      type Reads { suppliers: [Supplier!]! } type Supplier { id: ID! } type Writes { pay(input: ID): Boolean }`;
    expect(told(lint(sdl, { policy: only('lists-paged', 'mutation-result') }))).toEqual([
      'lists-paged Reads.suppliers 2:20',
      'mutation-result Writes.pay 2:86',
    ]);
  });
});

describe('hostile input', () => {
  it.each<[string, string]>([
    [
      'names that objects have',
      'type constructor { toString: __proto__ hasOwnProperty: valueOf } type __proto__ { id: ID }',
    ],
    [
      'types under built-in names',
      'type String { id: Boolean } scalar Int enum Float { A } input ID { a: ID }',
    ],
    [
      'a circle of interfaces',
      'interface A implements B { id: ID } interface B implements A { id: ID } type T implements T { id: ID }',
    ],
    ['a circle of inputs with defaults', 'input A { a: A! = { a: { a: {} } } b: [A!]! = [] }'],
    [
      'empty bodies',
      'type A interface B union C enum D input E directive @f on OBJECT extend type A @key(fields: "")',
    ],
    [
      'a union of a scalar and of itself',
      'scalar S union U = S | U | Missing type Mutation { a: U }',
    ],
    ['a name in two kinds', 'type A { id: ID } enum A { B } input A { c: A } extend union A = A'],
    [
      'duplicates of everything',
      'type A { a(b: Int, b: Int): A a: A } type A { a: A } enum E { X X } directive @d on ENUM directive @d on ENUM',
    ],
    [
      'an operation among the definitions',
      'query Q($a: Missing = 1) { a ...F } fragment F on Missing { b } type A { id: ID }',
    ],
    ['a thousand lists in each other', `type A { a: ${'['.repeat(1000)}A${']'.repeat(1000)} }`],
    [
      'three thousand directives on a field',
      `type A { a: ID ${'@tag(name: "x") @nobody(y: 1) '.repeat(1500)} }`,
    ],
    [
      'two thousand links',
      `extend schema ${'@link(url: "https://x/y", import: ["@z", 1, { name: 2 }, { as: "@q" }, null]) '.repeat(2000)} type A { a: ID @z }`,
    ],
    [
      'names of a hundred thousand letters',
      `type ${'aB'.repeat(50_000)} { ${'_a'.repeat(50_000)}: ID } enum E { ${'Ab1'.repeat(30_000)} }`,
    ],
    [
      'reasons of a hundred thousand spaces',
      `type A { a: ID @deprecated(reason: "${' '.repeat(100_000)}x") "${' '.repeat(100_000)}x" b: Float }`,
    ],
    [
      'a schema that starts nowhere',
      'schema { query: Nowhere mutation: Nowhere subscription: A } scalar A',
    ],
    [
      'line ends that only one of two parsers knows',
      '"A.\u2028B.\u2029" type A { a: ID }\u{feff}\r\r\n type bad_b { a: ID }',
    ],
    ['a description that never ends', `"""${'word '.repeat(50_000)}""" type A { a: ID }`],
  ])('is linted without breaking down: %s', (_title, sdl) => {
    const findings = lint(sdl, { policy: EVERYTHING });
    expect(codes(findings)).not.toContain('RULE_FAILED');
    expect(findings.length).toBeLessThanOrEqual(502);
    expect(Math.max(0, ...findings.map(({ message }) => message.length))).toBeLessThan(1100);
    const known = coordinatesOf(parse(sdl));
    for (const { coordinate } of findings)
      if (coordinate !== null) expect(known).toContain(coordinate);
  });

  it('that breaks a rule is a finding with its name, and does not keep the others from running', () => {
    const document = parse('type bad_name { id: ID! }');
    const [type] = document.definitions;
    const broken = Object.defineProperty({ ...type }, 'directives', {
      get: () => {
        throw new Error('cannot be read');
      },
    }) as typeof type;
    const findings = lintSubgraph({
      subgraph: 'invoices',
      document: { ...document, definitions: broken === undefined ? [] : [broken] },
      changedCoordinates: null,
      policy: only('naming-convention', 'auth-on-leaf', 'deprecation-reason', 'no-float'),
      owners: { subgraph: null, types: {} },
    });
    expect(findings).toContainEqual(
      expect.objectContaining({
        code: 'RULE_FAILED',
        severity: 'ERROR',
        message: expect.stringContaining('deprecation-reason'),
      }),
    );
    expect(codes(findings)).toContain('naming-convention');
  });

  it('with more faults than anybody reads answers the worst and says how many are left out', () => {
    const fields = Array.from({ length: 700 }, (_, index) => `"F." field_${index}: String`).join(
      ' ',
    );
    const findings = lint(`"T." type T { ${fields} }`, { policy: only('naming-convention') });
    expect(findings).toHaveLength(501);
    expect(findings.at(-1)).toMatchObject({ code: 'FINDINGS_LEFT_OUT', severity: 'INFO' });
  });
});

describe('our own house', () => {
  const root = new URL('../../', import.meta.url);
  const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
  const rooms = [
    ...readdirSync(new URL('subgraphs/', root)).map((name) => `subgraphs/${name}`),
    'integration',
  ];

  const sdlOf = (room: string): string =>
    `${read('kernel/vocabulary.graphql')}\n${read(`${room}/schema.graphql`)}`;

  it.each(rooms)('keeps its own strict policy in %s', (room) => {
    const broken = lint(sdlOf(room), { subgraph: room }).map(
      ({ code, coordinate }) => `${code} ${coordinate}`,
    );
    expect(broken).toEqual([]);
  });

  it('has no type in its supergraph that nothing leads to', () => {
    const composed = composeServices(
      rooms.map((name) => ({ name, url: 'http://room', typeDefs: parse(sdlOf(name)) })),
    );
    const document = parse(composed.supergraphSdl ?? '');
    expect(lintSupergraph({ document, changedCoordinates: null, policy: PRODUCTION })).toEqual([]);
  });
});
