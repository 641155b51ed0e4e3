import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { ROLE_PERMISSIONS } from '#kernel/identity.ts';
import {
  MIGRATIONS,
  approver,
  createGraphWorld,
  decideIn,
  memberOf,
  newKey,
  requestor,
  viewer,
} from './graph-world.ts';
import { document, policy, rule, stage } from './world.ts';
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

const femi = viewer('femi', 'finance-operations');

describe('withdrawApproval', () => {
  const withdraw = async (
    as: Viewer,
    submitted: Pick<Submitted, 'requestId'>,
    over: Answer = {},
  ): Promise<Answer> => {
    const operation = `mutation ($input: WithdrawApprovalInput!) { withdrawApproval(input: $input) { __typename
      ... on ApprovalRequest { status closedById } ... on Problem { code } ... on VersionConflictProblem { currentVersion } } }`;
    const input = { idempotencyKey: newKey(), requestId: submitted.requestId, ...over };
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
    await decideIn(world, approver('anton'), 'approveTask', { taskId: approved.taskIds[0] });
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
    await decideIn(world, approver('anton'), 'returnTask', { taskId: first.taskIds[0] });
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
