import { Pool } from 'pg';
import { round, throughput } from './measure.ts';
import type { Bench, Line } from './main.ts';

const SIZES = [1, 10, 100] as const;
const REPEATS = 40;

const DEEP = `query ($first: Int!) { requisitions(filter: { status: [CLOSED, ORDERED] }, first: $first) { nodes {
  number status supplier { legalName } costCentre { name }
  fundsReservations { stage amount { amount } }
  approval { status decisions { actorId outcome } }
  purchaseOrders { number status goodsReceipts { number } }
  invoices(first: 3) { nodes { number status grossAmount { amount currency } } }
  payments { number status }
  timeline { type summary } } } }`;

/** By hand, one statement per kind of thing, for the documents that the first one finds. */
const FLOOR = [
  'select * from suppliers.supplier where id = any($1)',
  'select * from budgets.cost_centre where id = any($1)',
  'select * from budgets.funds_reservation where document_id = any($1)',
  'select * from approvals.approval_request where document_id = any($1)',
  'select * from purchase_orders.purchase_order where requisition_id = any($1)',
  'select * from purchase_orders.goods_receipt where purchase_order_id = any($1)',
  'select * from invoices.invoice where purchase_order_id = any($1)',
  'select * from invoices.payment where invoice_id = any($1)',
  'select * from integration.thread_entry where document_id = any($1)',
];

/** The deep query of one requisition's whole surroundings, over 1, 10 and 100 of them. */
export async function benchDeepQuery({ hub, adminUrl }: Bench): Promise<Line[]> {
  const pool = new Pool({ connectionString: adminUrl, max: 4 });
  const lines: Line[] = [];
  for (const first of SIZES) {
    const found = await hub.graph.ask<{ requisitions: { nodes: unknown[] } }>('auditor', DEEP, {
      first,
    });
    const asked = await throughput({
      count: REPEATS,
      inFlight: 1,
      run: () => hub.graph.ask('auditor', DEEP, { first }),
    });
    const floor = await throughput({ count: REPEATS, inFlight: 1, run: () => byHand(pool, first) });
    lines.push({
      what: `deep query over ${found.requisitions.nodes.length} requisition(s), 8 kinds of things from 6 subgraphs`,
      hub: `p50 ${round(asked.durations.p50Ms)} ms, p99 ${round(asked.durations.p99Ms)} ms`,
      floor: `p50 ${round(floor.durations.p50Ms)} ms, p99 ${round(floor.durations.p99Ms)} ms`,
      ratio: `${round(asked.durations.p50Ms / floor.durations.p50Ms)} × the floor's p50`,
    });
  }
  await pool.end();
  return lines;
}

async function byHand(pool: Pool, first: number): Promise<void> {
  const { rows } = await pool.query<{ id: string; supplier_id: string; cost_centre_id: string }>(
    "select * from purchase_orders.requisition where status in ('CLOSED', 'ORDERED') order by number limit $1",
    [first],
  );
  const ids = rows.map((row) => row.id);
  const keys = [rows.map((row) => row.supplier_id), rows.map((row) => row.cost_centre_id)];
  for (const [index, statement] of FLOOR.entries())
    await pool.query(statement, [keys[index] ?? ids]);
}
