import { Client, Pool } from 'pg';
import { systemClock } from '#kernel/clock.ts';
import { createCallSigner, generateInternalKey } from '#kernel/internal-token.ts';
import { silentLog } from '#kernel/log.ts';
import { createPeer } from '#kernel/peer.ts';
import { ensureSchemas, schemaUrl } from '#kernel/provision.ts';
import { openDatabase } from '#kernel/database.ts';
import { createBudgetLine } from '../../subgraphs/budgets/domain/budget-line.ts';
import { fiscalPeriodOf } from '../../subgraphs/budgets/domain/fiscal-period.ts';
import { startBudgets } from '../../subgraphs/budgets/main.ts';
import { createReservationBatcher } from '../../subgraphs/budgets/reserve-funds.ts';
import { seedBudgets } from '../../subgraphs/budgets/seed.ts';
import { TODAY } from '../support/world.ts';
import { round, throughput } from './measure.ts';
import type { Throughput } from './measure.ts';
import type { Peer } from '#kernel/peer.ts';
import type { ReservationBatcher } from '../../subgraphs/budgets/reserve-funds.ts';
import type { Bench, Line } from './main.ts';

const CLIENTS = 64;
const RESERVATIONS = 6000;
const ROUNDS = 3;
const YEAR = Number(TODAY.slice(0, 4));

/** Reservations on one hot budget line, asked for over HTTP with signed calls as purchase orders do, against one conditional UPDATE each. */
export async function benchReservations(bench: Bench): Promise<Line[]> {
  await using room = await openRoom(bench);
  const pool = new Pool({ connectionString: bench.adminUrl, max: 32 });
  await pool.query(
    'create table bench_line (id integer primary key, available bigint not null check (available >= 0))',
  );
  await pool.query('insert into bench_line values (1, 1000000000000)');
  const load = { count: RESERVATIONS, inFlight: CLIENTS };
  const reserved: Throughput[] = [];
  const batched: Throughput[] = [];
  const updated: Throughput[] = [];
  for (let turn = 0; turn < ROUNDS; turn += 1) {
    reserved.push(
      await throughput({ ...load, run: (index) => reserve(room.budgets, `${turn}-${index}`) }),
    );
    batched.push(
      await throughput({
        ...load,
        run: (index) => reserveDirectly(room.direct, `direct-${turn}-${index}`),
      }),
    );
    updated.push(
      await throughput({
        ...load,
        run: () =>
          pool.query(
            'update bench_line set available = available - 100 where id = 1 and available >= 100',
          ),
      }),
    );
  }
  await pool.query('drop table bench_line');
  await pool.end();
  const floor = best(updated);
  const line = (what: string, measured: Throughput): Line => ({
    what: `${what}; ${CLIENTS} clients on one hot line`,
    hub: `${round(measured.perSecond, 0)}/s, p99 ${round(measured.durations.p99Ms)} ms`,
    floor: `${round(floor.perSecond, 0)}/s, p99 ${round(floor.durations.p99Ms)} ms`,
    ratio: `${round(measured.perSecond / floor.perSecond, 2)} × the floor`,
  });
  return [
    line('reservations with ledger, idempotency and outbox', best(batched)),
    line('the same over HTTP with signed calls, as purchase orders make them', best(reserved)),
  ];
}

function best(runs: readonly Throughput[]): Throughput {
  const [fastest] = runs.toSorted((a, b) => b.perSecond - a.perSecond);
  if (fastest === undefined) throw new Error('Nothing was measured.');
  return fastest;
}

interface Room extends AsyncDisposable {
  readonly budgets: Peer;
  readonly direct: ReservationBatcher;
}

/** A budgets service of its own on a database of its own, with one line that everybody wants. */
async function openRoom(bench: Bench): Promise<Room> {
  const admin = new Client({ connectionString: bench.adminUrl });
  await admin.connect();
  await admin.query('create database bench');
  const adminUrl = Object.assign(new URL(bench.adminUrl), { pathname: '/bench' }).href;
  await ensureSchemas(adminUrl);
  const key = generateInternalKey('purchase-orders');
  const databaseUrl = schemaUrl(adminUrl, 'budgets', bench.password);
  const service = await startBudgets({
    databaseUrl,
    busDatabaseUrl: schemaUrl(adminUrl, 'bus', bench.password),
    redisUrl: null,
    host: '127.0.0.1',
    port: 0,
    internalKey: generateInternalKey('budgets'),
    trustedKeys: { 'purchase-orders': key.publicJwk },
    log: silentLog,
    clock: systemClock,
  });
  await seedHotLine(databaseUrl);
  const database = openDatabase({
    url: databaseUrl,
    schema: 'budgets',
    poolSize: 4,
    log: silentLog,
  });
  return {
    direct: createReservationBatcher({ database, clock: systemClock }),
    budgets: createPeer({
      service: 'budgets',
      url: service.url,
      sign: createCallSigner(key),
      log: silentLog,
    }),
    [Symbol.asyncDispose]: async () => {
      await service.close();
      await database.close();
      await admin.query('drop database bench with (force)');
      await admin.end();
    },
  };
}

async function seedHotLine(databaseUrl: string): Promise<void> {
  const database = openDatabase({
    url: databaseUrl,
    schema: 'budgets',
    poolSize: 1,
    log: silentLog,
  });
  const costCentre = {
    id: 'DE01-1',
    companyCode: 'DE01',
    code: '1',
    name: 'Hot',
    parentId: null,
    managerId: 'approver',
    status: 'ACTIVE',
    version: 1,
  } as const;
  const wanted = {
    costCentreId: costCentre.id,
    category: '*',
    fiscalYear: YEAR,
    controlLevel: 'ABSOLUTE',
    parentLineId: null,
    initial: { amountMinor: 1_000_000_000_000n, currency: 'EUR' },
    tolerance: { amountMinor: 0n, currency: 'EUR' },
  } as const;
  const line = createBudgetLine('bench-line', wanted, {
    costCentre,
    companyCurrency: 'EUR',
    parent: null,
    existing: null,
  });
  if (!line.ok) throw new Error(line.problem.message);
  const period = {
    ...fiscalPeriodOf('DE01', YEAR, Number(TODAY.slice(5, 7))),
    status: 'OPEN',
  } as const;
  const seed = {
    companies: [{ code: 'DE01', currency: 'EUR' }],
    costCentres: [costCentre],
    fiscalPeriods: [period],
    exchangeRates: [],
    budgetLines: [{ ...line.value, initialMinor: wanted.initial.amountMinor }],
  };
  await seedBudgets(database, seed, systemClock.now());
  await database.close();
}

const MUTATION =
  'mutation ($input: ReserveFundsInput!) { reserveFunds(input: $input) { __typename ... on Problem { code message } } }';

async function reserve(budgets: Peer, key: string): Promise<void> {
  const input = {
    idempotencyKey: key,
    documentType: 'REQUISITION',
    documentId: key,
    documentNumber: key,
    correlationId: key,
    costCentreId: 'DE01-1',
    category: 'MRO',
    amount: { amount: '1.00', currency: 'EUR' },
    on: TODAY,
  };
  const answer = await budgets.call<{ reserveFunds: { __typename: string } }>({
    query: MUTATION,
    variables: { input },
    correlationId: key,
  });
  if (answer.reserveFunds.__typename !== 'FundsReservation')
    throw new Error(`A reservation was refused: ${JSON.stringify(answer)}`);
}

async function reserveDirectly(batcher: ReservationBatcher, key: string): Promise<void> {
  const answer = await batcher.run({
    idempotencyKey: key,
    documentType: 'REQUISITION',
    documentId: key,
    documentNumber: key,
    correlationId: key,
    costCentreId: 'DE01-1',
    category: 'MRO',
    amount: { amountMinor: 100n, currency: 'EUR' },
    on: TODAY,
    actorId: 'bench',
    traceparent: null,
  });
  if (answer === 'ALREADY_RESERVED' || !answer.ok)
    throw new Error(`A reservation was refused: ${JSON.stringify(answer)}`);
}
