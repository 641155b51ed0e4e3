import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ARCHITECT, AUTHOR, openReviewWorld } from '../proposal/world.ts';
import type { Principal } from '../access/principal.ts';
import type { ReviewWorld } from '../proposal/world.ts';

const SET = `mutation ($input: SetOwnerInput!) { setOwner(input: $input) {
  __typename ... on Owner { subject team members setBy } ... on Problem { code } ... on InvalidInputProblem { fields { field code } } } }`;
const REMOVE = `mutation ($input: RemoveOwnerInput!) { removeOwner(input: $input) {
  __typename ... on Owner { subject team } ... on Problem { code message } } }`;

describe('owners in the graph', () => {
  let world: ReviewWorld;
  beforeAll(async () => {
    world = await openReviewWorld();
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  const set = (input: object, as: Principal = ARCHITECT): Promise<{ setOwner: object }> =>
    world.ask(as, SET, { input: { target: world.name, ...input } });
  const owners = (): Promise<{ owners: { subject: string; team: string }[] }> =>
    world.ask(
      AUTHOR,
      'query ($target: TargetInput!) { owners(target: $target) { subject team } }',
      {
        target: world.name,
      },
    );

  it('are set, replaced and listed by subject', async () => {
    await set({ subject: 'type:Invoice', team: 'Billing', members: ['ana', 'bo', ' ana '] });
    await set({ subject: 'subgraph:invoices', team: 'Old', members: ['ana'] });
    expect(
      await set({ subject: 'subgraph:invoices', team: 'Accounts', members: ['cleo'] }),
    ).toEqual({
      setOwner: {
        __typename: 'Owner',
        subject: 'subgraph:invoices',
        team: 'Accounts',
        members: ['cleo'],
        setBy: 'architect',
      },
    });
    expect(await owners()).toEqual({
      owners: [
        { subject: 'subgraph:invoices', team: 'Accounts' },
        { subject: 'type:Invoice', team: 'Billing' },
      ],
    });
  });

  it('are found for a coordinate', async () => {
    const source = `query ($target: TargetInput!) { ownersOfCoordinate(target: $target, coordinate: "Invoice.total", subgraph: "invoices") { team members } }`;
    expect(await world.ask(AUTHOR, source, { target: world.name })).toEqual({
      ownersOfCoordinate: [
        { team: 'Accounts', members: ['cleo'] },
        { team: 'Billing', members: ['ana', 'bo'] },
      ],
    });
  });

  it('are told of every field that is wrong, and nothing is stored', async () => {
    const before = await owners();
    expect(await set({ subject: 'Invoice', team: ' ', members: [] })).toMatchObject({
      setOwner: {
        __typename: 'InvalidInputProblem',
        fields: [
          { field: 'subject', code: 'BAD_SUBJECT' },
          { field: 'members', code: 'BAD_LENGTH' },
          { field: 'team', code: 'BAD_LENGTH' },
        ],
      },
    });
    expect(await set({ subject: 'type:A', team: 'a\u0000b', members: ['x'] })).toMatchObject({
      setOwner: { fields: [{ field: 'team', code: 'CONTROL_CHARACTER' }] },
    });
    expect(await owners()).toEqual(before);
  });

  it('are removed, and only once', async () => {
    const input = { target: world.name, subject: 'type:Invoice' };
    expect(await world.ask(ARCHITECT, REMOVE, { input })).toMatchObject({
      removeOwner: { __typename: 'Owner', team: 'Billing' },
    });
    expect(await world.ask(ARCHITECT, REMOVE, { input })).toMatchObject({
      removeOwner: { __typename: 'NotFoundProblem', code: 'NOT_FOUND' },
    });
  });

  it('are governed: others are refused, and an unknown target is named', async () => {
    await expect(set({ subject: 'type:A', team: 'A', members: ['a'] }, AUTHOR)).rejects.toThrow(
      'FORBIDDEN',
    );
    const nowhere = { graph: 'shop', target: 'nowhere' };
    expect(
      await set({ target: nowhere, subject: 'type:A', team: 'A', members: ['a'] }),
    ).toMatchObject({ setOwner: { code: 'NOT_FOUND' } });
    await expect(
      world.ask(AUTHOR, 'query ($target: TargetInput!) { owners(target: $target) { team } }', {
        target: nowhere,
      }),
    ).rejects.toThrow('NOT_FOUND: There is no target "shop/nowhere"');
  });

  it('leave every decision in the history', async () => {
    expect(await world.history()).toEqual([
      { action: 'owner.set', actor: 'architect', subject: 'type:Invoice' },
      { action: 'owner.set', actor: 'architect', subject: 'subgraph:invoices' },
      { action: 'owner.set', actor: 'architect', subject: 'subgraph:invoices' },
      { action: 'owner.removed', actor: 'architect', subject: 'type:Invoice' },
    ]);
  });
});
