import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'graphql';
import { changedCoordinates } from './changed-coordinates.ts';
import { coordinatesOf } from './element.ts';

const changed = (before: string | null, after: string): string[] =>
  [...changedCoordinates(before === null ? null : parse(before), parse(after))].sort();

describe('what changed', () => {
  it.each<[string, string, string, string[]]>([
    ['nothing', 'type A { a: ID }', 'type A { a: ID }', []],
    [
      'white space and comments',
      'type A { a: ID b: ID }',
      '# Why.\ntype A {\n  a: ID, b: ID\n}',
      [],
    ],
    [
      'the order of members',
      'enum A { B C } type T { a(x: ID, y: ID): A b: A }',
      'type T { b: A a(y: ID, x: ID): A } enum A { C B }',
      [],
    ],
    ['the order of directives', 'type A @x @y { a: ID }', 'type A @y @x { a: ID }', []],
    [
      'what is said in an extension',
      'type A implements I @x { a: ID b: ID }',
      'type A { b: ID } extend type A implements I @x { a: ID }',
      [],
    ],
    ['a description', '"One." type A { a: ID }', '"Two." type A { a: ID }', ['A']],
    ['a description that is gone', 'type A { "One." a: ID }', 'type A { a: ID }', ['A.a']],
    ['a description in other quotes', '"One." type A { a: ID }', '"""One.""" type A { a: ID }', []],
    ['a directive', 'type A { a: ID }', 'type A { a: ID @tag(name: "x") }', ['A.a']],
    [
      "a directive's argument",
      'type A @key(fields: "a") { a: ID }',
      'type A @key(fields: "b") { a: ID }',
      ['A'],
    ],
    ['a type', 'type A { a: ID }', 'type A { a: ID! }', ['A.a']],
    ['an argument', 'type A { a(b: ID): ID }', 'type A { a(b: ID!): ID }', ['A.a(b:)']],
    ['a default', 'input A { a: Int = 1 }', 'input A { a: Int = 2 }', ['A.a']],
    [
      'an argument that is gone',
      'type A { a(b: ID, c: ID): ID }',
      'type A { a(b: ID): ID }',
      ['A.a'],
    ],
    ['a member that is gone', 'type A { a: ID b: ID }', 'type A { a: ID }', ['A']],
    ['a new member', 'enum A { B }', 'enum A { B C }', ['A.C']],
    [
      'a new type',
      'type A { a: ID }',
      'type A { a: ID } type B { c(d: ID): ID }',
      ['B', 'B.c', 'B.c(d:)'],
    ],
    ['a type that is gone', 'type A { a: ID } type B { a: ID }', 'type A { a: ID }', []],
    ['a kind', 'type A { a: ID }', 'interface A { a: ID }', ['A', 'A.a']],
    ['an interface', 'type A { a: ID }', 'type A implements I { a: ID }', ['A']],
    ['a union', 'union A = B | C', 'union A = B', ['A']],
    [
      'a directive of its own',
      'directive @a(b: ID) on OBJECT',
      'directive @a(b: ID) repeatable on OBJECT | ENUM',
      ['@a'],
    ],
    [
      "its argument's type",
      'directive @a(b: ID) on OBJECT',
      'directive @a(b: Int) on OBJECT',
      ['@a(b:)'],
    ],
    [
      'a name that objects have',
      'type A { a: ID }',
      'type constructor { __proto__: ID } type A { a: ID }',
      ['constructor', 'constructor.__proto__'],
    ],
  ])('is told of: %s', (_title, before, after, expected) => {
    expect(changed(before, after)).toEqual(expected.sort());
    const withoutPlaces = (sdl: string) => parse(sdl, { noLocation: true });
    const found = changedCoordinates(withoutPlaces(before), withoutPlaces(after));
    expect([...found].sort()).toEqual(expected);
  });

  it('is everything where nothing was', () => {
    const sdl =
      'type A { a(b: ID): ID } directive @d(e: ID) on OBJECT enum E { V } input I { f: ID } scalar S';
    expect(new Set(changed(null, sdl))).toEqual(coordinatesOf(parse(sdl)));
  });
});

/** A graph as data: type → field → what it answers. */
const name = fc.constantFrom('A', 'B', 'C', 'D');
const graph = fc.dictionary(
  name,
  fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('ID', 'Int!', '[A]'), {
    minKeys: 1,
  }),
  { minKeys: 1 },
);
type Graph = Readonly<Record<string, Readonly<Record<string, string>>>>;

function sdlOf(types: Graph): string {
  return Object.entries(types)
    .map(([type, fields]) => `type ${type} { ${fieldsOf(fields)} }`)
    .join('\n');
}
function fieldsOf(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([field, type]) => `${field}: ${type}`)
    .join(' ');
}
/** The same graph, back to front, each field in an extension of its own. */
function scattered(types: Graph): string {
  return Object.entries(types)
    .toReversed()
    .flatMap(([type, fields]) =>
      Object.entries(fields)
        .toReversed()
        .map(
          ([field, answer], index) =>
            `${index === 0 ? '' : 'extend '}type ${type} { ${field}: ${answer} }`,
        ),
    )
    .join('\n');
}

describe('for any graph', () => {
  it('how it is written changes nothing', () => {
    fc.assert(
      fc.property(graph, (types) => expect(changed(sdlOf(types), scattered(types))).toEqual([])),
    );
  });

  it('exactly what differs has changed', () => {
    fc.assert(
      fc.property(graph, graph, (before, after) => {
        const expected = Object.entries(after).flatMap(([type, fields]) => {
          const old = before[type];
          const differing = Object.entries(fields)
            .filter(([field, answer]) => old?.[field] !== answer)
            .map(([field]) => `${type}.${field}`);
          const lost = Object.keys(old ?? {}).some((field) => !(field in fields));
          return old === undefined || lost ? [type, ...differing] : differing;
        });
        expect(changed(sdlOf(before), scattered(after))).toEqual(expected.sort());
      }),
    );
  });
});
