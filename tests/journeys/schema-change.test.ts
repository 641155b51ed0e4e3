import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verifyHistory } from '#kernel/history-verification.ts';
import { createGraphClient } from '../../hub/demo/graph-client.ts';
import { eventually } from '../../hub/demo/procurement.ts';
import { startHubProcess } from '../support/hub-process.ts';
import type { GraphClient } from '../../hub/demo/graph-client.ts';
import type { HubProcess } from '../support/hub-process.ts';

const TARGET = { graph: 'finance', target: 'production' };
const PORTAL = { 'graphql-client-name': 'requestor-portal', 'graphql-client-version': '2.4.0' };

interface Step {
  readonly name: string;
  readonly status: string;
  readonly findings: readonly { readonly code: string; readonly message: string }[];
}

describe('a schema change, as an architect makes it', () => {
  let hub: HubProcess;
  let registry: GraphClient;
  let registryUrl: string;
  let key = 0;
  const idempotencyKey = (): string => `schema-change-${(key += 1)}`;

  beforeAll(async () => {
    hub = await startHubProcess();
    registryUrl = `http://127.0.0.1:${hub.portBase + 1}`;
    registry = createGraphClient({ url: `${registryUrl}/graphql`, tokenOf: hub.tokenOf });
  });
  afterAll(async () => hub[Symbol.asyncDispose]());

  const invoices = async (): Promise<string> => {
    const { target } = await registry.ask<{
      target: { current: { members: { subgraph: string; sdl: string }[] } };
    }>(
      'architect',
      `query ($t: TargetInput!) { target(target: $t) { current { members { subgraph sdl } } } }`,
      {
        t: TARGET,
      },
    );
    const found = target.current.members.find(({ subgraph }) => subgraph === 'invoices');
    if (found === undefined) throw new Error('The hub has no subgraph of invoices.');
    return found.sdl;
  };
  /** Asks the registry to do something with invoices; a refusal is thrown, as the graph client throws its own. */
  const change = async <Value>(login: string, mutation: string, on: string, sdl: string) => {
    const { answer } = await registry.ask<{ answer: Value & { message?: string } }>(
      login,
      `mutation ($input: ChangeSubgraphsInput!) { answer: ${mutation}(input: $input) { ... on Problem { message } ... on ${on} } }`,
      { input: { target: TARGET, subgraphs: [{ subgraph: 'invoices', sdl }] } },
    );
    if (answer.message !== undefined) throw new Error(answer.message);
    return answer;
  };
  const checked = async (sdl: string): Promise<readonly Step[]> => {
    const { result } = await change<{ result: { steps: readonly Step[] } }>(
      'architect',
      'checkSubgraphs',
      'SchemaCheck { result { steps { name status findings { code message } } } }',
      sdl,
    );
    return result.steps;
  };
  const publish = (login: string, sdl: string) =>
    change<{ version: { id: string; number: number; version: string } }>(
      login,
      'publishSubgraphs',
      'Publication { version { id number version } }',
      sdl,
    );
  const servedFields = async (): Promise<string[]> => {
    const { __type } = await hub.graph.ask<{ __type: { fields: { name: string }[] } }>(
      'architect',
      '{ __type(name: "Invoice") { fields { name } } }',
    );
    return __type.fields.map(({ name }) => name);
  };

  it('knows who uses a field, and does not let it go', async () => {
    const response = await fetch(hub.url, {
      method: 'POST',
      headers: {
        ...PORTAL,
        'content-type': 'application/json',
        authorization: `Bearer ${await hub.tokenOf('ap-clerk')}`,
      },
      body: JSON.stringify({ query: '{ invoices(first: 1) { nodes { number paymentStatus } } }' }),
    });
    expect(await response.json()).toMatchObject({ data: { invoices: { nodes: [] } } });
    const question = `query ($t: TargetInput!) { fieldUsage(target: $t, coordinates: ["Invoice.paymentStatus"]) { clients { name version } } }`;
    const clients = await eventually('the report of usage', async () => {
      const { fieldUsage } = await registry.ask<{ fieldUsage: { clients: object[] }[] }>(
        'architect',
        question,
        { t: TARGET },
      );
      return fieldUsage[0]?.clients.length === 0 ? null : fieldUsage[0]?.clients;
    });
    expect(clients).toEqual([{ name: 'requestor-portal', version: '2.4.0' }]);
    const broken = (await invoices()).replace(
      /^ {2}".*"\n {2}paymentStatus: PaymentStatus!.*$/m,
      '',
    );
    const steps = await checked(broken);
    const refused = steps.find(({ name }) => name === 'DEPRECATION');
    expect(refused?.status).toBe('FAILED');
    expect(refused?.findings[0]?.message).toContain('requestor-portal 2.4.0 (1 request,');
    await expect(publish('architect', broken)).rejects.toThrow('The check failed');
  });

  it('is proposed, signed off by somebody else, published, served, and rolled back', async () => {
    await registry.change('architect', 'changePolicy', {
      input: {
        target: TARGET,
        idempotencyKey: idempotencyKey(),
        expectedVersion: 0,
        review: { required: 'ALWAYS' },
      },
      on: 'PolicyChange',
      select: '__typename',
    });
    const sdl = (await invoices()).replace(
      /^type Invoice .*\{$/m,
      (line) => `${line}\n  "What the clerk wrote beside it."\n  clerkNote: String`,
    );
    await expect(publish('architect', sdl)).rejects.toThrow('signed off');
    const { number } = await registry.change<{ number: number }>(
      'app-developer',
      'createProposal',
      {
        input: {
          target: TARGET,
          idempotencyKey: idempotencyKey(),
          title: 'Clerks write notes',
          contracts: [{ subgraph: 'invoices', sdl }],
        },
        on: 'Proposal',
        select: 'number',
      },
    );
    await registry.change('app-developer', 'openProposal', {
      input: { target: TARGET, idempotencyKey: idempotencyKey(), number, expectedVersion: 1 },
      on: 'Proposal',
      select: 'number',
    });
    const signOff = (login: string) =>
      registry.change<{ state: string }>(login, 'signOffProposal', {
        input: { target: TARGET, idempotencyKey: idempotencyKey(), number, revision: 1 },
        on: 'Proposal',
        select: 'state',
      });
    await expect(signOff('app-developer')).rejects.toThrow('FORBIDDEN');
    expect(await signOff('second-architect')).toMatchObject({ state: 'SIGNED_OFF' });
    const before = await versionsOf(registry);
    const { version } = await publish('architect', `# the same, laid out otherwise\n${sdl}`);
    expect(version.version).toBe('1.1.0');
    await eventually('the swap of the supergraph', async () =>
      (await servedFields()).includes('clerkNote') ? true : null,
    );
    const back = await registry.change<{ version: { version: string } }>(
      'architect',
      'rollbackVersion',
      {
        input: {
          target: TARGET,
          version: before[0]?.id ?? '',
          reason: 'Clerks may not write notes yet.',
        },
        on: 'Publication',
        select: 'version { version }',
      },
    );
    expect(back.version.version).toBe(before[0]?.version);
    await eventually('the swap back', async () =>
      (await servedFields()).includes('clerkNote') ? null : true,
    );
  });

  it('is in a history that proves itself offline, with everybody who decided', async () => {
    const headers = { authorization: `Bearer ${await hub.tokenOf('auditor')}` };
    const response = await fetch(`${registryUrl}/history/export`, { headers });
    const exported = await response.text();
    const keys = (await (await fetch(`${registryUrl}/.well-known/concord-keys.json`)).json()) as {
      keys: { kid: string }[];
    };
    const pinnedKeys = keys.keys.map(({ kid }) => kid);
    expect(await verifyHistory(exported, { pinnedKeys })).toMatchObject({ ok: true });
    const lines = exported.split('\n').filter((line) => line.includes('"action":'));
    const actions = lines.map((line) => (JSON.parse(line) as { action: string }).action);
    expect(actions).toEqual(
      expect.arrayContaining([
        'policy.changed',
        'proposal.created',
        'proposal.implemented',
        'schema.published',
        'schema.rolled-back',
      ]),
    );
    const forged = exported.replace('Clerks may not write notes yet.', 'Nobody knows why.');
    expect(await verifyHistory(forged, { pinnedKeys })).toMatchObject({ ok: false });
  });

  it('starts again with what is served, and no new version', async () => {
    const before = await versionsOf(registry);
    await hub.stop();
    await hub.restart();
    const after = await versionsOf(registry);
    expect(after.length).toBeGreaterThanOrEqual(before.length);
    expect(after[0]?.supergraphSha256).toBe(before[0]?.supergraphSha256);
  });
});

async function versionsOf(
  registry: GraphClient,
): Promise<{ id: string; version: string; supergraphSha256: string }[]> {
  const { target } = await registry.ask<{
    target: { versions: { id: string; version: string; supergraphSha256: string }[] };
  }>(
    'architect',
    'query ($t: TargetInput!) { target(target: $t) { versions(first: 50) { id version supergraphSha256 } } }',
    { t: TARGET },
  );
  return target.versions;
}
