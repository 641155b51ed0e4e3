import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { BEFORE, openProposalDesk } from './desk-world.ts';
import { AUTHOR, openReviewWorld, reviewer, somebody } from './world.ts';
import type { Principal } from '../access/principal.ts';
import type { Answer, ProposalDesk } from './desk-world.ts';
import type { ReviewWorld } from './world.ts';

describe('reviews in the graph', () => {
  let world: ReviewWorld;
  let desk: ProposalDesk;
  beforeAll(async () => {
    world = await openReviewWorld();
    desk = await openProposalDesk(world);
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  it('go from draft over open to signed off, once owners have signed off', async () => {
    const proposal = await desk.opened();
    expect(proposal).toMatchObject({ state: 'OPEN', version: 2 });
    expect(await desk.signOff('zoe', proposal)).toMatchObject({ state: 'OPEN', version: 2 });
    const inPart = await desk.signOff('ana', proposal, {
      coordinates: ['Invoice.total'],
      comment: 'Unused.',
    });
    expect(inPart).toMatchObject({
      state: 'OPEN',
      reviews: [
        { reviewerId: 'zoe', coordinates: [] },
        { reviewerId: 'ana', coordinates: ['Invoice.total'] },
      ],
      threads: [{ coordinate: 'Invoice.total', comments: [{ body: 'Unused.', authorId: 'ana' }] }],
    });
    expect(await desk.signOff('ana', proposal, { coordinates: ['Invoice.amount'] })).toMatchObject({
      state: 'SIGNED_OFF',
      version: 3,
      requirements: [{ met: true }, { met: true, missing: [] }],
    });
  });

  it('need those who answer for a classification, also where only a tag goes', async () => {
    const proposal = await desk.opened({
      contracts: [{ subgraph: 'invoices', sdl: BEFORE.replace(' @tag(name: "bank")', '') }],
    });
    expect(proposal).toMatchObject({
      revision: { touched: [{ coordinate: 'Invoice.iban', classifications: ['bank'] }] },
    });
    expect(await desk.signOff('ana', proposal)).toMatchObject({
      state: 'OPEN',
      requirements: [
        { met: true },
        { subject: 'subgraph:invoices', met: true },
        { kind: 'CLASSIFICATION', subject: 'classification:bank', team: 'Treasury', met: false },
      ],
    });
    expect(await desk.signOff('tess', proposal)).toMatchObject({ state: 'SIGNED_OFF' });
  });

  it("are never signed off by an author of any revision, nor through an author's token", async () => {
    const both = somebody('author', ['schema:propose', 'schema:review']);
    const first = await desk.opened();
    const asAuthor = { number: first.number, revision: 1 };
    for (const mutation of ['signOffProposal', 'requestChanges'])
      expect(await desk.run(both, mutation, { ...asAuthor, comment: 'x' })).toMatchObject({
        code: 'SEGREGATION_OF_DUTIES',
        rule: 'author-is-not-reviewer',
      });
    const helper = somebody('ana', ['schema:propose']);
    const second = await desk.revise(first, {}, helper);
    expect(await desk.revise(second, { summary: 'Back.' })).toMatchObject({
      revision: { number: 3 },
    });
    expect(
      await desk.run(reviewer('ana'), 'signOffProposal', { ...asAuthor, revision: 3 }),
    ).toMatchObject({
      rule: 'author-is-not-reviewer',
    });
  });

  it("by a token have the token's maker as an author, and tokens do not review", async () => {
    const id = newId();
    await world.database.query(
      `insert into access_token (id, token_sha256, hint, title, graph_id, actions, created_by, created_at, expires_at)
       values ($1, 'hash', '', '', $2, '{}', 'tess', now(), now())`,
      [id, world.target.graphId],
    );
    const token = somebody(`token:${id}`, ['schema:propose', 'schema:review'], 'token');
    const proposal = await desk.opened({}, token);
    expect(proposal).toMatchObject({ authorId: `token:${id}` });
    expect(await desk.signOff('tess', proposal)).toMatchObject({ rule: 'author-is-not-reviewer' });
    const robot = somebody('token:other', ['schema:review'], 'token');
    const input = { number: proposal.number, revision: 1 };
    expect(await desk.run(robot, 'signOffProposal', input)).toMatchObject({
      rule: 'reviewer-is-a-person',
    });
    expect(await desk.signOff('ana', proposal)).toMatchObject({ state: 'SIGNED_OFF' });
  });

  it('lose every sign-off with a revision', async () => {
    const proposal = await desk.opened();
    const signedOff = await desk.signOff('ana', proposal);
    expect(signedOff).toMatchObject({ state: 'SIGNED_OFF', version: 3 });
    const revised = await desk.revise(signedOff);
    expect(revised).toMatchObject({
      state: 'OPEN',
      version: 4,
      revision: { number: 2, summary: 'Better.' },
      revisions: [{ number: 1 }, { number: 2 }],
      reviews: [{ revision: 1 }],
      requirements: [{ met: false }, { met: false }],
    });
    expect(await desk.signOff('ana', proposal)).toMatchObject({
      code: 'VERSION_CONFLICT',
      currentVersion: 2,
    });
    expect(await desk.signOff('ana', revised)).toMatchObject({ state: 'SIGNED_OFF' });
  });

  it('wait for changes until they are revised or the reviewer takes the request back', async () => {
    const proposal = await desk.opened();
    const { number } = proposal;
    const wish = { number, revision: 1, coordinates: ['Invoice.total'] };
    expect(
      await desk.run(reviewer('zoe'), 'requestChanges', { ...wish, comment: ' ' }),
    ).toMatchObject({
      fields: [{ field: 'comment', code: 'BAD_LENGTH' }],
    });
    const asked = await desk.run(reviewer('zoe'), 'requestChanges', {
      ...wish,
      comment: 'Deprecate it first.',
    });
    expect(asked).toMatchObject({
      state: 'CHANGES_REQUESTED',
      threads: [{ coordinate: 'Invoice.total' }],
    });
    expect(await desk.signOff('ana', proposal)).toMatchObject({ state: 'CHANGES_REQUESTED' });
    expect(await desk.signOff('zoe', proposal)).toMatchObject({ state: 'SIGNED_OFF' });
    const again = await desk.run(reviewer('zoe'), 'requestChanges', { ...wish, comment: 'No.' });
    expect(again).toMatchObject({ state: 'CHANGES_REQUESTED' });
    expect(await desk.revise(again)).toMatchObject({ state: 'OPEN' });
  });

  it('need as many sign-offs as the policy says, of different people', async () => {
    await world.requireSignOffs(2);
    const proposal = await desk.opened();
    await desk.signOff('ana', proposal);
    expect(await desk.signOff('ana', proposal)).toMatchObject({ state: 'OPEN' });
    expect(await desk.signOff('zoe', proposal)).toMatchObject({ state: 'SIGNED_OFF' });
    await world.requireSignOffs(1);
  });

  it('are talked about in threads that can be settled', async () => {
    const { number } = await desk.create();
    const comment = (input: object, as: Principal = reviewer('zoe')): Promise<Answer> =>
      desk.run(as, 'commentOnProposal', { number, ...input });
    const { threads } = await comment({ coordinate: 'Invoice.total', body: 'Why?' });
    const threadId = threads[0]?.id ?? '';
    await comment({ threadId, body: 'Because.' }, AUTHOR);
    await comment({ body: 'Nice.\n\nAll of it.' });
    expect(await desk.run(AUTHOR, 'resolveComment', { number, threadId })).toMatchObject({
      state: 'DRAFT',
      version: 1,
      threads: [
        {
          id: threadId,
          coordinate: 'Invoice.total',
          resolvedBy: 'author',
          comments: [{ body: 'Why?' }, { body: 'Because.', authorId: 'author' }],
        },
        { coordinate: null, resolvedBy: null, comments: [{ body: 'Nice.\n\nAll of it.' }] },
      ],
    });
    for (const id of [newId(), 'no such thread'])
      expect(await comment({ threadId: id, body: 'x' })).toMatchObject({ code: 'NOT_FOUND' });
    await expect(comment({ body: 'x' }, somebody('eve', ['schema:read']))).rejects.toThrow(
      'FORBIDDEN',
    );
  });

  it('leave every decision in the history', async () => {
    const { number } = await desk.signOff('ana', await desk.opened());
    const entries = (await world.history()).filter(
      ({ subject }) => subject === `proposal:${number}`,
    );
    expect(entries.map(({ action, actor }) => [action, actor])).toEqual([
      ['proposal.created', 'author'],
      ['proposal.opened', 'author'],
      ['proposal.reviewed', 'ana'],
    ]);
  });
});
