import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { DAY_MS } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import type { ClientIdentity } from './client-identity.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** A usage report in Hive's JSON format, version 2: one entry for each operation that was answered. */
export interface UsageReport {
  readonly size: number;
  readonly map: Readonly<Record<string, MapEntry>>;
  readonly operations: readonly OperationEntry[];
  readonly subscriptionOperations: readonly SubscriptionEntry[];
}

interface MapEntry {
  readonly operation: string;
  readonly operationName: string;
  readonly fields: readonly string[];
}

export interface SubscriptionEntry {
  readonly operationMapKey: string;
  readonly timestamp: number;
  readonly metadata: { readonly client?: ClientIdentity };
  readonly persistedDocumentHash?: string;
}

export interface OperationEntry extends SubscriptionEntry {
  /** `duration` is in nanoseconds. */
  readonly execution: {
    readonly ok: boolean;
    readonly duration: number;
    readonly errorsTotal: number;
  };
}

/** A report on its way: its id makes sure that it counts once, however often it is sent. */
export interface PackedReport {
  readonly id: string;
  readonly operations: number;
  readonly gzip: Buffer;
}

/** Tells that this gateway listens, and that nothing was asked: "nobody used it" is not "nobody told us". */
export const HEARTBEAT: UsageReport = {
  size: 0,
  map: {},
  operations: [],
  subscriptionOperations: [],
};

export async function packed(report: UsageReport): Promise<PackedReport> {
  return { id: newId(), operations: report.size, gzip: await compress(JSON.stringify(report)) };
}

/** Entries of one folded report: far below what the registry takes in one. */
const FOLDED_MAX = 5_000;

/**
 * Makes many reports few, for when they cannot be sent for long: of entries that agree in operation, client, outcome and
 * day the last one stays. Counts are lost, and never the fact of a use, so nothing that is used is taken for unused.
 */
export async function folded(reports: readonly PackedReport[]): Promise<PackedReport[]> {
  const result: PackedReport[] = [];
  let fold = emptyFold();
  for (const packedReport of reports) {
    // One after the other: all of them unpacked at once would be what the fold is to avoid.
    const report = await unpacked(packedReport);
    // What was damaged on disk cannot be folded, and is for the registry to refuse.
    if (report === null) result.push(packedReport);
    else foldIn(fold, report);
    if (sizeOf(fold) < FOLDED_MAX) continue;
    result.push(await packed(reportOf(fold)));
    fold = emptyFold();
  }
  if (sizeOf(fold) > 0) result.push(await packed(reportOf(fold)));
  return result;
}

async function unpacked({ gzip: body }: PackedReport): Promise<UsageReport | null> {
  try {
    return JSON.parse((await decompress(body)).toString('utf8')) as UsageReport;
  } catch {
    return null;
  }
}

interface Fold {
  readonly map: Record<string, MapEntry>;
  readonly operations: Map<string, OperationEntry>;
  readonly subscriptions: Map<string, SubscriptionEntry>;
}

function emptyFold(): Fold {
  return { map: {}, operations: new Map(), subscriptions: new Map() };
}

function foldIn(fold: Fold, report: UsageReport): void {
  Object.assign(fold.map, report.map);
  for (const entry of report.operations) {
    fold.operations.set(`${keyOf(entry)} ${entry.execution.ok}`, entry);
  }
  for (const entry of report.subscriptionOperations) fold.subscriptions.set(keyOf(entry), entry);
}

function keyOf({ operationMapKey, timestamp, metadata: { client } }: SubscriptionEntry): string {
  const day = Math.floor(timestamp / DAY_MS);
  return JSON.stringify([operationMapKey, client?.name, client?.version, day]);
}

function sizeOf(fold: Fold): number {
  return fold.operations.size + fold.subscriptions.size;
}

function reportOf(fold: Fold): UsageReport {
  return {
    size: sizeOf(fold),
    map: fold.map,
    operations: [...fold.operations.values()],
    subscriptionOperations: [...fold.subscriptions.values()],
  };
}
