import { DAY_MS, instantOf, shifted } from '#kernel/clock.ts';
import { newId, sha256 } from '#kernel/id.ts';
import { silentLog } from '#kernel/log.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { createAuthenticator } from '../access/authenticator.ts';
import { createToken } from '../access/token-command.ts';
import { findTarget } from '../target.ts';
import type { Database } from '#kernel/database.ts';
import type { HttpReply, Route } from '#kernel/http.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { Principal } from '../access/principal.ts';
import type { Target } from '../target.ts';
import type { ProtocolDeps } from './protocol-deps.ts';

const MIGRATIONS = new URL('../migrations/', import.meta.url);
const STARTED_AT = instantOf('2026-11-02T09:00:00Z');
const YEAR_MS = 365 * DAY_MS;

/** The tokens of this world and what each may do, in all targets of its graph. */
const ACTIONS = {
  reader: ['schema:read', 'artifact:read'],
  publisher: ['schema:read', 'schema:check', 'schema:publish'],
} as const satisfies Readonly<Record<string, readonly RegistryAction[]>>;

/** A registry's tables with one graph, `shop`, whose target `production` serves a version and whose `staging` does not. */
export interface ProtocolWorld extends AsyncDisposable {
  readonly database: Database;
  readonly production: Target;
  readonly deps: ProtocolDeps;
  readonly versionId: string;
  readonly tokens: Readonly<Record<keyof typeof ACTIONS, string>>;
  /** Lets so much time pass. */
  pass(ms: number): void;
}

export async function createProtocolWorld(): Promise<ProtocolWorld> {
  const db = await createTestDatabase();
  const database = await db.open('schema_registry', MIGRATIONS);
  let now = STARTED_AT;
  const graphId = newId();
  const [production, staging] = [newId(), newId()];
  await database.query(
    `insert into graph (id, slug, title, created_at) values ($1, 'shop', 'Shop', $2)`,
    [graphId, now],
  );
  await database.query(
    `insert into target (id, graph_id, slug, created_at)
     values ($1, $3, 'production', $4), ($2, $3, 'staging', $4)`,
    [production, staging, graphId, now],
  );
  const versionId = await insertVersion(database, production, now);
  const target = await findTarget(database, { id: production });
  if (target === null) throw new Error('The target of this world is missing.');
  const clock = { now: () => now };
  const tokenFor = async (name: keyof typeof ACTIONS): Promise<string> => {
    const actions = ACTIONS[name];
    const expiresAt = shifted(STARTED_AT, YEAR_MS);
    const made = await createToken(
      { database, clock },
      {
        principal: ADMIN,
        title: name,
        graph: 'shop',
        target: null,
        subgraph: null,
        actions,
        expiresAt,
      },
    );
    if (!made.ok) throw new Error(made.problem.message);
    return made.value.token;
  };
  return {
    database,
    production: target,
    versionId,
    tokens: { reader: await tokenFor('reader'), publisher: await tokenFor('publisher') },
    deps: {
      database,
      clock,
      log: silentLog,
      authenticator: createAuthenticator({
        database,
        clock,
        verifyAccessToken: () =>
          Promise.resolve({ ok: false, code: 'TOKEN_INVALID', message: 'Not one of ours.' }),
      }),
      ...notWired(),
    },
    pass: (ms) => {
      now = shifted(now, ms);
    },
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}

const ADMIN: Principal = { id: 'ada', name: 'Ada', kind: 'person', allows: () => true };

/** What only a whole registry can do; the tests with real clients ask one. */
function notWired(): Pick<ProtocolDeps, 'commands' | 'apps' | 'workshop'> {
  const missing = (): never => {
    throw new Error('This world reads only.');
  };
  return {
    commands: { check: missing, publish: missing, promote: missing, rollback: missing },
    apps: { create: missing, addDocuments: missing, activate: missing, retire: missing },
    workshop: { run: missing, close: missing },
  };
}

async function insertVersion(database: Database, targetId: string, at: Date): Promise<string> {
  const id = newId();
  const texts = {
    subgraph: 'type Query { product: String }',
    supergraph: 'schema { query: Query } # supergraph',
    contract: 'schema { query: Query } # portal',
    api: 'type Query {\n  product: String\n}',
  };
  await database.query(
    'insert into document (sha256, body) select * from unnest($1::text[], $2::text[])',
    [Object.values(texts).map(sha256), Object.values(texts)],
  );
  await database.query(
    `insert into subgraph_version (target_id, subgraph, number, version, url, sha256, published_by, published_at)
     values ($1, 'products', 1, '1.0.0', 'http://products.example', $2, 'test', $3)`,
    [targetId, sha256(texts.subgraph), at],
  );
  const members = [
    {
      subgraph: 'products',
      number: 1,
      version: '1.0.0',
      url: 'http://products.example',
      sha256: sha256(texts.subgraph),
    },
  ];
  await database.query(
    `insert into supergraph_version (id, target_id, number, version, major, cause, supergraph_sha256, api_sha256,
       members, changes, commit_id, published_by, published_at)
     values ($1, $2, 1, '1.0.0', 1, 'PUBLISH', $3, $4, $5, '[]', 'c0ffee', 'test', $6)`,
    [id, targetId, sha256(texts.supergraph), sha256(texts.api), JSON.stringify(members), at],
  );
  await database.query(
    `insert into contract_version (supergraph_version_id, contract, supergraph_sha256, api_sha256)
     values ($1, 'portal', $2, $3)`,
    [id, sha256(texts.contract), sha256(texts.api)],
  );
  await database.query('update target set current_version_id = $2 where id = $1', [targetId, id]);
  return id;
}

/** Sends a body to a route as HTTP would. */
export async function post(
  route: Route,
  body: string | object,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpReply> {
  return route.handle({
    method: 'POST',
    path: route.path,
    query: new URLSearchParams(),
    headers,
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    correlationId: 'test',
    traceparent: null,
    hangUp: () => undefined,
    signal: new AbortController().signal,
  });
}

/** A GraphQL answer. */
export interface Answer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
}

export async function ask(
  route: Route,
  call: { readonly query: string; readonly variables?: object },
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const reply = await post(route, call, headers);
  if (typeof reply.body !== 'string') throw new Error('An answer in one piece was expected.');
  return JSON.parse(reply.body) as Answer;
}
