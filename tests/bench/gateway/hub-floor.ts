import { announce } from './announce.ts';
import { entityQuery, openCalls } from './floor-call.ts';
import { listenForQueries } from './query-door.ts';
import type { QueryBody } from './query-door.ts';

/**
 * The floor of the hub's deep query: what it costs a program that is written for it alone. The same six calls as a good
 * plan's, five of them at once, and the answers put together by hand.
 */
const call = openCalls();

const REQUISITIONS = `query ($first: Int!) {
  requisitions(filter: { status: [CLOSED, ORDERED] }, first: $first) { nodes {
    id number status supplier { id } costCentre { id } purchaseOrders { number status goodsReceipts { number } } } } }`;
const TIMELINES = entityQuery('Requisition', 'timeline { type summary }');
const APPROVALS = entityQuery('Requisition', 'approval { status decisions { actorId outcome } }');
const INVOICES = entityQuery(
  'Requisition',
  'invoices(first: 3) { nodes { number status grossAmount { amount currency } } } payments { number status }',
);
const SUPPLIERS = entityQuery('Supplier', 'legalName');
const FUNDS = `query ($requisitions: [_Any!]!, $costCentres: [_Any!]!) {
  reserved: _entities(representations: $requisitions) { ... on Requisition { fundsReservations { stage amount { amount } } } }
  named: _entities(representations: $costCentres) { ... on CostCentre { name } } }`;

interface Key {
  readonly id: string;
}

interface RequisitionRow extends Key {
  readonly number: string;
  readonly status: string;
  readonly supplier: Key | null;
  readonly costCentre: Key | null;
  readonly purchaseOrders: readonly object[];
}

interface BilledRow {
  readonly invoices: object;
  readonly payments: readonly object[];
}

interface FundsRows {
  readonly reserved: readonly { readonly fundsReservations: readonly object[] | null }[];
  readonly named: readonly { readonly name: string }[];
}

/** The distinct keys of one type, as a subgraph is asked for them, and where each stands. */
function keysOf(typename: string, keys: readonly (Key | null)[]) {
  const places = new Map<string, number>();
  for (const key of keys) {
    if (key !== null && !places.has(key.id)) places.set(key.id, places.size);
  }
  const representations = [...places.keys()].map((id) => ({ __typename: typename, id }));
  const rowOf = <Row>(rows: readonly Row[], key: Key | null): Row | null =>
    key === null ? null : (rows[places.get(key.id) ?? -1] ?? null);
  return { representations, rowOf };
}

async function entitiesOf<Row>(
  service: string,
  query: string,
  representations: readonly object[],
): Promise<readonly Row[]> {
  const data = await call<{ readonly _entities: readonly Row[] }>(service, query, {
    representations,
  });
  return data._entities;
}

async function answer({ variables = {} }: QueryBody): Promise<string> {
  const { requisitions } = await call<{
    readonly requisitions: { readonly nodes: readonly RequisitionRow[] };
  }>('purchase-orders', REQUISITIONS, { first: variables['first'] });
  const rows = requisitions.nodes;
  const { representations: keys } = keysOf('Requisition', rows);
  const suppliers = keysOf(
    'Supplier',
    rows.map(({ supplier }) => supplier),
  );
  const costCentres = keysOf(
    'CostCentre',
    rows.map(({ costCentre }) => costCentre),
  );
  const [timelines, billed, approvals, funds, names] = await Promise.all([
    entitiesOf<{ readonly timeline: readonly object[] }>('integration', TIMELINES, keys),
    entitiesOf<BilledRow>('invoices', INVOICES, keys),
    entitiesOf<{ readonly approval: object | null }>('approvals', APPROVALS, keys),
    call<FundsRows>('budgets', FUNDS, {
      requisitions: keys,
      costCentres: costCentres.representations,
    }),
    entitiesOf<{ readonly legalName: string }>('suppliers', SUPPLIERS, suppliers.representations),
  ]);
  const nodes = rows.map((row, index) => ({
    number: row.number,
    status: row.status,
    supplier: suppliers.rowOf(names, row.supplier),
    costCentre: costCentres.rowOf(funds.named, row.costCentre),
    fundsReservations: funds.reserved[index]?.fundsReservations,
    approval: approvals[index]?.approval,
    purchaseOrders: row.purchaseOrders,
    invoices: billed[index]?.invoices,
    payments: billed[index]?.payments,
    timeline: timelines[index]?.timeline,
  }));
  return JSON.stringify({ data: { requisitions: { nodes } } });
}

announce({ url: await listenForQueries(answer) });
