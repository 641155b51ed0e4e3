import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../../tests/support/test-database.ts';
import { moneyOf } from '#kernel/money.ts';
import {
  MIGRATIONS,
  approver,
  createGraphWorld,
  decideIn,
  handOverIn,
  newKey,
  viewer,
} from '../graph-world.ts';
import { insertDelegations } from '../store/delegations.ts';
import { delegation, policy, rule, stage } from '../world.ts';
import type { TestDatabase } from '../../../tests/support/test-database.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { Answer, DecidingField, GraphWorld } from '../graph-world.ts';

let db: TestDatabase;
let world: GraphWorld;
beforeAll(async () => {
  db = await createTestDatabase();
  world = await createGraphWorld(await db.open('approvals', MIGRATIONS));
  await world.putInForce(
    policy({
      rules: [
        rule({ name: 'small', amountToMinor: 500_000n, stages: [stage('PARALLEL_ALL', 'anton')] }),
        rule({
          name: 'two',
          position: 2,
          amountFromMinor: 500_000n,
          stages: [stage('PARALLEL_ALL', 'anton'), stage('PARALLEL_ALL', 'bea')],
        }),
        rule({
          name: 'change',
          position: 3,
          documentType: 'PURCHASE_ORDER',
          stages: [stage('PARALLEL_ALL', 'anton')],
        }),
      ],
    }),
  );
});
afterAll(async () => db[Symbol.asyncDispose]());

const femi = viewer('femi', 'finance-operations');

function decide(
  as: Viewer,
  field: DecidingField,
  taskId: string | undefined,
  over: Answer = {},
): Promise<Answer> {
  return decideIn(world, as, field, { taskId, ...over });
}

function handOver(
  as: Viewer,
  taskId: string | undefined,
  toId: string,
  over: Answer = {},
): Promise<Answer> {
  return handOverIn(world, as, { taskId, toId, ...over });
}

describe('approveTask, rejectTask and returnTask', () => {
  it.each([
    ['approveTask', 'APPROVED', 'approved'],
    ['rejectTask', 'REJECTED', 'rejected'],
    ['returnTask', 'RETURNED', 'returned'],
  ] as const)('%s ends a request of one task as %s and tells it', async (field, status, fact) => {
    const { taskIds, requestId } = await world.submit();
    expect(await decide(approver('anton'), field, taskIds[0])).toMatchObject({
      __typename: 'ApprovalRequest',
      status,
      version: 2,
      pendingApproverIds: [],
      decisions: [{ actorId: 'anton', onBehalfOfId: null, outcome: status }],
    });
    expect(await world.told(requestId)).toEqual(['requested', fact]);
  });

  it('advance to the next stage, whose approver is told of', async () => {
    const { taskIds, requestId } = await world.submit({ total: moneyOf('5000.00', 'EUR') });
    expect(await decide(approver('anton'), 'approveTask', taskIds[0])).toMatchObject({
      status: 'PENDING_APPROVAL',
      pendingApproverIds: ['bea'],
    });
    expect(await decide(approver('bea'), 'approveTask', taskIds[1])).toMatchObject({
      status: 'APPROVED',
    });
    expect(await world.told(requestId)).toEqual(['requested', 'advanced', 'approved']);
  });

  it.each(['approveTask', 'rejectTask', 'returnTask'] as const)(
    '%s answers with each problem of its union and changes nothing',
    async (field) => {
      const { taskIds, requestId } = await world.submit();
      const [taskId] = taskIds;
      const anton = approver('anton');
      expect(await decide(anton, field, 'no-such-task')).toMatchObject({
        __typename: 'NotFoundProblem',
        correlationId: 'call-1',
      });
      expect(await decide(approver('stranger'), field, taskId)).toMatchObject({
        __typename: 'NotFoundProblem',
      });
      expect(await decide(viewer('sofia', 'approver'), field, taskId)).toMatchObject({
        __typename: 'NotYourTaskProblem',
        approverId: 'anton',
      });
      expect(await decide(viewer('rike', 'approver'), field, taskId)).toMatchObject({
        __typename: 'SegregationOfDutiesProblem',
        rule: 'requester-is-not-approver',
      });
      expect(await decide(anton, field, taskId, { documentHash: 'other' })).toMatchObject({
        __typename: 'StaleDocumentProblem',
        currentVersion: 3,
        currentHash: 'hash-3',
      });
      expect(await decide(anton, field, taskId, { comment: 'x'.repeat(2001) })).toMatchObject({
        __typename: 'InvalidInputProblem',
        fields: [{ field: 'comment', code: 'TOO_LONG' }],
      });
      expect(await world.told(requestId)).toEqual(['requested']);
      await decide(anton, field, taskId, { idempotencyKey: `${field}-once` });
      expect(await decide(anton, field, taskId)).toMatchObject({
        __typename: 'IllegalTransitionProblem',
        legalEvents: [],
      });
      expect(
        await decide(anton, field, taskId, { idempotencyKey: `${field}-once`, comment: 'other' }),
      ).toMatchObject({ __typename: 'IdempotencyKeyReusedProblem' });
    },
  );

  it('answer a double click by the same key with the first answer', async () => {
    const { taskIds, requestId } = await world.submit();
    const over = { idempotencyKey: newKey() };
    const first = await decide(approver('anton'), 'approveTask', taskIds[0], over);
    expect(await decide(approver('anton'), 'approveTask', taskIds[0], over)).toEqual(first);
    expect(await world.told(requestId)).toEqual(['requested', 'approved']);
  });

  it('take exactly one of twenty decisions made at once on one task', async () => {
    const { taskIds, requestId } = await world.submit();
    const fields = ['approveTask', 'rejectTask'] as const;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        decide(approver('anton'), fields[index % 2] ?? 'approveTask', taskIds[0]),
      ),
    );
    const members = Map.groupBy(answers, (answer) => answer['__typename']);
    expect([
      members.get('ApprovalRequest')?.length,
      members.get('IllegalTransitionProblem')?.length,
    ]).toEqual([1, 19]);
    const [row] = await world.database.query<{ count: bigint }>(
      'select count(*) from approval_decision where request_id = $1',
      [requestId],
    );
    expect(row?.count).toBe(1n);
    expect(await world.told(requestId)).toHaveLength(2);
  });

  it('take both decisions made at once on two tasks of one stage, and approve once', async () => {
    await world.putInForce(
      policy({
        id: 'joint',
        version: 90,
        rules: [rule({ stages: [stage('PARALLEL_ALL', 'anton', 'bea')] })],
      }),
    );
    const { taskIds, requestId } = await world.submit();
    await Promise.all([
      decide(approver('anton'), 'approveTask', taskIds[0]),
      decide(approver('bea'), 'approveTask', taskIds[1]),
    ]);
    expect(await world.told(requestId)).toEqual(['requested', 'advanced', 'approved']);
    await world.putInForce(policy({ id: 'small-again', version: 91 }));
  });

  it('are taken from a delegate in the name of the approver, and refused to one who is the requester', async () => {
    await insertDelegations(world.database, [
      delegation('anton', 'dora', { maxAmount: moneyOf('2000.00', 'EUR') }),
      delegation('anton', 'rike'),
    ]);
    const within = await world.submit();
    const beyond = await world.submit({ total: moneyOf('2000.01', 'EUR') });
    const before = await decide(approver('rike'), 'approveTask', within.taskIds[0]);
    expect(before).toMatchObject({ __typename: 'SegregationOfDutiesProblem' });
    expect(await decide(approver('dora'), 'approveTask', within.taskIds[0])).toMatchObject({
      decisions: [{ actorId: 'dora', onBehalfOfId: 'anton', outcome: 'APPROVED' }],
    });
    expect(await decide(approver('dora'), 'approveTask', beyond.taskIds[0])).toMatchObject({
      __typename: 'NotYourTaskProblem',
    });
    await world.database.query('delete from delegation');
  });
});

describe('delegateTask', () => {
  it('gives the task to another person, who sees it and decides', async () => {
    const { taskIds, requestId } = await world.submit();
    const answer = await handOver(approver('anton'), taskIds[0], 'carl', {
      comment: 'knows it better',
    });
    expect(answer).toMatchObject({ __typename: 'ApprovalRequest', pendingApproverIds: ['carl'] });
    expect(await handOver(approver('anton'), taskIds[0], 'dora')).toMatchObject({
      __typename: 'IllegalTransitionProblem',
    });
    const mine = await world.query(
      approver('carl'),
      '{ myApprovalTasks(first: 100) { nodes { id origin note request { id } } } }',
    );
    expect(mine).toMatchObject({
      myApprovalTasks: {
        nodes: [{ origin: 'HANDED_OVER', note: 'knows it better', request: { id: requestId } }],
      },
    });
    expect(await world.told(requestId)).toEqual(['requested', 'delegated']);
  });

  it('answers with each problem of its union', async () => {
    const { taskIds } = await world.submit();
    const [taskId] = taskIds;
    expect(await handOver(approver('anton'), 'none', 'carl')).toMatchObject({
      __typename: 'NotFoundProblem',
    });
    expect(await handOver(viewer('sofia', 'approver'), taskId, 'carl')).toMatchObject({
      __typename: 'NotYourTaskProblem',
    });
    expect(await handOver(approver('anton'), taskId, 'rike')).toMatchObject({
      __typename: 'SegregationOfDutiesProblem',
      rule: 'requester-is-not-approver',
    });
    expect(await handOver(approver('anton'), taskId, '')).toMatchObject({
      __typename: 'InvalidInputProblem',
    });
    await handOver(approver('anton'), taskId, 'carl', { idempotencyKey: 'hand' });
    expect(
      await handOver(approver('anton'), taskId, 'dora', { idempotencyKey: 'hand' }),
    ).toMatchObject({ __typename: 'IdempotencyKeyReusedProblem' });
  });

  it('lets finance operations free the task of somebody who left, within their companies', async () => {
    const { taskIds } = await world.submit();
    const elsewhere = viewer('femi', 'finance-operations', { companies: ['US01'] });
    expect(await handOver(elsewhere, taskIds[0], 'carl')).toMatchObject({
      __typename: 'NotFoundProblem',
    });
    expect(await handOver(femi, taskIds[0], 'carl')).toMatchObject({
      pendingApproverIds: ['carl'],
    });
  });
});
