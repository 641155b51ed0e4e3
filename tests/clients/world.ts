import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_CLAIMS } from '#kernel/access-token.ts';
import { Secret } from '#kernel/config.ts';
import { DAY_MS, shifted, systemClock } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { generateInternalKey } from '#kernel/internal-token.ts';
import { silentLog } from '#kernel/log.ts';
import { schemaUrl } from '#kernel/provision.ts';
import { createToken } from '../../schema-registry/access/token-command.ts';
import { startSchemaRegistry } from '../../schema-registry/main.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { HIVE, ROVER, run } from './program.ts';
import type { Database } from '#kernel/database.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { Principal } from '../../schema-registry/access/principal.ts';
import type { Outcome } from './program.ts';

const MIGRATIONS = new URL('../../schema-registry/migrations/', import.meta.url);
const TARGETS = ['development', 'staging', 'production'] as const;
type TargetSlug = (typeof TARGETS)[number];

/** What a pipeline is given. */
export const PIPELINE: readonly RegistryAction[] = [
  'schema:read',
  'schema:check',
  'schema:publish',
  'schema:delete',
  'schema:promote',
  'schema:propose',
  'app:publish',
];
/** What a gateway is given. */
export const GATEWAY: readonly RegistryAction[] = ['artifact:read', 'usage:report'];

/** A graph of one test: nobody else changes it. */
export interface TestGraph {
  readonly slug: string;
  /** As Hive's clients name a target. */
  hiveTarget(target: TargetSlug): string;
  targetId(target: TargetSlug): string;
  /** A new token for the graph, or for one target or subgraph of it. */
  token(
    actions: readonly RegistryAction[],
    scope?: { readonly target?: TargetSlug; readonly subgraph?: string },
  ): Promise<string>;
}

/** The whole registry on a real database, and the real command lines pointed at it. */
export interface ClientWorld extends AsyncDisposable {
  readonly url: string;
  readonly database: Database;
  readonly folder: string;
  graph(): Promise<TestGraph>;
  /** Writes a file where the programs run; returns its name. */
  file(name: string, text: string): Promise<string>;
  /** Runs a line of words, none of which has a blank within. */
  hive(token: string, line: string): Promise<Outcome>;
  rover(key: string, line: string, input?: string): Promise<Outcome>;
  /** Publishes without a client, for what is not about publishing. */
  publish(token: string, publication: Publication): Promise<void>;
}

export interface Publication {
  /** As Hive's clients name it. */
  readonly target: string;
  readonly service: string;
  readonly sdl: string;
  readonly url: string;
}

const ADMIN: Principal = { id: 'ada', name: 'Ada', kind: 'person', allows: () => true };

export async function createClientWorld(): Promise<ClientWorld> {
  const db = await createTestDatabase();
  const database = await db.open('schema_registry', MIGRATIONS);
  const folder = await mkdtemp(join(tmpdir(), 'concord-clients-'));
  const internal = generateInternalKey('schema-registry');
  const registry = await startSchemaRegistry({
    databaseUrl: schemaUrl(db.adminUrl, 'schema_registry', db.password),
    busDatabaseUrl: schemaUrl(db.adminUrl, 'bus', db.password),
    redisUrl: null,
    host: '127.0.0.1',
    port: 0,
    internalKey: internal,
    trustedKeys: {},
    log: silentLog,
    clock: systemClock,
    accessTokens: NO_IDENTITY_PROVIDER,
    registrySecret: new Secret('a secret of the tests with real clients'),
  });
  let graphs = 0;
  return {
    url: registry.url,
    database,
    folder,
    graph: async () => {
      graphs += 1;
      return createGraph(database, `shop-${graphs}`);
    },
    file: async (name, text) => {
      await writeFile(join(folder, name), text);
      return name;
    },
    hive: (token, line) => {
      const env = { HIVE_REGISTRY: `${registry.url}/hive`, HIVE_TOKEN: token };
      return run(HIVE, line.split(' '), { cwd: folder, env });
    },
    rover: (key, line, input = '') => {
      const env = { APOLLO_REGISTRY_URL: `${registry.url}/apollo`, APOLLO_KEY: key };
      return run(ROVER, line.split(' '), { cwd: folder, env, input });
    },
    publish: (token, publication) => publish(registry.url, token, publication),
    [Symbol.asyncDispose]: async () => {
      await registry.close();
      await db[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Every caller here has a token of the registry's own. */
const NO_IDENTITY_PROVIDER = {
  issuer: 'http://identity.invalid',
  audience: 'concord',
  jwksUrl: 'http://identity.invalid/jwks',
  tokenType: 'at+jwt',
  algorithms: ['ES256'],
  claims: DEFAULT_CLAIMS,
};

async function createGraph(database: Database, slug: string): Promise<TestGraph> {
  const graphId = newId();
  const now = systemClock.now();
  const ids = { development: newId(), staging: newId(), production: newId() };
  await database.query('insert into graph (id, slug, title, created_at) values ($1, $2, $2, $3)', [
    graphId,
    slug,
    now,
  ]);
  await database.query(
    `insert into target (id, graph_id, slug, created_at)
     select id, $3, slug, $4 from unnest($1::uuid[], $2::text[]) as target (id, slug)`,
    [TARGETS.map((target) => ids[target]), TARGETS, graphId, now],
  );
  return {
    slug,
    hiveTarget: (target) => `concord/${slug}/${target}`,
    targetId: (target) => ids[target],
    token: async (actions, scope = {}) => {
      const made = await createToken(
        { database, clock: systemClock },
        {
          principal: ADMIN,
          title: 'pipeline',
          graph: slug,
          target: scope.target ?? null,
          subgraph: scope.subgraph ?? null,
          actions,
          expiresAt: shifted(now, DAY_MS),
        },
      );
      if (!made.ok) throw new Error(made.problem.message);
      return made.value.token;
    },
  };
}

async function publish(url: string, token: string, publication: Publication): Promise<void> {
  const { target, service, sdl, url: address } = publication;
  const [organizationSlug, projectSlug, targetSlug] = target.split('/');
  const response = await fetch(`${url}/hive`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      query: `mutation ($input: SchemaPublishInput!) { schemaPublish(input: $input) {
        __typename ... on SchemaPublishError { errors { edges { node { message } } } } } }`,
      variables: {
        input: {
          target: { bySelector: { organizationSlug, projectSlug, targetSlug } },
          service,
          url: address,
          schema: { sdl },
          author: 'tests',
          commit: 'c0ffee',
        },
      },
    }),
  });
  const answer = await response.text();
  if (!answer.includes('SchemaPublishSuccess')) throw new Error(answer);
}
