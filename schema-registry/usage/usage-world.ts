import { gzipSync } from 'node:zlib';
import { httpProblem, startHttp } from '#kernel/http.ts';
import { newId, sha256 } from '#kernel/id.ts';
import { silentLog } from '#kernel/log.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { findTarget } from '../target.ts';
import { usageRoutes } from './usage-routes.ts';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { Principal } from '../access/principal.ts';
import type { Target } from '../target.ts';

/** A clock that tests set. */
export interface SetClock extends Clock {
  set(at: string): void;
}

export function setClock(at: string): SetClock {
  let now = new Date(at);
  return { now: () => now, set: (next) => void (now = new Date(next)) };
}

/** A registry database with one graph and two targets, and the usage door in front of it. */
export interface UsageWorld extends AsyncDisposable {
  readonly database: Database;
  readonly clock: SetClock;
  readonly production: Target;
  readonly staging: Target;
  readonly url: string;
  post(report: unknown, options?: PostOptions): Promise<{ status: number; body: ReportAnswer }>;
}

export interface PostOptions {
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly gzip?: boolean;
}

/** Everything that an answer may hold; absent parts are undefined. */
export interface ReportAnswer {
  readonly code: string;
  readonly detail: string;
  readonly message: string;
  readonly repeated: boolean;
  readonly tracesIgnored: boolean;
  readonly operations: { readonly accepted: number; readonly rejected: number };
  readonly errors: readonly { code: string; path: string; message: string; count: number }[];
}

export const NOW = '2026-11-25T12:00:00.000Z';
export const NOW_MS = Date.parse(NOW);

export async function openUsageWorld(): Promise<UsageWorld> {
  const test = await createTestDatabase();
  const database = await test.open('schema_registry', new URL('../migrations/', import.meta.url));
  const clock = setClock(NOW);
  const [production, staging] = await createTargets(database);
  const server = await startHttp({
    room: 'usage',
    host: '127.0.0.1',
    port: 0,
    ready: () => [],
    log: silentLog,
    routes: usageRoutes({ database, clock, authenticate }),
  });
  return {
    database,
    clock,
    production,
    staging,
    url: server.url,
    post: (report, options) => post(server.url, report, options),
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await test[Symbol.asyncDispose]();
    },
  };
}

/** Tokens of the tests: `reporter` may report, `reader` may not, everything else is refused. */
function authenticate(
  headers: IncomingHttpHeaders,
): ReturnType<Parameters<typeof usageRoutes>[0]['authenticate']> {
  const given = headers.authorization ?? headers['x-api-key'];
  const token = typeof given === 'string' ? given.replace('Bearer ', '') : '';
  const actions: Record<string, RegistryAction[]> = { reporter: ['usage:report'], reader: [] };
  const allowed = actions[token];
  if (allowed === undefined) {
    const reply = httpProblem(401, 'INVALID_TOKEN', 'A token is needed.');
    return Promise.resolve({ ok: false, reply });
  }
  return Promise.resolve({ ok: true, principal: principalWith(`token:${token}`, allowed) });
}

export function principalWith(id: string, actions: readonly RegistryAction[]): Principal {
  return { id, name: id, kind: 'token', allows: (action) => actions.includes(action) };
}

async function createTargets(database: Database): Promise<[Target, Target]> {
  const graphId = newId();
  await database.query('insert into graph values ($1, $2, $3, now())', [graphId, 'finance', 'F']);
  const targets = ['production', 'staging'].map(async (slug) => {
    const id = newId();
    await database.query(
      'insert into target (id, graph_id, slug, created_at) values ($1, $2, $3, now())',
      [id, graphId, slug],
    );
    const target = await findTarget(database, { id });
    if (target === null) throw new Error('A target was just made.');
    return target;
  });
  return (await Promise.all(targets)) as [Target, Target];
}

/** Makes a version of the target's supergraph current, with this API schema. */
export async function publishApiSchema(
  database: Database,
  target: Target,
  version: { readonly sdl: string; readonly major: number; readonly number: number },
): Promise<Target> {
  const hash = sha256(version.sdl);
  const id = newId();
  await database.query('insert into document values ($1, $2) on conflict do nothing', [
    hash,
    version.sdl,
  ]);
  await database.query(
    `insert into supergraph_version (id, target_id, number, version, major, cause, supergraph_sha256, api_sha256,
       members, changes, published_by, published_at)
     values ($1, $2, $3, $4 || '.0.0', $4::integer, 'PUBLISH', $5, $5, '[]', '[]', 'test', now())`,
    [id, target.id, version.number, version.major, hash],
  );
  await database.query('update target set current_version_id = $2 where id = $1', [target.id, id]);
  return { ...target, currentVersionId: id };
}

async function post(
  url: string,
  report: unknown,
  { path = '/usage/concord/finance/production', headers = {}, gzip = false }: PostOptions = {},
): Promise<{ status: number; body: ReportAnswer }> {
  const plain =
    report instanceof Uint8Array
      ? Buffer.from(report)
      : Buffer.from(typeof report === 'string' ? report : JSON.stringify(report));
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: 'Bearer reporter',
      'x-usage-api-version': '2',
      'user-agent': 'hive-client/0.20.2',
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
      ...headers,
    },
    body: gzip ? gzipSync(plain) : plain,
  });
  return { status: response.status, body: (await response.json()) as ReportAnswer };
}

/** A report as Hive's clients send it: each use is `[operation key, client, version]` and half a minute old. */
export function hiveReport(
  map: Readonly<
    Record<string, { operation: string; operationName?: string | null; fields: readonly string[] }>
  >,
  uses: readonly {
    readonly key: string;
    readonly client?: { name: string; version: string } | null;
    readonly at?: number;
    readonly ok?: boolean;
    readonly document?: string;
  }[],
): object {
  return {
    size: uses.length,
    map,
    operations: uses.map(({ key, client, at = NOW_MS - 30_000, ok = true, document }) => ({
      operationMapKey: key,
      timestamp: at,
      execution: { ok, duration: 1_500_000, errorsTotal: ok ? 0 : 1 },
      metadata: client === undefined || client === null ? {} : { client },
      ...(document === undefined ? {} : { persistedDocumentHash: document }),
    })),
  };
}
