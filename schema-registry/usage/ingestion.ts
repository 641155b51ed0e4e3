import { aggregate } from './usage-aggregate.ts';
import { createOperationCatalog } from './operation-catalog.ts';
import { REPORT_LIMITS } from './usage-report.ts';
import { sha256 } from '#kernel/id.ts';
import * as store from './usage-store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { CatalogOperation, OperationCatalog } from './operation-catalog.ts';
import type { UsageAggregate, UsageSum } from './usage-aggregate.ts';
import type { Rejection, ReportedOperation, UsageReport } from './usage-report.ts';
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

export type Ingest = (report: UsageReport, source: ReportSource) => Promise<Ingested>;

/** Operations of one target. Those beyond are counted as one that asks for all that they ask for, so that no use is lost. */
const OPERATIONS_MAX = 50_000;
/** Client versions of one target: clients name themselves, so a stranger could invent any number of names. */
const CLIENT_VERSIONS_MAX = 5_000;
/** Stands for what is beyond a maximum. */
const OTHER = '(other)';

/** Counts reports: all of a report in one transaction, in a handful of statements whatever its size. */
export function createIngest(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly operationsMax?: number;
  readonly clientVersionsMax?: number;
}): Ingest {
  const catalog = createOperationCatalog();
  const limits = {
    operations: options.operationsMax ?? OPERATIONS_MAX,
    clientVersions: options.clientVersionsMax ?? CLIENT_VERSIONS_MAX,
  };
  return (report, source) => {
    const at = options.clock.now();
    const sums = aggregate(report, at);
    const counting = { catalog, limits, source, at, report, sums };
    return options.database.transaction((tx) => count(tx, counting));
  };
}

interface Counting {
  readonly catalog: OperationCatalog;
  readonly limits: { readonly operations: number; readonly clientVersions: number };
  readonly source: ReportSource;
  readonly at: Date;
  readonly report: UsageReport;
  readonly sums: UsageAggregate;
}

async function count(tx: Sql, counting: Counting): Promise<Ingested> {
  const { source, sums, at } = counting;
  const { targetId } = source;
  await store.lockForIngestion(tx, targetId);
  // That nothing was asked can be told any number of times, and on every day anew.
  if (source.report !== null && sums.accepted > 0) {
    const row = { targetId, report: source.report, accepted: sums.accepted, at };
    const before = await store.rememberReport(tx, row);
    if (before !== null) return { repeated: true, accepted: before, rejections: [] };
  }
  if (sums.sums.length > 0) {
    const operationIdOf = await resolveOperations(tx, counting);
    const clientIdOf = await resolveClients(tx, counting);
    await store.addDaily(
      tx,
      sums.sums.map((sum) => ({
        ...sum,
        operationId: operationIdOf(sum),
        clientVersionId: clientIdOf(sum),
      })),
    );
  }
  if (sums.documents.length > 0) await store.touchDocuments(tx, targetId, sums.documents);
  if (sums.days.size > 0) {
    const { detail } = counting.report;
    await store.addCoverage(tx, { ...source, days: sums.days, detail, at });
  }
  return { repeated: false, accepted: sums.accepted, rejections: sums.rejections };
}

/** Finds the id of every operation, inserting those that the target has not seen. */
async function resolveOperations(
  tx: Sql,
  { catalog, limits, source, at, report, sums }: Counting,
): Promise<(sum: UsageSum) => bigint> {
  const used = new Map<string, ReportedOperation>();
  const hashByKey = new Map<string, string>();
  for (const { operationKey } of sums.sums) {
    const operation = report.operations.get(operationKey);
    if (operation === undefined || hashByKey.has(operationKey)) continue;
    const hash = catalog.hashOf(operation);
    hashByKey.set(operationKey, hash);
    used.set(hash, operation);
  }
  const ids = await store.operationIds(tx, source.targetId, [...used.keys()]);
  const fresh = [...used].filter(([hash]) => !ids.has(hash)).map(([, operation]) => operation);
  if (fresh.length > 0) {
    const room = limits.operations - (await store.countOperations(tx, source.targetId));
    const entries = fresh.map(catalog.entryOf);
    const inserted = await insertOperations(tx, source.targetId, {
      entries: entries.slice(0, Math.max(room, 0)),
      beyond: entries.slice(Math.max(room, 0)),
      at,
    });
    for (const [hash, id] of inserted) ids.set(hash, id);
  }
  return (sum) => found(ids.get(hashByKey.get(sum.operationKey) ?? ''), 'operation');
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
          operationId: found(ids.get(hash), 'operation'),
          coordinate,
        })),
      ),
  );
  for (const { hash } of rows.beyond) ids.set(hash, found(ids.get(OTHER), 'operation'));
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
  { limits, source, sums }: Counting,
): Promise<(sum: UsageSum) => bigint> {
  const seen = seenClients(sums.sums);
  const known = await store.touchClientVersions(tx, source.targetId, [...seen.values()]);
  const ids = new Map(known.map(({ id, client, version }) => [clientKey(client, version), id]));
  const fresh = [...seen].filter(([key]) => !ids.has(key));
  if (fresh.length > 0) {
    const room = limits.clientVersions - (await store.countClientVersions(tx, source.targetId));
    const kept = fresh.slice(0, Math.max(room, 0)).map(([, client]) => client);
    const beyond = fresh.slice(kept.length);
    const rows = await store.registerClientVersions(tx, source.targetId, [
      ...kept,
      ...otherClient(beyond.map(([, client]) => client)),
    ]);
    for (const { id, client, version } of rows) ids.set(clientKey(client, version), id);
    const other = ids.get(clientKey(OTHER, ''));
    for (const [key] of beyond) ids.set(key, found(other, 'client'));
  }
  return (sum) => found(ids.get(clientKey(sum.client, sum.clientVersion)), 'client');
}

function seenClients(sums: readonly UsageSum[]): Map<string, SeenClient> {
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

function found(id: bigint | undefined, what: string): bigint {
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
