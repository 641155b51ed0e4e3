import { DAY_MS, dateOf, instantOf, shifted } from '#kernel/clock.ts';

/** A gateway as coverage looks at it. Days are UTC dates, `YYYY-MM-DD`. */
export interface KnownGateway {
  readonly gateway: string;
  /** The first day that it told of; it is expected from then on. */
  readonly firstSeenDay: string;
  /** The day on which it was retired: from then on nothing is expected of it. */
  readonly retiredDay: string | null;
}

export interface CoverageDay {
  readonly day: string;
  readonly state: 'COVERED' | 'MISSING';
  /** Gateways that should have told of the day and did not; empty as well when there was no gateway at all. */
  readonly missing: readonly string[];
}

/**
 * Which days were reported on. "Nobody used it" is only worth something where nobody kept silent: a day is covered when at least
 * one gateway told of it, and every gateway that was known and not retired on that day did.
 */
export function coverageGaps(
  days: readonly string[],
  gateways: readonly KnownGateway[],
  reports: readonly { readonly day: string; readonly gateway: string }[],
): CoverageDay[] {
  const reportedOn = Map.groupBy(reports, ({ day }) => day);
  return days.map((day) => {
    const told = new Set((reportedOn.get(day) ?? []).map(({ gateway }) => gateway));
    const missing = gateways
      .filter((known) => isExpected(known, day) && !told.has(known.gateway))
      .map(({ gateway }) => gateway)
      .sort();
    return { day, state: told.size > 0 && missing.length === 0 ? 'COVERED' : 'MISSING', missing };
  });
}

function isExpected({ firstSeenDay, retiredDay }: KnownGateway, day: string): boolean {
  return firstSeenDay <= day && (retiredDay === null || day < retiredDay);
}

/** The first day of the unbroken run of covered days that reaches the last of `days`; null when the last is not covered. */
export function coveredSince(days: readonly CoverageDay[]): string | null {
  const gap = days.findLastIndex(({ state }) => state === 'MISSING');
  return days[gap + 1]?.day ?? null;
}

/** A window longer than what is kept asks for nothing. */
export const COVERAGE_DAYS_MAX = 400;

/** All UTC days from that of `since` to that of `until`, both included. */
export function daysBetween(since: Date, until: Date): string[] {
  const first = instantOf(dateOf(since));
  const count = Math.floor((until.getTime() - first.getTime()) / DAY_MS) + 1;
  return Array.from({ length: Math.min(Math.max(count, 0), COVERAGE_DAYS_MAX) }, (_, index) =>
    dateOf(shifted(first, index * DAY_MS)),
  );
}
