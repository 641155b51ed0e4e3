import type { Coverage } from '../usage/coverage-question.ts';
import type { NonNullUse } from '../usage/usage-question.ts';
import type { DetectedChange } from '../composition/schema-diff.ts';
import type { TargetPolicy } from '../policy/target-policy.ts';
import type { CoordinateUsage, SchemaChange } from './result.ts';

/** What is known of the use of coordinates within the policy's window. */
export interface UsageFacts {
  readonly usage: ReadonlyMap<string, CoordinateUsage>;
  readonly nonNull: ReadonlyMap<string, NonNullUse>;
  readonly coverage: Coverage;
}

export interface Judging extends UsageFacts {
  readonly policy: TargetPolicy;
  /** Hashes of changes that an override permits now. */
  readonly overridden: ReadonlySet<string>;
  /** Coordinates that may not be removed yet, whatever usage says. */
  readonly barred: ReadonlySet<string>;
  /** The contract in whose schema the changes were found; null for the whole graph. */
  readonly contract: string | null;
}

export const NO_USAGE: CoordinateUsage = {
  requests: 0,
  lastSeenAt: null,
  clients: [],
  operations: [],
  documents: [],
};

/** What is made of a difference: how much it weighs here, who is hit, and whether something lets it pass. */
export function judgeChange(change: DetectedChange, judging: Judging): SchemaChange {
  const severity = severityHere(change, judging.policy);
  const usage = severity === 'SAFE' ? null : combinedUsage(change.usedBy, judging.usage);
  return {
    hash: change.hash,
    type: change.type,
    coordinate: change.coordinate,
    message: change.message,
    severity,
    contract: judging.contract,
    usage,
    acceptedBy: acceptance(change, severity, usage ?? NO_USAGE, judging),
  };
}

/** Does a change, judged as it was, fail the check? */
export function stands({ severity, acceptedBy }: SchemaChange, policy: TargetPolicy): boolean {
  if (acceptedBy !== null) return false;
  return severity === 'BREAKING' || (severity === 'DANGEROUS' && policy.breaking.dangerousFails);
}

function severityHere(
  { type, severity }: DetectedChange,
  { breaking }: TargetPolicy,
): SchemaChange['severity'] {
  const raised =
    (type === 'ENUM_VALUE_ADDED' && breaking.enumValueAdded) ||
    (type === 'UNION_MEMBER_ADDED' && breaking.unionMemberAdded);
  return raised ? 'BREAKING' : severity;
}

function acceptance(
  change: DetectedChange,
  severity: SchemaChange['severity'],
  usage: CoordinateUsage,
  judging: Judging,
): SchemaChange['acceptedBy'] {
  const { policy, overridden } = judging;
  if (severity === 'SAFE') return null;
  if (severity === 'DANGEROUS' && !policy.breaking.dangerousFails) return null;
  if (overridden.has(change.hash)) return 'OVERRIDE';
  if (change.coordinate !== null && judging.barred.has(change.coordinate)) return null;
  if (policy.usage.unusedIsSafe && isUnused(change, usage, judging)) return 'NO_USAGE';
  return policy.breaking.fails ? null : 'POLICY';
}

/** Unused means: usage can tell, it was reported on the whole window, and it shows nobody who would be hurt. */
function isUnused(change: DetectedChange, usage: CoordinateUsage, judging: Judging): boolean {
  if (change.usedBy.length === 0 || !isReported(change, judging)) return false;
  // Documents of active apps are among those that gave it, or did not.
  const given = change.nonNull === null ? undefined : judging.nonNull.get(change.nonNull);
  if (given !== undefined && given.nonNull === given.total) return true;
  return usage.documents.length === 0 && usage.requests < judging.policy.usage.requestsMin;
}

/** Was usage reported on the whole window, in the detail that this change asks for? */
function isReported({ type }: DetectedChange, { coverage }: Judging): boolean {
  if (coverage.days.some(({ state }) => state === 'MISSING')) return false;
  const isOutput = type === 'FIELD_REMOVED' || type === 'FIELD_TYPE_CHANGED';
  return isOutput || !coverage.outputFieldsOnly;
}

/**
 * The use of several coordinates at once. An operation that uses two of them is one request, so requests are not added up:
 * the figure is the largest, "at least so many".
 */
export function combinedUsage(
  coordinates: readonly string[],
  usage: ReadonlyMap<string, CoordinateUsage>,
): CoordinateUsage {
  const parts = coordinates.flatMap((coordinate) => usage.get(coordinate) ?? []);
  const [only] = parts;
  if (only === undefined) return NO_USAGE;
  if (parts.length === 1) return only;
  return {
    requests: Math.max(...parts.map(({ requests }) => requests)),
    lastSeenAt: latest(parts.map(({ lastSeenAt }) => lastSeenAt)),
    clients: largest(
      parts.flatMap(({ clients }) => clients),
      ({ name, version }) => `${name} ${version}`,
    ),
    operations: largest(
      parts.flatMap(({ operations }) => operations),
      ({ hash }) => hash,
    ).slice(0, 10),
    documents: unique(
      parts.flatMap(({ documents }) => documents),
      ({ app, version, hash }) => `${app} ${version} ${hash}`,
    ),
  };
}

function latest(instants: readonly (Date | null)[]): Date | null {
  return instants.reduce((a, b) => (a === null || (b !== null && b > a) ? b : a), null);
}

function largest<Item extends { readonly requests: number }>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): Item[] {
  return unique(
    items.toSorted((a, b) => b.requests - a.requests),
    keyOf,
  );
}

/** The first of each key. */
function unique<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  const seen = new Map<string, Item>();
  for (const item of items) if (!seen.has(keyOf(item))) seen.set(keyOf(item), item);
  return [...seen.values()];
}
