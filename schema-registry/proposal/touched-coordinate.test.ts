import { describe, expect, it } from '@jest/globals';
import { parse } from 'graphql';
import { touchedCoordinates } from './touched-coordinate.ts';
import type { SchemaChange } from '../check/result.ts';
import type { ChangedContract, TouchedCoordinate } from './touched-coordinate.ts';

function change(coordinate: string | null, contract: string | null = null): SchemaChange {
  return {
    hash: `hash of ${coordinate}`,
    type: 'CHANGED',
    coordinate,
    message: 'It changes.',
    severity: 'SAFE',
    contract,
    acceptedBy: null,
    usage: null,
  };
}

function contract(subgraph: string, before: string | null, after: string | null): ChangedContract {
  const read = (sdl: string | null) => (sdl === null ? null : parse(sdl));
  return { subgraph, before: read(before), after: read(after) };
}

const brief = (touched: readonly TouchedCoordinate[]): unknown[] =>
  touched.map(({ coordinate, subgraphs, classifications, changes }) => [
    coordinate,
    subgraphs,
    classifications,
    changes.map(({ type }) => type),
  ]);

describe('what a proposal touches', () => {
  it('is every coordinate with a difference, with each difference once, and whom it concerns', () => {
    const changes = ['B.x', 'A.x', 'A.x', null].map((coordinate) => change(coordinate));
    const contracts = [contract('a', null, 'type A { x: Int }')];
    const ofPortal = [change('A.x', 'portal'), change('C.x', 'portal')];
    expect(touchedCoordinates([...changes, ...ofPortal], contracts, [])).toMatchObject([
      {
        coordinate: 'A.x',
        changes: [{ message: 'It changes.' }, { message: 'For readers of "portal": It changes.' }],
      },
      { coordinate: 'B.x', changes: [{ message: 'It changes.' }] },
      { coordinate: 'C.x', changes: [{ message: 'For readers of "portal": It changes.' }] },
    ]);
  });

  it('belongs to the subgraphs that define it before or after, and to all when none does', () => {
    const contracts = [
      contract('a', 'type A { gone: Int }', 'type A { x: Int }'),
      contract('b', null, 'type A { x: Int new: Int }'),
    ];
    const changes = ['A.gone', 'A.x', 'A.new', '@note'].map((coordinate) => change(coordinate));
    expect(
      touchedCoordinates(changes, contracts, []).map((touch) => [
        touch.coordinate,
        touch.subgraphs,
      ]),
    ).toEqual([
      ['@note', ['a', 'b']],
      ['A.gone', ['a']],
      ['A.new', ['b']],
      ['A.x', ['a', 'b']],
    ]);
  });

  it.each([
    ['its own tag', 'type A { x: Int @tag(name: "pii") }', 'A.x', ['pii']],
    ["its type's tag", 'type A @tag(name: "bank") { x: Int }', 'A.x', ['bank']],
    [
      'the tag of what it gives',
      'type A { x: B } type B @tag(name: "restricted") { y: Int }',
      'A.x',
      ['restricted'],
    ],
    ["its field's tag", 'type A { x(y: Int): Int @tag(name: "bank") }', 'A.x(y:)', ['bank']],
    ['no tag that only sorts', 'type A { x: Int @tag(name: "portal") }', 'A.x', []],
  ])('carries %s', (_case, sdl, coordinate, tags) => {
    const touched = touchedCoordinates([change(coordinate)], [contract('a', null, sdl)], []);
    expect(touched[0]?.classifications).toEqual(tags);
  });

  it('is classified by what it was, and by other subgraphs too', () => {
    const before = 'type A { x: Int @tag(name: "pii") }';
    const others = [parse('type A @tag(name: "bank") { id: ID }')];
    const touched = touchedCoordinates(
      [change('A.x')],
      [contract('a', before, 'type A { z: Int }')],
      others,
    );
    expect(touched[0]?.classifications).toEqual(['bank', 'pii']);
  });

  it('is also a classification that comes or goes while the API stays', () => {
    const secret = 'type A @tag(name: "bank") { x: Int @tag(name: "pii") y: Int }';
    const open = 'type A { x: Int y: Int }';
    expect(brief(touchedCoordinates([], [contract('a', secret, open)], []))).toEqual([
      ['A', ['a'], ['bank'], ['CLASSIFICATION_CHANGED']],
      ['A.x', ['a'], ['bank', 'pii'], ['CLASSIFICATION_CHANGED']],
    ]);
    expect(brief(touchedCoordinates([], [contract('a', open, secret)], []))).toEqual([
      ['A', ['a'], ['bank'], ['CLASSIFICATION_CHANGED']],
      ['A.x', ['a'], ['bank', 'pii'], ['CLASSIFICATION_CHANGED']],
    ]);
    expect(touchedCoordinates([], [contract('a', secret, secret)], [])).toEqual([]);
  });
});
