import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse, print, stripIgnoredCharacters } from 'graphql';
import { contentHash, contentHashOfAll } from './contract-content.ts';
import type { DefinitionNode } from 'graphql';

const SDL = `
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@tag"])
"""
An invoice.
"""
type Invoice implements Node & Owned @key(fields: "id") @tag(name: "portal") @tag(name: "bank") {
  id: ID!
  "What is owed."
  total(in: String = "EUR", rounded: Boolean): Money! @deprecated(reason: "use \`amount\`")
  lines(first: Int!, filter: LineFilter = { a: 1, b: [2, 3] }): [Line!]!
}
interface Node { id: ID! }
interface Owned { id: ID! }
enum State { OPEN PAID }
union Document = Invoice | Line
directive @note(text: String, by: String) on FIELD_DEFINITION | OBJECT
`;

describe('the hash of a contract', () => {
  const hash = contentHash(SDL);

  it.each([
    ['minified', stripIgnoredCharacters(SDL)],
    ['printed', print(parse(SDL))],
    ['with comments and commas', SDL.replaceAll('\n  id', '\n  # the id\n  ,id')],
    ['with a description on one line', SDL.replace('"""\nAn invoice.\n"""', '"An invoice."')],
    [
      'with directives in another order',
      SDL.replace(
        '@tag(name: "portal") @tag(name: "bank")',
        '@tag(name: "bank") @tag(name: "portal")',
      ),
    ],
    [
      'with arguments in another order',
      SDL.replace('in: String = "EUR", rounded: Boolean', 'rounded: Boolean, in: String = "EUR"'),
    ],
    ['with interfaces in another order', SDL.replace('Node & Owned', 'Owned & Node')],
    ['with values in another order', SDL.replace('OPEN PAID', 'PAID OPEN')],
    ['with members in another order', SDL.replace('Invoice | Line', 'Line | Invoice')],
    [
      'with places in another order',
      SDL.replace('FIELD_DEFINITION | OBJECT', 'OBJECT | FIELD_DEFINITION'),
    ],
    [
      'with an input object in another order',
      SDL.replace('{ a: 1, b: [2, 3] }', '{ b: [2, 3], a: 1 }'),
    ],
  ])('stays when it is %s', (_how, text) => {
    expect(text).not.toBe(SDL);
    expect(contentHash(text)).toBe(hash);
  });

  it.each([
    ['a type', SDL.replace('Money!', 'Money')],
    ['a description', SDL.replace('An invoice.', 'A bill.')],
    ['a default value', SDL.replace('"EUR"', '"USD"')],
    ['the order of a list value', SDL.replace('[2, 3]', '[3, 2]')],
    ['a directive', SDL.replace('@tag(name: "bank")', '')],
    ['a reason', SDL.replace('use `amount`', 'use another')],
    ['a value', SDL.replace('OPEN PAID', 'OPEN PAID VOID')],
  ])('changes with %s', (_what, text) => {
    expect(text).not.toBe(SDL);
    expect(contentHash(text)).not.toBe(hash);
  });

  it('is the same however definitions and fields are shuffled', () => {
    const { definitions } = parse(SDL);
    const shuffled = fc.shuffledSubarray([...definitions], { minLength: definitions.length });
    fc.assert(
      fc.property(shuffled, fc.boolean(), (order, reversed) => {
        const text = order.map((definition) => print(turned(definition, reversed))).join('\n\n');
        expect(contentHash(text)).toBe(hash);
      }),
      { numRuns: 50 },
    );
  });

  it('of several contracts does not depend on their order, and knows a retired one', () => {
    const [a, b] = [
      { subgraph: 'a', sha256: hash },
      { subgraph: 'b', sha256: null },
    ] as const;
    expect(contentHashOfAll([a, b])).toBe(contentHashOfAll([b, a]));
    expect(contentHashOfAll([a])).not.toBe(contentHashOfAll([a, b]));
    expect(contentHashOfAll([a, b])).not.toBe(contentHashOfAll([a, { ...b, sha256: hash }]));
  });
});

function turned(definition: DefinitionNode, reversed: boolean): DefinitionNode {
  return reversed && 'fields' in definition && definition.fields !== undefined
    ? ({ ...definition, fields: definition.fields.toReversed() } as DefinitionNode)
    : definition;
}
