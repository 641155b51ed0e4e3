import { gzipSync } from 'node:zlib';
import { systemClock } from '#kernel/clock.ts';
import { startHttp } from '#kernel/http.ts';
import { newId } from '#kernel/id.ts';
import { silentLog } from '#kernel/log.ts';
import { readHiveReport } from '../../schema-registry/usage/hive-report.ts';
import { createIngest } from '../../schema-registry/usage/ingestion.ts';
import { usageRoutes } from '../../schema-registry/usage/usage-routes.ts';
import { round, throughput } from './measure.ts';
import { openRegistryDatabase } from './registry-database.ts';
import type { Database } from '#kernel/database.ts';
import type { HttpServer } from '#kernel/http.ts';
import type { Ingest } from '../../schema-registry/usage/ingestion.ts';
import type { UsageReport } from '../../schema-registry/usage/usage-report.ts';
import type { Throughput } from './measure.ts';
import type { Bench, Line } from './main.ts';

/** What Hive's clients send at the most in one report. */
const USES_PER_REPORT = 1_500;
const OPERATIONS = 60;
const CLIENT_VERSIONS = 12;
const COORDINATES_PER_OPERATION = 25;
const REPORTS = 120;
/** As many gateways report at the same time. */
const IN_FLIGHT = 4;
const ROUNDS = 3;

/**
 * Usage reports of 1,500 operations each: through the door as a gateway sends them (gzip, token, JSON), by the function behind it,
 * and as the floor one batched INSERT of the same sums into the same table without anything around it.
 */
export async function benchUsage(bench: Bench): Promise<Line[]> {
  await using room = await openRoom(bench);
  const load = { count: REPORTS, inFlight: IN_FLIGHT };
  const runs: { http: Throughput[]; direct: Throughput[]; floor: Throughput[] } = {
    http: [],
    direct: [],
    floor: [],
  };
  for (let turn = 0; turn < ROUNDS; turn += 1) {
    runs.http.push(await throughput({ ...load, run: () => postReport(room) }));
    runs.direct.push(await throughput({ ...load, run: () => ingestReport(room) }));
    runs.floor.push(await throughput({ ...load, run: () => insertSums(room) }));
  }
  const floor = best(runs.floor);
  const line = (what: string, measured: Throughput): Line => ({
    what: `${what}; ${IN_FLIGHT} gateways, ${USES_PER_REPORT} operations per report`,
    hub: `${operations(measured)} operations/s, p99 ${round(measured.durations.p99Ms)} ms a report`,
    floor: `${operations(floor)} operations/s, p99 ${round(floor.durations.p99Ms)} ms`,
    ratio: `${round(measured.perSecond / floor.perSecond, 2)} × the floor`,
  });
  return [
    line('usage ingestion', best(runs.direct)),
    line('the same over HTTP, gzipped JSON as Hive clients send it', best(runs.http)),
  ];
}

function operations({ perSecond }: Throughput): string {
  return round(perSecond * USES_PER_REPORT, 0);
}

function best(runs: readonly Throughput[]): Throughput {
  const [fastest] = runs.toSorted((a, b) => b.perSecond - a.perSecond);
  if (fastest === undefined) throw new Error('Nothing was measured.');
  return fastest;
}

interface Room extends AsyncDisposable {
  readonly database: Database;
  readonly server: HttpServer;
  readonly ingest: Ingest;
  readonly targetId: string;
  readonly body: Buffer;
  readonly report: UsageReport;
}

/** A registry database of its own with one target, and the usage door in front of it. */
async function openRoom(bench: Bench): Promise<Room> {
  const registry = await openRegistryDatabase(bench, 'bench_usage', 8);
  const { database } = registry;
  const targetId = await createTarget(database);
  await database.query('create table bench_daily (like usage_daily including all)');
  const server = await startHttp({
    room: 'bench',
    host: '127.0.0.1',
    port: 0,
    ready: () => [],
    log: silentLog,
    routes: usageRoutes({ database, clock: systemClock, authenticate: letIn }),
  });
  const json = Buffer.from(JSON.stringify(hiveReport(systemClock.now().getTime())));
  const report = readHiveReport(json);
  if (!report.ok) throw new Error(report.problem.message);
  return {
    database,
    server,
    ingest: createIngest({ database, clock: systemClock }),
    targetId,
    body: gzipSync(json),
    report: report.value,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await registry[Symbol.asyncDispose]();
    },
  };
}

const letIn: Parameters<typeof usageRoutes>[0]['authenticate'] = () =>
  Promise.resolve({
    ok: true,
    principal: { id: 'bench', name: 'bench', kind: 'token', allows: () => true },
  });

async function createTarget(database: Database): Promise<string> {
  const [graphId, targetId] = [newId(), newId()];
  await database.query(
    "insert into graph (id, slug, title, created_at) values ($1, 'bench', 'Bench', now())",
    [graphId],
  );
  await database.query(
    "insert into target (id, graph_id, slug, created_at) values ($1, $2, 'production', now())",
    [targetId, graphId],
  );
  return targetId;
}

function hiveReport(nowMs: number): object {
  const map = Object.fromEntries(
    Array.from({ length: OPERATIONS }, (_, operation) => [
      `key-${operation}`,
      {
        operation: `query Operation${operation}($id:ID!){document${operation}(id:$id){${fields().join(' ')}}}`,
        operationName: `Operation${operation}`,
        fields: [`Query.document${operation}`, ...fields().map((field) => `Document.${field}`)],
      },
    ]),
  );
  const uses = Array.from({ length: USES_PER_REPORT }, (_, index) => ({
    operationMapKey: `key-${index % OPERATIONS}`,
    timestamp: nowMs - index,
    execution: { ok: index % 50 !== 0, duration: 1_000_000, errorsTotal: index % 50 === 0 ? 1 : 0 },
    metadata: {
      client: {
        name: 'portal',
        version: `1.${Math.floor(index / OPERATIONS) % CLIENT_VERSIONS}.0`,
      },
    },
  }));
  return { size: uses.length, map, operations: uses };
}

function fields(): string[] {
  return Array.from({ length: COORDINATES_PER_OPERATION }, (_, field) => `field${field}`);
}

async function postReport({ server, targetId, body }: Room): Promise<void> {
  const response = await fetch(`${server.url}/usage/${targetId}`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer bench',
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'x-usage-api-version': '2',
      'x-report-id': newId(),
    },
    body: new Uint8Array(body),
  });
  const answer = await response.text();
  if (response.status !== 200) throw new Error(`A report was refused: ${answer}`);
}

async function ingestReport({ ingest, targetId, report }: Room): Promise<void> {
  const result = await ingest(report, { targetId, gateway: 'bench', report: newId() });
  if (!result.ok || result.value.accepted !== USES_PER_REPORT)
    throw new Error(`A report was not counted: ${JSON.stringify(result)}`);
}

/** One statement: the sums of one report, added to a table like the registry's. */
async function insertSums({ database }: Room): Promise<void> {
  const sums = Array.from({ length: OPERATIONS * CLIENT_VERSIONS }, (_, index) => index);
  await database.query(
    `insert into bench_daily (operation_id, client_version_id, day, requests, errors, last_seen_at)
     select operation_id, client_version_id, current_date, requests, errors, now()
     from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
       as given (operation_id, client_version_id, requests, errors)
     on conflict (operation_id, day, client_version_id) do update set
       requests = bench_daily.requests + excluded.requests, errors = bench_daily.errors + excluded.errors,
       last_seen_at = greatest(bench_daily.last_seen_at, excluded.last_seen_at)`,
    [
      sums.map((index) => index % OPERATIONS),
      sums.map((index) => Math.floor(index / OPERATIONS)),
      sums.map(() => 2),
      sums.map(() => 0),
    ],
  );
}
