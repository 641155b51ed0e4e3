import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stripIgnoredCharacters } from 'graphql';
import { newId } from '#kernel/id.ts';
import { contentHash } from './contract-content.ts';
import { createProposal, openProposal, reviseProposal } from './proposal-command.ts';
import { implementProposal, matchingProposal } from './proposal-publication.ts';
import { requestChanges, signOffProposal } from './review-command.ts';
import { AUTHOR, openReviewWorld, reviewer } from './world.ts';
import type { Result } from '#kernel/problem.ts';
import type { Proposal } from './proposal.ts';
import type { ReviewWorld } from './world.ts';

const A = 'type Query { a: Int }\n"B."\ntype B { id: ID! }';
const C = 'type C { id: ID! }';

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(result.problem.message);
  return result.value;
}

describe('a signed-off proposal', () => {
  let world: ReviewWorld;
  beforeAll(async () => {
    world = await openReviewWorld();
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  const contract = (subgraph: string, sdl: string) => ({ subgraph, sdl, url: null });
  const on = (proposal: Proposal) => ({
    idempotencyKey: newId(),
    target: world.name,
    number: proposal.number,
  });
  async function opened(sdls: Readonly<Record<string, string>>): Promise<Proposal> {
    const asking = world.as(AUTHOR);
    const created = await createProposal(asking, {
      idempotencyKey: newId(),
      target: world.name,
      title: 'Change',
      description: '',
      contracts: Object.entries(sdls).map(([subgraph, sdl]) => contract(subgraph, sdl)),
      retire: ['old'],
    });
    const proposal = valueOf(created);
    const input = { ...on(proposal), expectedVersion: proposal.version };
    return valueOf(await openProposal(asking, input));
  }
  const signOff = (proposal: Proposal, who = 'ana'): Promise<Result<Proposal>> =>
    signOffProposal(world.as(reviewer(who)), {
      ...on(proposal),
      revision: proposal.revision,
      coordinates: [],
      comment: '',
    });
  const revise = (proposal: Proposal, sdl: string): Promise<Result<Proposal>> =>
    reviseProposal(world.as(AUTHOR), {
      ...on(proposal),
      expectedVersion: proposal.version,
      summary: 'Else.',
      contracts: [contract('a', sdl)],
      retire: ['old'],
    });
  const matching = (
    sdls: Readonly<Record<string, string | null>>,
    coordinates: readonly string[] = [],
  ): Promise<Proposal | null> =>
    matchingProposal(world.database, {
      targetId: world.target.id,
      coordinates,
      changes: Object.entries(sdls).map(([subgraph, sdl]) => ({
        subgraph,
        sha256: sdl === null ? null : contentHash(sdl),
      })),
    });
  const implement = (proposal: Proposal, versionId: string): Promise<Result<Proposal>> =>
    world.database.transaction((tx) =>
      implementProposal(tx, proposal, { versionId, actorId: 'publisher', at: world.clock.now() }),
    );

  it('is matched by exactly its content, however it is formatted, and only once it is signed off', async () => {
    const proposal = await opened({ a: A, c: C });
    const minified = { c: C, old: null, a: stripIgnoredCharacters(A) };
    expect(await matching(minified)).toBeNull();
    valueOf(await signOff(proposal));
    expect(await matching(minified)).toMatchObject({ number: proposal.number, revision: 1 });
    expect(await matching({ a: A, old: null })).toBeNull();
    expect(await matching({ a: A, c: C })).toBeNull();
    expect(await matching({ a: A, c: C, old: null, more: C })).toBeNull();
    expect(await matching({ a: A.replace('B.', 'Bee.'), c: C, old: null })).toBeNull();
  });

  it('is matched by its newest revision, not by one before', async () => {
    const proposal = valueOf(await signOff(await opened({ a: 'type V1 { id: ID }' })));
    const revised = valueOf(await revise(proposal, 'type V2 { id: ID }'));
    expect(await matching({ a: 'type V1 { id: ID }', old: null })).toBeNull();
    expect(await matching({ a: 'type V2 { id: ID }', old: null })).toBeNull();
    valueOf(await signOff(revised));
    expect(await matching({ a: 'type V2 { id: ID }', old: null })).toMatchObject({ revision: 2 });
  });

  it('is not matched any more when it would now change what nobody was asked about', async () => {
    const sdl = 'type Later { id: ID }';
    const proposal = valueOf(await signOff(await opened({ a: sdl })));
    const content = { a: sdl, old: null };
    expect(await matching(content, ['Later', 'Later.id'])).toMatchObject({ id: proposal.id });
    expect(await matching(content, ['Later', 'Later.id', 'Later.addedMeanwhile'])).toBeNull();
  });

  it('is implemented by a publication, once, and told of in the history', async () => {
    const sdl = 'type Implemented { id: ID }';
    const proposal = valueOf(await signOff(await opened({ a: sdl })));
    const versionId = await world.publish({ a: sdl });
    expect(await implement(proposal, versionId)).toMatchObject({
      value: { state: 'IMPLEMENTED', implementedVersionId: versionId },
    });
    expect(await implement(proposal, versionId)).toMatchObject({
      problem: { code: 'ILLEGAL_TRANSITION' },
    });
    expect(await matching({ a: sdl, old: null })).toBeNull();
    expect((await world.history()).at(-1)).toEqual({
      action: 'proposal.implemented',
      actor: 'publisher',
      subject: `proposal:${proposal.number}`,
    });
  });

  it('that lost its sign-off since it was matched stops the publication', async () => {
    const sdl = 'type Doubted { id: ID }';
    const proposal = valueOf(await signOff(await opened({ a: sdl })));
    const matched = await matching({ a: sdl, old: null });
    const input = { ...on(proposal), revision: 1, coordinates: [], comment: 'Wait.' };
    valueOf(await requestChanges(world.as(reviewer('zoe')), input));
    const versionId = await world.publish({ a: sdl });
    expect(await implement(matched ?? proposal, versionId)).toMatchObject({
      problem: { code: 'ILLEGAL_TRANSITION' },
    });
  });

  it('counts both of two reviewers who sign off at once', async () => {
    await world.requireSignOffs(2);
    for (let round = 0; round < 5; round += 1) {
      const proposal = await opened({ a: `type Twice${round} { id: ID }` });
      const outcomes = await Promise.all([signOff(proposal, 'ana'), signOff(proposal, 'bo')]);
      const states = outcomes.map((outcome) => valueOf(outcome).state).sort();
      expect(states).toEqual(['OPEN', 'SIGNED_OFF']);
    }
    await world.requireSignOffs(1);
  });

  it('never keeps a sign-off of what was revised at the same time', async () => {
    for (let round = 0; round < 8; round += 1) {
      const proposal = await opened({ a: `type Raced${round} { id: ID }` });
      const sdl = `type Slipped${round} { id: ID }`;
      const [signedOff, revised] = await Promise.all([signOff(proposal), revise(proposal, sdl)]);
      expect(await matching({ a: sdl, old: null })).toBeNull();
      // Whichever came first, the other was told; the sign-off that came first changed the version that the revision names.
      expect([signedOff, revised].filter(({ ok }) => ok)).toHaveLength(1);
      expect([signedOff, revised].find(({ ok }) => !ok)).toMatchObject({
        problem: { code: 'VERSION_CONFLICT' },
      });
    }
  });

  it('takes one of two revisions at once', async () => {
    const proposal = await opened({ a: 'type Base { id: ID }' });
    const outcomes = await Promise.all([
      revise(proposal, 'type Left { id: ID }'),
      revise(proposal, 'type Right { id: ID }'),
    ]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(outcomes.find(({ ok }) => !ok)).toMatchObject({ problem: { code: 'VERSION_CONFLICT' } });
  });

  it('is implemented by one of two publications at once', async () => {
    const sdl = 'type Contended { id: ID }';
    const proposal = valueOf(await signOff(await opened({ a: sdl })));
    const versionId = await world.publish({ a: sdl });
    const outcomes = await Promise.all([
      implement(proposal, versionId),
      implement(proposal, versionId),
    ]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
  });
});
