import { systemClock } from '#kernel/clock.ts';
import { Secret } from '#kernel/config.ts';
import { startHttp } from '#kernel/http.ts';
import { newId, sha256 } from '#kernel/id.ts';
import { silentLog } from '#kernel/log.ts';
import { createTestDatabase } from '../../../tests/support/test-database.ts';
import { createAuthenticator } from '../../access/authenticator.ts';
import { createToken } from '../../access/token-command.ts';
import { artifactRoutes } from '../cdn.ts';
import { openSigningKeys } from '../signing-key.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { Authenticator } from '../../access/authenticator.ts';
import type { Principal } from '../../access/principal.ts';
import type { ArtifactDeps } from '../cdn.ts';
import type { SigningKeys } from '../signing-key.ts';

/** A registry's artefact door over a real database, with one graph of two targets. */
export interface ArtifactWorld extends AsyncDisposable {
  readonly url: string;
  readonly database: Database;
  readonly keys: SigningKeys;
  readonly authenticator: Authenticator;
  readonly targets: { readonly production: string; readonly staging: string };
  readonly architect: Principal;
  /** Stores a version with this supergraph, makes it current, and returns its id. */
  publish(target: string, version: Publication): Promise<string>;
  tokenFor(target: string | null, actions?: readonly RegistryAction[]): Promise<string>;
}

export interface Publication {
  readonly supergraph: string;
  readonly semver: string;
  readonly contracts?: Readonly<Record<string, string>>;
  readonly at?: Date;
}

export async function createArtifactWorld(
  options: Partial<Pick<ArtifactDeps, 'pinnedMajorDays' | 'readDocument' | 'readAsyncApi'>> & {
    readonly clock?: Clock;
  } = {},
): Promise<ArtifactWorld> {
  const clock = options.clock ?? systemClock;
  const db = await createTestDatabase();
  const database = await db.open('schema_registry', new URL('../../migrations/', import.meta.url));
  const secret = new Secret('a secret of the test, long enough');
  const keys = await openSigningKeys({ database, clock, secret });
  const authenticator = createAuthenticator({
    database,
    clock,
    verifyAccessToken: () =>
      Promise.resolve({ ok: false, code: 'TOKEN_MISSING', message: 'Nobody signs in here.' }),
  });
  const pinnedMajorDays = options.pinnedMajorDays ?? (() => Promise.resolve(30));
  const deps = { database, clock, keys, authenticator, ...options, pinnedMajorDays };
  const server = await startHttp({
    room: 'schema-registry',
    host: '127.0.0.1',
    port: 0,
    routes: artifactRoutes(deps),
    ready: () => [],
    log: silentLog,
  });
  const targets = await createTargets(database);
  const architect: Principal = { id: 'ana', name: 'Ana', kind: 'person', allows: () => true };
  return {
    url: server.url,
    database,
    keys,
    authenticator,
    targets,
    architect,
    publish: (target, version) => insertVersion(database, target, version),
    tokenFor: async (target, actions = ['artifact:read']) => {
      const result = await createToken(
        { database, clock },
        {
          principal: architect,
          title: 'gateway',
          graph: 'finance',
          target,
          subgraph: null,
          actions,
          expiresAt: new Date(clock.now().getTime() + 86_400_000),
        },
      );
      if (!result.ok) throw new Error(result.problem.message);
      return result.value.token;
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await db[Symbol.asyncDispose]();
    },
  };
}

async function createTargets(database: Database): Promise<ArtifactWorld['targets']> {
  const [graph, production, staging] = [newId(), newId(), newId()];
  await database.query(
    `insert into graph (id, slug, title, created_at) values ($1, 'finance', 'Finance', now())`,
    [graph],
  );
  await database.query(
    `insert into target (id, graph_id, slug, created_at) values ($1, $3, 'production', now()), ($2, $3, 'staging', now())`,
    [production, staging, graph],
  );
  return { production, staging };
}

async function insertVersion(
  database: Database,
  target: string,
  { supergraph, semver, contracts = {}, at = new Date() }: Publication,
): Promise<string> {
  const id = newId();
  const keep = async (body: string): Promise<string> => {
    const hash = sha256(body);
    await database.query('insert into document values ($1, $2) on conflict do nothing', [
      hash,
      body,
    ]);
    return hash;
  };
  const members = [
    {
      subgraph: 'orders',
      number: 1,
      version: semver,
      url: 'http://127.0.0.1:1/graphql',
      sha256: await keep(`# subgraph of ${supergraph}`),
    },
  ];
  await database.query(
    `insert into supergraph_version (id, target_id, number, version, major, cause, supergraph_sha256, api_sha256, members, changes, published_by, published_at)
     values ($1, $2, (select count(*) + 1 from supergraph_version where target_id = $2), $3, $4, 'PUBLISH', $5, $6, $7, '[]', 'ana', $8)`,
    [
      id,
      target,
      semver,
      Number(semver.split('.')[0]),
      await keep(supergraph),
      await keep(`# api of ${supergraph}`),
      JSON.stringify(members),
      at,
    ],
  );
  for (const [name, text] of Object.entries(contracts))
    await database.query('insert into contract_version values ($1, $2, $3, $4)', [
      id,
      name,
      await keep(text),
      await keep(`# api of ${text}`),
    ]);
  await database.query('update target set current_version_id = $2 where id = $1', [target, id]);
  return id;
}
