import { DAY_MS, shifted, systemClock } from '#kernel/clock.ts';
import { Secret } from '#kernel/config.ts';
import { generateInternalKey } from '#kernel/internal-token.ts';
import { silentLog } from '#kernel/log.ts';
import { schemaUrl } from '#kernel/provision.ts';
import { startTokenIssuer } from '../../gateway/test-world/token-issuer.ts';
import { startSchemaRegistry } from '../../schema-registry/main.ts';
import { BUS_MIGRATIONS, createTestDatabase } from './test-database.ts';
import type { Database } from '#kernel/database.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { WorkshopLimits } from '../../schema-registry/composition/workshop.ts';
import type { SchemaRegistry } from '../../schema-registry/main.ts';

const MIGRATIONS = new URL('../../schema-registry/migrations/', import.meta.url);

/** What one token is for; what is left out, it is for all of. */
export interface TokenScope {
  readonly graph: string;
  readonly target?: string;
  readonly subgraph?: string;
  /** Days until it expires; longer than any test lets pass. */
  readonly days?: number;
}

/** What the registry's GraphQL answered, or whatever it answered instead. */
export interface Answer {
  readonly status: number;
  /** The first root field's value. */
  readonly value: Readonly<Record<string, unknown>> | null;
  /**
   * The name of what was refused: of the HTTP problem, of the first error, or of the problem that the root field answers; null
   * when nothing was.
   */
  readonly code: string | null;
  /** Everything, for what a test looks for. */
  readonly text: string;
}

/** The real registry over HTTP, on a database of its own, with an issuer of access tokens and time that can be let pass. */
export interface RegistryWorld extends AsyncDisposable {
  readonly url: string;
  readonly registry: SchemaRegistry;
  readonly database: Database;
  /** An access token of somebody with these roles. */
  person(sub: string, ...roles: readonly string[]): Promise<string>;
  /** A token of the registry's own, made by an architect through the API. */
  token(
    scope: TokenScope,
    actions: readonly RegistryAction[],
  ): Promise<{ readonly id: string; readonly token: string }>;
  ask(token: string | null, query: string, variables?: object): Promise<Answer>;
  /** Sends a body as it is. */
  post(
    path: string,
    token: string | null,
    body: BodyInit,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** Lets days pass for the registry. */
  pass(days: number): void;
  /** How many rows each table of decisions and texts has. */
  counts(): Promise<Readonly<Record<string, bigint>>>;
}

const STORED = [
  'access_token',
  'app',
  'contract',
  'document',
  'event_version',
  'graph',
  'history_entry',
  'override',
  'owner',
  'proposal',
  'schema_check',
  'subgraph_version',
  'supergraph_version',
  'target',
  'target_policy',
  'usage_daily',
  'webhook',
];
/** Longer than all that tests let pass; a token may live for 400 days. */
const TOKEN_DAYS = 390;

export async function createRegistryWorld(workshop?: WorkshopLimits): Promise<RegistryWorld> {
  const [db, issuer] = await Promise.all([createTestDatabase(), startTokenIssuer()]);
  await db.open('bus', BUS_MIGRATIONS);
  let daysPassed = 0;
  const clock = { now: () => shifted(systemClock.now(), daysPassed * DAY_MS) };
  const registry = await startSchemaRegistry({
    databaseUrl: schemaUrl(db.adminUrl, 'schema_registry', db.password),
    busDatabaseUrl: schemaUrl(db.adminUrl, 'bus', db.password),
    redisUrl: null,
    host: '127.0.0.1',
    port: 0,
    internalKey: generateInternalKey('schema-registry'),
    trustedKeys: {},
    log: silentLog,
    clock,
    accessTokens: issuer.rules,
    registrySecret: new Secret('a secret of the tests with 32 characters'),
    ...(workshop === undefined ? {} : { workshop }),
  });
  const database = await db.open('schema_registry', MIGRATIONS);
  const person = (sub: string, ...roles: readonly string[]): Promise<string> =>
    issuer.token({ sub, roles });
  const post: RegistryWorld['post'] = async (path, token, body, headers) => {
    const response = await fetch(registry.url + path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body,
    });
    return answerOf(response.status, await response.text());
  };
  const ask: RegistryWorld['ask'] = (token, query, variables = {}) =>
    post('/graphql', token, JSON.stringify({ query, variables }));
  return {
    url: registry.url,
    registry,
    database,
    person,
    post,
    ask,
    token: async ({ graph, target, subgraph, days = TOKEN_DAYS }, actions) => {
      const expiresAt = shifted(clock.now(), days * DAY_MS).toISOString();
      const named = actions.map((action) => action.toUpperCase().replace(':', '_'));
      const input = { title: 'test', graph, target, subgraph, actions: named, expiresAt };
      const made = await ask(await person('maker', 'architect'), CREATE_TOKEN, { input });
      const { token, accessToken } = made.value ?? {};
      if (typeof token !== 'string') throw new Error(made.text);
      return { token, id: (accessToken as { id: string }).id };
    },
    pass: (days) => {
      daysPassed += days;
    },
    counts: async () => {
      const one = STORED.map(
        (table) => `select '${table}' as name, count(*) as rows from ${table}`,
      );
      const rows = await database.query<{ name: string; rows: bigint }>(one.join(' union all '));
      return Object.fromEntries(rows.map(({ name, rows: count }) => [name, count]));
    },
    [Symbol.asyncDispose]: async () => {
      await registry.close();
      await issuer.close();
      await db[Symbol.asyncDispose]();
    },
  };
}

const CREATE_TOKEN = `mutation ($input: CreateTokenInput!) { createToken(input: $input) {
  ... on CreatedToken { token accessToken { id } } ... on Problem { code message } } }`;

interface Body {
  readonly code?: string;
  readonly data?: Readonly<Record<string, Answer['value']>> | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

function answerOf(status: number, text: string): Answer {
  const body = readBody(text);
  const value = Object.values(body.data ?? {})[0] ?? null;
  const [error] = body.errors ?? [];
  const problem = String(value?.['__typename']).endsWith('Problem') ? value?.['code'] : null;
  const code = error?.extensions?.code ?? body.code ?? problem;
  return { status, value, text, code: typeof code === 'string' ? code : null };
}

function readBody(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return {};
  }
}
