import { getNamedType, graphql, isUnionType, parse } from 'graphql';
import { instantOf, shifted } from '#kernel/clock.ts';
import { newId, sha256 } from '#kernel/id.ts';
import { silentLog } from '#kernel/log.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { buildSchema, readSubgraphSdl } from '#kernel/subgraph.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { coordinateNodes } from '../composition/coordinates.ts';
import { freezeWindowResolvers } from '../freeze-window/resolvers.ts';
import { ownershipResolvers } from '../ownership/resolvers.ts';
import { storePolicy } from '../policy/policy-store.ts';
import { findTarget } from '../target.ts';
import { proposalResolvers } from './resolvers.ts';
import { readCurrentContracts } from './revision-store.ts';
import type { GraphQLSchema } from 'graphql';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { Principal } from '../access/principal.ts';
import type { SchemaChange } from '../check/result.ts';
import type { ChangeRequest, RegistryCommands } from '../commands.ts';
import type { PolicyDecisions } from '../policy/policy-patch.ts';
import type { Target } from '../target.ts';
import type { Proposing } from './proposal-command.ts';

/** The reviews' part of the registry over a real database, with a check of its own that compares coordinates. */
export interface ReviewWorld extends AsyncDisposable {
  readonly database: Database;
  readonly target: Target;
  readonly name: { readonly graph: string; readonly target: string };
  readonly clock: Clock & { pass(ms: number): void };
  /** The policy's minimum of sign-offs from now on. */
  requireSignOffs(signOffs: number): Promise<void>;
  /** What commands take, as somebody. */
  as(principal: Principal): Proposing;
  /** Asks the graph as somebody; throws what it answers as an error, with its code first. */
  ask<Answer>(principal: Principal, source: string, variables?: object): Promise<Answer>;
  /** The text of a mutation with one input: what is asked of each member of its result by type, and of problems their code. */
  mutation(name: string, selections: Readonly<Record<string, string>>): string;
  /** Makes these contracts the current ones; answers the version's id. */
  publish(contracts: Readonly<Record<string, string>>): Promise<string>;
  /** Actions of the history, oldest first, with who did them. */
  history(): Promise<
    { readonly action: string; readonly actor: string; readonly subject: string }[]
  >;
}

export function somebody(
  id: string,
  actions: readonly RegistryAction[],
  kind: Principal['kind'] = 'person',
): Principal {
  return { id, name: id.toUpperCase(), kind, allows: (action) => actions.includes(action) };
}

export const AUTHOR = somebody('author', ['schema:read', 'schema:check', 'schema:propose']);
export const ARCHITECT = somebody('architect', [
  'schema:read',
  'schema:check',
  'schema:propose',
  'schema:review',
  'schema:govern',
]);
export const reviewer = (id: string): Principal => somebody(id, ['schema:read', 'schema:review']);

/** A contract with this in it composes with nothing. */
export const BROKEN = 'type Broken { id: ID }';

const TARGET_INPUT =
  '"A target." input TargetInput { "Graph." graph: String! "Target." target: String! }';

export async function openReviewWorld(): Promise<ReviewWorld> {
  const db = await createTestDatabase();
  const database = await db.open('schema_registry', new URL('../migrations/', import.meta.url), 10);
  const target = await insertTarget(database);
  const name = { graph: target.graphSlug, target: target.slug };
  let now = instantOf('2026-03-01T10:00:00Z');
  const clock = { now: () => now, pass: (ms: number) => void (now = shifted(now, ms)) };
  const as: ReviewWorld['as'] = (principal) => ({
    database,
    clock,
    principal,
    commands: { check: (request) => check(database, clock, request) },
  });
  const schema = await schemaOfReviews();
  return {
    database,
    target,
    name,
    clock,
    requireSignOffs: (signOffs) => decidePolicy(database, target, { review: { signOffs } }),
    as,
    ask: asking(schema, as),
    mutation: (field, selections) => mutationText(schema, field, selections),
    publish: (contracts) => publish(database, target, clock, contracts),
    history: () =>
      database.query('select action, actor_id as actor, subject from history_entry order by seq'),
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}

async function schemaOfReviews(): Promise<GraphQLSchema> {
  const slices = ['./', '../ownership/', '../freeze-window/'].map(
    (folder) => new URL(`${folder}schema.graphql`, import.meta.url),
  );
  const maps = [proposalResolvers, ownershipResolvers, freezeWindowResolvers];
  return buildSchema(`${await readSubgraphSdl(...slices)}\n${TARGET_INPUT}`, {
    ...proposalResolvers,
    Query: Object.assign({}, ...maps.map(({ Query }) => Query)) as object,
    Mutation: Object.assign({}, ...maps.map(({ Mutation }) => Mutation)) as object,
  });
}

function asking(schema: GraphQLSchema, as: ReviewWorld['as']): ReviewWorld['ask'] {
  return async <Answer>(
    principal: Principal,
    source: string,
    variables: object = {},
  ): Promise<Answer> => {
    const contextValue = { ...as(principal), log: silentLog, correlationId: 'correlation' };
    const variableValues = { ...variables };
    const { data, errors } = await graphql({ schema, source, contextValue, variableValues });
    if (errors !== undefined)
      throw new Error(
        errors.map((error) => `${String(error.extensions['code'])}: ${error.message}`).join('; '),
      );
    return data as Answer;
  };
}

function mutationText(
  schema: GraphQLSchema,
  name: string,
  selections: Readonly<Record<string, string>>,
): string {
  const field = schema.getMutationType()?.getFields()[name];
  const result = field === undefined ? undefined : getNamedType(field.type);
  if (field === undefined || !isUnionType(result)) throw new Error(`There is no ${name}.`);
  const asked = result
    .getTypes()
    .flatMap((member) => {
      const selection = selections[member.name];
      return selection === undefined ? [] : [`... on ${member.name} { ${selection} }`];
    })
    .join(' ');
  return `mutation ($input: ${String(field.args[0]?.type)}) {
    ${name}(input: $input) { __typename ... on Problem { code message correlationId } ${asked} } }`;
}

function decidePolicy(
  database: Database,
  target: Target,
  decisions: PolicyDecisions,
): Promise<void> {
  const change = {
    version: 1,
    updatedBy: 'architect',
    updatedAt: instantOf('2026-03-01T09:00:00Z'),
  };
  return storePolicy(database, target.id, { ...change, decisions });
}

async function insertTarget(database: Database): Promise<Target> {
  const [graphId, id] = [newId(), newId()];
  await database.query(
    `insert into graph (id, slug, title, created_at) values ($1, 'shop', 'Shop', now())`,
    [graphId],
  );
  await database.query(
    `insert into target (id, graph_id, slug, created_at) values ($1, $2, 'production', now())`,
    [id, graphId],
  );
  const target = await findTarget(database, { id });
  if (target === null) throw new Error('The target was inserted and is not there.');
  return target;
}

async function publish(
  database: Database,
  target: Target,
  clock: Clock,
  contracts: Readonly<Record<string, string>>,
): Promise<string> {
  const id = newId();
  const members = Object.entries(contracts).map(([subgraph, sdl]) => ({
    subgraph,
    sha256: sha256(sdl),
  }));
  await database.query(
    `insert into document (sha256, body) select * from unnest($1::text[], $2::text[]) on conflict do nothing`,
    [members.map((member) => member.sha256), Object.values(contracts)],
  );
  const [number] = await database.query<{ next: bigint }>(
    'select count(*) + 1 as next from supergraph_version where target_id = $1',
    [target.id],
  );
  await database.query(
    `insert into supergraph_version (id, target_id, number, version, major, cause, supergraph_sha256, api_sha256, members,
       changes, published_by, published_at)
     values ($1, $2, $3, '1.0.0', 1, 'PUBLISH', $4, $4, $5, '[]', 'tester', $6)`,
    [
      id,
      target.id,
      number?.next ?? 1n,
      members[0]?.sha256 ?? '',
      JSON.stringify(members),
      clock.now(),
    ],
  );
  await database.query('update target set current_version_id = $2 where id = $1', [target.id, id]);
  return id;
}

/** Stands for the registry's check: it finds coordinates that come and go, and keeps what it found. */
async function check(
  database: Database,
  clock: Clock,
  request: ChangeRequest,
): ReturnType<RegistryCommands['check']> {
  if (request.put.some(({ url }) => url === 'nowhere'))
    return refused(invalidInput([{ field: 'url', code: 'INVALID_URL', message: 'No address.' }]));
  const current = await readCurrentContracts(database, request.target.id);
  const kept = current.filter(({ subgraph }) =>
    [...request.put, ...request.retire.map((retired) => ({ subgraph: retired }))].some(
      (changed) => changed.subgraph === subgraph,
    ),
  );
  const before = coordinatesOf(kept.map(({ sdl }) => sdl));
  const after = coordinatesOf(request.put.map(({ sdl }) => sdl));
  const composes = !request.put.some(({ sdl }) => sdl.includes(BROKEN));
  const changes = composes
    ? [
        ...[...before].filter((gone) => !after.has(gone)).map((gone) => change('REMOVED', gone)),
        ...[...after].filter((added) => !before.has(added)).map((added) => change('ADDED', added)),
      ]
    : [];
  const conclusion = composes ? 'PASSED' : 'FAILED';
  const step = { status: composes ? 'COMPLETED' : 'FAILED', reason: null, findings: [] } as const;
  const result = {
    conclusion,
    steps: [{ ...step, name: 'COMPOSITION' }],
    changes,
    version: null,
  } as const;
  const stored = { id: newId(), createdAt: clock.now(), result };
  await database.query(
    `insert into schema_check (id, target_id, input, input_sha256, conclusion, result, created_by, created_at)
     values ($1, $2, '{}', '', $3, $4, $5, $6)`,
    [
      stored.id,
      request.target.id,
      conclusion,
      JSON.stringify(result),
      request.principal.id,
      stored.createdAt,
    ],
  );
  return accepted(stored);
}

function coordinatesOf(sdls: readonly string[]): Set<string> {
  return new Set(
    sdls.flatMap((sdl) => [...coordinateNodes(parse(sdl))].map(({ coordinate }) => coordinate)),
  );
}

function change(type: 'REMOVED' | 'ADDED', coordinate: string): SchemaChange {
  return {
    hash: sha256(type + coordinate),
    type,
    coordinate,
    message: `${coordinate} is ${type.toLowerCase()}.`,
    severity: type === 'REMOVED' ? 'BREAKING' : 'SAFE',
    contract: null,
    acceptedBy: null,
    usage: null,
  };
}
