import { Pool } from 'pg';
import { captureInvoice, invoiceReaches } from '../../hub/demo/invoicing.ts';
import { receive } from '../../hub/demo/procurement.ts';
import { TODAY } from '../support/world.ts';
import { round, throughput } from './measure.ts';
import type { Bench, Line } from './main.ts';

const LIFECYCLES = 60;
const IN_FLIGHT = 12;

/** Requisitions lived from draft to payment, against as many one-row transactions as the hub committed for them. */
export async function benchLifecycles(bench: Bench): Promise<Line[]> {
  const pool = new Pool({ connectionString: bench.adminUrl, max: IN_FLIGHT });
  await pool.query(
    'create table bench_row (id bigint generated always as identity primary key, body text not null)',
  );
  await lifecycle(bench, 'warm-up');
  const before = await commits(pool);
  const lived = await throughput({
    count: LIFECYCLES,
    inFlight: IN_FLIGHT,
    run: (index) => lifecycle(bench, `lifecycle-${index}`),
  });
  const perLifecycle = Math.round(((await commits(pool)) - before) / LIFECYCLES);
  const body = 'x'.repeat(1000);
  const floor = await throughput({
    count: LIFECYCLES,
    inFlight: IN_FLIGHT,
    run: async () => {
      for (let commit = 0; commit < perLifecycle; commit += 1)
        await pool.query('insert into bench_row (body) values ($1)', [body]);
    },
  });
  await pool.query('drop table bench_row');
  await pool.end();
  return [
    {
      what: `whole lifecycles, draft to paid, ${IN_FLIGHT} in flight (the ERP simulator's own delays of 0.7 s included)`,
      hub: `${round(lived.perSecond, 1)}/s, p50 ${round(lived.durations.p50Ms, 0)} ms, ${perLifecycle} commits each`,
      floor: `${round(floor.perSecond, 1)}/s`,
      ratio: `${round(lived.perSecond / floor.perSecond, 3)} of the floor`,
    },
  ];
}

async function lifecycle({ world }: Bench, key: string): Promise<void> {
  const { graph } = world;
  const { order } = await world.ordered(key);
  await receive(graph, order, { key: `${key}-receipt`, share: 1 });
  const invoice = {
    key: `${key}-invoice`,
    companyCode: 'DE01',
    supplierId: world.suppliers[0]?.id ?? '',
    supplierInvoiceNumber: `B-${order.number}`,
    issuedOn: TODAY,
    priceFactor: '1',
  };
  const id = await captureInvoice(graph, order, invoice);
  await invoiceReaches(graph, id, ({ paymentStatus }) => paymentStatus === 'PAID');
}

async function commits(pool: Pool): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const { rows } = await pool.query<{ count: string }>(
    'select xact_commit as count from pg_stat_database where datname = current_database()',
  );
  return Number(rows[0]?.count);
}
