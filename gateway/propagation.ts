import type { IncomingHttpHeaders } from 'node:http';

/** Headers of a client's request that go on to subgraphs; nothing goes on that an operator did not name. */
export type Propagate = (
  headers: IncomingHttpHeaders,
) => Readonly<Record<string, string>> | undefined;

/** What belongs to one connection or one message, and what we say ourselves. */
const NEVER: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'traceparent',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-concord-call',
  'x-correlation-id',
]);

/** Throws for a name that must not be passed on. */
export function propagation(names: readonly string[]): Propagate {
  const passed = names.map((name) => name.toLowerCase());
  const wrong = passed.filter((name) => NEVER.has(name) || !/^[a-z0-9-]+$/.test(name));
  if (wrong.length > 0) throw new Error(`These headers cannot be passed on: ${wrong.join(', ')}.`);
  if (passed.length === 0) return () => undefined;
  return (headers) => {
    const found = passed.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    });
    return found.length === 0 ? undefined : Object.fromEntries(found);
  };
}
