import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { REGISTRY_ACTIONS } from '#kernel/identity.ts';
import { withoutRules } from '../../schema-registry/core-world.ts';
import {
  APPS,
  CALLS,
  CHECK,
  fieldsOf,
  HERE,
  NEWS,
  ORDERS,
  PROPOSE,
  PUBLISH,
  PUT,
  READ,
  ROOTS,
  SECRET,
  send,
} from '../support/registry-calls.ts';
import { createRegistryWorld } from '../support/registry-world.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { Call } from '../support/registry-calls.ts';
import type { RegistryWorld } from '../support/registry-world.ts';

type Scope = 'everything' | 'graph' | 'target' | 'orders' | 'invoices' | 'elsewhere';

/** Somebody who asks, with what they may do and where. */
interface Actor {
  readonly name: string;
  readonly scope: Scope;
  readonly actions: readonly RegistryAction[];
  readonly token: string;
}

const ROLES: Readonly<Record<string, readonly RegistryAction[]>> = {
  requestor: [],
  auditor: READ,
  'app-developer': [...READ, ...CHECK, ...PROPOSE],
  'schema-publisher': [...READ, ...CHECK, ...PUBLISH, ...NEWS, ...APPS],
  architect: REGISTRY_ACTIONS,
};

/** These are about a target as a whole, and a token of one subgraph may do them too. */
const WHOLE_TARGET: readonly RegistryAction[] = ['schema:read', 'artifact:read', 'usage:report'];

/** The rule that the whole API keeps, said once more and in one place. */
function isAllowed(call: Call, { scope, actions }: Actor): boolean {
  const { needs, or, level, bySubgraph = false } = call;
  if (needs.length === 0) return true;
  const granted =
    needs.every((action) => actions.includes(action)) || (or !== undefined && actions.includes(or));
  if (!granted || scope === 'elsewhere') return false;
  if (scope === 'everything') return true;
  if (level !== undefined) return scope === 'graph' && level === 'graph';
  if (scope === 'graph' || scope === 'target') return true;
  return (
    needs.every((action) => WHOLE_TARGET.includes(action)) || (bySubgraph && scope === 'orders')
  );
}

async function actorsOf(world: RegistryWorld): Promise<Actor[]> {
  const people = Object.entries(ROLES).map(async ([role, actions]): Promise<Actor> => {
    const token = await world.person(`the-${role}`, role);
    return { name: role, scope: 'everything', actions, token };
  });
  const single = REGISTRY_ACTIONS.map(async (action): Promise<Actor> => {
    const { token } = await world.token({ graph: 'shop' }, [action]);
    return { name: `token ${action}`, scope: 'graph', actions: [action], token };
  });
  const scopes: readonly [string, Scope, Parameters<RegistryWorld['token']>[0]][] = [
    ['token of the graph', 'graph', { graph: 'shop' }],
    ['token of the target', 'target', HERE],
    ['token of its subgraph', 'orders', { ...HERE, subgraph: 'orders' }],
    ['token of another subgraph', 'invoices', { ...HERE, subgraph: 'invoices' }],
    ['token of another target', 'elsewhere', { graph: 'shop', target: 'staging' }],
    ['token of another graph', 'elsewhere', { graph: 'other' }],
  ];
  const scoped = scopes.map(async ([name, scope, where]): Promise<Actor> => {
    const { token } = await world.token(where, REGISTRY_ACTIONS);
    return { name, scope, actions: REGISTRY_ACTIONS, token };
  });
  return Promise.all([...people, ...single, ...scoped]);
}

interface Shop {
  readonly world: RegistryWorld;
  readonly actors: readonly Actor[];
  /** Ids that stand for `$version`, `$check` and `$token`. */
  readonly ids: Readonly<Record<string, string>>;
  readonly architect: string;
}

/** Two graphs, of which one is published and has a check and a token to revoke. */
async function openShop(): Promise<Shop> {
  const world = await createRegistryWorld();
  const other = await world.registry.ensureTarget({ graph: 'other', target: 'production' });
  const target = await world.registry.ensureTarget(HERE);
  for (const one of [other, target]) await withoutRules(world.database, one);
  const { refusals } = await world.registry.publishAll(target, [
    { subgraph: 'orders', url: 'http://orders.example/graphql', sdl: ORDERS },
  ]);
  if (refusals.length > 0) throw new Error(refusals.join());
  const architect = await world.person('ada', 'architect');
  const read = 'query ($t: TargetInput!) { target(target: $t) { current { id } } }';
  const found = await world.ask(architect, read, { t: HERE });
  const check = `mutation ($input: ChangeSubgraphsInput!) {
    checkSubgraphs(input: $input) { ... on SchemaCheck { id } } }`;
  const checked = await world.ask(architect, check, { input: PUT });
  const victim = await world.token(HERE, ['schema:read']);
  const ids = {
    $version: idIn(found.value?.['current']),
    $check: String(checked.value?.['id']),
    $token: victim.id,
  };
  return { world, actors: await actorsOf(world), ids, architect };
}

function idIn(value: unknown): string {
  return (value as { readonly id: string }).id;
}

interface Checked {
  readonly changes: readonly { readonly hash: string; readonly severity: string }[];
}

function withIds<Args>(args: Args, ids: Shop['ids']): Args {
  const known = (_key: string, value: unknown): unknown =>
    typeof value === 'string' ? (ids[value] ?? value) : value;
  return JSON.parse(JSON.stringify(args, known)) as Args;
}

describe('the permissions of the registry', () => {
  let shop: Shop;
  let world: RegistryWorld;
  beforeAll(async () => {
    shop = await openShop();
    ({ world } = shop);
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  const actor = (name: string): Actor => {
    const found = shop.actors.find((one) => one.name === name);
    if (found === undefined) throw new Error(`There is no ${name}.`);
    return found;
  };

  it.each(['query', 'mutation'] as const)('are tried on each field of the %s', (kind) => {
    const tried = new Set(CALLS.filter((call) => call.kind === kind).map(({ field }) => field));
    expect([...tried].sort()).toEqual(ROOTS[kind].map(({ name }) => name).sort());
  });

  it.each(CALLS.map((call) => [call.field, JSON.stringify(call.args).slice(0, 60), call] as const))(
    'let nobody ask for %s %s who may not',
    async (_field, _args, call) => {
      const asked = { ...call, args: withIds(call.args, shop.ids) };
      const answers = await Promise.all(
        shop.actors.map(async (one) => ({ one, answer: await send(world, one.token, asked) })),
      );
      const allowed = answers.filter(({ answer }) => answer.code !== 'FORBIDDEN');
      expect(allowed.map(({ one }) => one.name)).toEqual(
        shop.actors.filter((one) => isAllowed(call, one)).map(({ name }) => name),
      );
      for (const { answer } of answers)
        expect(['INTERNAL_SERVER_ERROR', 'GRAPHQL_VALIDATION_FAILED']).not.toContain(answer.code);
    },
    60_000,
  );

  it('let nobody ask for anything without a token', async () => {
    const answers = await Promise.all(CALLS.map((call) => send(world, null, call)));
    expect(new Set(answers.map(({ code, status }) => `${status} ${code}`))).toEqual(
      new Set(['401 TOKEN_MISSING']),
    );
  });

  it('show only the graphs that one may read as a whole', async () => {
    const slugs = async (name: string): Promise<string> =>
      (await world.ask(actor(name).token, '{ graphs { slug } }')).text;
    expect(await slugs('architect')).toContain('"shop"');
    expect(await slugs('token of another graph')).toBe('{"data":{"graphs":[{"slug":"other"}]}}\n');
    for (const name of ['requestor', 'token of the target', 'token schema:publish'])
      expect(await slugs(name)).toBe('{"data":{"graphs":[]}}\n');
  });

  it('leave what lies in a target to its readers, also for those who make targets', async () => {
    const { token } = actor('token schema:govern');
    const open: string[] = [];
    for (const { name, args, select } of fieldsOf('Target')) {
      const needed = [...args].filter(([, type]) => type.endsWith('!'));
      const given = needed.map(
        ([arg, type]) => `${arg}: ${type === 'Int!' ? 1 : type === 'Boolean!' ? true : '"orders"'}`,
      );
      const field = `${name}${given.length === 0 ? '' : `(${given.join(', ')})`} ${select}`;
      const query = `mutation ($input: TargetInput!) { createTarget(input: $input) { ... on Target { ${field} } } }`;
      const { code } = await world.ask(token, query, { input: HERE });
      if (code === null) open.push(name);
      else expect([name, code]).toEqual([name, 'FORBIDDEN']);
    }
    expect(open).toEqual(['id', 'slug', 'graphSlug']);
  });

  it.each([
    'supergraphSdl',
    'apiSdl',
    'changes { message }',
    'contracts { apiSdl }',
    'members { sdl }',
  ])('let who publishes and does not read see the version but not its %s', async (field) => {
    const query = (selected: string): string =>
      `mutation ($input: ChangeSubgraphsInput!) { publishSubgraphs(input: $input) { ... on Publication { version { ${selected} } } } }`;
    const { token } = actor('token schema:publish');
    const told = await world.ask(token, query('number members { subgraph version }'), {
      input: PUT,
    });
    expect(told).toMatchObject({ code: null, value: { version: { number: 1 } } });
    const refused = await world.ask(token, query(field), { input: PUT });
    expect(refused.code).toBe('FORBIDDEN');
    expect(refused.text).not.toContain(SECRET);
  });

  it.each([
    ['of another graph', 'token of another graph', { graph: 'other', target: 'production' }],
    ['of another target', 'token of another target', { graph: 'shop', target: 'staging' }],
  ])('do not let a token %s promote what it may not read', async (_where, name, to) => {
    const before = await world.counts();
    const promote = `mutation ($input: PromoteVersionInput!) { promoteVersion(input: $input) {
      __typename ... on Problem { code } } }`;
    for (const from of [{ fromVersion: shop.ids['$version'] }, { from: HERE }]) {
      const answer = await world.ask(actor(name).token, promote, { input: { ...from, to } });
      expect(answer.code).toBe('FORBIDDEN');
    }
    expect(await world.counts()).toEqual(before);
  });

  it('hold at the doors for the clients of other registries', async () => {
    const doors: readonly [path: string, query: string][] = [
      ['/hive', '{ latestValidVersion { sdl supergraph } }'],
      [
        '/hive',
        `{ latestValidVersion(target: { bySelector: { organizationSlug: "concord", projectSlug: "shop", targetSlug: "production" } }) { sdl } }`,
      ],
      [
        '/apollo',
        '{ graph(id: "shop") { variant(name: "production") { latestPublication { schema { document } } } } }',
      ],
      [
        '/uplink',
        `query ($key: String!) { routerConfig(ref: "shop@production", apiKey: $key) {
          __typename ... on RouterConfigResult { supergraphSDL } } }`,
      ],
    ];
    const seen = async (name: string): Promise<string[]> => {
      const { token } = actor(name);
      const answers = doors.map(async ([path, query], door) => {
        const body = JSON.stringify({ query, variables: path === '/uplink' ? { key: token } : {} });
        const { text } = await world.post(path, null, body, {
          'x-api-key': token,
          authorization: path === '/hive' ? `Bearer ${token}` : '',
        });
        return text.includes(SECRET) ? [String(door)] : [];
      });
      return (await Promise.all(answers)).flat();
    };
    expect(await seen('token of the target')).toEqual(['0', '1', '2', '3']);
    expect(await seen('token schema:read')).toEqual(['1', '2']);
    expect(await seen('token artifact:read')).toEqual(['3']);
    for (const name of ['token of another graph', 'token of another target', 'token schema:govern'])
      expect([name, await seen(name)]).toEqual([name, []]);
  });

  it('hold for artefacts and the exported history', async () => {
    const shopTarget = await world.registry.ensureTarget(HERE);
    const other = await world.registry.ensureTarget({ graph: 'other', target: 'production' });
    const paths = [
      `/artifacts/v1/${shopTarget.id}/supergraph`,
      `/artifacts/v1/${other.id}/version/${shop.ids['$version']}/supergraph`,
      '/history/export',
      '/history/export?graph=shop',
    ];
    for (const name of ['token of another graph', 'requestor', 'token usage:report'])
      for (const path of paths) {
        const headers = { authorization: `Bearer ${actor(name).token}` };
        const response = await fetch(world.url + path, { headers });
        expect([name, path, [403, 404].includes(response.status)]).toEqual([name, path, true]);
        expect(await response.text()).not.toContain(SECRET);
      }
  });
});

describe('two people', () => {
  let shop: Shop;
  let world: RegistryWorld;
  beforeAll(async () => {
    shop = await openShop();
    ({ world } = shop);
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  const change = (root: string, input: string, select: string): string =>
    `mutation ($input: ${input}!) { ${root}(input: $input) { __typename ${select} ... on Problem { code message } } }`;
  const RULE = '... on SegregationOfDutiesProblem { rule }';
  const BROKEN = { ...PUT.subgraphs[0], sdl: ORDERS.replace(SECRET, 'another') };

  it('are needed for an override: not whoever asked, nor a token that they made, not even at once', async () => {
    const maker = await world.person('maker', 'architect');
    const select = '... on SchemaCheck { id result { changes { hash severity } } }';
    const checked = await world.ask(
      maker,
      change('checkSubgraphs', 'ChangeSubgraphsInput', select),
      {
        input: { target: HERE, subgraphs: [BROKEN] },
      },
    );
    const result = checked.value?.['result'] as Checked | undefined;
    const hash = result?.changes.find(({ severity }) => severity === 'BREAKING')?.hash;
    const request = {
      target: HERE,
      check: checked.value?.['id'],
      change: hash,
      reason: 'It has to be.',
    };
    const asked = await world.ask(
      maker,
      change('requestOverride', 'RequestOverrideInput', '... on Override { id }'),
      { input: request },
    );
    const { token } = await world.token(HERE, ['schema:read', 'schema:review']);
    const input = { target: HERE, override: asked.value?.['id'] };
    const grant = (by: string) =>
      world.ask(
        by,
        change('grantOverride', 'DecideOverrideInput', `... on Override { state } ${RULE}`),
        {
          input,
        },
      );
    const before = await world.counts();
    for (const answer of await Promise.all([grant(maker), grant(token), grant(maker)]))
      expect(answer.value).toMatchObject({
        code: 'SEGREGATION_OF_DUTIES',
        rule: 'requester-does-not-grant',
      });
    expect(await world.counts()).toEqual(before);
    const bo = await world.person('bo', 'architect');
    expect((await grant(bo)).value).toMatchObject({ state: 'GRANTED' });
  });

  it('are needed for a proposal: not its author, nor a token; and a token of one subgraph takes back no other', async () => {
    const maker = await world.person('maker', 'architect');
    const on = '... on Proposal { number version state }';
    const proposed = {
      contracts: [{ subgraph: 'orders', sdl: `${ORDERS} extend type Query { more: Int }` }],
    };
    const made = await world.ask(maker, change('createProposal', 'CreateProposalInput', on), {
      input: { idempotencyKey: 'made', target: HERE, title: 'More', ...proposed },
    });
    const { number, version: expectedVersion } = made.value ?? {};
    const subject = { target: HERE, number };
    const opened = await world.ask(maker, change('openProposal', 'OpenProposalInput', on), {
      input: { idempotencyKey: 'opened', ...subject, expectedVersion },
    });
    expect(opened.value).toMatchObject({ state: 'OPEN' });
    const { token } = await world.token(HERE, ['schema:review']);
    const sign = (by: string, idempotencyKey: string) =>
      world.ask(by, change('signOffProposal', 'SignOffProposalInput', `${on} ${RULE}`), {
        input: { idempotencyKey, ...subject, revision: 1 },
      });
    for (const answer of await Promise.all([sign(maker, 'own'), sign(token, 'by token')]))
      expect(answer.code).toBe('SEGREGATION_OF_DUTIES');
    const invoices = await world.token({ ...HERE, subgraph: 'invoices' }, [
      'schema:propose',
      'schema:check',
    ]);
    const before = await world.counts();
    const theirs = { subgraph: 'invoices', sdl: ORDERS, url: 'http://invoices.example' };
    const revised = await world.ask(
      invoices.token,
      change('reviseProposal', 'ReviseProposalInput', on),
      {
        input: {
          idempotencyKey: 'taken over',
          ...subject,
          expectedVersion: opened.value?.['version'],
          summary: 'Ours.',
          contracts: [theirs],
        },
      },
    );
    expect(revised.code).toBe('FORBIDDEN');
    const { history_entry: decisions } = await world.counts();
    expect(decisions).toBe(before['history_entry']);
    expect((await sign(await world.person('bo', 'architect'), 'bo')).code).toBeNull();
  });
});
