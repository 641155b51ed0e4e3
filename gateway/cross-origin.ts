import type { HttpRequest } from '#kernel/http.ts';

/** Which web origins may read our answers: exactly those on the list, which never holds `*`. */
export interface CrossOrigin {
  allows(origin: string | undefined): boolean;
  /** Headers of an answer to a browser; nothing that helps for an origin that is not on the list. */
  headers(request: HttpRequest): Record<string, string>;
  preflightHeaders(request: HttpRequest): Record<string, string>;
}

/** How long a browser may remember that it was allowed. */
const PREFLIGHT_SECONDS = '600';

export function crossOrigin(origins: () => readonly string[]): CrossOrigin {
  const allows = (origin: string | undefined): boolean =>
    origin !== undefined && origins().includes(origin);
  const headers = (request: HttpRequest): Record<string, string> => {
    const { origin } = request.headers;
    if (origin === undefined || !allows(origin)) return { vary: 'origin' };
    return {
      vary: 'origin',
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'x-correlation-id',
    };
  };
  return {
    allows,
    headers,
    preflightHeaders: (request) => ({
      ...headers(request),
      ...(allows(request.headers.origin)
        ? {
            'access-control-allow-methods': 'POST',
            'access-control-allow-headers':
              'authorization, content-type, x-concord-plan, x-correlation-id, traceparent',
            'access-control-max-age': PREFLIGHT_SECONDS,
          }
        : {}),
    }),
  };
}
