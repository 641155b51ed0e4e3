import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { silentLog } from '#kernel/log.ts';
import { sweepSubmissions } from './submission-sweeper.ts';
import { decide, drafted, submitted } from './test-world/document.ts';
import { REQUESTOR, openTestRoom, person } from './test-world/room.ts';
import type { TestRoom } from './test-world/room.ts';

const AGED_MS = 61_000;
const FUNDS_MINOR = 100_000_000n;

let room: TestRoom;
beforeAll(async () => {
  room = await openTestRoom();
});
afterAll(async () => room[Symbol.asyncDispose]());
beforeEach(async () => {
  room.passTime(AGED_MS);
  Object.assign(room.peers.budgets, {
    availableMinor: FUNDS_MINOR,
    fault: 'NONE',
    meanwhile: null,
  });
  room.peers.budgets.reserved.clear();
  room.peers.suppliers.isDown = false;
  room.peers.suppliers.standing.set('supplier-1', { status: 'ACTIVE', blocks: [] });
  await room.database.query('delete from submission_attempt');
});

const submit = (id: string, changes: object = {}) =>
  room.run(REQUESTOR, 'submitRequisition', { id, ...changes });
const sweep = () => sweepSubmissions({ ...room.dependencies, log: silentLog });
const attempts = async (): Promise<number> =>
  (await room.database.query('select 1 from submission_attempt')).length;

async function statusOf(id: string): Promise<{ status: string; version: number }> {
  const { data } = await room.ask(
    REQUESTOR,
    'query ($id: ID!) { requisition(id: $id) { status version } }',
    { id },
  );
  return data.requisition;
}

describe('a submission', () => {
  it('reserves funds and tells of it with the version that decisions are bound to', async () => {
    const { id } = await drafted(room);
    const requisition = await submit(id);
    expect(requisition).toMatchObject({
      __typename: 'Requisition',
      status: 'SUBMITTED',
      version: 2,
    });
    expect(requisition.submittedOn).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(room.peers.budgets.reserved.get(id)).toBe(1_000_000n);
    expect(room.peers.budgets.asked.at(-1)).toBe(`requisition:${id}:v1:reserve`);
    expect(await room.lastTold(id)).toMatchObject({
      type: 'concord.requisition.submitted.v1',
      data: { version: 2, documentHash: requisition.documentHash },
    });
    expect(await attempts()).toBe(0);
  });

  it('answers a repeated key without asking anybody again', async () => {
    const { id } = await drafted(room);
    const idempotencyKey = newId();
    const first = await submit(id, { idempotencyKey });
    const asked = [room.peers.suppliers.asked, room.peers.budgets.asked.length];
    expect(await submit(id, { idempotencyKey })).toMatchObject({
      id: first.id,
      status: 'SUBMITTED',
      version: 2,
    });
    expect([room.peers.suppliers.asked, room.peers.budgets.asked.length]).toEqual(asked);
    const other = await drafted(room);
    expect(await submit(other.id, { idempotencyKey })).toMatchObject({
      __typename: 'IdempotencyKeyReusedProblem',
    });
  });

  it.each([
    ['NOT_ACTIVE', { status: 'INACTIVE', blocks: [] }],
    ['PURCHASE_BLOCK', { status: 'ACTIVE', blocks: ['PURCHASE'] }],
  ])('is refused for a supplier that is %s', async (obstacle, standing) => {
    const { id } = await drafted(room);
    room.peers.suppliers.standing.set('supplier-1', standing);
    expect(await submit(id)).toMatchObject({
      __typename: 'SupplierBlockedProblem',
      obstacle,
      supplierStatus: standing.status,
    });
    expect(await statusOf(id)).toEqual({ status: 'DRAFT', version: 1 });
    expect(room.peers.budgets.reserved.size).toBe(0);
  });

  it('is not disturbed by a payment block, which is not about buying', async () => {
    const { id } = await drafted(room);
    room.peers.suppliers.standing.set('supplier-1', { status: 'ACTIVE', blocks: ['PAYMENT'] });
    expect(await submit(id)).toMatchObject({ status: 'SUBMITTED' });
  });

  it('is refused without funds, and stays a draft that can be submitted when there are some', async () => {
    const { id } = await drafted(room);
    room.peers.budgets.availableMinor = 50_000n;
    const refused = await submit(id);
    expect(refused).toMatchObject({
      __typename: 'InsufficientFundsProblem',
      available: { amount: '500.00' },
      requestedFunds: { amount: '10000.00' },
    });
    expect(await statusOf(id)).toEqual({ status: 'DRAFT', version: 1 });
    expect(await attempts()).toBe(0);
    room.peers.budgets.availableMinor = FUNDS_MINOR;
    expect(await submit(id)).toMatchObject({ status: 'SUBMITTED' });
  });

  it('passes on why else budgets refused', async () => {
    const { id } = await drafted(room);
    room.peers.budgets.fault = 'PERIOD_CLOSED';
    expect(await submit(id)).toMatchObject({
      __typename: 'FundsRefusedProblem',
      reason: 'PERIOD_CLOSED',
    });
  });

  it('changes nothing while suppliers or budgets are out', async () => {
    const { id } = await drafted(room);
    room.peers.suppliers.isDown = true;
    expect(await submit(id)).toMatchObject({
      __typename: 'UnavailableProblem',
      service: 'suppliers',
      retryable: true,
    });
    room.peers.suppliers.isDown = false;
    room.peers.budgets.fault = 'DOWN';
    expect(await submit(id)).toMatchObject({
      __typename: 'UnavailableProblem',
      service: 'budgets',
    });
    expect(await statusOf(id)).toEqual({ status: 'DRAFT', version: 1 });
  });

  it('refuses what is not there, an old version, a wrong state and other people', async () => {
    const { id } = await drafted(room);
    expect(await submit(newId())).toMatchObject({ __typename: 'NotFoundProblem' });
    expect(await submit(id, { expectedVersion: 2 })).toMatchObject({
      __typename: 'VersionConflictProblem',
      currentVersion: 1,
    });
    expect(await room.run(person('receiver'), 'submitRequisition', { id })).toEqual({
      codes: ['FORBIDDEN'],
    });
    await submit(id);
    expect(await submit(id)).toMatchObject({
      __typename: 'IllegalTransitionProblem',
      state: 'SUBMITTED',
    });
  });

  it('at the same time by several clients happens once', async () => {
    const { id } = await drafted(room);
    const answers = await Promise.all([1, 2, 3, 4].map(() => submit(id)));
    const names = answers.map((answer) => answer.__typename);
    expect(names.filter((name) => name === 'Requisition')).toHaveLength(1);
    expect(
      names.filter(
        (name) => name === 'VersionConflictProblem' || name === 'IllegalTransitionProblem',
      ),
    ).toHaveLength(3);
    room.passTime(AGED_MS);
    await sweep();
    expect(await attempts()).toBe(0);
    expect(room.peers.budgets.reserved.get(id)).toBe(1_000_000n);
    expect((await room.told(id)).filter((type) => type === 'requisition.submitted')).toHaveLength(
      1,
    );
  });

  it('of a returned requisition reserves anew under a new key', async () => {
    const requisition = await submitted(room);
    await decide(room, requisition, 'requested');
    await decide(room, requisition, 'returned', { comment: 'too many' });
    expect(await statusOf(requisition.id)).toEqual({ status: 'RETURNED', version: 4 });
    expect(await submit(requisition.id)).toMatchObject({ status: 'SUBMITTED', version: 5 });
    expect(room.peers.budgets.asked.at(-1)).toBe(`requisition:${requisition.id}:v4:reserve`);
  });
});

describe('a crash between the reservation and the commit', () => {
  it('leaves an attempt that is swept: the funds go back, and the requisition can be submitted again', async () => {
    const { id } = await drafted(room);
    room.peers.budgets.fault = 'LOST_ANSWER';
    expect(await submit(id)).toMatchObject({ __typename: 'UnavailableProblem' });
    expect(room.peers.budgets.reserved.get(id)).toBe(1_000_000n);
    room.peers.budgets.fault = 'NONE';
    expect(await sweep()).toBe(0);
    room.passTime(AGED_MS);
    expect(await sweep()).toBe(1);
    expect(room.peers.budgets.reserved.size).toBe(0);
    expect(await attempts()).toBe(0);
    expect(await statusOf(id)).toEqual({ status: 'DRAFT', version: 2 });
    expect(await submit(id)).toMatchObject({ status: 'SUBMITTED', version: 3 });
    expect(room.peers.budgets.reserved.get(id)).toBe(1_000_000n);
  });

  it('is repaired by the caller who repeats before the sweep', async () => {
    const { id } = await drafted(room);
    const idempotencyKey = newId();
    room.peers.budgets.fault = 'LOST_ANSWER';
    await submit(id, { idempotencyKey });
    room.peers.budgets.fault = 'NONE';
    expect(await submit(id, { idempotencyKey })).toMatchObject({ status: 'SUBMITTED', version: 2 });
    room.passTime(AGED_MS);
    await sweep();
    expect(room.peers.budgets.reserved.get(id)).toBe(1_000_000n);
    expect(room.peers.budgets.availableMinor).toBe(FUNDS_MINOR - 1_000_000n);
  });

  it('is tried again in the next round while budgets is out', async () => {
    const { id } = await drafted(room);
    room.peers.budgets.fault = 'LOST_ANSWER';
    await submit(id);
    room.peers.budgets.fault = 'DOWN';
    room.passTime(AGED_MS);
    expect(await sweep()).toBe(0);
    expect(await attempts()).toBe(1);
    room.peers.budgets.fault = 'NONE';
    expect(await sweep()).toBe(1);
    expect(room.peers.budgets.reserved.size).toBe(0);
  });

  it('does not let a submission that was swept while it slept commit without funds', async () => {
    const { id } = await drafted(room);
    room.peers.budgets.meanwhile = async () => {
      room.peers.budgets.meanwhile = null;
      room.passTime(AGED_MS);
      expect(await sweep()).toBe(1);
    };
    expect(await submit(id)).toMatchObject({
      __typename: 'VersionConflictProblem',
      currentVersion: 2,
    });
    expect(await statusOf(id)).toEqual({ status: 'DRAFT', version: 2 });
    room.passTime(AGED_MS);
    await sweep();
    expect(await attempts()).toBe(0);
    expect(room.peers.budgets.reserved.size).toBe(0);
  });

  it('leaves nothing reserved for a draft that was changed meanwhile', async () => {
    const { id } = await drafted(room);
    room.peers.budgets.meanwhile = async () => {
      room.peers.budgets.meanwhile = null;
      await room.run(REQUESTOR, 'updateRequisition', { id, title: 'Changed meanwhile' });
    };
    expect(await submit(id)).toMatchObject({
      __typename: 'VersionConflictProblem',
      currentVersion: 2,
    });
    room.passTime(AGED_MS);
    expect(await sweep()).toBe(1);
    expect(room.peers.budgets.reserved.size).toBe(0);
  });
});
