import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { draft, drafted, line, submitted } from './test-world/document.ts';
import { BUYER, REQUESTOR, openTestRoom, person } from './test-world/room.ts';
import type { TestRoom } from './test-world/room.ts';

let room: TestRoom;
beforeAll(async () => {
  room = await openTestRoom();
});
afterAll(async () => room[Symbol.asyncDispose]());

describe('createRequisition', () => {
  it('writes a draft with its lines, number and correlation id', async () => {
    const created = await room.run(REQUESTOR, 'createRequisition', draft());
    expect(created).toMatchObject({
      __typename: 'Requisition',
      version: 1,
      status: 'DRAFT',
      total: { amount: '10000.00', currency: 'EUR' },
    });
    expect(created.number).toMatch(/^REQ-DE01-\d{6}$/);
    expect(created.lines).toMatchObject([{ lineNumber: 1, netAmount: { amount: '10000.00' } }]);
    expect(await room.told(created.id)).toEqual(['requisition.created']);
    expect(await room.lastTold(created.id)).toMatchObject({
      correlationid: created.correlationId,
      ownerid: 'requestor',
    });
  });

  it('answers a repeated key with the first answer, and refuses the key for another input', async () => {
    const idempotencyKey = newId();
    const first = await room.run(REQUESTOR, 'createRequisition', draft({ idempotencyKey }));
    const again = await room.run(REQUESTOR, 'createRequisition', draft({ idempotencyKey }));
    expect(again.id).toBe(first.id);
    const other = await room.run(
      REQUESTOR,
      'createRequisition',
      draft({ idempotencyKey, title: 'Other' }),
    );
    expect(other.__typename).toBe('IdempotencyKeyReusedProblem');
  });

  it('names every field that breaks a rule', async () => {
    const lines = [line({ quantity: { value: '-1' }, currency: 'USD' })];
    const refused = await room.run(
      REQUESTOR,
      'createRequisition',
      draft({ lines, costCentreId: 'DE01-9999' }),
    );
    expect(refused).toMatchObject({ __typename: 'InvalidInputProblem', retryable: false });
    expect(refused.fields).toEqual([
      { field: 'costCentreId', code: 'UNKNOWN_COST_CENTRE' },
      { field: 'lines.0.currency', code: 'CURRENCY_DIFFERS' },
      { field: 'lines.0.quantity.value', code: 'NEGATIVE_QUANTITY' },
    ]);
  });

  it('does not tell that a cost centre outside the scope exists', async () => {
    const refused = await room.run(
      REQUESTOR,
      'createRequisition',
      draft({ costCentreId: 'US01-4100' }),
    );
    expect(refused.fields).toEqual([{ field: 'costCentreId', code: 'UNKNOWN_COST_CENTRE' }]);
  });

  it.each(['approver', 'receiver', 'ap-clerk', 'auditor', 'architect', 'erp', 'supplier-steward'])(
    'is FORBIDDEN to the role %s',
    async (role) => {
      expect(await room.run(person(role), 'createRequisition', draft())).toEqual({
        codes: ['FORBIDDEN'],
      });
    },
  );
});

describe('updateRequisition', () => {
  it('replaces what is given and keeps the rest', async () => {
    const { id, version } = await drafted(room);
    const changed = await room.run(REQUESTOR, 'updateRequisition', {
      id,
      expectedVersion: version,
      lines: [line(), line({ description: 'Dock' })],
    });
    expect(changed).toMatchObject({
      __typename: 'Requisition',
      version: 2,
      title: 'Laptops',
      total: { amount: '20000.00' },
    });
    expect(changed.lines.map((own: { description: string }) => own.description)).toEqual([
      'Laptop',
      'Dock',
    ]);
    expect(await room.told(id)).toEqual(['requisition.created', 'requisition.changed']);
  });

  it('refuses an old version, a wrong field, another company and what is not there', async () => {
    const { id } = await drafted(room);
    const update = (input: object) => room.run(REQUESTOR, 'updateRequisition', input);
    expect(await update({ id, expectedVersion: 7, title: 'x' })).toMatchObject({
      __typename: 'VersionConflictProblem',
      currentVersion: 1,
    });
    expect(await update({ id, currency: 'EUX' })).toMatchObject({
      __typename: 'InvalidInputProblem',
    });
    expect(await update({ id: newId(), title: 'x' })).toMatchObject({
      __typename: 'NotFoundProblem',
    });
    const everywhere = { ...REQUESTOR, companies: ['*'] };
    const moved = await room.run(everywhere, 'updateRequisition', {
      id,
      costCentreId: 'US01-4100',
    });
    expect(moved.fields).toEqual([{ field: 'costCentreId', code: 'COMPANY_DIFFERS' }]);
  });

  it('is illegal once it is submitted', async () => {
    const { id } = await submitted(room);
    const refused = await room.run(REQUESTOR, 'updateRequisition', { id, title: 'x' });
    expect(refused).toMatchObject({
      __typename: 'IllegalTransitionProblem',
      state: 'SUBMITTED',
      legalEvents: ['approvalRequested', 'withdraw'],
    });
  });

  it('is for the requester and buyers; to others in the cost centre it is FORBIDDEN', async () => {
    const { id } = await drafted(room);
    expect(await room.run(BUYER, 'updateRequisition', { id, title: 'By a buyer' })).toMatchObject({
      __typename: 'Requisition',
    });
    expect(
      await room.run(person('requestor', { id: 'colleague' }), 'updateRequisition', {
        id,
        title: 'x',
      }),
    ).toEqual({ codes: ['FORBIDDEN'] });
    expect(
      await room.run(person('requestor', { companies: ['US01'] }), 'updateRequisition', {
        id,
        title: 'x',
      }),
    ).toMatchObject({ __typename: 'NotFoundProblem' });
  });

  it('shows fields anew after each of two changes in one request', async () => {
    const { id } = await drafted(room);
    const fields = '{ ... on Requisition { version lines { description } } }';
    const text = `mutation ($a: UpdateRequisitionInput!, $b: UpdateRequisitionInput!) { a: updateRequisition(input: $a) ${fields} b: updateRequisition(input: $b) ${fields} }`;
    const input = (description: string): object => ({
      idempotencyKey: newId(),
      id,
      lines: [line({ description })],
    });
    const { data } = await room.ask(REQUESTOR, text, { a: input('A'), b: input('B') });
    expect(data).toEqual({
      a: { version: 2, lines: [{ description: 'A' }] },
      b: { version: 3, lines: [{ description: 'B' }] },
    });
  });
});

describe('withdrawing and cancelling', () => {
  it('takes back what was submitted, which can then be revised', async () => {
    const { id } = await submitted(room);
    expect(await room.run(REQUESTOR, 'withdrawRequisition', { id })).toMatchObject({
      __typename: 'Requisition',
      status: 'WITHDRAWN',
      version: 3,
    });
    expect(await room.told(id)).toEqual([
      'requisition.created',
      'requisition.submitted',
      'requisition.withdrawn',
    ]);
    expect(await room.run(REQUESTOR, 'updateRequisition', { id, title: 'Again' })).toMatchObject({
      status: 'DRAFT',
      version: 4,
    });
  });

  it('gives up a draft for good', async () => {
    const { id } = await drafted(room);
    expect(await room.run(REQUESTOR, 'cancelRequisition', { id })).toMatchObject({
      status: 'CANCELLED',
    });
    const refused = await room.run(REQUESTOR, 'cancelRequisition', { id });
    expect(refused).toMatchObject({ __typename: 'IllegalTransitionProblem', legalEvents: [] });
    expect(await room.told(id)).toEqual(['requisition.created', 'requisition.cancelled']);
  });

  it('has the same refusals as every change', async () => {
    const { id } = await drafted(room);
    for (const mutation of ['withdrawRequisition', 'cancelRequisition']) {
      expect(await room.run(REQUESTOR, mutation, { id: newId() })).toMatchObject({
        __typename: 'NotFoundProblem',
      });
      expect(await room.run(REQUESTOR, mutation, { id, expectedVersion: 9 })).toMatchObject({
        __typename: 'VersionConflictProblem',
      });
      expect(await room.run(person('receiver'), mutation, { id })).toEqual({
        codes: ['FORBIDDEN'],
      });
      const idempotencyKey = newId();
      await room.run(REQUESTOR, 'updateRequisition', { id, idempotencyKey, title: 'x' });
      expect(await room.run(REQUESTOR, mutation, { id, idempotencyKey })).toMatchObject({
        __typename: 'IdempotencyKeyReusedProblem',
      });
    }
    expect(await room.run(REQUESTOR, 'withdrawRequisition', { id })).toMatchObject({
      __typename: 'IllegalTransitionProblem',
      state: 'DRAFT',
    });
  });
});
