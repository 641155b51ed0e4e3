import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { AFTER, openProposalDesk } from './desk-world.ts';
import { AUTHOR, BROKEN, openReviewWorld, reviewer, somebody } from './world.ts';
import type { Principal } from '../access/principal.ts';
import type { ProposalDesk } from './desk-world.ts';
import type { ReviewWorld } from './world.ts';

describe('proposals in the graph', () => {
  let world: ReviewWorld;
  let desk: ProposalDesk;
  beforeAll(async () => {
    world = await openReviewWorld();
    desk = await openProposalDesk(world);
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  it('keep what is proposed with its check, what it touches and whose sign-off it needs', async () => {
    expect(
      await desk.create({ contracts: [{ subgraph: 'invoices', sdl: AFTER }], retire: ['orders'] }),
    ).toMatchObject({
      __typename: 'Proposal',
      number: 1,
      state: 'DRAFT',
      version: 1,
      authorId: 'author',
      revision: {
        number: 1,
        passed: true,
        composes: true,
        contracts: [
          { subgraph: 'invoices', sdl: AFTER, url: null },
          { subgraph: 'orders', sdl: null, contentHash: null },
        ],
        touched: [
          {
            coordinate: 'Invoice.amount',
            subgraphs: ['invoices'],
            changes: [{ type: 'ADDED', severity: 'SAFE' }],
          },
          {
            coordinate: 'Invoice.total',
            subgraphs: ['invoices'],
            changes: [{ type: 'REMOVED', severity: 'BREAKING' }],
          },
          { coordinate: 'Order', subgraphs: ['orders'] },
          { coordinate: 'Order.id', subgraphs: ['orders'] },
        ],
      },
      requirements: [
        { kind: 'MINIMUM', met: false },
        {
          kind: 'OWNER',
          subject: 'subgraph:invoices',
          team: 'Billing',
          members: ['ana', 'author'],
          coordinates: ['Invoice.amount', 'Invoice.total'],
          missing: [
            { coordinate: 'Invoice.amount', missing: 1 },
            { coordinate: 'Invoice.total', missing: 1 },
          ],
        },
      ],
    });
  });

  it('can be given up, and are final then', async () => {
    const proposal = await desk.opened();
    const close = {
      number: proposal.number,
      expectedVersion: proposal.version,
      reason: 'Not needed.',
    };
    const closed = await desk.run(AUTHOR, 'closeProposal', close);
    expect(closed).toMatchObject({ state: 'CLOSED', closedReason: 'Not needed.' });
    expect(await desk.revise(closed)).toMatchObject({
      code: 'ILLEGAL_TRANSITION',
      legalEvents: [],
    });
    expect(await desk.signOff('ana', proposal)).toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });

  it('stay drafts while they do not compose', async () => {
    const broken = { contracts: [{ subgraph: 'invoices', sdl: BROKEN }] };
    const draft = await desk.create(broken);
    expect(draft).toMatchObject({
      state: 'DRAFT',
      revision: { composes: false, passed: false, touched: [] },
    });
    const open = { number: draft.number, expectedVersion: 1 };
    expect(await desk.run(AUTHOR, 'openProposal', open)).toMatchObject({
      code: 'PROPOSAL_NOT_COMPOSABLE',
    });
    const mended = await desk.revise(draft);
    expect(mended).toMatchObject({ state: 'DRAFT', revision: { composes: true } });
    const isOpen = await desk.run(AUTHOR, 'openProposal', { ...open, expectedVersion: 2 });
    expect(await desk.revise(isOpen, broken)).toMatchObject({ code: 'PROPOSAL_NOT_COMPOSABLE' });
  });

  it.each([
    ['nothing', { contracts: [] }, ['BAD_LENGTH']],
    [
      'text that is not GraphQL',
      { contracts: [{ subgraph: 'a', sdl: 'type {' }] },
      ['NOT_GRAPHQL'],
    ],
    [
      'endless brackets',
      { contracts: [{ subgraph: 'a', sdl: `type A { x: ${'['.repeat(100_000)}` }] },
      ['NOT_GRAPHQL'],
    ],
    [
      'too much text',
      { contracts: [{ subgraph: 'a', sdl: '#'.repeat(1024 * 1024 + 1) }] },
      ['BAD_LENGTH'],
    ],
    ['a subgraph twice', { contracts: [{ subgraph: 'a', sdl: AFTER }], retire: ['a'] }, ['TWICE']],
    ['a name that is none', { contracts: [], retire: ['A b'] }, ['INVALID_NAME']],
    ['no title', { title: ' ' }, ['BAD_LENGTH']],
  ])('refuse %s and store nothing', async (_what, input, codes) => {
    const count = (): Promise<unknown> =>
      world.database.query('select count(*) from proposal_revision');
    const before = await count();
    expect(await desk.create(input)).toMatchObject({
      code: 'INVALID_INPUT',
      fields: codes.map((code) => ({ code })),
    });
    expect(await count()).toEqual(before);
  });

  it('pass on what the check refuses to look at', async () => {
    const contracts = [{ subgraph: 'new', sdl: AFTER, url: 'nowhere' }];
    expect(await desk.create({ contracts })).toMatchObject({
      code: 'PROPOSAL_CHECK_REFUSED',
      cause: 'INVALID_INPUT',
    });
  });

  it('are made once per key', async () => {
    const idempotencyKey = newId();
    const [first, second] = await Promise.all([
      desk.create({ idempotencyKey }),
      desk.create({ idempotencyKey }),
    ]);
    expect(second.number).toBe(first.number);
    expect((await desk.create({ idempotencyKey })).number).toBe(first.number);
    expect(await desk.create({ idempotencyKey, title: 'Other' })).toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  it('are revised once per key, also when the revision would be refused by now', async () => {
    const draft = await desk.create();
    const idempotencyKey = newId();
    const revised = await desk.revise(draft, { idempotencyKey });
    const checks = async (): Promise<unknown> =>
      world.database.query('select count(*) from schema_check');
    const before = await checks();
    expect((await desk.revise(draft, { idempotencyKey })).version).toBe(revised.version);
    expect(await checks()).toEqual(before);
  });

  it('are numbered without gaps when many are made at once', async () => {
    const before = (await desk.create()).number;
    const made = await Promise.all(Array.from({ length: 8 }, () => desk.create()));
    const numbers = made.map(({ number }) => number).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 8 }, (_, at) => before + 1 + at));
  });

  it('are changed by those only who may', async () => {
    const reader = somebody('eve', ['schema:read']);
    const proposal = await desk.opened();
    await expect(desk.create({}, reader)).rejects.toThrow('FORBIDDEN');
    await expect(
      desk.run(AUTHOR, 'signOffProposal', { number: proposal.number, revision: 1 }),
    ).rejects.toThrow('FORBIDDEN');
    await expect(
      desk.run(reader, 'closeProposal', {
        number: proposal.number,
        expectedVersion: 2,
        reason: 'x',
      }),
    ).rejects.toThrow('FORBIDDEN');
    const ofOrders: Principal = {
      ...AUTHOR,
      allows: (action, { subgraph }) => action === 'schema:propose' && subgraph === 'orders',
    };
    await expect(desk.create({}, ofOrders)).rejects.toThrow('FORBIDDEN');
    expect(
      await desk.run(reviewer('zoe'), 'signOffProposal', { number: 99_999, revision: 1 }),
    ).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('are listed by state, page by page', async () => {
    const list = async (
      args: string,
    ): Promise<{
      nodes: { number: number; state: string }[];
      pageInfo: { hasPreviousPage: boolean; startCursor: string };
    }> =>
      (
        await world.ask<{ proposals: never }>(
          AUTHOR,
          `query ($target: TargetInput!) { proposals(target: $target, ${args}) { nodes { number state } pageInfo { hasPreviousPage startCursor } } }`,
          { target: world.name },
        )
      ).proposals;
    const closed = await list('states: [CLOSED], first: 100');
    expect(closed.nodes).toEqual([{ number: expect.any(Number), state: 'CLOSED' }]);
    const newest = await list('last: 2');
    const older = await list(`last: 2, before: "${newest.pageInfo.startCursor}"`);
    const numbers = [...older.nodes, ...newest.nodes].map(({ number }) => number);
    const [oldest = 0] = numbers;
    expect(numbers).toEqual([0, 1, 2, 3].map((later) => oldest + later));
    expect(newest.pageInfo.hasPreviousPage).toBe(true);
    const one = `query ($target: TargetInput!) { proposal(target: $target, number: 99999) { id } }`;
    expect(await world.ask(AUTHOR, one, { target: world.name })).toEqual({ proposal: null });
  });

  it('cannot be rewritten, not even in the database', async () => {
    for (const statement of [
      `update proposal_revision set summary = 'x'`,
      'delete from proposal_review',
      `update proposal_contract set sha256 = null, content_sha256 = null`,
      'truncate proposal_review',
    ])
      await expect(world.database.query(statement)).rejects.toThrow('only ever added');
  });
});
