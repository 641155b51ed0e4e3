import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask, createProtocolWorld } from './protocol-world.ts';
import { uplinkRoute } from './uplink.ts';
import type { Route } from '#kernel/http.ts';
import type { ProtocolWorld } from './protocol-world.ts';

/** As the Hive gateway asks; other clients name the operation and its variables otherwise. */
const QUERY = `query ($apiKey: String!, $graphRef: String!, $lastSeenId: ID) {
  routerConfig(ref: $graphRef, apiKey: $apiKey, ifAfterId: $lastSeenId) {
    __typename
    ... on FetchError { code message minDelaySeconds }
    ... on Unchanged { id minDelaySeconds }
    ... on RouterConfigResult { id supergraphSdl: supergraphSDL minDelaySeconds messages { level body } }
  }
}`;

describe('uplink', () => {
  let world: ProtocolWorld;
  let route: Route;
  let key: string;
  beforeAll(async () => {
    world = await createProtocolWorld();
    route = uplinkRoute(world.deps);
    key = `service:shop:${world.tokens.reader}`;
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  async function fetchConfig(variables: object): Promise<unknown> {
    const answer = await ask(route, { query: QUERY, variables });
    expect(answer.errors).toBeUndefined();
    return answer.data?.['routerConfig'];
  }

  it('answers with the supergraph, and that it is unchanged to whom has it', async () => {
    expect(await fetchConfig({ apiKey: key, graphRef: 'shop@production' })).toEqual({
      __typename: 'RouterConfigResult',
      id: world.versionId,
      supergraphSdl: 'schema { query: Query } # supergraph',
      minDelaySeconds: 10,
      messages: [],
    });
    const known = { apiKey: key, graphRef: 'shop@production', lastSeenId: world.versionId };
    expect(await fetchConfig(known)).toMatchObject({
      __typename: 'Unchanged',
      id: world.versionId,
    });
  });

  it('answers with a contract, which a reference names last', async () => {
    const contract = await fetchConfig({ apiKey: key, graphRef: 'shop@production/portal' });
    expect(contract).toMatchObject({ supergraphSdl: 'schema { query: Query } # portal' });
  });

  it.each([
    ['AUTHENTICATION_FAILED', () => 'service:shop:hvo1/forged', 'shop@production'],
    ['AUTHENTICATION_FAILED', () => '', 'shop@production'],
    ['ACCESS_DENIED', () => `service:shop:${world.tokens.publisher}`, 'shop@production'],
    ['ACCESS_DENIED', () => `service:other:${world.tokens.reader}`, 'shop@production'],
    ['UNKNOWN_REF', () => key, 'shop@nowhere'],
    ['UNKNOWN_REF', () => key, 'shop'],
    ['UNKNOWN_REF', () => key, 'shop@production/nothing'],
    ['RETRY_LATER', () => key, 'shop@staging'],
  ])('answers %s to a key %s for "%s"', async (code, apiKey, graphRef) => {
    const error = await fetchConfig({ apiKey: apiKey(), graphRef });
    expect(error).toMatchObject({ __typename: 'FetchError', code, minDelaySeconds: 10 });
  });
});
