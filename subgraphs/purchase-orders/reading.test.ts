import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isEnumType, isInputObjectType, isInterfaceType, isObjectType, isUnionType } from 'graphql';
import { buildSchema, readSubgraphSdl } from '#kernel/subgraph.ts';
import { resolvers } from './resolvers.ts';
import { dispatched, drafted } from './test-world/document.ts';
import { BUYER, RECEIVER, REQUESTOR, openTestRoom, person } from './test-world/room.ts';
import type { GraphQLSchema } from 'graphql';
import type { TestRoom } from './test-world/room.ts';

let room: TestRoom;
beforeAll(async () => {
  room = await openTestRoom();
});
afterAll(async () => room[Symbol.asyncDispose]());

const DEEP = `nodes { id legalActions supplier { id } costCentre { id } lines { quantity { value } netAmount { amount } }
  purchaseOrder { number receiptStatus invoiceStatus lines { receivableQuantity { value } } versions { lines { quantity { value } } }
    goodsReceipts { lines { quantity { value } purchaseOrderLine { description } } purchaseOrder { id } } requisition { number } } purchaseOrders { id } }`;

async function statementsOf(source: string, variables: object = {}): Promise<number> {
  room.statements.length = 0;
  const { codes } = await room.ask(BUYER, source, variables);
  expect(codes).toEqual([]);
  return room.statements.length;
}

async function receivedOrder(): Promise<void> {
  const order = await dispatched(room);
  await room.run(RECEIVER, 'postGoodsReceipt', {
    purchaseOrderId: order.id,
    lines: [{ purchaseOrderLineId: order.lineIds[0], quantity: { value: '1' } }],
  });
}

describe('the number of statements', () => {
  it('does not depend on the number of rows', async () => {
    await receivedOrder();
    const page = `{ requisitions(first: 50) { ${DEEP} } }`;
    const one = await statementsOf(page);
    for (let count = 0; count < 4; count += 1) await receivedOrder();
    expect(await statementsOf(page)).toBe(one);
    expect(one).toBeLessThanOrEqual(9);
  });

  it('is one for the lists of many parents', async () => {
    const parents = (ids: readonly string[]): object => ({
      representations: ids.map((id) => ({ __typename: 'CostCentre', id })),
    });
    const source =
      'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on CostCentre { id requisitions(last: 2) { nodes { id number } pageInfo { hasPreviousPage } } purchaseOrders(first: 2) { nodes { id } } } } }';
    expect(await statementsOf(source, parents(['DE01-4100']))).toBe(2);
    expect(await statementsOf(source, parents(['DE01-4100', 'DE01-4200', 'US01-4100']))).toBe(2);
    const { data } = await room.ask(BUYER, source, parents(['DE01-4100', 'DE01-4200']));
    expect(data._entities[0].requisitions.nodes).toHaveLength(2);
    expect(data._entities[0].requisitions.pageInfo.hasPreviousPage).toBe(true);
    expect(data._entities[1].requisitions.nodes).toEqual([]);
  });
});

describe('references from other rooms', () => {
  it('are answered as far as the viewer may see them', async () => {
    const { id } = await drafted(room);
    const source =
      'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Requisition { id number } ... on Supplier { requisitions(first: 1) { nodes { number } } } } }';
    const r = [
      { __typename: 'Requisition', id },
      { __typename: 'Supplier', id: 'supplier-1' },
    ];
    const seen = await room.ask(REQUESTOR, source, { r });
    expect(seen.data._entities[0]).toMatchObject({ __typename: 'Requisition', id });
    expect(seen.data._entities[1].requisitions.nodes).toHaveLength(1);
    const elsewhere = await room.ask(person('requestor', { companies: ['US01'] }), source, { r });
    expect(elsewhere.data._entities).toEqual([
      null,
      { __typename: 'Supplier', requisitions: { nodes: [] } },
    ]);
    const withoutPermission = await room.ask(person('erp'), source, { r });
    expect(withoutPermission.data._entities).toEqual([
      null,
      { __typename: 'Supplier', requisitions: null },
    ]);
  });
});

describe('lists', () => {
  it('are filtered by every condition, and paged both ways', async () => {
    const { id, number } = await room.run(REQUESTOR, 'createRequisition', {
      title: 'Chairs',
      costCentreId: 'DE01-4200',
      supplierId: 'supplier-1',
      category: 'OFFICE',
      currency: 'EUR',
      lines: [{ description: 'Chair', quantity: { value: '1' }, unitPrice: '99.95' }],
    });
    const source =
      'query ($filter: RequisitionFilter) { requisitions(first: 5, filter: $filter) { nodes { id } } }';
    const filter = {
      status: ['DRAFT'],
      companyCode: 'DE01',
      costCentreId: 'DE01-4200',
      supplierId: 'supplier-1',
      requesterId: 'requestor',
      numberPrefix: number,
    };
    expect((await room.ask(BUYER, source, { filter })).data.requisitions.nodes).toEqual([{ id }]);
    for (const other of [
      { status: ['CLOSED'] },
      { companyCode: 'US01' },
      { costCentreId: 'DE01-4100' },
      { supplierId: 'x' },
      { requesterId: 'x' },
      { numberPrefix: 'x' },
    ]) {
      expect(
        (await room.ask(BUYER, source, { filter: { ...filter, ...other } })).data.requisitions
          .nodes,
      ).toEqual([]);
    }
    const newest = await room.ask(
      BUYER,
      '{ requisitions(last: 1) { edges { cursor node { id } } } }',
    );
    expect(newest.data.requisitions.edges[0].node.id).toBe(id);
    const before = await room.ask(
      BUYER,
      'query ($c: String) { requisitions(last: 1, before: $c) { nodes { id } } }',
      { c: newest.data.requisitions.edges[0].cursor },
    );
    expect(before.data.requisitions.nodes[0].id < id).toBe(true);
  });

  it('are found by number', async () => {
    const order = await dispatched(room);
    const byId = await room.ask(
      BUYER,
      'query ($id: ID!) { purchaseOrder(id: $id) { number requisition { number } } }',
      { id: order.id },
    );
    const { number, requisition } = byId.data.purchaseOrder;
    const source =
      'query ($p: String!, $r: String!) { purchaseOrderByNumber(number: $p) { id } requisitionByNumber(number: $r) { id } purchaseOrders(first: 1, filter: { numberPrefix: $p }) { nodes { id } } }';
    const { data } = await room.ask(BUYER, source, { p: number, r: requisition.number });
    expect(data).toEqual({
      purchaseOrderByNumber: { id: order.id },
      requisitionByNumber: { id: order.requisitionId },
      purchaseOrders: { nodes: [{ id: order.id }] },
    });
  });
});

describe('what a viewer may read', () => {
  it('ends at its companies and cost centres, but never excludes its own documents', async () => {
    const { id } = await drafted(room);
    const read = async (viewer: ReturnType<typeof person>) =>
      (await room.ask(viewer, 'query ($id: ID!) { requisition(id: $id) { id } }', { id })).data
        .requisition;
    expect(
      await read(person('requestor', { id: 'colleague', costCentres: ['DE01-4100'] })),
    ).toEqual({ id });
    expect(
      await read(person('requestor', { id: 'colleague', costCentres: ['DE01-4200'] })),
    ).toBeNull();
    expect(await read(person('requestor', { costCentres: ['DE01-4200'] }))).toEqual({ id });
    expect(await read(person('requestor', { companies: ['US01'] }))).toBeNull();
  });

  const READS = {
    requisition: '{ requisition(id: "x") { id } }',
    order: '{ purchaseOrder(id: "x") { id } }',
    receipt: '{ goodsReceipt(id: "x") { id } }',
  };
  const LISTS = {
    requisition:
      '{ requisitions(first: 1) { nodes { id } } requisitionByNumber(number: "x") { id } }',
    order:
      '{ purchaseOrders(first: 1) { nodes { id } } purchaseOrderByNumber(number: "x") { id } }',
  };

  it.each([
    ['architect', ['requisition', 'order', 'receipt']],
    ['supplier-steward', ['requisition', 'order', 'receipt']],
    ['erp', ['requisition']],
    ['requestor', []],
    ['receiver', []],
    ['auditor', []],
  ])('is FORBIDDEN to the role %s for %j', async (role, forbidden) => {
    for (const [noun, source] of [...Object.entries(READS), ...Object.entries(LISTS)]) {
      const { codes } = await room.ask(person(role), source);
      expect(new Set(codes)).toEqual(new Set(forbidden.includes(noun) ? ['FORBIDDEN'] : []));
    }
  });
});

describe('the contract', () => {
  it('describes every type, field, argument and value', async () => {
    const schema = buildSchema(
      await readSubgraphSdl(new URL('./schema.graphql', import.meta.url)),
      resolvers,
    );
    expect(undescribed(schema)).toEqual([]);
  });
});

function undescribed(schema: GraphQLSchema): string[] {
  const named = Object.values(schema.getTypeMap()).filter(
    (type) => !type.name.startsWith('_') && /^[A-Z]/.test(type.name),
  );
  const ours = named.filter(
    (type) =>
      isObjectType(type) ||
      isInterfaceType(type) ||
      isInputObjectType(type) ||
      isEnumType(type) ||
      isUnionType(type),
  );
  return ours.flatMap((type) => [
    ...(type.description ? [] : [type.name]),
    ...(isEnumType(type)
      ? type
          .getValues()
          .filter((value) => !value.description)
          .map((value) => `${type.name}.${value.name}`)
      : []),
    ...('getFields' in type
      ? Object.values(type.getFields())
          .filter((field) => !field.description && !field.name.startsWith('_'))
          .map((field) => `${type.name}.${field.name}`)
      : []),
    ...(isObjectType(type)
      ? Object.values(type.getFields()).flatMap((field) =>
          field.args
            .filter((argument) => !argument.description && !field.name.startsWith('_'))
            .map((argument) => `${type.name}.${field.name}(${argument.name})`),
        )
      : []),
  ]);
}
