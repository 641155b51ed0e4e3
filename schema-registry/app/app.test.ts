import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { flawsOf, legalEvents, statesOf, walk } from '#kernel/lifecycle.ts';
import { shifted, DAY_MS } from '#kernel/clock.ts';
import { apiSchemaOf } from '../usage/api-schema.ts';
import { openApi } from '../usage/api-world.ts';
import { nonNullUse, usageOf } from '../usage/usage-question.ts';
import {
  hiveReport,
  NOW,
  openUsageWorld,
  principalWith,
  publishApiSchema,
} from '../usage/usage-world.ts';
import { APP_LIFECYCLE } from './app.ts';
import { createAppCommands } from './app-command.ts';
import { findDocument } from './app-store.ts';
import type { Principal } from '../access/principal.ts';
import type { Target } from '../target.ts';
import type { Ask } from '../usage/api-world.ts';
import type { UsageWorld } from '../usage/usage-world.ts';
import type { AppCommands, AppRequest } from './app-command.ts';
import type { DocumentInput } from './app-document.ts';

const SDL = `
  type Query { invoice(id: ID!): Invoice invoices(filter: Filter): [Invoice!]! }
  type Invoice { id: ID! total: Int! status: Status! }
  input Filter { status: Status text: String }
  enum Status { OPEN PAID }`;
const publisher = principalWith('publisher', ['app:publish', 'schema:read']);
const GET = { hash: 'get-invoice', body: 'query Get($id: ID!) { invoice(id: $id) { total } }' };

describe('apps and their persisted documents', () => {
  let world: UsageWorld;
  let apps: AppCommands;
  let target: Target;
  let ask: Ask;
  let count = 0;
  beforeAll(async () => {
    world = await openUsageWorld();
    const { database, clock } = world;
    target = await publishApiSchema(database, world.production, { sdl: SDL, major: 1, number: 1 });
    apps = createAppCommands({ database, clock, apiSchemaOf });
    ask = await openApi(world);
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });
  beforeEach(() => world.clock.set(NOW));

  const newApp = async (documents: readonly DocumentInput[] = []): Promise<AppRequest> => {
    count += 1;
    const request = { principal: publisher, target, name: `app-${count}`, version: '1.0.0' };
    expect((await apps.create(request)).ok).toBe(true);
    if (documents.length > 0)
      expect(await apps.addDocuments({ ...request, documents })).toMatchObject({ ok: true });
    return request;
  };
  const served = (request: AppRequest, hash = GET.hash): Promise<string | null> =>
    findDocument(world.database, {
      targetId: target.id,
      app: request.name,
      version: request.version,
      hash,
    });
  const stored = (): Promise<unknown> =>
    world.database.query('select count(*) from app_document union all select count(*) from app');

  it('live by a sound table', () => {
    expect(flawsOf(APP_LIFECYCLE)).toEqual([]);
    expect(statesOf(APP_LIFECYCLE).map((state) => legalEvents(APP_LIFECYCLE, state))).toEqual([
      ['addDocuments', 'activate'],
      ['retire'],
      [],
    ]);
  });

  it.each([...walk(APP_LIFECYCLE)].filter(({ next }) => next === undefined))(
    'refuses $event in state $state',
    async ({ state, event }) => {
      const request = await newApp([GET]);
      if (state !== 'PENDING') await apps.activate(request);
      if (state === 'RETIRED') await apps.retire({ ...request, force: true });
      const outcome =
        event === 'addDocuments'
          ? await apps.addDocuments({ ...request, documents: [GET] })
          : event === 'activate'
            ? await apps.activate(request)
            : await apps.retire({ ...request, force: false });
      if (state === 'ACTIVE' && event === 'activate') {
        expect(outcome).toMatchObject({ ok: true, value: { skipped: true } });
      } else {
        expect(outcome).toMatchObject({
          ok: false,
          problem: { code: 'ILLEGAL_TRANSITION', state },
        });
      }
    },
  );

  it('are served while they are active, and only then', async () => {
    const request = await newApp([GET]);
    expect(await served(request)).toBeNull();
    await apps.activate(request);
    expect(await served(request)).toBe(GET.body);
    expect(await served(request, 'another')).toBeNull();
    await apps.retire({ ...request, force: false });
    expect(await served(request)).toBeNull();
  });

  it('are made known once: a second time answers what is there', async () => {
    const request = await newApp([GET]);
    await apps.activate(request);
    expect(await apps.create(request)).toMatchObject({ ok: true, value: { status: 'ACTIVE' } });
  });

  it('block what they name while they are active, whether or not they are sent', async () => {
    const request = await newApp([
      { hash: 'list', body: '{ invoices(filter: {text: "x"}) { status } }' },
    ]);
    const coordinates = [
      'Filter.text',
      'Filter.status',
      'Status.PAID',
      'Query.invoices(filter:)',
      'Invoice.total',
    ];
    const naming = async (): Promise<unknown> => {
      const question = { targetIds: [target.id], coordinates, excludedClients: [] };
      const found = await usageOf(world.database, { ...question, since: new Date('2026-11-01') });
      return coordinates.map(
        (coordinate) =>
          found.get(coordinate)?.documents.filter(({ app }) => app === request.name).length,
      );
    };
    expect(await naming()).toEqual([0, 0, 0, 0, 0]);
    await apps.activate(request);
    expect(await naming()).toEqual([1, 0, 1, 1, 0]);
    await apps.retire({ ...request, force: true });
    expect(await naming()).toEqual([0, 0, 0, 0, 0]);
  });

  it('say whether they give an argument, as one request each', async () => {
    const sdl = SDL.replace('filter: Filter)', 'filter: Filter, page: Int)');
    target = await publishApiSchema(world.database, target, { sdl, major: 1, number: 2 });
    const request = await newApp([
      { hash: 'given', body: '{ invoices(page: 1) { id } }' },
      { hash: 'missing', body: '{ invoices { id } }' },
    ]);
    const coordinate = 'Query.invoices(page:)';
    const given = async (): Promise<unknown> => {
      const question = { targetIds: [target.id], coordinates: [coordinate], excludedClients: [] };
      const found = await nonNullUse(world.database, { ...question, since: new Date(NOW) });
      return found.get(coordinate);
    };
    expect(await given()).toEqual({ total: 0, nonNull: 0 });
    await apps.activate(request);
    expect(await given()).toEqual({ total: 2, nonNull: 1 });
    await apps.retire({ ...request, force: true });
    expect(await given()).toEqual({ total: 0, nonNull: 0 });
  });

  describe('are protected from retirement', () => {
    const used = async (request: AppRequest): Promise<void> => {
      const map = { k: { operation: GET.body, fields: ['Query.invoice', 'Invoice.total'] } };
      const document = `${request.name}~${request.version}~${GET.hash}`;
      expect((await world.post(hiveReport(map, [{ key: 'k', document }]))).status).toBe(200);
    };
    it('while they are used, until thirty days later', async () => {
      const request = await newApp([GET]);
      await apps.activate(request);
      await used(request);
      expect(await apps.retire({ ...request, force: false })).toMatchObject({
        ok: false,
        problem: { code: 'APP_IN_USE', lastUsedAt: new Date('2026-11-25T11:59:30.000Z') },
      });
      world.clock.set(shifted(new Date(NOW), 30 * DAY_MS).toISOString());
      expect(await apps.retire({ ...request, force: false })).toMatchObject({ ok: true });
    });
    it('unless it is forced', async () => {
      const request = await newApp([GET]);
      await apps.activate(request);
      await used(request);
      expect(await apps.retire({ ...request, force: true })).toMatchObject({
        ok: true,
        value: { status: 'RETIRED' },
      });
    });
  });

  describe('take documents all or none, and refuse', () => {
    const cases: readonly [string, DocumentInput, RegExp][] = [
      ['what is no GraphQL', { hash: 'x', body: '{ invoice(' }, /Syntax Error.*line 1/],
      [
        'an unknown field',
        { hash: 'x', body: '{ invoice(id: 1) { due } }' },
        /Cannot query field "due".*line 1, column 20/,
      ],
      [
        'fragments in a circle',
        { hash: 'x', body: '{ invoice(id: 1) { ...a } } fragment a on Invoice { ...a }' },
        /within itself/,
      ],
      [
        'two operations',
        { hash: 'x', body: 'query A { __typename } query B { __typename }' },
        /exactly one operation, not 2/,
      ],
      [
        'no operation',
        { hash: 'x', body: 'fragment a on Invoice { id }' },
        /exactly one operation, not 0/,
      ],
      ['a key with a tilde', { hash: 'a~b', body: '{ __typename }' }, /letters, digits/],
      ['a key of 129 characters', { hash: 'x'.repeat(129), body: '{ __typename }' }, /at most 128/],
      [
        'a text of 100,001 characters',
        { hash: 'x', body: '#'.repeat(100_001) },
        /at most 100000 characters/,
      ],
      [
        'more than 10,000 tokens',
        { hash: 'x', body: `{ ${'a '.repeat(10_001)} }` },
        /10000 tokens/,
      ],
      ['one key with two texts', { hash: GET.hash, body: '{ __typename }' }, /twice/],
    ];
    it.each(cases)('%s', async (_name, document, message) => {
      const request = await newApp();
      const before = await stored();
      const outcome = await apps.addDocuments({ ...request, documents: [GET, document] });
      expect(outcome).toMatchObject({
        ok: false,
        problem: {
          code: 'INVALID_DOCUMENT',
          index: 1,
          documents: [{ index: 1, hash: document.hash, message: expect.stringMatching(message) }],
        },
      });
      expect(await stored()).toEqual(before);
    });
    it('another text under a key that is there, and takes the same again', async () => {
      const request = await newApp([GET]);
      expect(await apps.addDocuments({ ...request, documents: [GET] })).toMatchObject({ ok: true });
      const other = { hash: GET.hash, body: '{ __typename }' };
      expect(await apps.addDocuments({ ...request, documents: [other] })).toMatchObject({
        ok: false,
        problem: { code: 'INVALID_DOCUMENT', index: 0 },
      });
    });
    it.each([0, 1_001])('%d documents in one call', async (length) => {
      const documents = Array.from({ length }, (_, index) => ({ ...GET, hash: `h${index}` }));
      const request = await newApp();
      expect(await apps.addDocuments({ ...request, documents })).toMatchObject({
        ok: false,
        problem: { code: 'INVALID_INPUT' },
      });
    });
    it('everything, where no schema was published yet', async () => {
      const request = { principal: publisher, target: world.staging, name: 'early', version: '1' };
      await apps.create(request);
      expect(await apps.addDocuments({ ...request, documents: [GET] })).toMatchObject({
        ok: false,
        problem: { code: 'NOT_FOUND', id: 'finance/staging' },
      });
    });
  });

  it.each([
    ['a~b', '1'],
    ['', '1'],
    ['../x', '1'],
    ['x'.repeat(65), '1'],
    ['app', ''],
    ['app', '1~2'],
    ['app', '1/2'],
  ])('refuse the name "%s" with the version "%s"', async (name, version) => {
    expect(await apps.create({ principal: publisher, target, name, version })).toMatchObject({
      ok: false,
      problem: { code: 'INVALID_INPUT' },
    });
  });

  describe('asked through GraphQL', () => {
    const reader: Principal = principalWith('reader', ['schema:read']);
    const named = {
      target: { graph: 'finance', target: 'production' },
      name: 'web',
      version: '2.0.0',
    };
    it('go their way, with every refusal as a type', async () => {
      const created = await ask(
        publisher,
        'mutation ($input: AppInput!) { createApp(input: $input) { ... on App { status documentCount } } }',
        { input: named },
      );
      expect(created.data).toEqual({ createApp: { status: 'PENDING', documentCount: 0 } });
      const faulty = await ask(
        publisher,
        `mutation ($input: AddAppDocumentsInput!) { addAppDocuments(input: $input) {
           __typename ... on InvalidDocumentProblem { index documents { hash } } } }`,
        { input: { ...named, documents: [{ hash: 'h', body: '{ no }' }] } },
      );
      expect(faulty.data).toEqual({
        addAppDocuments: {
          __typename: 'InvalidDocumentProblem',
          index: 0,
          documents: [{ hash: 'h' }],
        },
      });
      await ask(
        publisher,
        'mutation ($input: AddAppDocumentsInput!) { addAppDocuments(input: $input) { __typename } }',
        { input: { ...named, documents: [GET] } },
      );
      const activated = await ask(
        publisher,
        `mutation ($input: AppInput!) { activateApp(input: $input) {
           ... on AppActivation { skipped app { status documents(first: 10) { hash operationName } } } } }`,
        { input: named },
      );
      expect(activated.data).toEqual({
        activateApp: {
          skipped: false,
          app: { status: 'ACTIVE', documents: [{ hash: GET.hash, operationName: 'Get' }] },
        },
      });
      const listed = await ask(
        reader,
        '{ apps(target: {graph: "finance", target: "production"}, name: "web", first: 5) { name version lastUsedAt } }',
      );
      expect(listed.data).toEqual({ apps: [{ name: 'web', version: '2.0.0', lastUsedAt: null }] });
    });
    it('are refused to whoever may not publish them', async () => {
      const answer = await ask(
        reader,
        'mutation ($input: AppInput!) { createApp(input: $input) { __typename } }',
        { input: named },
      );
      expect(answer.codes).toEqual(['FORBIDDEN']);
    });
    it('are not shown to whoever may not read', async () => {
      const answer = await ask(
        principalWith('nobody', []),
        '{ apps(target: {graph: "finance", target: "production"}, first: 5) { name } }',
      );
      expect(answer.codes).toEqual(['FORBIDDEN']);
    });
  });
});
