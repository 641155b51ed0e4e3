import { Pool } from 'pg';
import { captureInvoice } from '../../hub/demo/invoicing.ts';
import {
  createRequisition,
  decide,
  orderOf,
  receive,
  sendOff,
} from '../../hub/demo/procurement.ts';
import { subscribe } from '../support/subscription.ts';
import { TODAY } from '../support/world.ts';
import { round, throughput } from './measure.ts';
import type { Bench, Line } from './main.ts';

const LIFECYCLES = 120;
const IN_FLIGHT = 16;
const IDLE_MS = 2000;

interface StatusItem {
  readonly type: string;
  readonly correlationId: string;
}

/** Waits for an event of a document's whole way, as a portal does: pushed, never polled. */
type WaitFor = (correlationId: string, type: string) => Promise<void>;

/** Requisitions lived from draft to payment, against as many one-row transactions as the hub committed for them. */
export async function benchLifecycles(bench: Bench): Promise<Line[]> {
  const pool = new Pool({ connectionString: bench.adminUrl, max: IN_FLIGHT });
  await pool.query(
    'create table bench_row (id bigint generated always as identity primary key, body text not null)',
  );
  const feed = await openFeed(bench);
  await lifecycle(bench, 'warm-up', feed.waitFor);
  const before = await writes(pool);
  const lived = await throughput({
    count: LIFECYCLES,
    inFlight: IN_FLIGHT,
    run: (index) => lifecycle(bench, `lifecycle-${index}`, feed.waitFor),
  });
  const rowsEach = Math.round(((await writes(pool)) - before) / LIFECYCLES);
  await feed.close();
  const body = 'x'.repeat(1000);
  const floor = await throughput({
    count: LIFECYCLES,
    inFlight: IN_FLIGHT,
    run: async () => {
      for (let row = 0; row < rowsEach; row += 1)
        await pool.query('insert into bench_row (body) values ($1)', [body]);
    },
  });
  await pool.query('drop table bench_row');
  await pool.end();
  return [
    {
      what: `whole lifecycles, draft to paid, ${IN_FLIGHT} in flight`,
      hub: `${round(lived.perSecond, 1)}/s, p50 ${round(lived.durations.p50Ms, 0)} ms (0.7 s of it the ERP simulator's own delays), ${rowsEach} rows written each`,
      floor: `${round(floor.perSecond, 1)}/s`,
      ratio: `${round(lived.perSecond / floor.perSecond, 2)} × the floor`,
    },
  ];
}

async function lifecycle({ world }: Bench, key: string, waitFor: WaitFor): Promise<void> {
  const { graph } = world;
  const id = await createRequisition(graph, world.wanted(key));
  const { requisition } = await graph.ask<{ requisition: { correlationId: string } }>(
    'requestor',
    'query ($id: ID!) { requisition(id: $id) { correlationId } }',
    { id },
  );
  const { correlationId } = requisition;
  await sendOff(graph, 'requestor', { id, key });
  await waitFor(correlationId, 'concord.approval.requested.v1');
  await decide(graph, { id, key }, 'approveTask');
  await waitFor(correlationId, 'concord.purchase-order.dispatched.v1');
  const order = await orderOf(graph, id);
  if (order === null) throw new Error('A dispatched order is expected.');
  await receive(graph, order, { key: `${key}-receipt`, share: 1 });
  const invoice = {
    key: `${key}-invoice`,
    companyCode: 'DE01',
    supplierId: world.suppliers[0]?.id ?? '',
    supplierInvoiceNumber: `B-${order.number}`,
    issuedOn: TODAY,
    priceFactor: '1',
  };
  await captureInvoice(graph, order, invoice);
  await waitFor(correlationId, 'concord.payment.paid.v1');
}

async function openFeed({ hub }: Bench): Promise<{ waitFor: WaitFor; close(): Promise<void> }> {
  const seen = new Set<string>();
  const waiting = new Map<string, () => void>();
  const feed = subscribe<string>({
    socketUrl: hub.socketUrl,
    token: await hub.tokenOf('auditor'),
    query: 'subscription { statusEvents { ... on StatusEvent { type correlationId } } }',
    pick: (data) => {
      const { correlationId, type } = data['statusEvents'] as StatusItem;
      const name = `${correlationId} ${type}`;
      seen.add(name);
      waiting.get(name)?.();
      return name;
    },
  });
  return {
    close: feed.close,
    waitFor: (correlationId, type) =>
      new Promise((resolve) => {
        const name = `${correlationId} ${type}`;
        if (seen.has(name)) resolve();
        else waiting.set(name, resolve);
      }),
  };
}

/** Rows that the server has inserted or updated so far; its statistics lag a little behind. */
async function writes(pool: Pool): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const { rows } = await pool.query<{ count: string }>(
    'select tup_inserted + tup_updated as count from pg_stat_database where datname = current_database()',
  );
  return Number(rows[0]?.count);
}
