import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { moneyOf } from '#kernel/money.ts';
import { MIGRATIONS, approver, createGraphWorld, memberOf, newKey, viewer } from './graph-world.ts';
import { saveCostCentres, saveExchangeRates } from './store/facts.ts';
import { seedPolicies } from './seed.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { Answer, GraphWorld } from './graph-world.ts';

let db: TestDatabase;
let world: GraphWorld;
beforeAll(async () => {
  db = await createTestDatabase();
  world = await createGraphWorld(await db.open('approvals', MIGRATIONS));
});
afterAll(async () => db[Symbol.asyncDispose]());

const author = viewer('author', 'finance-operations');
const femi = viewer('femi', 'finance-operations');

async function call(as: Viewer, field: string, input: Answer): Promise<Answer> {
  const typeName = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`;
  const selection = SELECTIONS[field] ?? '';
  const operation = `mutation ($input: ${typeName}!) { ${field}(input: $input) { __typename ... on Problem { code message correlationId retryable } ${selection} } }`;
  return memberOf(
    await world.query(as, operation, { input: { idempotencyKey: newKey(), ...input } }),
    field,
  );
}

const SELECTIONS: Readonly<Record<string, string>> = {
  createApprovalPolicy:
    '... on ApprovalPolicy { id version status } ... on InvalidInputProblem { fields { field code } }',
  activateApprovalPolicy:
    '... on ApprovalPolicy { status effectiveFrom activatorId } ... on SegregationOfDutiesProblem { rule }',
  rerouteApproval:
    '... on ApprovalRequest { status version policyVersion pendingApproverIds } ... on UnroutableProblem { reason }',
  createDelegation:
    '... on Delegation { id fromId toId status maxAmount { amount currency } } ... on DelegationChainProblem { path hopsMax } ... on InvalidInputProblem { fields { field code } }',
  endDelegation: '... on Delegation { status version }',
};

const RULE = {
  name: 'all',
  documentType: 'REQUISITION',
  currency: 'EUR',
  amountFrom: '0',
  stages: [{ mode: 'PARALLEL_ALL', approvers: [{ kind: 'USERS', userIds: ['anton'] }] }],
};
const DRAFT = { name: 'Next year', effectiveFrom: '2026-01-01', rules: [RULE] };

describe('a document without a route', () => {
  it('waits as an exception, is never approved, and goes on once another person activated a policy', async () => {
    const { requestId } = await world.submit();
    expect(await world.told(requestId)).toEqual(['unroutable']);
    expect(await call(femi, 'rerouteApproval', { requestId })).toMatchObject({
      __typename: 'UnroutableProblem',
      reason: 'NO_POLICY',
      retryable: true,
    });
    const draft = await call(author, 'createApprovalPolicy', DRAFT);
    expect(draft).toMatchObject({ __typename: 'ApprovalPolicy', version: 1, status: 'DRAFT' });
    expect(await call(author, 'activateApprovalPolicy', { policyId: draft['id'] })).toMatchObject({
      __typename: 'SegregationOfDutiesProblem',
      rule: 'policy-author-is-not-activator',
    });
    expect(await call(femi, 'activateApprovalPolicy', { policyId: draft['id'] })).toMatchObject({
      status: 'ACTIVE',
      effectiveFrom: '2026-11-23',
      activatorId: 'femi',
    });
    expect(await call(femi, 'activateApprovalPolicy', { policyId: draft['id'] })).toMatchObject({
      __typename: 'IllegalTransitionProblem',
    });
    expect(await call(femi, 'rerouteApproval', { requestId, expectedVersion: 9 })).toMatchObject({
      __typename: 'VersionConflictProblem',
    });
    expect(
      await call(femi, 'rerouteApproval', { requestId, idempotencyKey: 'again' }),
    ).toMatchObject({
      status: 'PENDING_APPROVAL',
      version: 2,
      policyVersion: 1,
      pendingApproverIds: ['anton'],
    });
    expect(await call(femi, 'rerouteApproval', { requestId })).toMatchObject({
      __typename: 'IllegalTransitionProblem',
    });
    expect(
      await call(femi, 'rerouteApproval', {
        requestId,
        expectedVersion: 2,
        idempotencyKey: 'again',
      }),
    ).toMatchObject({ __typename: 'IdempotencyKeyReusedProblem' });
    expect(await call(femi, 'rerouteApproval', { requestId: 'none' })).toMatchObject({
      __typename: 'NotFoundProblem',
    });
    expect(await world.told(requestId)).toEqual(['unroutable', 'requested']);
  });

  it('waits for a rate', async () => {
    const { requestId } = await world.submit({ total: moneyOf('100.00', 'GBP') });
    expect(await call(femi, 'rerouteApproval', { requestId })).toMatchObject({
      reason: 'NO_EXCHANGE_RATE',
    });
    const rate = { fromCurrency: 'GBP', toCurrency: 'EUR', rate: '1.15' };
    await saveExchangeRates(world.database, [{ ...rate, validFrom: '2026-11-24' }]);
    expect(await call(femi, 'rerouteApproval', { requestId })).toMatchObject({
      reason: 'NO_EXCHANGE_RATE',
    });
    await saveExchangeRates(world.database, [{ ...rate, validFrom: '2026-11-01' }]);
    expect(await call(femi, 'rerouteApproval', { requestId })).toMatchObject({
      status: 'PENDING_APPROVAL',
    });
  });
});

describe('versions of the policy', () => {
  it('count up, one is in force on each day, and requests in flight keep theirs', async () => {
    const before = await world.submit();
    const drafts = await Promise.all(
      ['bea', 'carl'].map((userId) =>
        call(author, 'createApprovalPolicy', {
          ...DRAFT,
          rules: [
            {
              ...RULE,
              stages: [{ mode: 'PARALLEL_ALL', approvers: [{ kind: 'USERS', userIds: [userId] }] }],
            },
          ],
        }),
      ),
    );
    expect(drafts.map((draft) => Number(draft['version'])).sort((a, b) => a - b)).toEqual([2, 3]);
    await Promise.all(
      drafts.map((draft) => call(femi, 'activateApprovalPolicy', { policyId: draft['id'] })),
    );
    const answer = await world.query(
      femi,
      '{ approvalPolicies(first: 10, status: ACTIVE) { nodes { version effectiveTo } } }',
    );
    expect(memberOf(answer, 'approvalPolicies')['nodes']).toHaveLength(1);
    const after = await world.submit();
    const read =
      'query ($id: ID!) { approvalRequest(id: $id) { policyVersion pendingApproverIds } }';
    expect(await world.query(femi, read, { id: before.requestId })).toEqual({
      approvalRequest: { policyVersion: 1, pendingApproverIds: ['anton'] },
    });
    expect(await world.query(femi, read, { id: after.requestId })).not.toMatchObject({
      approvalRequest: { policyVersion: 1 },
    });
  });

  it('can be planned ahead: the predecessor decides until then', async () => {
    const draft = await call(author, 'createApprovalPolicy', {
      ...DRAFT,
      effectiveFrom: '2027-01-01',
    });
    expect(await call(femi, 'activateApprovalPolicy', { policyId: draft['id'] })).toMatchObject({
      status: 'ACTIVE',
      effectiveFrom: '2027-01-01',
    });
    const route = (submittedOn: string) =>
      world.query(
        femi,
        'query ($input: SimulateApprovalInput!) { simulateApproval(input: $input) { ... on ApprovalSimulation { policyVersion } } }',
        {
          input: {
            documentType: 'REQUISITION',
            companyCode: 'DE01',
            costCentreId: 'DE01-4100',
            category: 'X',
            total: { amount: '1', currency: 'EUR' },
            requesterId: 'rike',
            submittedOn,
          },
        },
      );
    expect(await route('2026-12-31')).not.toMatchObject({
      simulateApproval: { policyVersion: draft['version'] },
    });
    expect(await route('2027-01-01')).toMatchObject({
      simulateApproval: { policyVersion: draft['version'] },
    });
  });

  it('are refused with every flaw named', async () => {
    expect(
      await call(author, 'createApprovalPolicy', {
        ...DRAFT,
        rules: [
          { ...RULE, amountFrom: '0.001' },
          { ...RULE, currency: 'EURO' },
        ],
      }),
    ).toMatchObject({
      __typename: 'InvalidInputProblem',
      fields: [
        { field: 'rules.0.amountFrom', code: 'TOO_MANY_DECIMALS' },
        { field: 'rules.1.amountFrom', code: 'UNKNOWN_CURRENCY' },
      ],
    });
    expect(await call(author, 'createApprovalPolicy', { ...DRAFT, rules: [] })).toMatchObject({
      fields: [{ field: 'rules', code: 'OUT_OF_BOUNDS' }],
    });
    await call(author, 'createApprovalPolicy', { ...DRAFT, idempotencyKey: 'p' });
    expect(
      await call(author, 'createApprovalPolicy', { ...DRAFT, name: 'Other', idempotencyKey: 'p' }),
    ).toMatchObject({ __typename: 'IdempotencyKeyReusedProblem' });
    expect(
      await call(femi, 'activateApprovalPolicy', { policyId: 'none', idempotencyKey: 'a' }),
    ).toMatchObject({ __typename: 'NotFoundProblem' });
  });
});

describe('simulateApproval', () => {
  it('shows rule, stages and approvers of the seeded policy, or why there are none, and writes nothing', async () => {
    await using ownDb = await createTestDatabase();
    const own = await createGraphWorld(await ownDb.open('approvals', MIGRATIONS));
    await own.database.transaction((tx) => seedPolicies(tx));
    await own.database.transaction((tx) => seedPolicies(tx));
    await saveCostCentres(own.database, [
      { costCentreId: 'DE01-4100', companyCode: 'DE01', managerId: 'approver', sequence: 1 },
    ]);
    const operation = `query ($input: SimulateApprovalInput!) { simulateApproval(input: $input) { __typename
      ... on ApprovalSimulation { ruleName stages { number mode approvers { approverId origin skipped note } } } ... on UnroutableProblem { reason } ... on Problem { code } } }`;
    const simulate = async (over: Answer): Promise<Answer> => {
      const input = {
        documentType: 'REQUISITION',
        companyCode: 'DE01',
        costCentreId: 'DE01-4100',
        category: 'X',
        total: { amount: '5000.00', currency: 'EUR' },
        requesterId: 'requestor',
        ...over,
      };
      return memberOf(await own.query(femi, operation, { input }), 'simulateApproval');
    };
    const one = (approverId: string) => [
      { approverId, origin: 'RULE', skipped: false, note: null },
    ];
    expect(await simulate({})).toEqual({
      __typename: 'ApprovalSimulation',
      ruleName: 'Requisition from 5000 (EUR)',
      stages: [
        { number: 1, mode: 'PARALLEL_ALL', approvers: one('approver') },
        { number: 2, mode: 'PARALLEL_ALL', approvers: one('second-approver') },
      ],
    });
    expect(await simulate({ total: { amount: '4999.99', currency: 'EUR' } })).toMatchObject({
      stages: [{ approvers: one('approver') }],
    });
    expect(await simulate({ total: { amount: '50000', currency: 'EUR' } })).toMatchObject({
      stages: [
        { mode: 'PARALLEL_ALL', approvers: [...one('approver'), ...one('second-approver')] },
      ],
    });
    expect(
      await simulate({ costCentreId: 'DE01-9', total: { amount: '1', currency: 'EUR' } }),
    ).toMatchObject({ reason: 'MANAGER_UNKNOWN' });
    expect(await simulate({ total: { amount: '1', currency: 'BRL' } })).toMatchObject({
      reason: 'NO_EXCHANGE_RATE',
    });
    expect(await simulate({ total: { amount: '1', currency: 'NOPE' } })).toMatchObject({
      __typename: 'InvalidInputProblem',
    });
    expect(await simulate({ policyId: 'none' })).toMatchObject({ __typename: 'NotFoundProblem' });
  });
});

describe('createDelegation and endDelegation', () => {
  const WEEK = { startsOn: '2026-11-23', endsOn: '2026-11-29', reason: 'vacation' };

  it("let another person see and decide one's tasks until it is ended", async () => {
    const made = await call(approver('anton'), 'createDelegation', {
      ...WEEK,
      toId: 'dora',
      maxAmount: { amount: '5000.00', currency: 'EUR' },
    });
    expect(made).toMatchObject({
      __typename: 'Delegation',
      fromId: 'anton',
      toId: 'dora',
      status: 'ACTIVE',
      maxAmount: { amount: '5000.00', currency: 'EUR' },
    });
    const tasks =
      '{ myApprovalTasks(first: 100) { nodes { approverId } } myDelegations(first: 10, status: ACTIVE) { nodes { fromId } } }';
    const during = await world.query(approver('dora'), tasks);
    expect(memberOf(during, 'myApprovalTasks')['nodes']).toContainEqual({ approverId: 'anton' });
    expect(during).toMatchObject({ myDelegations: { nodes: [{ fromId: 'anton' }] } });
    expect(
      await call(approver('dora'), 'endDelegation', { delegationId: made['id'] }),
    ).toMatchObject({ __typename: 'NotFoundProblem' });
    expect(
      await call(approver('anton'), 'endDelegation', { delegationId: made['id'] }),
    ).toMatchObject({ status: 'ENDED', version: 2 });
    expect(
      await call(approver('anton'), 'endDelegation', {
        delegationId: made['id'],
        idempotencyKey: 'e',
      }),
    ).toMatchObject({ __typename: 'IllegalTransitionProblem' });
    expect(await world.query(approver('dora'), tasks)).toEqual({
      myApprovalTasks: { nodes: [] },
      myDelegations: { nodes: [] },
    });
  });

  it('refuse circles, chains that are too long, and bad input', async () => {
    await call(approver('a'), 'createDelegation', { ...WEEK, toId: 'b' });
    await call(approver('b'), 'createDelegation', { ...WEEK, toId: 'c' });
    expect(await call(approver('c'), 'createDelegation', { ...WEEK, toId: 'a' })).toMatchObject({
      __typename: 'DelegationChainProblem',
      path: ['c', 'a', 'b', 'c'],
      hopsMax: 3,
    });
    expect(
      await call(approver('c'), 'createDelegation', {
        ...WEEK,
        startsOn: '2026-12-01',
        endsOn: '2026-12-02',
        toId: 'a',
      }),
    ).toMatchObject({ __typename: 'Delegation' });
    expect(
      await call(approver('c'), 'createDelegation', { ...WEEK, toId: 'd', idempotencyKey: 'c-d' }),
    ).toMatchObject({ __typename: 'Delegation' });
    expect(await call(approver('d'), 'createDelegation', { ...WEEK, toId: 'e' })).toMatchObject({
      __typename: 'DelegationChainProblem',
      path: ['a', 'b', 'c', 'd', 'e'],
    });
    expect(
      await call(approver('c'), 'createDelegation', { ...WEEK, toId: 'f', idempotencyKey: 'c-d' }),
    ).toMatchObject({ __typename: 'IdempotencyKeyReusedProblem' });
    expect(
      await call(approver('c'), 'createDelegation', {
        ...WEEK,
        toId: 'c',
        maxAmount: { amount: '1', currency: 'EUR' },
      }),
    ).toMatchObject({ fields: [{ field: 'toId', code: 'SAME_PERSON' }] });
    expect(
      await call(approver('c'), 'createDelegation', {
        ...WEEK,
        toId: 'x',
        maxAmount: { amount: '0.001', currency: 'EUR' },
      }),
    ).toMatchObject({ fields: [{ field: 'maxAmount', code: 'TOO_MANY_DECIMALS' }] });
  });

  it('close no circle when made at once', async () => {
    const both = async (left: string, right: string): Promise<unknown[]> => {
      const answers = await Promise.all([
        call(approver(left), 'createDelegation', { ...WEEK, toId: right }),
        call(approver(right), 'createDelegation', { ...WEEK, toId: left }),
      ]);
      return answers.map((answer) => answer['__typename']);
    };
    const pairs = await Promise.all(
      Array.from({ length: 12 }, (_, index) => both(`left-${index}`, `right-${index}`)),
    );
    for (const pair of pairs) {
      expect(new Set(pair)).toEqual(new Set(['Delegation', 'DelegationChainProblem']));
    }
  });
});
