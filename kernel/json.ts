/** A value that JSON can hold. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON with sorted keys, so that equal values have equal texts: fingerprints and hashes are taken of this. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return inner.toString();
    if (!isRecord(inner)) return inner;
    return Object.fromEntries(
      Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    );
  });
}

/** JSON that keeps bigints and instants, for values we read back ourselves. */
export function encodeJson(value: unknown): string {
  return JSON.stringify(value, function replace(this: unknown, key: string, inner: unknown) {
    if (typeof inner === 'bigint') return { $bigint: inner.toString() };
    const raw = isRecord(this) ? this[key] : inner;
    return raw instanceof Date ? { $date: raw.toISOString() } : inner;
  });
}

/** Reads what `encodeJson` wrote. */
export function decodeJson(text: string): unknown {
  return JSON.parse(text, (_key, inner: unknown) => {
    if (!isRecord(inner)) return inner;
    if (typeof inner['$bigint'] === 'string') return BigInt(inner['$bigint']);
    if (typeof inner['$date'] === 'string') return new Date(inner['$date']);
    return inner;
  });
}
