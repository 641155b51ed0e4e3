import { describe, expect, it } from '@jest/globals';
import { buildASTSchema, parse } from 'graphql';
import { transformSupergraphToPublicSchema } from '@theguild/federation-composition';
import { busFieldsOf } from './bus-field.ts';
import { composeOrders } from './subscription/bus-world.ts';
import { trySupergraph } from './supergraph-trial.ts';
import type { BusFields } from './bus-field.ts';

const supergraphOf = (subscription: string): string => composeOrders({ subscription });

function fieldsOf(subscription: string, supergraphSdl = supergraphOf(subscription)): BusFields {
  const supergraph = parse(supergraphSdl);
  return busFieldsOf(supergraph, buildASTSchema(transformSupergraphToPublicSchema(supergraph)));
}

const MALFORMED: readonly (readonly [what: string, field: string, says: RegExp])[] = [
  ['no types', 'x: Order @busEvents(types: [])', /`types` are types of events/],
  ['types that are none', 'x: Order @busEvents(types: ["*"])', /`types` are types of events/],
  ['a star within', 'x: Order @busEvents(types: ["concord.*.v1"])', /`types` are types of events/],
  ['a key elsewhere', 'x: Order @busEvents(types: ["a.*"], key: "audience.ownerId")', /`key` is/],
  [
    'an argument of its own',
    'x(owner: ID): Order @busEvents(types: ["a.*"])',
    /"owner" says nothing/,
  ],
  ['a list of ids', 'x(id: [ID!]): Order @busEvents(types: ["a.*"])', /"id" says nothing/],
  [
    'a cursor that must be given',
    'x(after: String!): Order @busEvents(types: ["a.*"])',
    /"after" says nothing/,
  ],
  ['what must not be null', 'x: Order! @busEvents(types: ["a.*"])', /one entity that may be null/],
  ['a list', 'x: [Order!] @busEvents(types: ["a.*"])', /one entity that may be null/],
  ['no entity', 'x: Wrapped @busEvents(types: ["a.*"])', /Wrapped is no entity/],
  ['an entity of others', 'x: Product @busEvents(types: ["a.*"])', /Product is no entity/],
];

describe('a supergraph with @busEvents', () => {
  it('says which events, of which entity, and where its id is', () => {
    const { definition: _, ...field } =
      fieldsOf(
        'orderNoted(id: ID!): Order @busEvents(types: ["concord.note.*"], key: "data.orderId")',
      ).get('orderNoted') ?? {};
    expect(field).toEqual({
      types: ['concord.note.*'],
      key: { of: 'data', field: 'orderId' },
      typeName: 'Order',
    });
  });

  it('may have a prefix before it, of its link', () => {
    const subscription = 'x(after: String): Order @busEvents(types: "concord.order.changed.v1")';
    const prefixed = supergraphOf(subscription).replaceAll('@busEvents', '@bus__busEvents');
    expect(fieldsOf('', prefixed).get('x')).toMatchObject({
      types: ['concord.order.changed.v1'],
      key: { of: 'document' },
    });
  });

  it.each(MALFORMED)('is refused with %s', (_what, field, says) => {
    expect(() => fieldsOf(field)).toThrow(says);
  });

  it('is refused where it stands on another field', () => {
    const elsewhere = supergraphOf('x: Order').replace(
      'orders: Int',
      'orders: Int @busEvents(types: ["a.*"])',
    );
    expect(() => fieldsOf('', elsewhere)).toThrow(/Query.orders cannot be kept/);
  });

  it('is refused before it is served', async () => {
    const malformed = trySupergraph(supergraphOf('x: Order @busEvents(types: [])'), []);
    await expect(malformed).rejects.toThrow(/It does not load: .*@busEvents of Subscription.x/);
  });
});
