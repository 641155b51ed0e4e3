import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { graphql, parse, validate } from 'graphql';
import { instantOf } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { buildSchema, readSubgraphSdl } from '#kernel/subgraph.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { changePolicy } from './policy-command.ts';
import { policyDefaults, readPolicy } from './policy-store.ts';
import { policyResolvers } from './resolvers.ts';
import { RULES } from './rules.ts';
import type { GraphQLSchema } from 'graphql';
import type { Database } from '#kernel/database.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { Principal } from '../access/principal.ts';
import type { Asking } from '../proposal/asking.ts';
import type { PolicyPatch } from './policy-patch.ts';

const TARGET_INPUT =
  '"A target." input TargetInput { "Graph." graph: String! "Target." target: String! }';
const NOW = instantOf('2026-11-25T09:00:00Z');
const CHANGE = `mutation ($input: ChangePolicyInput!) { changePolicy(input: $input) { __typename
  ... on PolicyChange { settings policy { version updatedBy updatedAt usage { windowDays excludedClients }
    review { required signOffs } rules { severity decided rule { id page } } } }
  ... on Problem { code message correlationId } ... on InvalidInputProblem { fields { field code } }
  ... on VersionConflictProblem { currentVersion } } }`;

function somebody(id: string, ...actions: readonly RegistryAction[]): Principal {
  return { id, name: id, kind: 'person', allows: (action) => actions.includes(action) };
}
const ARCHITECT = somebody('architect', 'schema:read', 'schema:govern');
const READER = somebody('reader', 'schema:read');

interface Answered {
  readonly changePolicy: {
    readonly __typename: string;
    readonly settings: readonly string[];
    readonly policy: {
      readonly version: number;
      readonly usage: { readonly windowDays: number };
      readonly rules: readonly {
        readonly severity: string;
        readonly decided: boolean;
        readonly rule: { readonly id: string; readonly page: string };
      }[];
    };
  };
}

describe("a target's policy", () => {
  let db: TestDatabase;
  let database: Database;
  let schema: GraphQLSchema;
  const graphId = newId();

  beforeAll(async () => {
    db = await createTestDatabase();
    database = await db.open('schema_registry', new URL('../migrations/', import.meta.url));
    await database.query(
      `insert into graph (id, slug, title, created_at) values ($1, 'finance', 'Finance', now())`,
      [graphId],
    );
    const sdl = await readSubgraphSdl(new URL('./schema.graphql', import.meta.url));
    schema = buildSchema(`${sdl}\n${TARGET_INPUT}`, policyResolvers);
  });
  afterAll(async () => {
    await db[Symbol.asyncDispose]();
  });

  /** A target of its own for each test: its slug decides its defaults. */
  async function newTarget(slug = `stage-${newId()}`): Promise<{ id: string; slug: string }> {
    const id = newId();
    await database.query(
      'insert into target (id, graph_id, slug, created_at) values ($1, $2, $3, now())',
      [id, graphId, slug],
    );
    return { id, slug };
  }
  const as = (principal: Principal): Asking => ({ database, clock: { now: () => NOW }, principal });
  const request = (slug: string, expectedVersion: number, patch: PolicyPatch) => ({
    idempotencyKey: newId(),
    target: { graph: 'finance', target: slug },
    expectedVersion,
    patch,
  });
  async function ask<Answer>(
    principal: Principal,
    source: string,
    variables: object,
  ): Promise<Answer> {
    const { data, errors } = await graphql({
      schema,
      source,
      contextValue: { ...as(principal), correlationId: 'correlation' },
      variableValues: { ...variables },
    });
    if (errors !== undefined)
      throw new Error(errors.map((error) => String(error.extensions['code'])).join());
    return data as Answer;
  }
  const ruleOf = (answer: Answered, id: string) =>
    answer.changePolicy.policy.rules.find(({ rule }) => rule.id === id);

  it('is strict by default, and mild for development', async () => {
    const production = await readPolicy(database, await newTarget());
    expect(production).toEqual(policyDefaults('production'));
    expect(production.rules).toMatchObject({ described: 'ERROR', alphabetize: 'OFF' });
    expect(Object.keys(production.rules)).toEqual(RULES.map(({ id }) => id));
    const development = await readPolicy(database, await newTarget('development'));
    expect(development.rules).toMatchObject({
      described: 'WARNING',
      'no-float-for-money': 'ERROR',
    });
    expect(development.deprecation.noticeDays).toBe(0);
  });

  it('changes where it is decided, keeps its defaults elsewhere, and takes a decision back', async () => {
    const target = await newTarget();
    const input = { target: { graph: 'finance', target: target.slug } };
    const first = await ask<Answered>(ARCHITECT, CHANGE, {
      input: {
        ...input,
        idempotencyKey: newId(),
        expectedVersion: 0,
        usage: { windowDays: 14, excludedClients: ['crawler'] },
        review: { required: 'ALWAYS' },
        rules: [{ rule: 'alphabetize', severity: 'WARNING' }],
      },
    });
    expect(first.changePolicy).toMatchObject({
      __typename: 'PolicyChange',
      settings: [
        'usage.windowDays',
        'usage.excludedClients',
        'review.required',
        'rules.alphabetize',
      ],
      policy: { version: 1, updatedBy: 'architect', updatedAt: NOW.toISOString() },
    });
    expect(ruleOf(first, 'alphabetize')).toEqual({
      severity: 'WARNING',
      decided: true,
      rule: { id: 'alphabetize', page: 'docs/policies/rules/alphabetize.md' },
    });
    expect(ruleOf(first, 'described')).toMatchObject({ severity: 'ERROR', decided: false });

    const second = await ask<Answered>(ARCHITECT, CHANGE, {
      input: {
        ...input,
        idempotencyKey: newId(),
        expectedVersion: 1,
        usage: { windowDays: null },
        rules: [{ rule: 'alphabetize', severity: null }],
      },
    });
    expect(second.changePolicy.settings).toEqual(['usage.windowDays', 'rules.alphabetize']);
    expect(second.changePolicy.policy).toMatchObject({
      version: 2,
      usage: { windowDays: 30, excludedClients: ['crawler'] },
    });
    expect(ruleOf(second, 'alphabetize')).toMatchObject({ severity: 'OFF', decided: false });
    expect(await readPolicy(database, target)).toMatchObject({
      usage: { windowDays: 30, excludedClients: ['crawler'] },
      review: { required: 'ALWAYS', signOffs: 1 },
    });
  });

  it('tells the history what every setting was before', async () => {
    const target = await newTarget();
    await changePolicy(as(ARCHITECT), request(target.slug, 0, { deprecation: { noticeDays: 30 } }));
    const [entry] = await database.query<{ body: string }>(
      `select body from history_entry where target_id = $1`,
      [target.id],
    );
    expect(JSON.parse(entry?.body ?? '{}')).toMatchObject({
      action: 'policy.changed',
      actor: 'architect',
      graph: graphId,
      details: {
        version: 1,
        changes: [{ setting: 'deprecation.noticeDays', before: 90, after: 30 }],
      },
    });
  });

  it('does not change, and tells nothing, when a patch decides nothing new', async () => {
    const target = await newTarget();
    const patch = { usage: { windowDays: 7, requestsMin: 5 }, rules: [] };
    await changePolicy(as(ARCHITECT), request(target.slug, 0, patch));
    const again = await changePolicy(as(ARCHITECT), request(target.slug, 1, patch));
    expect(again).toMatchObject({ ok: true, value: { settings: [], version: { version: 1 } } });
    const entries = await database.query('select from history_entry where target_id = $1', [
      target.id,
    ]);
    expect(entries).toHaveLength(1);
  });

  it('lets one of two who change it at once through, and tells the other the version', async () => {
    const target = await newTarget();
    const results = await Promise.all(
      [10, 20].map((windowDays) =>
        changePolicy(as(ARCHITECT), request(target.slug, 0, { usage: { windowDays } })),
      ),
    );
    const refusals = results.flatMap((result) => (result.ok ? [] : [result.problem]));
    expect(refusals).toMatchObject([{ code: 'VERSION_CONFLICT', currentVersion: 1 }]);
  });

  it('answers a repeated request as before', async () => {
    const target = await newTarget();
    const once = request(target.slug, 0, { usage: { windowDays: 12 } });
    const first = await changePolicy(as(ARCHITECT), once);
    expect(await changePolicy(as(ARCHITECT), once)).toEqual(first);
    const other = await changePolicy(as(ARCHITECT), {
      ...once,
      patch: { usage: { windowDays: 13 } },
    });
    expect(other).toMatchObject({ ok: false, problem: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  });

  it.each<[string, PolicyPatch, string]>([
    [
      'a rule that does not exist',
      { rules: [{ rule: 'no-such', severity: 'ERROR' }] },
      'UNKNOWN_RULE',
    ],
    [
      'a rule from the prototype',
      { rules: [{ rule: 'constructor', severity: 'OFF' }] },
      'UNKNOWN_RULE',
    ],
    [
      'a rule twice',
      {
        rules: [
          { rule: 'owned', severity: 'ERROR' },
          { rule: 'owned', severity: 'OFF' },
        ],
      },
      'DUPLICATE_RULE',
    ],
    ['no window', { usage: { windowDays: 0 } }, 'OUT_OF_RANGE'],
    ['a window beyond what is kept', { usage: { windowDays: 401 } }, 'OUT_OF_RANGE'],
    ['usage from no request on', { usage: { requestsMin: 0 } }, 'OUT_OF_RANGE'],
    ['notice in the past', { deprecation: { noticeDays: -1 } }, 'OUT_OF_RANGE'],
    ['eleven sign-offs', { review: { signOffs: 11 } }, 'OUT_OF_RANGE'],
    ['overrides for ever', { override: { validDaysMax: 366 } }, 'OUT_OF_RANGE'],
    ['majors for ever', { versioning: { pinnedMajorDays: 1826 } }, 'OUT_OF_RANGE'],
    ['a client without a name', { usage: { excludedClients: [' '] } }, 'BAD_LENGTH'],
    [
      'more clients than anybody reads',
      { usage: { excludedClients: Array.from({ length: 51 }, (_, index) => `c${index}`) } },
      'TOO_MANY',
    ],
  ])('refuses %s, and stores nothing', async (_title, patch, code) => {
    const target = await newTarget();
    const result = await changePolicy(as(ARCHITECT), request(target.slug, 0, patch));
    expect(result).toMatchObject({
      ok: false,
      problem: {
        code: 'INVALID_INPUT',
        fields: expect.arrayContaining([expect.objectContaining({ code })]),
      },
    });
    expect(await readPolicy(database, target)).toEqual(policyDefaults(target.slug));
  });

  it('is changed only by those who govern, and read only by those who read', async () => {
    const target = await newTarget();
    await expect(changePolicy(as(READER), request(target.slug, 0, {}))).rejects.toThrow(
      'schema:govern',
    );
    const read = 'query ($target: TargetInput!) { policy(target: $target) { version } }';
    const variables = { target: { graph: 'finance', target: target.slug } };
    expect(await ask(READER, read, variables)).toEqual({ policy: { version: 0 } });
    await expect(ask(somebody('nobody'), read, variables)).rejects.toThrow('FORBIDDEN');
    const unknown = { target: { graph: 'finance', target: 'nowhere' } };
    await expect(ask(READER, read, unknown)).rejects.toThrow('NOT_FOUND');
  });

  it('lists every rule with its page', async () => {
    const { policyRules } = await ask<{ policyRules: readonly { readonly id: string }[] }>(
      READER,
      '{ policyRules { id source scope why page strictSeverity developmentSeverity } }',
      {},
    );
    expect(policyRules.map(({ id }) => id)).toEqual(RULES.map(({ id }) => id));
  });

  it('is changed as the documentation shows', () => {
    const page = readFileSync(
      new URL('../../docs/policies/breaking-changes.md', import.meta.url),
      'utf8',
    );
    const example = /```graphql\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    expect(validate(schema, parse(example))).toEqual([]);
  });
});
