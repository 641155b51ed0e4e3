/** The simulator's only view of the wall clock. It is an outside system, so it may not borrow the hub's. */
export function now(): Date {
  return new Date();
}

/** The calendar date of an instant in UTC, as the wire writes dates: `YYYYMMDD`. */
export function wireDate(at: Date): string {
  return at.toISOString().slice(0, 10).replaceAll('-', '');
}
