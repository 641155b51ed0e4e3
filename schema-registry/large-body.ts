import type { HttpReply, Route } from '#kernel/http.ts';

/** What anybody may make us read before they are known; a refusal then reaches the caller, whose body has been taken. */
const SMALL_BODY_BYTES = 256 * 1024;

/** Lets a large body, or one that does not say its size, be read only when its sender is known by the headers. */
export function admitLarge(
  refusalOf: (headers: Parameters<NonNullable<Route['admit']>>[0]) => Promise<HttpReply | null>,
): NonNullable<Route['admit']> {
  return async (headers) => {
    const bytes = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
    return bytes <= SMALL_BODY_BYTES ? null : refusalOf(headers);
  };
}
