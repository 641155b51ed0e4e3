import { describe, expect, it } from '@jest/globals';
import { buildSchema } from 'graphql';
import { crossCheck } from './cross-check.ts';
import { badCoordinates, graphReferences } from './graph-reference.ts';
import { readSchema } from './schema-document.ts';
import type { EventDirection } from './event-type.ts';
import type { SchemaDocument } from './schema-document.ts';

const GRAPH = buildSchema(`
  scalar Decimal scalar Date scalar DateTime scalar Anything
  enum Kind { STANDARD CREDIT_MEMO }
  type Money { amount: Decimal! currency: String! }
  type Supplier { id: ID! name: String }
  type Line { text: String! }
  type Invoice { id: ID! number: String! note: String kind: Kind! total: Money! netTotal: Money
    lines: [Line!]! tags: [String!] count: Int! ratio: Float dueOn: Date postedAt: DateTime
    supplier: Supplier! any: Anything! paid: Boolean! }
  input Filter { number: String }
  type Query { invoice: Invoice }`);

const TEXT = { type: 'string' };
const MONEY = {
  type: 'object',
  properties: { amount: TEXT, currency: TEXT },
  required: ['amount', 'currency'],
};

function read(json: unknown): SchemaDocument {
  const result = readSchema(json);
  if (!result.ok) throw new Error(result.problem.message);
  return result.value;
}

function codes(
  coordinate: string,
  schema: object,
  as: { optional?: boolean; direction?: EventDirection } = {},
): string[] {
  const payload = {
    type: 'object',
    properties: { p: { ...schema, 'x-graphql': coordinate } },
    required: as.optional === true ? [] : ['p'],
    $defs: { Money: MONEY },
  };
  const event = { subject: 's.v1', direction: as.direction ?? 'OUTBOUND' } as const;
  const findings = crossCheck(graphReferences(event, read(payload)), GRAPH);
  return findings.map(({ severity, code }) =>
    severity === 'ERROR' ? code.replace('EVENT_FIELD_', '') : `${severity} ${code}`,
  );
}

const AGREES: readonly (readonly [string, object])[] = [
  ['Invoice.id', TEXT],
  ['Invoice.number', { ...TEXT, minLength: 1 }],
  ['Invoice.note', { type: ['string', 'null'] }],
  ['Invoice.note', TEXT],
  ['Invoice.kind', { enum: ['STANDARD', 'CREDIT_MEMO'] }],
  ['Invoice.kind', { const: 'STANDARD' }],
  ['Invoice.total', MONEY],
  ['Invoice.total', { $ref: '#/$defs/Money' }],
  ['Invoice.netTotal', { anyOf: [{ $ref: '#/$defs/Money' }, { type: 'null' }] }],
  [
    'Invoice.lines',
    { type: 'array', items: { type: 'object', properties: { text: TEXT }, required: ['text'] } },
  ],
  ['Invoice.tags', { type: ['array', 'null'], items: TEXT }],
  ['Invoice.count', { type: 'integer' }],
  ['Invoice.ratio', { type: 'number' }],
  ['Invoice.dueOn', { ...TEXT, format: 'date' }],
  ['Invoice.postedAt', { ...TEXT, format: 'date-time' }],
  ['Invoice.supplier', TEXT],
  [
    'Invoice.supplier',
    { type: 'object', properties: { id: TEXT, other: { type: 'integer' } }, required: ['id'] },
  ],
  ['Invoice.any', { type: 'object' }],
  ['Invoice.paid', { type: 'boolean' }],
  ['Filter.number', { type: ['string', 'null'] }],
];

const DISAGREES: readonly (readonly [string, object, readonly string[]])[] = [
  ['Invoice.gone', TEXT, ['COORDINATE_MISSING']],
  ['Gone.id', TEXT, ['COORDINATE_MISSING']],
  ['Kind.STANDARD', TEXT, ['COORDINATE_MISSING']],
  ['Invoice.number', { type: ['string', 'null'] }, ['NULLABILITY_DISAGREES']],
  ['Invoice.number', { type: 'integer' }, ['TYPE_DISAGREES']],
  ['Invoice.kind', TEXT, ['TYPE_DISAGREES']],
  ['Invoice.kind', { enum: ['STANDARD', 'PROFORMA'] }, ['TYPE_DISAGREES']],
  ['Invoice.total', { type: 'number' }, ['TYPE_DISAGREES']],
  ['Invoice.total', TEXT, ['TYPE_DISAGREES']],
  ['Invoice.total', { ...MONEY, required: ['amount'] }, ['NULLABILITY_DISAGREES']],
  [
    'Invoice.total',
    { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] },
    ['TYPE_DISAGREES'],
  ],
  [
    'Invoice.tags',
    { type: 'array', items: { type: ['string', 'null'] } },
    ['NULLABILITY_DISAGREES'],
  ],
  ['Invoice.tags', TEXT, ['TYPE_DISAGREES']],
  ['Invoice.count', { type: 'number' }, ['TYPE_DISAGREES']],
  ['Invoice.dueOn', TEXT, ['TYPE_DISAGREES']],
  ['Invoice.supplier', { type: 'integer' }, ['TYPE_DISAGREES']],
  ['Invoice.paid', TEXT, ['TYPE_DISAGREES']],
];

describe('a property that names its coordinate', () => {
  it.each(AGREES)('agrees with %s as %j', (coordinate, schema) => {
    expect(codes(coordinate, schema)).toEqual([]);
  });

  it.each(DISAGREES)('disagrees with %s as %j', (coordinate, schema, expected) => {
    expect(codes(coordinate, schema)).toEqual(expected);
  });

  it('may be left out only where the graph allows null; of an outside payload that is a warning', () => {
    expect(codes('Invoice.note', TEXT, { optional: true })).toEqual([]);
    expect(codes('Invoice.number', TEXT, { optional: true })).toEqual(['NULLABILITY_DISAGREES']);
    expect(codes('Invoice.number', TEXT, { optional: true, direction: 'INBOUND' })).toEqual([
      'WARNING EVENT_FIELD_NULLABILITY_DISAGREES',
    ]);
  });
});

describe('the references of a payload', () => {
  it('are found below lists, references and branches, once each, and end in a recursive schema', () => {
    const document = read({
      type: 'object',
      properties: {
        lines: { type: 'array', items: { $ref: '#/$defs/line' } },
        child: { $ref: '#' },
      },
      allOf: [{ properties: { id: { ...TEXT, 'x-graphql': 'Invoice.id' } } }],
      anyOf: [{ properties: { note: { ...TEXT, 'x-graphql': 'Invoice.note' } } }, true],
      required: ['id'],
      $defs: {
        line: { type: 'object', properties: { text: { ...TEXT, 'x-graphql': 'Line.text' } } },
      },
    });
    const found = graphReferences({ subject: 's.v1', direction: 'OUTBOUND' }, document);
    const shallow = found.filter(({ pointer }) => !pointer.includes('/child'));
    expect(
      shallow.map(({ pointer, coordinate, form }) => [pointer, coordinate, form.optional]),
    ).toEqual([
      ['/lines/[]/text', 'Line.text', true],
      ['/id', 'Invoice.id', false],
      ['/note', 'Invoice.note', true],
    ]);
    expect(found.length).toBeLessThan(200);
    expect(structuredClone(found)).toEqual(found);
  });

  it('must be coordinates of fields', () => {
    const named = (coordinate: unknown) =>
      badCoordinates(read({ ...TEXT, 'x-graphql': coordinate }));
    expect(named('Invoice.number')).toEqual([]);
    expect(named('Invoice')).toEqual(['"Invoice"']);
    expect(named('Query.invoice(id:)')).toEqual(['"Query.invoice(id:)"']);
    expect(named(7)).toEqual(['7']);
  });
});
