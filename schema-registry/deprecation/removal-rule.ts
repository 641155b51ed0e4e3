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
  readonly coordinate: string;
  readonly kind: RemovedCoordinate['kind'];
  /** What the published schema says of its end; null when it says nothing. */
  readonly annotation: Annotation | null;
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
  const earliest = hindrances.map(({ until }) => until).reduce(laterOf, facts.today);
  return {
    coordinate: facts.coordinate,
    bars: hindrances.map(({ bar }) => bar),
    earliest,
    message:
      hindrances.length === 0
        ? `"${facts.coordinate}" may go: its sunset has passed, and nobody used it.`
        : `"${facts.coordinate}" may not be removed: ${hindrances.map(({ because }) => because).join('; ')}. Earliest possible date: ${earliest}.`,
  };
}

interface Hindrance {
  readonly bar: RemovalBar;
  readonly because: string;
  /** The day on which it is gone, if nothing new happens. */
  readonly until: string;
}

function sunsetHindrance({ annotation, policy, today }: RemovalFacts): Hindrance | null {
  const sunset = annotation?.sunset ?? null;
  if (sunset === null) {
    const first = earliestSunset(policy, today);
    return {
      bar: 'REMOVED_WITHOUT_SUNSET',
      because: `it was never announced; publish it with @deprecated and @sunset(on: "${first}", owner: "…") first`,
      until: daysLater(first, 1),
    };
  }
  if (today > sunset.on) return null;
  const because = `its sunset is on ${sunset.on} and has not passed`;
  return { bar: 'SUNSET_NOT_PASSED', because, until: daysLater(sunset.on, 1) };
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
  const { coverage, usageIsPartial, kind, policy, today } = facts;
  const { windowDays } = policy.usage;
  if (usageIsPartial && kind !== 'FIELD') {
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
