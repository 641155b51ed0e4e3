import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clientOf } from './client.ts';
import { openApi } from './api-world.ts';
import { hiveReport, NOW, openUsageWorld, principalWith, publishApiSchema } from './usage-world.ts';
import type { Ask } from './api-world.ts';
import type { UsageWorld } from './usage-world.ts';

const TARGET = { graph: 'finance', target: 'production' };
const architect = principalWith('architect', ['schema:read', 'schema:govern']);
const reader = principalWith('reader', ['schema:read']);
const SDL = `type Query { now: Int old(x: Int @deprecated(reason: "use y") y: Int): Int @deprecated(reason: "use now") }`;
const PIN = `mutation ($input: PinClientInput!) { pinClient(input: $input) {
  __typename ... on ClientPin { client major reason pinnedBy } ... on Problem { code } } }`;
const UNPIN = `mutation ($input: UnpinClientInput!) { unpinClient(input: $input) { __typename } }`;
const RETIRE = `mutation ($input: RetireGatewayInput!) { retireGateway(input: $input) { __typename } }`;

describe('clients and gateways, asked through GraphQL', () => {
  let world: UsageWorld;
  let ask: Ask;
  beforeAll(async () => {
    world = await openUsageWorld();
    ask = await openApi(world);
    await publishApiSchema(world.database, world.production, { sdl: SDL, major: 2, number: 1 });
    const map = {
      k: { operation: '{now old(x:1)}', fields: ['Query.now', 'Query.old', 'Query.old.x'] },
    };
    const uses = ['1.0', '1.1'].map((version) => ({
      key: 'k',
      client: { name: 'portal', version },
    }));
    await world.post(hiveReport(map, uses), { headers: { 'x-concord-gateway': 'edge-1' } });
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('are known as soon as they are seen', async () => {
    const { data } = await ask(
      reader,
      'query ($target: TargetInput!) { clients(target: $target, first: 10) { name pin { major } versions { version } } }',
      { target: TARGET },
    );
    expect(data).toEqual({
      clients: [{ name: 'portal', pin: null, versions: [{ version: '1.0' }, { version: '1.1' }] }],
    });
  });

  it('learn what they still use, and what of it is deprecated', async () => {
    const { data } = await ask(
      reader,
      `query ($target: TargetInput!) { client(target: $target, name: "portal") {
         all: stillUses { coordinate } deprecated: stillUses(deprecatedOnly: true) { coordinate requests versions deprecationReason } } }`,
      { target: TARGET },
    );
    expect(data).toEqual({
      client: {
        all: ['Query', 'Query.now', 'Query.old', 'Query.old(x:)'].map((coordinate) => ({
          coordinate,
        })),
        deprecated: [
          {
            coordinate: 'Query.old',
            requests: 2,
            versions: ['1.0', '1.1'],
            deprecationReason: 'use now',
          },
          {
            coordinate: 'Query.old(x:)',
            requests: 2,
            versions: ['1.0', '1.1'],
            deprecationReason: 'use y',
          },
        ],
      },
    });
  });

  it('answer who uses a coordinate', async () => {
    const { data } = await ask(
      reader,
      `query ($target: TargetInput!) { fieldUsage(target: $target, coordinates: ["Query.old", "Query.none"]) {
         coordinate requests clients { name version } documents { app } } }`,
      { target: TARGET },
    );
    expect(data).toEqual({
      fieldUsage: [
        {
          coordinate: 'Query.old',
          requests: 2,
          clients: [
            { name: 'portal', version: '1.0' },
            { name: 'portal', version: '1.1' },
          ],
          documents: [],
        },
        { coordinate: 'Query.none', requests: 0, clients: [], documents: [] },
      ],
    });
  });

  it('are kept on a major version, with the reason, until they are let go', async () => {
    const input = { target: TARGET, client: 'portal', major: 2, reason: 'Rollout in January' };
    const pinned = await ask(architect, PIN, { input });
    expect(pinned.data).toEqual({
      pinClient: {
        __typename: 'ClientPin',
        client: 'portal',
        major: 2,
        reason: input.reason,
        pinnedBy: 'architect',
      },
    });
    const { data } = await ask(
      reader,
      'query ($target: TargetInput!) { client(target: $target, name: "portal") { pin { major pinnedAt } } }',
      { target: TARGET },
    );
    expect(data).toEqual({ client: { pin: { major: 2, pinnedAt: NOW } } });
    const unpinned = await ask(architect, UNPIN, {
      input: { target: TARGET, client: 'portal', reason: 'Done' },
    });
    expect(unpinned.data).toEqual({ unpinClient: { __typename: 'ClientUnpinned' } });
    const client = await clientOf(world.database, world.production.id, 'portal');
    expect(client?.pin ?? null).toBeNull();
  });

  it.each([
    ['a major that was never served', { major: 9 }, 'NotFoundProblem'],
    ['no reason', { reason: ' ' }, 'InvalidInputProblem'],
    ['no name', { client: '' }, 'InvalidInputProblem'],
    [
      'a target that is not there',
      { target: { graph: 'finance', target: 'x' } },
      'NotFoundProblem',
    ],
  ])('are not pinned with %s', async (_name, change, type) => {
    const input = { target: TARGET, client: 'portal', major: 2, reason: 'r', ...change };
    const { data } = await ask(architect, PIN, { input });
    expect(data).toMatchObject({ pinClient: { __typename: type } });
    const client = await clientOf(world.database, world.production.id, 'portal');
    expect(client?.pin ?? null).toBeNull();
  });

  it('may be pinned before they are seen', async () => {
    const input = { target: TARGET, client: 'coming', major: 2, reason: 'r' };
    await ask(architect, PIN, { input });
    const { data } = await ask(
      reader,
      'query ($target: TargetInput!) { client(target: $target, name: "coming") { name lastSeenAt versions { version } pin { major } } }',
      { target: TARGET },
    );
    expect(data).toEqual({
      client: { name: 'coming', lastSeenAt: null, versions: [], pin: { major: 2 } },
    });
  });

  it('are retired when they are gone, and expected again when they report again', async () => {
    const coverage = async (): Promise<unknown> => {
      const { data } = await ask(
        reader,
        'query ($target: TargetInput!) { reportingCoverage(target: $target, days: 2) { days { day state missing } gateways { gateway retiredAt } outputFieldsOnly } }',
        { target: TARGET },
      );
      return data?.['reportingCoverage'];
    };
    world.clock.set('2026-11-26T08:00:00.000Z');
    expect(await coverage()).toEqual({
      days: [
        { day: '2026-11-25', state: 'COVERED', missing: [] },
        { day: '2026-11-26', state: 'MISSING', missing: ['edge-1'] },
      ],
      gateways: [{ gateway: 'edge-1', retiredAt: null }],
      outputFieldsOnly: false,
    });
    const input = { target: TARGET, gateway: 'edge-1', reason: 'Taken down' };
    expect((await ask(architect, RETIRE, { input })).data).toEqual({
      retireGateway: { __typename: 'GatewayRetired' },
    });
    expect((await ask(architect, RETIRE, { input })).data).toEqual({
      retireGateway: { __typename: 'NotFoundProblem' },
    });
    expect(await coverage()).toMatchObject({
      days: [{ state: 'COVERED' }, { state: 'MISSING', missing: [] }],
      gateways: [{ retiredAt: '2026-11-26T08:00:00.000Z' }],
    });
    const headers = { 'x-concord-gateway': 'edge-1' };
    const late = {
      operationMapKey: 'a',
      timestamp: Date.parse('2026-11-25T08:00:00.000Z'),
      execution: { ok: true, duration: 1, errorsTotal: 0 },
    };
    const map = { a: { operation: '{ orders { id } }', fields: ['Query.orders'] } };
    const taken = await world.post({ size: 1, map, operations: [late] }, { headers });
    expect(taken.status).toBe(200);
    expect(await coverage()).toMatchObject({
      gateways: [{ retiredAt: '2026-11-26T08:00:00.000Z' }],
    });
    await world.post({ size: 0, map: {} }, { headers });
    expect(await coverage()).toMatchObject({
      days: [{ state: 'COVERED' }, { state: 'COVERED' }],
      gateways: [{ retiredAt: null }],
    });
    world.clock.set(NOW);
  });

  it.each([
    ['pin a client', PIN, { client: 'portal', major: 2, reason: 'r' }],
    ['let a client go', UNPIN, { client: 'portal', reason: 'r' }],
    ['retire a gateway', RETIRE, { gateway: 'edge-1', reason: 'r' }],
  ])('refuse one without the action to %s', async (_name, mutation, input) => {
    const { codes } = await ask(reader, mutation, { input: { target: TARGET, ...input } });
    expect(codes).toEqual(['FORBIDDEN']);
  });

  it.each([
    ['no coordinates', 'fieldUsage(target: $target, coordinates: []) { requests }'],
    ['what is no coordinate', 'fieldUsage(target: $target, coordinates: ["a b"]) { requests }'],
    ['401 days', 'reportingCoverage(target: $target, days: 401) { outputFieldsOnly }'],
    ['no days', 'fieldUsage(target: $target, coordinates: ["Query"], days: 0) { requests }'],
    ['101 clients', 'clients(target: $target, first: 101) { name }'],
  ])('refuse a question with %s', async (_name, field) => {
    const { codes } = await ask(reader, `query ($target: TargetInput!) { ${field} }`, {
      target: TARGET,
    });
    expect(codes).toEqual(['BAD_USER_INPUT']);
  });
});
