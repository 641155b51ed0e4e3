import { dateOf } from '#kernel/clock.ts';
import { daysLater, earliestSunset } from './sunset-rule.ts';
import type { CoordinateUsage } from '../check/result.ts';
import type { Annotation } from '../composition/annotations.ts';
import type { RemovedCoordinate } from '../composition/schema-diff.ts';
import type { TargetPolicy } from '../policy/target-policy.ts';
import type { CoverageDay } from '../usage/coverage.ts';

/** Why a coordinate may not go yet. */
export type RemovalBar =
  | 'REMOVED_WITHOUT_SUNSET'
  | 'SUNSET_NOT_PASSED'
  | 'STILL_IN_USE'
  | 'USAGE_NOT_REPORTED';

export interface RemovalFacts {
  readonly removed: RemovedCoordinate;
  /** What the published schema says of ends, by coordinate. */
  readonly announced: ReadonlyMap<string, Annotation>;
  /** Of the coordinate and of what lies in it. */
  readonly usage: CoordinateUsage;
  /** The days of the usage window up to yesterday. */
  readonly coverage: readonly CoverageDay[];
  /** Someone reports output fields only, which says nothing of arguments, inputs and enum values. */
  readonly usageIsPartial: boolean;
  readonly today: string;
  readonly policy: TargetPolicy;
}

export interface RemovalVerdict {
  readonly coordinate: string;
  /** Empty when it may go. */
  readonly bars: readonly RemovalBar[];
  /** The first day on which it could go if nobody uses it from now on and everybody reports. */
  readonly earliest: string;
  readonly message: string;
}

/**
 * May this go? Only after its sunset has passed, AND unused over the whole window, AND with usage reported on every day of
 * it by every gateway: that nobody used it is something else than that nobody told us.
 */
export function judgeRemoval(facts: RemovalFacts): RemovalVerdict {
  const hindrances = [sunsetHindrance(facts), useHindrance(facts), coverageHindrance(facts)].filter(
    (hindrance) => hindrance !== null,
  );
  const { coordinate } = facts.removed;
  const earliest = hindrances.map(({ until }) => until).reduce(laterOf, facts.today);
  return {
    coordinate,
    bars: hindrances.map(({ bar }) => bar),
    earliest,
    message:
      hindrances.length === 0
        ? `"${coordinate}" may go: its sunset has passed, and nobody used it.`
        : `"${coordinate}" may not be removed: ${hindrances.map(({ because }) => because).join('; ')}. Earliest possible date: ${earliest}.`,
  };
}

interface Hindrance {
  readonly bar: RemovalBar;
  readonly because: string;
  /** The day on which it is gone, if nothing new happens. */
  readonly until: string;
}

function sunsetHindrance({ removed, announced, policy, today }: RemovalFacts): Hindrance | null {
  const on = announcedEnd(removed, announced);
  if (on === null) {
    const first = earliestSunset(policy, today);
    const [what, all] =
      removed.kind === 'TYPE'
        ? ['not all of it was', ' all that lies in it']
        : ['it was never', ' it'];
    return {
      bar: 'REMOVED_WITHOUT_SUNSET',
      because: `${what} announced; publish${all} with @deprecated and @sunset(on: "${first}", owner: "…") first`,
      until: daysLater(first, 1),
    };
  }
  if (today > on) return null;
  const because = `its sunset is on ${on} and has not passed`;
  return { bar: 'SUNSET_NOT_PASSED', because, until: daysLater(on, 1) };
}

/** The announced date; of a type the last one of its members, which carry it. Null when anything was not announced. */
function announcedEnd(
  { coordinate, members }: RemovedCoordinate,
  announced: RemovalFacts['announced'],
): string | null {
  const names = members.length === 0 ? [coordinate] : members.map((member) => member.coordinate);
  const dates = names.map((name) => {
    const { deprecated = null, sunset = null } = announced.get(name) ?? {};
    // A date beside no deprecation was told to nobody: tools warn of what is deprecated.
    return deprecated === null ? null : (sunset?.on ?? null);
  });
  return dates.reduce((a, b) => (a === null || b === null ? null : laterOf(a, b)));
}

const USERS_TOLD = 5;

function useHindrance({ usage, policy, today }: RemovalFacts): Hindrance | null {
  const { windowDays, requestsMin } = policy.usage;
  const isUsed = usage.requests >= requestsMin;
  if (!isUsed && usage.documents.length === 0) return null;
  const lastDay = usage.lastSeenAt === null ? today : dateOf(usage.lastSeenAt);
  return {
    bar: 'STILL_IN_USE',
    because: `it is used by ${usersOf(usage)}`,
    // An active app's document stays a use until the app is retired; nobody knows when that will be.
    until: isUsed ? daysLater(lastDay, windowDays + 1) : daysLater(today, 1),
  };
}

/** The clients and apps that use something, in words: "portal 2.1 (12 requests, last 2026-11-20), …". */
export function usersOf({ clients, documents }: CoordinateUsage): string {
  const users = [
    ...clients.map(
      ({ name, version, requests, lastSeenAt }) =>
        `${name || 'an unnamed client'} ${version} (${requests} ${requests === 1 ? 'request' : 'requests'}, last ${dateOf(lastSeenAt)})`,
    ),
    ...documents.map(({ app, version, hash }) => `document ${hash} of the app ${app} ${version}`),
  ];
  const rest = users.length - USERS_TOLD;
  return [...users.slice(0, USERS_TOLD), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}

function coverageHindrance(facts: RemovalFacts): Hindrance | null {
  const { coverage, usageIsPartial, removed, policy, today } = facts;
  const { windowDays } = policy.usage;
  const parts = removed.members.length === 0 ? [removed] : removed.members;
  if (usageIsPartial && parts.some(({ kind }) => kind !== 'FIELD')) {
    const because =
      'a gateway reports output fields only, which says nothing of arguments, inputs and values';
    return { bar: 'USAGE_NOT_REPORTED', because, until: daysLater(today, windowDays + 1) };
  }
  const gap = coverage.findLast(({ state }) => state === 'MISSING');
  if (gap === undefined) return null;
  const who = gap.missing.length === 0 ? 'by any gateway' : `by ${gap.missing.join(', ')}`;
  const count = coverage.filter(({ state }) => state === 'MISSING').length;
  return {
    bar: 'USAGE_NOT_REPORTED',
    because: `usage was not reported on ${count} of the last ${coverage.length} days (last on ${gap.day} ${who})`,
    until: daysLater(gap.day, windowDays + 1),
  };
}

function laterOf(a: string, b: string): string {
  return a > b ? a : b;
}
