import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { ROLE_PERMISSIONS } from '#kernel/identity.ts';
import { moneyOf } from '#kernel/money.ts';
import {
  MIGRATIONS,
  approver,
  createGraphWorld,
  memberOf,
  requestor,
  viewer,
} from './graph-world.ts';
import { insertDelegations } from './store/delegations.ts';
import { delegation, document, policy, rule, stage } from './world.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { Answer, GraphWorld, Submitted } from './graph-world.ts';

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

let keys = 0;
const key = (): string => `key-${(keys += 1)}`;
const femi = viewer('femi', 'finance-operations');

/** What is asked of every answer; a mutation whose union lacks a member does not ask for it. */
const MEMBERS = {
  all: `... on ApprovalRequest { status version documentNumber pendingApproverIds
      decisions { actorId onBehalfOfId outcome } tasks { approverId status } }
    ... on Problem { code message correlationId retryable }
    ... on IllegalTransitionProblem { state event legalEvents }
    ... on SegregationOfDutiesProblem { rule }
    ... on NotYourTaskProblem { approverId }
    ... on InvalidInputProblem { fields { field code } }`,
  stale: '... on StaleDocumentProblem { currentVersion currentHash }',
};

function operationOf(field: string, members: string): string {
  const inputType = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`;
  return `mutation ($input: ${inputType}!) { ${field}(input: $input) { __typename ${members} } }`;
}

async function decide(
  as: Viewer,
  field: 'approveTask' | 'rejectTask' | 'returnTask',
  taskId: string | undefined,
  over: Answer = {},
): Promise<Answer> {
  const input = {
    idempotencyKey: key(),
    taskId,
    documentVersion: 3,
    documentHash: 'hash-3',
    comment: 'because',
    ...over,
  };
  return memberOf(
    await world.query(as, operationOf(field, MEMBERS.all + MEMBERS.stale), { input }),
    field,
  );
}

async function handOver(
  as: Viewer,
  taskId: string | undefined,
  toId: string,
  over: Answer = {},
): Promise<Answer> {
  const input = { idempotencyKey: key(), taskId, toId, ...over };
  return memberOf(
    await world.query(as, operationOf('delegateTask', MEMBERS.all), { input }),
    'delegateTask',
  );
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
    const over = { idempotencyKey: key() };
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

describe('withdrawApproval', () => {
  const withdraw = async (
    as: Viewer,
    submitted: Pick<Submitted, 'requestId'>,
    over: Answer = {},
  ): Promise<Answer> => {
    const operation = `mutation ($input: WithdrawApprovalInput!) { withdrawApproval(input: $input) { __typename
      ... on ApprovalRequest { status closedById } ... on Problem { code } ... on VersionConflictProblem { currentVersion } } }`;
    const input = { idempotencyKey: key(), requestId: submitted.requestId, ...over };
    return memberOf(await world.query(as, operation, { input }), 'withdrawApproval');
  };

  it('takes the document back for its requester, until it is approved', async () => {
    const open = await world.submit();
    expect(await withdraw(requestor('rike'), open)).toEqual({
      __typename: 'ApprovalRequest',
      status: 'WITHDRAWN',
      closedById: 'rike',
    });
    expect(await world.told(open.requestId)).toEqual(['requested', 'withdrawn']);
    const approved = await world.submit();
    await decide(approver('anton'), 'approveTask', approved.taskIds[0]);
    expect(await withdraw(requestor('rike'), approved)).toMatchObject({
      __typename: 'IllegalTransitionProblem',
    });
  });

  it('answers with each problem of its union', async () => {
    const open = await world.submit();
    expect(await withdraw(requestor('rike'), { requestId: 'none' })).toMatchObject({
      __typename: 'NotFoundProblem',
    });
    expect(await withdraw(requestor('other'), open)).toMatchObject({
      __typename: 'NotYourDocumentProblem',
    });
    expect(await withdraw(requestor('rike'), open, { expectedVersion: 7 })).toEqual({
      __typename: 'VersionConflictProblem',
      code: 'VERSION_CONFLICT',
      currentVersion: 1,
    });
    expect(await withdraw(requestor('rike'), open, { comment: 'x'.repeat(2001) })).toMatchObject({
      __typename: 'InvalidInputProblem',
    });
    await withdraw(requestor('rike'), open, { idempotencyKey: 'w' });
    expect(
      await withdraw(requestor('rike'), open, { idempotencyKey: 'w', comment: 'x' }),
    ).toMatchObject({ __typename: 'IdempotencyKeyReusedProblem' });
  });
});

describe('what a viewer sees', () => {
  const ids = async (as: Viewer): Promise<number> => {
    const answer = await world.query(as, '{ approvalRequests(last: 100) { nodes { id } } }');
    const { nodes } = memberOf(answer, 'approvalRequests');
    return Array.isArray(nodes) ? nodes.length : -1;
  };

  it('is what lies in their companies and cost centres, is their own, or waits for them', async () => {
    const { requestId } = await world.submit({
      companyCode: 'PL01',
      costCentreId: 'PL01-1',
      requesterId: 'pola',
    });
    const see = async (as: Viewer): Promise<unknown> =>
      (
        await world.query(as, 'query ($id: ID!) { approvalRequest(id: $id) { id } }', {
          id: requestId,
        })
      )['approvalRequest'];
    expect(await see(viewer('x', 'auditor'))).not.toBeNull();
    expect(await see(viewer('x', 'auditor', { companies: ['PL01'] }))).not.toBeNull();
    expect(await see(viewer('x', 'auditor', { companies: ['DE01'] }))).toBeNull();
    expect(
      await see(viewer('x', 'auditor', { companies: ['PL01'], costCentres: ['PL01-2'] })),
    ).toBeNull();
    expect(
      await see(viewer('pola', 'requestor', { companies: ['PL01'], costCentres: [] })),
    ).not.toBeNull();
    expect(await see(approver('anton'))).not.toBeNull();
    expect(await see(approver('bea'))).toBeNull();
    expect(await ids(viewer('x', 'auditor', { companies: [] }))).toBe(0);
  });

  it.each(Object.keys(ROLE_PERMISSIONS))(
    'as %s is refused at the top where the permission is missing',
    async (role) => {
      const granted = ROLE_PERMISSIONS[role] ?? [];
      const operations = [
        ['approval:read', '{ approvalRequests(first: 1) { nodes { id } } }'],
        ['approval:read', '{ myApprovalTasks(first: 1) { nodes { id } } }'],
        ['approval:read', '{ approvalPolicies(first: 1) { nodes { id } } }'],
        ['approval:read', '{ myDelegations(first: 1) { nodes { id } } }'],
        ['approval:read', '{ approvalRequest(id: "1") { id } }'],
        [
          'approval:decide',
          'mutation { approveTask(input: { idempotencyKey: "r", taskId: "1", documentVersion: 1, documentHash: "h" }) { __typename } }',
        ],
        [
          'approval:decide',
          'mutation { rejectTask(input: { idempotencyKey: "r", taskId: "1", documentVersion: 1, documentHash: "h" }) { __typename } }',
        ],
        [
          'approval:decide',
          'mutation { returnTask(input: { idempotencyKey: "r", taskId: "1", documentVersion: 1, documentHash: "h", comment: "c" }) { __typename } }',
        ],
        [
          'approval:delegate',
          'mutation { endDelegation(input: { idempotencyKey: "r", delegationId: "1" }) { __typename } }',
        ],
        [
          'approval:delegate',
          'mutation { createDelegation(input: { idempotencyKey: "r2", toId: "", startsOn: "2026-11-23", endsOn: "2026-11-23", reason: "" }) { __typename } }',
        ],
        [
          'approval-policy:write',
          'mutation { rerouteApproval(input: { idempotencyKey: "r", requestId: "1" }) { __typename } }',
        ],
        [
          'approval-policy:write',
          'mutation { activateApprovalPolicy(input: { idempotencyKey: "r", policyId: "1" }) { __typename } }',
        ],
        [
          'approval-policy:write',
          'mutation { createApprovalPolicy(input: { idempotencyKey: "r3", name: "", effectiveFrom: "2026-11-23", rules: [] }) { __typename } }',
        ],
        [
          'requisition:write',
          'mutation { withdrawApproval(input: { idempotencyKey: "r", requestId: "1" }) { __typename } }',
        ],
      ] as const;
      for (const [permission, operation] of operations) {
        const outcome = await world.query(viewer('somebody', role), operation).then(
          () => 'answered',
          (error: Error) => error.message.split(':')[0],
        );
        expect([operation, outcome]).toEqual([
          operation,
          granted.includes(permission) ? 'answered' : 'FORBIDDEN',
        ]);
      }
    },
  );

  it('includes no page without a size', async () => {
    await expect(world.query(femi, '{ approvalRequests { nodes { id } } }')).rejects.toThrow(
      /BAD_USER_INPUT/,
    );
    await expect(
      world.query(femi, '{ myApprovalTasks(first: 101) { nodes { id } } }'),
    ).rejects.toThrow(/BAD_USER_INPUT/);
  });
});

describe('a list', () => {
  const DEEP = `query ($first: Int!) { approvalRequests(first: $first) { pageInfo { hasNextPage } nodes {
    id documentType total { amount currency } costCentre { id } policy { version rules { amountFrom { amount } stages { approvers { kind userIds } } } }
    document { __typename ... on Requisition { id approval { round } approvals { round } } ... on PurchaseOrder { id approval { round } } }
    stages { number mode tasks { approverId request { id } } } tasks { id } decisions { outcome } pendingApproverIds } } }`;

  it('costs as many statements for one row as for fifty', async () => {
    for (let count = 0; count < 50; count += 1)
      await world.submit(count % 2 === 0 ? {} : { documentType: 'PURCHASE_ORDER' });
    world.countStatements();
    await world.query(femi, DEEP, { first: 1 });
    const one = world.countStatements();
    await world.query(femi, DEEP, { first: 50 });
    expect(world.countStatements()).toBe(one);
    expect(one).toBeLessThanOrEqual(6);
  });

  it('of tasks has pages that join without gap, without the own documents', async () => {
    await world.database
      .query(`insert into approval_task (id, request_id, stage, position, approver_id, status, origin)
      select 'own-' || id, id, 9, 1, 'rike', 'PENDING', 'RULE' from approval_request limit 1`);
    const seen: string[] = [];
    let after: string | null = null;
    for (;;) {
      const answer: Answer = await world.query(
        approver('anton'),
        'query ($after: String) { myApprovalTasks(first: 7, after: $after) { nodes { id approverId status } pageInfo { hasNextPage endCursor } } }',
        { after },
      );
      const { nodes, pageInfo } = memberOf(answer, 'myApprovalTasks') as unknown as {
        nodes: { id: string }[];
        pageInfo: { hasNextPage: boolean; endCursor: string };
      };
      seen.push(...nodes.map((node) => node.id));
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    const [row] = await world.database.query<{ count: bigint }>(
      `select count(*) from approval_task where approver_id = 'anton' and status = 'PENDING'`,
    );
    expect(BigInt(seen.length)).toBe(row?.count);
    expect(new Set(seen).size).toBe(seen.length);
    expect(
      await world.query(
        viewer('rike', 'approver'),
        '{ myApprovalTasks(first: 5) { nodes { id } } }',
      ),
    ).toEqual({ myApprovalTasks: { nodes: [] } });
  });

  it('of requests is narrowed by its filter', async () => {
    const operation =
      'query ($filter: ApprovalRequestFilter) { approvalRequests(first: 100, filter: $filter) { nodes { status documentType companyCode } } }';
    const answer = await world.query(femi, operation, {
      filter: {
        status: 'PENDING_APPROVAL',
        documentType: 'REQUISITION',
        companyCode: 'DE01',
        costCentreId: 'DE01-4100',
        requesterId: 'rike',
      },
    });
    const { nodes } = memberOf(answer, 'approvalRequests');
    expect(new Set(Array.isArray(nodes) ? nodes.map((node) => JSON.stringify(node)) : [])).toEqual(
      new Set(['{"status":"PENDING_APPROVAL","documentType":"REQUISITION","companyCode":"DE01"}']),
    );
  });
});

describe('references from other rooms', () => {
  const ENTITIES = `query ($representations: [_Any!]!) { _entities(representations: $representations) { __typename
    ... on Requisition { id approval { id round } approvals { round } } ... on PurchaseOrder { approval { round } } ... on ApprovalRequest { documentNumber } } }`;

  it('lead to the rounds of a document and to a request, as far as the viewer may see them', async () => {
    const first = await world.submit();
    await decide(approver('anton'), 'returnTask', first.taskIds[0]);
    const second = await world.submit({
      documentId: first.documentId,
      documentVersion: 4,
      documentHash: 'hash-4',
    });
    const representations = [
      { __typename: 'Requisition', id: first.documentId },
      { __typename: 'ApprovalRequest', id: second.requestId },
      { __typename: 'PurchaseOrder', id: 'none' },
    ];
    expect(await world.query(requestor('rike'), ENTITIES, { representations })).toEqual({
      _entities: [
        {
          __typename: 'Requisition',
          id: first.documentId,
          approval: { id: second.requestId, round: 2 },
          approvals: [{ round: 1 }, { round: 2 }],
        },
        { __typename: 'ApprovalRequest', documentNumber: document().documentNumber },
        { __typename: 'PurchaseOrder', approval: null },
      ],
    });
    const stranger = viewer('x', 'requestor', { companies: ['US01'] });
    expect(await world.query(stranger, ENTITIES, { representations })).toMatchObject({
      _entities: [{ approval: null, approvals: [] }, null, { approval: null }],
    });
    expect(await world.query(viewer('x', 'receiver'), ENTITIES, { representations })).toMatchObject(
      { _entities: [{ approval: null, approvals: [] }, null, { approval: null }] },
    );
  });
});
