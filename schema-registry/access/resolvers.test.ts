import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { graphql } from 'graphql';
import { DAY_MS, shifted, systemClock } from '#kernel/clock.ts';
import { buildSchema, readSubgraphSdl } from '#kernel/subgraph.ts';
import { artifactResolvers } from '../artifact/resolvers.ts';
import { createArtifactWorld } from '../artifact/test-world/artifact-world.ts';
import { historyResolvers } from '../history/resolvers.ts';
import { accessResolvers } from './resolvers.ts';
import type { GraphQLSchema } from 'graphql';
import type { ArtifactWorld } from '../artifact/test-world/artifact-world.ts';
import type { Principal } from './principal.ts';

const TOKEN_FIELDS = `id hint title graph target subgraph actions createdBy expiresAt revokedAt revokedBy lastUsedAt`;
const CREATE = `mutation ($input: CreateTokenInput!) { createToken(input: $input) { __typename
  ... on CreatedToken { token accessToken { ${TOKEN_FIELDS} } }
  ... on Problem { code message correlationId } } }`;
const REVOKE = `mutation ($id: ID!) { revokeToken(id: $id) { __typename
  ... on AccessToken { ${TOKEN_FIELDS} } ... on Problem { code } } }`;

describe('tokens, keys and the history through the graph', () => {
  let world: ArtifactWorld;
  let schema: GraphQLSchema;
  beforeAll(async () => {
    world = await createArtifactWorld();
    const slices = ['access', 'artifact', 'history'].map(
      (noun) => new URL(`../${noun}/schema.graphql`, import.meta.url),
    );
    schema = buildSchema(await readSubgraphSdl(...slices), {
      Query: { ...accessResolvers.Query, ...artifactResolvers.Query, ...historyResolvers.Query },
      Mutation: { ...accessResolvers.Mutation, ...artifactResolvers.Mutation },
    });
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  const ask = async (
    source: string,
    variableValues: Record<string, unknown> = {},
    principal: Principal = world.architect,
  ): Promise<{ data: Record<string, never>; codes: unknown[] }> => {
    const { database, keys, authenticator } = world;
    const contextValue = {
      database,
      keys,
      authenticator,
      principal,
      clock: systemClock,
      correlationId: 'c-1',
    };
    const { data, errors = [] } = await graphql({ schema, source, variableValues, contextValue });
    const codes = errors.map(({ extensions, message }) => extensions['code'] ?? message);
    return { data: JSON.parse(JSON.stringify(data ?? {})) as Record<string, never>, codes };
  };
  const input = (change: object = {}): Record<string, unknown> => ({
    input: {
      title: 'pipeline',
      graph: 'finance',
      target: 'production',
      actions: ['SCHEMA_PUBLISH', 'SCHEMA_READ'],
      expiresAt: shifted(systemClock.now(), DAY_MS).toISOString(),
      ...change,
    },
  });
  const nobody: Principal = { id: 'bo', name: 'Bo', kind: 'person', allows: () => false };

  it('make a token, show it once, list it and revoke it', async () => {
    const made = await ask(CREATE, input());
    expect(made).toMatchObject({
      codes: [],
      data: {
        createToken: {
          __typename: 'CreatedToken',
          token: expect.stringMatching(/^hvo1\//),
          accessToken: {
            graph: 'finance',
            target: 'production',
            subgraph: null,
            actions: ['SCHEMA_READ', 'SCHEMA_PUBLISH'],
            revokedAt: null,
          },
        },
      },
    });
    const { token, accessToken } = made.data['createToken'] as unknown as {
      token: string;
      accessToken: { id: string };
    };
    const headers = { authorization: `Bearer ${token}` };
    expect(await world.authenticator.authenticate(headers)).toMatchObject({ ok: true });
    const listed = await ask(
      `{ tokens(graph: "finance", last: 1) { nodes { ${TOKEN_FIELDS} } edges { cursor } pageInfo { hasNextPage } } }`,
    );
    expect(listed).toMatchObject({
      codes: [],
      data: { tokens: { nodes: [{ id: accessToken.id }] } },
    });
    expect(JSON.stringify(listed)).not.toContain(token);
    const revoked = { __typename: 'AccessToken', id: accessToken.id, revokedBy: 'ana' };
    expect(await ask(REVOKE, { id: accessToken.id })).toMatchObject({
      codes: [],
      data: { revokeToken: revoked },
    });
    expect(await world.authenticator.authenticate(headers)).toMatchObject({
      ok: false,
      problem: { code: 'TOKEN_REVOKED' },
    });
  });

  it('refuse by name', async () => {
    expect(await ask(CREATE, input({ actions: [] }))).toMatchObject({
      data: { createToken: { __typename: 'InvalidInputProblem', correlationId: 'c-1' } },
    });
    expect(await ask(CREATE, input({ target: 'nothing' }))).toMatchObject({
      data: { createToken: { __typename: 'NotFoundProblem' } },
    });
    expect(await ask(REVOKE, { id: 'nothing' })).toMatchObject({
      data: { revokeToken: { __typename: 'NotFoundProblem' } },
    });
    expect(await ask('{ tokens(graph: "nothing", first: 1) { nodes { id } } }')).toMatchObject({
      codes: ['NOT_FOUND'],
    });
  });

  it.each([
    ['mutation { revokeToken(id: "ID") { __typename } }'],
    ['mutation { rotateSigningKey(input: { reason: "because" }) { __typename } }'],
    ['{ tokens(graph: "finance", first: 1) { nodes { id } } }'],
    ['{ history(graph: "finance", first: 1) { nodes { id } } }'],
    ['{ history(first: 1) { nodes { id } } }'],
  ])('are forbidden to whoever has no role for it: %s', async (source) => {
    const { data } = await ask('{ tokens(graph: "finance", first: 1) { nodes { id } } }');
    const [{ id } = { id: '' }] = (data['tokens'] as unknown as { nodes: { id: string }[] }).nodes;
    expect(await ask(source.replace('ID', id), {}, nobody)).toMatchObject({ codes: ['FORBIDDEN'] });
  });

  it('rotate the signing key and tell why in the history', async () => {
    const rotated = await ask(
      'mutation { rotateSigningKey(input: { reason: "yearly" }) { __typename ... on SigningKey { kid endorsedBy state } } }',
    );
    const { data } = await ask('{ signingKeys { kid state createdAt endorsement x } }');
    const keys = data['signingKeys'] as unknown as { kid: string; state: string }[];
    expect(keys.map(({ state }) => state)).toEqual(['RETIRED', 'ACTIVE']);
    expect(rotated).toMatchObject({
      codes: [],
      data: { rotateSigningKey: { kid: keys[1]?.kid, endorsedBy: keys[0]?.kid } },
    });
    expect(
      await ask(
        '{ history(last: 1, filter: { action: "signing-key.rotated" }) { nodes { seq actor graphId targetId subject details hash previous at } } }',
      ),
    ).toMatchObject({
      codes: [],
      data: {
        history: {
          nodes: [
            { actor: 'ana', graphId: null, details: expect.stringContaining('"reason":"yearly"') },
          ],
        },
      },
    });
  });

  it('page through a graph’s history and sign where it stands', async () => {
    const page = `nodes { seq action subject targetId } edges { cursor } pageInfo { hasPreviousPage endCursor }`;
    const filter = 'filter: { target: "production", actor: "ana" }';
    const last = await ask(`{ history(graph: "finance", last: 1, ${filter}) { ${page} } }`);
    expect(last).toMatchObject({
      codes: [],
      data: {
        history: {
          nodes: [{ action: 'token.revoked', targetId: world.targets.production }],
          pageInfo: { hasPreviousPage: true },
        },
      },
    });
    const { data } = await ask('{ historyCheckpoint { size kid note at } }');
    expect(data['historyCheckpoint']).toMatchObject({
      size: 4,
      kid: (await world.keys.active()).kid,
      note: expect.stringContaining('\n4\n'),
    });
  });
});
