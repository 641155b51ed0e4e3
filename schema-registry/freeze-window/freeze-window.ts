import { DAY_MS, instantOf, shifted } from '#kernel/clock.ts';

/** What a window forbids: that anything is published in it, that a sunset falls into it, or both. */
export type FreezeKind = 'PUBLISH' | 'SUNSET' | 'BOTH';

/** A time, such as a period close, in which a target's graph stays as it is. */
export interface FreezeWindow {
  readonly id: string;
  readonly kind: FreezeKind;
  readonly startsAt: Date;
  /** The first instant after it. */
  readonly endsAt: Date;
  readonly reason: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly cancelledBy: string | null;
  /** A cancelled window forbids nothing any more. */
  readonly cancelledAt: Date | null;
}

/**
 * The window that forbids this at an instant, or at any time of a calendar date (`YYYY-MM-DD`, UTC); of several the one
 * that ends last. Null when it is free.
 */
export function freezeAt(
  windows: readonly FreezeWindow[],
  what: 'PUBLISH' | 'SUNSET',
  at: Date | string,
): FreezeWindow | null {
  const from = typeof at === 'string' ? instantOf(`${at}T00:00:00Z`) : at;
  const until = typeof at === 'string' ? shifted(from, DAY_MS) : shifted(from, 1);
  const hits = windows.filter(
    (window) =>
      window.cancelledAt === null &&
      (window.kind === 'BOTH' || window.kind === what) &&
      window.startsAt < until &&
      window.endsAt > from,
  );
  return hits.toSorted((a, b) => b.endsAt.getTime() - a.endsAt.getTime())[0] ?? null;
}
