import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY_MS } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { ARCHITECT, AUTHOR, openReviewWorld } from '../proposal/world.ts';
import type { Principal } from '../access/principal.ts';
import type { ReviewWorld } from '../proposal/world.ts';

const CREATE = `mutation ($input: CreateFreezeWindowInput!) { createFreezeWindow(input: $input) {
  __typename ... on FreezeWindow { id kind startsAt endsAt cancelledBy }
  ... on Problem { code } ... on InvalidInputProblem { fields { field code } } } }`;
const CANCEL = `mutation ($input: CancelFreezeWindowInput!) { cancelFreezeWindow(input: $input) {
  __typename ... on FreezeWindow { id cancelledBy cancelledAt } ... on Problem { code } } }`;
const LIST = `query ($target: TargetInput!, $all: Boolean!, $after: DateTime) {
  freezeWindows(target: $target, includeCancelled: $all, endingAfter: $after) { reason } }`;

interface Created {
  readonly createFreezeWindow: { readonly id: string };
}

describe('freeze windows in the graph', () => {
  let world: ReviewWorld;
  beforeAll(async () => {
    world = await openReviewWorld();
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  const close = {
    kind: 'BOTH',
    startsAt: '2026-03-30T18:00:00Z',
    endsAt: '2026-04-02T06:00:00Z',
    reason: 'period close',
  };
  const create = (input: object, as: Principal = ARCHITECT): Promise<Created> =>
    world.ask(as, CREATE, {
      input: { idempotencyKey: newId(), target: world.name, ...close, ...input },
    });
  const reasons = async (all = false, after: string | null = null): Promise<string[]> => {
    const answer = await world.ask<{ freezeWindows: { reason: string }[] }>(AUTHOR, LIST, {
      target: world.name,
      all,
      after,
    });
    return answer.freezeWindows.map(({ reason }) => reason);
  };

  it('may overlap, are listed by their start, and are not listed when they are over', async () => {
    await create({});
    await create({
      startsAt: '2026-03-29T00:00:00Z',
      endsAt: '2026-03-31T00:00:00Z',
      reason: 'audit',
    });
    expect(await reasons()).toEqual(['audit', 'period close']);
    world.clock.pass(30.5 * DAY_MS);
    expect(await reasons()).toEqual(['period close']);
    expect(await reasons(false, '2026-01-01T00:00:00Z')).toEqual(['audit', 'period close']);
    world.clock.pass(-30.5 * DAY_MS);
  });

  it('are announced once per key', async () => {
    const idempotencyKey = newId();
    const input = { idempotencyKey, startsAt: '2026-03-31T00:00:00Z', reason: 'migration' };
    const [first, second] = await Promise.all([create(input), create(input)]);
    expect(second).toEqual(first);
    expect(await create({ ...input, reason: 'other' })).toMatchObject({
      createFreezeWindow: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    expect(await reasons()).toEqual(['audit', 'period close', 'migration']);
  });

  it('are lifted, stay lifted, and are listed only when asked for', async () => {
    const { createFreezeWindow } = await create({ reason: 'by mistake' });
    const input = { target: world.name, id: createFreezeWindow.id };
    const lifted = await world.ask(ARCHITECT, CANCEL, { input });
    expect(lifted).toMatchObject({ cancelFreezeWindow: { cancelledBy: 'architect' } });
    world.clock.pass(1000);
    expect(await world.ask(ARCHITECT, CANCEL, { input })).toEqual(lifted);
    expect(await reasons()).not.toContain('by mistake');
    expect(await reasons(true)).toContain('by mistake');
    expect(
      await world.ask(ARCHITECT, CANCEL, { input: { ...input, id: 'no such window' } }),
    ).toMatchObject({ cancelFreezeWindow: { code: 'NOT_FOUND' } });
  });

  it.each([
    [{ endsAt: '2026-03-30T18:00:00Z' }, ['ENDS_BEFORE_START']],
    [{ startsAt: '2026-01-01T00:00:00Z', endsAt: '2026-02-01T00:00:00Z' }, ['PAST']],
    [{ endsAt: '2027-05-01T00:00:00Z' }, ['TOO_LONG']],
    [{ reason: ' ' }, ['BAD_LENGTH']],
  ])('refuse %j as %j', async (input, codes) => {
    expect(await create(input)).toMatchObject({
      createFreezeWindow: {
        __typename: 'InvalidInputProblem',
        fields: codes.map((code) => ({ code })),
      },
    });
  });

  it('are governed, and every decision is in the history', async () => {
    await expect(create({}, AUTHOR)).rejects.toThrow('FORBIDDEN');
    expect((await world.history()).map(({ action }) => action)).toEqual([
      'freeze-window.created',
      'freeze-window.created',
      'freeze-window.created',
      'freeze-window.created',
      'freeze-window.cancelled',
    ]);
  });
});
