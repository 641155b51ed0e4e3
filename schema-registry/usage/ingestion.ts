import { setImmediate } from 'node:timers/promises';
import { sha256 } from '#kernel/id.ts';
import { createIngestQueue } from './ingest-queue.ts';
import { createOperationCatalog } from './operation-catalog.ts';
import { aggregate } from './usage-aggregate.ts';
import { batchOf } from './usage-batch.ts';
import { REPORT_LIMITS } from './usage-report.ts';
import * as store from './usage-store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { Result, Unavailable } from '#kernel/problem.ts';
import type { CatalogOperation, OperationCatalog } from './operation-catalog.ts';
import type { UsageAggregate } from './usage-aggregate.ts';
import type { BatchSum, KnownOperation, SummedReport, UsageBatch } from './usage-batch.ts';
import type { Rejection, UsageReport } from './usage-report.ts';
import type { SeenClient } from './usage-store.ts';

/** Where a report comes from. */
export interface ReportSource {
  readonly targetId: string;
  /** Who reports; it is expected to report on every day from now on, until it is retired. */
  readonly gateway: string;
  /** The report's own name, by which it is known when it comes again; null counts it every time that it comes. */
  readonly report: string | null;
}

export interface Ingested {
  /** True when the report came before: nothing was counted. */
  readonly repeated: boolean;
  readonly accepted: number;
  readonly rejections: readonly Rejection[];
}

/** Counts a report; refused only when more wait already than are let wait. */
export type Ingest = (
  report: UsageReport,
  source: ReportSource,
) => Promise<Result<Ingested, Unavailable>>;

/** Operations of one target. Those beyond are counted as one that asks for all that they ask for, so that no use is lost. */
const OPERATIONS_MAX = 50_000;
/** Client versions of one target: clients name themselves, so a stranger could invent any number of names. */
const CLIENT_VERSIONS_MAX = 5_000;
/** Stands for what is beyond a maximum. */
const OTHER = '(other)';

/** Counts reports. Those of one target that come at the same time are counted together, in one transaction. */
export function createIngest(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly operationsMax?: number;
  readonly clientVersionsMax?: number;
}): Ingest {
  const counting = {
    catalog: createOperationCatalog(),
    operationsMax: options.operationsMax ?? OPERATIONS_MAX,
    clientVersionsMax: options.clientVersionsMax ?? CLIENT_VERSIONS_MAX,
  };
  const enqueue = createIngestQueue<SummedReport, Ingested>((targetId, reports) => {
    const at = options.clock.now();
    return options.database.transaction((tx) => count(tx, { ...counting, targetId, at }, reports));
  });
  return async (report, { targetId, gateway, report: name }) => {
    const sums = aggregate(report, options.clock.now());
    const operations = await knownOperations(counting.catalog, report, sums);
    return enqueue(targetId, { gateway, name, report, sums, operations });
  };
}

/** Operations parsed without letting others have their turn: some ten milliseconds. */
const PARSED_AT_ONCE = 50;

/** The operations that a report uses. New ones are parsed here, outside of any transaction. */
async function knownOperations(
  catalog: OperationCatalog,
  report: UsageReport,
  { sums }: UsageAggregate,
): Promise<ReadonlyMap<string, KnownOperation>> {
  const known = new Map<string, KnownOperation>();
  let parsed = 0;
  for (const { operationKey } of sums) {
    const reported = report.operations.get(operationKey);
    if (reported === undefined || known.has(operationKey)) continue;
    const found = catalog.look(reported);
    known.set(operationKey, { ...found, reported });
    if (found.entry !== null) parsed += 1;
    if (found.entry !== null && parsed % PARSED_AT_ONCE === 0) await setImmediate();
  }
  return known;
}

interface Counting {
  readonly catalog: OperationCatalog;
  readonly operationsMax: number;
  readonly clientVersionsMax: number;
  readonly targetId: string;
  readonly at: Date;
}

/** Counts all reports that did not come before, in a handful of statements whatever their number and size. */
async function count(
  tx: Sql,
  counting: Counting,
  reports: readonly SummedReport[],
): Promise<Ingested[]> {
  const { targetId, at } = counting;
  await store.lockForIngestion(tx, targetId);
  const repeated = await repeatedReports(tx, counting, reports);
  const fresh = reports.filter((report) => !repeated.has(report));
  const batch = batchOf(fresh);
  if (batch.sums.length > 0) {
    const operations = await resolveOperations(tx, counting, batch);
    const clientIdOf = await resolveClients(tx, counting, batch);
    const rows = batch.sums.map((sum) => ({
      ...sum,
      operationId: required(operations.get(sum.hash), 'operation'),
      clientVersionId: clientIdOf(sum),
    }));
    await store.addDaily(tx, rows);
  }
  if (batch.documents.length > 0) await store.touchDocuments(tx, targetId, batch.documents);
  if (batch.coverage.length > 0)
    await store.addCoverage(tx, targetId, { coverage: batch.coverage, at });
  return reports.map((report) => ({
    repeated: repeated.has(report),
    accepted: report.sums.accepted,
    rejections: report.sums.rejections,
  }));
}

/** Those that came before under the same name. That nothing was asked can be told any number of times, on every day anew. */
async function repeatedReports(
  tx: Sql,
  { targetId, at }: Counting,
  reports: readonly SummedReport[],
): Promise<ReadonlySet<SummedReport>> {
  const named = reports.filter(({ name, sums }) => name !== null && sums.accepted > 0);
  if (named.length === 0) return new Set();
  const names = named.flatMap(({ name }) => (name === null ? [] : [name]));
  const remembered = new Set(await store.rememberReports(tx, { targetId, names, at }));
  // Of two of the same name in one batch the first is new: its name is taken out for the second.
  return new Set(named.filter(({ name }) => name !== null && !remembered.delete(name)));
}

/** Finds the id of every operation, inserting those that the target has not seen. */
async function resolveOperations(
  tx: Sql,
  { catalog, operationsMax, targetId, at }: Counting,
  { operations }: UsageBatch,
): Promise<ReadonlyMap<string, bigint>> {
  const ids = await store.operationIds(tx, targetId, [...operations.keys()]);
  const fresh = [...operations]
    .filter(([hash]) => !ids.has(hash))
    .map(([, operation]) => operation);
  if (fresh.length === 0) return ids;
  const room = Math.max(operationsMax - (await store.countOperations(tx, targetId)), 0);
  const entries = fresh.map(({ entry, reported }) => entry ?? catalog.entryOf(reported));
  const inserted = await insertOperations(tx, targetId, {
    entries: entries.slice(0, room),
    beyond: entries.slice(room),
    at,
  });
  return new Map([...ids, ...inserted]);
}

async function insertOperations(
  tx: Sql,
  targetId: string,
  rows: {
    readonly entries: readonly CatalogOperation[];
    readonly beyond: readonly CatalogOperation[];
    readonly at: Date;
  },
): Promise<Map<string, bigint>> {
  const { at } = rows;
  const others = rows.beyond.length > 0 ? [otherOperation(rows.beyond)] : [];
  const operations = [...rows.entries, ...others];
  const inserted = await store.insertOperations(tx, targetId, { operations, at });
  const missed = operations.map(({ hash }) => hash).filter((hash) => !inserted.has(hash));
  const present =
    missed.length > 0 ? await store.operationIds(tx, targetId, missed) : new Map<string, bigint>();
  const ids = new Map([...inserted, ...present]);
  await store.insertCoordinates(
    tx,
    targetId,
    operations
      .filter(({ hash }) => inserted.has(hash) || hash === OTHER)
      .flatMap(({ hash, coordinates }) =>
        coordinates.map((coordinate) => ({
          operationId: required(ids.get(hash), 'operation'),
          coordinate,
        })),
      ),
  );
  for (const { hash } of rows.beyond) ids.set(hash, required(ids.get(OTHER), 'operation'));
  return ids;
}

/** One operation that asks for all that the others ask for. It never proves that a value is always given. */
function otherOperation(beyond: readonly CatalogOperation[]): CatalogOperation {
  const coordinates = beyond
    .flatMap((operation) => operation.coordinates)
    .filter((coordinate) => !coordinate.endsWith('!'));
  return {
    hash: OTHER,
    name: OTHER,
    kind: 'UNKNOWN',
    body: '',
    coordinates: [...new Set(coordinates)].sort(),
  };
}

/** Finds the id of every client version, registering those that are new. */
async function resolveClients(
  tx: Sql,
  { clientVersionsMax, targetId }: Counting,
  { sums }: UsageBatch,
): Promise<(sum: BatchSum) => bigint> {
  const seen = seenClients(sums);
  const known = await store.touchClientVersions(tx, targetId, [...seen.values()]);
  const ids = new Map(known.map(({ id, client, version }) => [clientKey(client, version), id]));
  const fresh = [...seen].filter(([key]) => !ids.has(key));
  if (fresh.length > 0) {
    const room = Math.max(clientVersionsMax - (await store.countClientVersions(tx, targetId)), 0);
    const kept = fresh.slice(0, room).map(([, client]) => client);
    const beyond = fresh.slice(room);
    const rows = await store.registerClientVersions(tx, targetId, [
      ...kept,
      ...otherClient(beyond.map(([, client]) => client)),
    ]);
    for (const { id, client, version } of rows) ids.set(clientKey(client, version), id);
    const other = ids.get(clientKey(OTHER, ''));
    for (const [key] of beyond) ids.set(key, required(other, 'client'));
  }
  return (sum) => required(ids.get(clientKey(sum.client, sum.clientVersion)), 'client');
}

function seenClients(sums: readonly BatchSum[]): Map<string, SeenClient> {
  const seen = new Map<string, SeenClient>();
  for (const { client, clientVersion: version, lastSeenMs } of sums) {
    const key = clientKey(client, version);
    const before = seen.get(key)?.lastSeenMs ?? 0;
    seen.set(key, { client, version, lastSeenMs: Math.max(before, lastSeenMs) });
  }
  return seen;
}

function otherClient(beyond: readonly SeenClient[]): SeenClient[] {
  if (beyond.length === 0) return [];
  const lastSeenMs = Math.max(...beyond.map((client) => client.lastSeenMs));
  return [{ client: OTHER, version: '', lastSeenMs }];
}

function clientKey(client: string, version: string): string {
  return `${client}\0${version}`;
}

function required(id: bigint | undefined, what: string): bigint {
  if (id === undefined)
    throw new Error(`Every ${what} of a report has a row, and this one has none.`);
  return id;
}

/**
 * The name of a report as its sender gave it, bound to its content: a name that is used again for something else is not a
 * repetition. Null when the sender gave none.
 */
export function reportName(given: string | undefined, body: Uint8Array): string | null {
  if (given === undefined || given.trim() === '') return null;
  return sha256(`${given.slice(0, REPORT_LIMITS.nameLength)}\n${sha256(body)}`);
}
