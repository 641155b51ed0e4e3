import { DAY_MS, instantOf, shifted } from '#kernel/clock.ts';
import { createTestDatabase } from '../tests/support/test-database.ts';
import { createWorkshop } from './composition/workshop.ts';
import { createGraph } from './graph/graph.ts';
import { createCommands } from './registry-commands.ts';
import { findTarget } from './target.ts';
import { createIngest } from './usage/ingestion.ts';
import type { Database } from '#kernel/database.ts';
import type { Principal } from './access/principal.ts';
import type { CheckResult, Finding, StepName } from './check/result.ts';
import type { ChangeRequest, CheckFailed, Published, RegistryCommands } from './commands.ts';
import type { Workshop, WorkshopLimits } from './composition/workshop.ts';
import type { PublishDeps } from './publication/publish.ts';
import type { Target } from './target.ts';

const MIGRATIONS = new URL('./migrations/', import.meta.url);
const STARTED_AT = instantOf('2026-09-01T09:00:00Z');

/** Whoever may do everything, by name: rules on persons are about names here. */
export function architect(id: string): Principal {
  return { id, name: id, kind: 'person', allows: () => true };
}

/** The registry's core over a real database and a real worker, with time that only moves when it is told to. */
export interface CoreWorld extends AsyncDisposable {
  readonly database: Database;
  readonly deps: PublishDeps;
  readonly commands: RegistryCommands;
  readonly workshop: Workshop;
  readonly target: (slug?: string) => Promise<Target>;
  now(): Date;
  /** Lets days pass; on each, the gateway reports, with these uses. */
  pass(days: number, uses?: readonly Use[]): Promise<void>;
  /** Lets days pass of which nobody tells anything. */
  silence(days: number): void;
  /** A request to publish or check these subgraphs, SDL without the federation link. */
  request(
    put: Readonly<Record<string, string>>,
    more?: Partial<ChangeRequest>,
  ): Promise<ChangeRequest>;
  /** Publishes, or fails the test with the findings. */
  publish(put: Readonly<Record<string, string>>, more?: Partial<ChangeRequest>): Promise<Published>;
  check(put: Readonly<Record<string, string>>, more?: Partial<ChangeRequest>): Promise<CheckResult>;
}

export interface Use {
  readonly client: string;
  readonly coordinates: readonly string[];
  readonly requests?: number;
}

export const LINK = `extend schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires", "@tag", "@inaccessible", "@composeDirective", "@authenticated"])
  @link(url: "https://concord.example/sunset/v1.0", import: ["@sunset"])
  @composeDirective(name: "@sunset")
directive @sunset(on: Date!, replacement: String, owner: String!) on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
scalar Date
`;

/** No lint rule: tests of the core are about everything else. */
export async function withoutRules(
  database: Database,
  target: Target,
  patch: object = {},
): Promise<void> {
  const { RULES } = await import('./policy/rules.ts');
  const rules = Object.fromEntries(RULES.map(({ id }) => [id, 'OFF']));
  await database.query(
    `insert into target_policy (target_id, policy, version, updated_by, updated_at) values ($1, $2, 1, 'test', now())
     on conflict (target_id) do update set policy = excluded.policy`,
    [target.id, JSON.stringify({ rules, ...patch })],
  );
}

export async function createCoreWorld(limits?: WorkshopLimits): Promise<CoreWorld> {
  const db = await createTestDatabase();
  const database = await db.open('schema_registry', MIGRATIONS);
  let at = STARTED_AT;
  const clock = { now: () => at };
  const workshop = createWorkshop(limits);
  const deps = { database, workshop, clock };
  const ingest = createIngest({ database, clock });
  const target = (slug = 'production'): Promise<Target> => knownTarget(database, slug);
  await createGraph({ ...deps, principal: architect('ada') }, { slug: 'shop', title: 'Shop' });
  for (const slug of ['development', 'staging', 'production'])
    await withoutRules(database, await target(slug));
  return {
    ...asking(createCommands(deps), target),
    database,
    deps,
    workshop,
    target,
    now: () => at,
    silence: (days) => {
      at = shifted(at, days * DAY_MS);
    },
    pass: async (days, uses = []) => {
      const { id } = await target();
      for (let day = 0; day < days; day += 1) {
        await ingest(reportOf(uses, at), { targetId: id, gateway: 'front', report: null });
        at = shifted(at, DAY_MS);
      }
    },
    [Symbol.asyncDispose]: async () => {
      await workshop.close();
      await db[Symbol.asyncDispose]();
    },
  };
}

async function knownTarget(database: Database, slug: string): Promise<Target> {
  const found = await findTarget(database, { graph: 'shop', target: slug });
  if (found === null) throw new Error(`This world has no target ${slug}.`);
  return found;
}

/** The commands, asked in the words of tests. */
function asking(
  commands: RegistryCommands,
  target: CoreWorld['target'],
): Pick<CoreWorld, 'commands' | 'request' | 'publish' | 'check'> {
  const request: CoreWorld['request'] = async (put, more = {}) => ({
    target: await target(),
    principal: architect('ada'),
    put: Object.entries(put).map(([subgraph, sdl]) => ({
      subgraph,
      sdl: sdl.startsWith('raw:') ? sdl.slice(4) : `${LINK}${sdl}`,
      url: `http://${subgraph}.example/graphql`,
      version: null,
    })),
    retire: [],
    source: { author: null, commit: null },
    contextId: null,
    ...more,
  });
  return {
    commands,
    request,
    publish: async (put, more) => {
      const published = await commands.publish(await request(put, more));
      if (published.ok) return published.value;
      const { result } = published.problem as CheckFailed;
      throw new Error(`${published.problem.message}\n${JSON.stringify(errorsIn(result), null, 1)}`);
    },
    check: async (put, more) => {
      const checked = await commands.check(await request(put, more));
      if (!checked.ok) throw new Error(checked.problem.message);
      return checked.value.result;
    },
  };
}

function reportOf(uses: readonly Use[], at: Date): Parameters<ReturnType<typeof createIngest>>[0] {
  const text = (index: number): string => `query Use${index} { field${index} }`;
  return {
    detail: 'FULL',
    operations: new Map(
      uses.map(({ coordinates }, index) => [
        String(index),
        { name: `Use${index}`, text: `${text(index)} # ${coordinates.join()}`, coordinates },
      ]),
    ),
    uses: uses.map(({ client, requests = 1 }, index) => ({
      operationKey: String(index),
      atMs: at.getTime(),
      requests,
      errors: 0,
      client,
      clientVersion: '1.0',
      document: null,
    })),
  };
}

/** The errors of a check, as `STEP CODE coordinate`. */
export function errorsIn(result: CheckResult): string[] {
  return result.steps.flatMap(({ name, findings }) =>
    findings
      .filter(({ severity }) => severity === 'ERROR')
      .map(
        ({ code, coordinate }) => `${name} ${code}${coordinate === null ? '' : ` ${coordinate}`}`,
      ),
  );
}

export function findingsOf(result: CheckResult, step: StepName): readonly Finding[] {
  return result.steps.find(({ name }) => name === step)?.findings ?? [];
}
