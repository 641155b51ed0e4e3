import { graphql } from 'graphql';
import { systemClock } from '#kernel/clock.ts';
import { newId, sha256 } from '#kernel/id.ts';
import { silentLog } from '#kernel/log.ts';
import { buildSchema, readSubgraphSdl } from '#kernel/subgraph.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { keepTexts } from '../document.ts';
import { somebody } from '../proposal/world.ts';
import { eventContractResolvers } from './resolvers.ts';
import type { Database } from '#kernel/database.ts';
import type { Principal } from '../access/principal.ts';

const API = 'type Invoice { id: ID! number: String! note: String } type Query { invoice: Invoice }';
const TARGET_INPUT =
  '"A target." input TargetInput { "Graph." graph: String! "Target." target: String! }';
export const PUBLISHER = somebody('publisher', ['schema:read', 'schema:check', 'event:publish']);
export const READER = somebody('reader', ['schema:read']);
export const ARCHITECT = somebody('architect', ['schema:read', 'schema:check', 'schema:govern']);

export const SUBJECT = 'concord.invoice.captured.v1';
export const TEXT = { type: 'string' };
export const payload = (properties: object, more: object = {}) => ({
  type: 'object',
  properties: { id: { ...TEXT, 'x-graphql': 'Invoice.id' }, ...properties },
  required: ['id'],
  ...more,
});

/** What an outcome shows, for every test. */
export const OUTCOMES = `outcomes { subject kind version change
  differences { rule direction blocking against } findings { code severity coordinate } }`;
export const PUBLISH = `mutation ($input: PublishEventContractsInput!) { publishEventContracts(input: $input) {
  __typename ... on EventPublication { changed ${OUTCOMES} } ... on EventCheckFailedProblem { message ${OUTCOMES} }
  ... on InvalidInputProblem { fields { field code } } ... on NotFoundProblem { code } } }`;

/** The event contracts' part of the registry over a real database, with a target of its own for each test. */
export async function openEventWorld() {
  const db = await createTestDatabase();
  const database = await db.open('schema_registry', new URL('../migrations/', import.meta.url), 6);
  const schema = buildSchema(
    `${await readSubgraphSdl(new URL('./schema.graphql', import.meta.url))}\n${TARGET_INPUT}`,
    eventContractResolvers,
  );
  const ask = async <Answer = Record<string, unknown>>(
    source: string,
    variables: object,
    principal: Principal = PUBLISHER,
  ): Promise<Answer> => {
    const contextValue = {
      database,
      principal,
      clock: systemClock,
      log: silentLog,
      correlationId: 'c',
    };
    const variableValues = { ...variables };
    const { data, errors } = await graphql({ schema, source, contextValue, variableValues });
    if (errors !== undefined)
      throw new Error(
        errors.map((error) => `${String(error.extensions['code'])}: ${error.message}`).join('; '),
      );
    return data as Answer;
  };
  return {
    database,
    openTarget: async (api: string | null = API) => {
      const { targetId, target } = await insertTarget(database, api);
      const publish = async (...contracts: object[]) => {
        const input = { target, contracts, author: 'Ada', commit: 'abc' };
        return (await ask(PUBLISH, { input }))['publishEventContracts'];
      };
      return { targetId, target, ask, contract, publish };
    },
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}

export type EventWorld = Awaited<ReturnType<typeof openEventWorld>>;

function contract(subject: string, json: unknown, direction = 'OUTBOUND') {
  const schema = typeof json === 'string' ? json : JSON.stringify(json);
  return { subject, owner: 'invoices', direction, schema };
}

async function insertTarget(database: Database, api: string | null) {
  const [graphId, targetId, versionId, slug] = [newId(), newId(), newId(), `g-${newId()}`];
  await database.query(
    `insert into graph (id, slug, title, created_at) values ($1, $2, 'G', now())`,
    [graphId, slug],
  );
  await database.query(
    `insert into target (id, graph_id, slug, created_at) values ($1, $2, 'production', now())`,
    [targetId, graphId],
  );
  if (api !== null) {
    await keepTexts(database, [api]);
    await database.query(
      `insert into supergraph_version (id, target_id, number, version, major, cause, supergraph_sha256, api_sha256,
         members, changes, published_by, published_at)
       values ($1, $2, 1, '1.0.0', 1, 'PUBLISH', $3, $3, '[]', '[]', 'test', now())`,
      [versionId, targetId, sha256(api)],
    );
    await database.query('update target set current_version_id = $2 where id = $1', [
      targetId,
      versionId,
    ]);
  }
  return { targetId, target: { graph: slug, target: 'production' } };
}
