import { messageCodes } from './refusal.ts';
import type { JsonObject } from './field-table.ts';
import type { Refusal } from './refusal.ts';

export type RouteRequest = {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly string[];
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  readonly ifMatch: string | undefined;
};

export type Answer = {
  readonly kind: 'answered';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Whether state was written: only such answers can be cut off by commitThenTimeout. */
  readonly committed: boolean;
};

export type RouteAnswer =
  | Answer
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] };

export type Route = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT';
  /** Segments; ':name' takes any one segment. */
  readonly path: string;
  readonly handle: (request: RouteRequest) => RouteAnswer | Promise<RouteAnswer>;
};

export function ok(body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { kind: 'answered', status: 200, headers, body, committed: false };
}

/** The route of a request with its parameters, or the refusal when there is none. */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
):
  | { kind: 'found'; route: Route; parameters: readonly string[] }
  | { kind: 'refused'; refusals: readonly Refusal[] } {
  const found = routes.flatMap((route) => {
    const parameters = parametersOf(route.path, path);
    return parameters === undefined ? [] : [{ route, parameters }];
  });
  const exact = found.find(({ route }) => route.method === method);
  if (exact !== undefined) return { kind: 'found', ...exact };
  if (found.length === 0) {
    const message = `${path} is unknown; see the README for the resources.`;
    const code = messageCodes.routeUnknown;
    return { kind: 'refused', refusals: [{ status: 404, code, message, target: path }] };
  }
  const allowed = found.map(({ route }) => route.method).join(', ');
  const message = `${path} takes ${allowed}, got ${method}.`;
  const code = messageCodes.methodNotAllowed;
  return { kind: 'refused', refusals: [{ status: 405, code, message, target: path }] };
}

function parametersOf(pattern: string, path: string): readonly string[] | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const fits = wanted.every(
    (segment, index) => segment.startsWith(':') || segment === given[index],
  );
  return fits ? given.filter((_, index) => wanted[index]?.startsWith(':')) : undefined;
}
