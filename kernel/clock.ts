/** The one place that asks the machine for the time; everything else takes a `Clock`. */
export interface Clock {
  /** The current instant. */
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** Milliseconds since some fixed point, for measuring durations; unaffected by clock changes. */
export function monotonicMs(): number {
  return performance.now();
}

/** The calendar date (UTC) of an instant, as `YYYY-MM-DD`. */
export function dateOf(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

/** Reads an ISO 8601 instant; the one way to turn text into a Date. */
export function instantOf(text: string): Date {
  const instant = new Date(text);
  if (Number.isNaN(instant.getTime()))
    throw new Error(`An ISO 8601 instant is expected, not "${text}".`);
  return instant;
}

/** `instant` moved by `ms` milliseconds (negative: earlier). */
export function shifted(instant: Date, ms: number): Date {
  return new Date(instant.getTime() + ms);
}

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
