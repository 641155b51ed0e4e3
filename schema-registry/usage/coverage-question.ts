import { dateOf } from '#kernel/clock.ts';
import { coverageGaps, coveredSince, daysBetween } from './coverage.ts';
import type { Sql } from '#kernel/database.ts';
import type { CoverageDay } from './coverage.ts';
import type { ReportDetail } from './usage-report.ts';

export interface Gateway {
  readonly gateway: string;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly retiredAt: Date | null;
}

export interface Coverage {
  readonly days: readonly CoverageDay[];
  /** The earliest covered day of the window; null when there is none. */
  readonly firstCoveredDay: string | null;
  /** The first day of the unbroken run of covered days up to the end of the window; null when the last day is not covered. */
  readonly coveredSince: string | null;
  readonly gateways: readonly Gateway[];
  /** Somebody who reported in the window tells of output fields only: no argument, input field or enum value is proven unused. */
  readonly outputFieldsOnly: boolean;
}

/** Whether a target's usage was reported, day by day, from that of `since` to that of `until`, both included. */
export async function coverageOf(
  sql: Sql,
  window: { readonly targetId: string; readonly since: Date; readonly until: Date },
): Promise<Coverage> {
  const [gateways, reports] = await Promise.all([
    gatewaysOf(sql, window.targetId),
    reportsOf(sql, window),
  ]);
  const known = gateways.map(({ gateway, firstSeenAt, retiredAt }) => ({
    gateway,
    firstSeenDay: dateOf(firstSeenAt),
    retiredDay: retiredAt === null ? null : dateOf(retiredAt),
  }));
  const days = coverageGaps(daysBetween(window.since, window.until), known, reports);
  return {
    days,
    firstCoveredDay: days.find(({ state }) => state === 'COVERED')?.day ?? null,
    coveredSince: coveredSince(days),
    gateways,
    outputFieldsOnly: reports.some(({ detail }) => detail === 'OUTPUT_FIELDS_ONLY'),
  };
}

/** Every gateway that ever reported, by name. */
export function gatewaysOf(sql: Sql, targetId: string): Promise<Gateway[]> {
  return sql.query(
    `select gateway, first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt", retired_at as "retiredAt"
     from usage_gateway where target_id = $1 order by gateway`,
    [targetId],
  );
}

function reportsOf(
  sql: Sql,
  window: { readonly targetId: string; readonly since: Date; readonly until: Date },
): Promise<{ day: string; gateway: string; detail: ReportDetail }[]> {
  return sql.query(
    `select day, gateway, detail from reporting_coverage where target_id = $1 and day between $2 and $3`,
    [window.targetId, dateOf(window.since), dateOf(window.until)],
  );
}
