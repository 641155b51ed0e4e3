import { DAY_MS, dateOf, instantOf, shifted } from '#kernel/clock.ts';
import { finding } from '../check/finding.ts';
import { freezeAt } from '../freeze-window/freeze-window.ts';
import type { Finding } from '../check/result.ts';
import type { Annotation } from '../composition/annotations.ts';
import type { FreezeWindow } from '../freeze-window/freeze-window.ts';
import type { TargetPolicy } from '../policy/target-policy.ts';

export interface SunsetFacts {
  readonly before: readonly Annotation[];
  readonly after: readonly Annotation[];
  /** Calendar date of the check. */
  readonly today: string;
  readonly policy: TargetPolicy;
  readonly freezeWindows: readonly FreezeWindow[];
}

/**
 * What stands against the deprecations that a change brings: a deprecation says when it ends, gives notice, avoids freeze
 * windows, and a date that was announced only moves later. What was published before and did not change is not asked again.
 */
export function sunsetFindings(facts: SunsetFacts): Finding[] {
  const known = new Map(facts.before.map((annotation) => [annotation.coordinate, annotation]));
  return facts.after.flatMap((annotation) => {
    const before = known.get(annotation.coordinate) ?? null;
    const isOld = before !== null && sameSunset(before, annotation);
    return isOld ? [] : annotationFindings(annotation, before, facts);
  });
}

function sameSunset(a: Annotation, b: Annotation): boolean {
  return (a.deprecated === null) === (b.deprecated === null) && a.sunset?.on === b.sunset?.on;
}

function annotationFindings(
  { coordinate, deprecated, sunset }: Annotation,
  before: Annotation | null,
  { policy, today, freezeWindows }: SunsetFacts,
): Finding[] {
  if (sunset === null) {
    if (deprecated === null || policy.deprecation.sunsetRequired === 'OFF') return [];
    return [
      finding({
        severity: policy.deprecation.sunsetRequired,
        code: 'SUNSET_MISSING',
        coordinate,
        message: `"${coordinate}" is deprecated without saying when it ends. Add @sunset(on: "${earliestSunset(policy, today)}", owner: "…") beside @deprecated, or a later date.`,
      }),
    ];
  }
  // A date beside no deprecation was told to nobody.
  const announced =
    before === null || before.deprecated === null ? null : (before.sunset?.on ?? null);
  if (!isDate(sunset.on)) return [invalidDate(coordinate, sunset.on)];
  const findings: Finding[] = [];
  if (announced !== null && sunset.on < announced)
    findings.push(movedEarlier(coordinate, sunset.on, announced));
  const earliest = earliestSunset(policy, today);
  if (announced === null && sunset.on < earliest)
    findings.push(
      tooSoon({ coordinate, on: sunset.on, earliest, days: policy.deprecation.noticeDays }),
    );
  const frozen = freezeAt(freezeWindows, 'SUNSET', sunset.on);
  if (frozen !== null) findings.push(inFreeze(coordinate, sunset.on, frozen));
  return findings;
}

/** The first date that a sunset announced today may have. */
export function earliestSunset(policy: TargetPolicy, today: string): string {
  return daysLater(today, policy.deprecation.noticeDays);
}

/** `date` moved by so many days. */
export function daysLater(date: string, days: number): string {
  return dateOf(shifted(instantOf(`${date}T00:00:00Z`), days * DAY_MS));
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;

function isDate(text: string): boolean {
  const milliseconds = Date.parse(`${text}T00:00:00Z`);
  return (
    DATE.test(text) &&
    !Number.isNaN(milliseconds) &&
    dateOf(instantOf(`${text}T00:00:00Z`)) === text
  );
}

function invalidDate(coordinate: string, on: string): Finding {
  return finding({
    code: 'SUNSET_DATE_INVALID',
    coordinate,
    message: `The sunset of "${coordinate}" is "${on}", which is no calendar date. Write it as 2027-03-31.`,
  });
}

function movedEarlier(coordinate: string, on: string, announced: string): Finding {
  return finding({
    code: 'SUNSET_MOVED_EARLIER',
    coordinate,
    message: `The sunset of "${coordinate}" was announced for ${announced} and may move later, never earlier; ${on} is earlier. Keep ${announced} or choose a later date.`,
  });
}

function tooSoon(of: { coordinate: string; on: string; earliest: string; days: number }): Finding {
  return finding({
    code: 'SUNSET_TOO_SOON',
    coordinate: of.coordinate,
    message: `The sunset of "${of.coordinate}" on ${of.on} gives less than the ${of.days} days of notice that this target asks for. Choose ${of.earliest} or later.`,
  });
}

function inFreeze(coordinate: string, on: string, { endsAt, reason }: FreezeWindow): Finding {
  return finding({
    code: 'SUNSET_IN_FREEZE_WINDOW',
    coordinate,
    message: `The sunset of "${coordinate}" on ${on} falls into a freeze window (${reason}). Choose ${dateOf(endsAt)} or later.`,
  });
}
