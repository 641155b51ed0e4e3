import { describe, expect, it } from '@jest/globals';
import { flawsOf, statesOf, step, walk } from '#kernel/lifecycle.ts';
import {
  REQUEST_LIFECYCLE,
  openRequest,
  routeRequest,
  withdrawRequest,
} from './approval-request.ts';
import { TASK_LIFECYCLE, moved, progress } from './approval-task.ts';
import { decideTask } from './task-decision.ts';
import { handOverTask } from './task-handover.ts';
import {
  AT,
  approval,
  decision,
  decisionFacts,
  document,
  policy,
  routingFacts,
  rule,
  stage,
  summary,
} from './world.ts';
import type { Approval, RequestEvent, RequestStatus } from './approval-request.ts';
import type { TaskEvent, TaskStatus } from './approval-task.ts';

const opening = {
  id: 'request-1',
  round: 1,
  correlationId: 'c',
  at: AT,
  newTaskId: () => 'task-1',
};

describe('the tables', () => {
  it('are sound', () => {
    expect([...flawsOf(REQUEST_LIFECYCLE), ...flawsOf(TASK_LIFECYCLE)]).toEqual([]);
  });

  it.each([...walk(TASK_LIFECYCLE)])(
    'a task in $state answers $event as its table says',
    ({ state, event, next }) => {
      const task = { ...approval([stage('PARALLEL_ALL', 'anton')]).tasks[0]!, status: state };
      if (next === undefined) expect(() => moved(task, event)).toThrow(/does not accept/);
      else expect(moved(task, event).status).toBe(next);
    },
  );

  it.each([...walk(REQUEST_LIFECYCLE)])(
    'a request in $state answers $event as its table says',
    ({ state, event, next }) => {
      expect(outcomeOf(inState(state), event)).toBe(next ?? 'ILLEGAL_TRANSITION');
      expect(step(REQUEST_LIFECYCLE, state, event).ok).toBe(next !== undefined);
    },
  );

  it('a task that is no longer pending accepts no decision, in any state', () => {
    const open = approval([stage('PARALLEL_ALL', 'anton')]);
    for (const status of statesOf<TaskStatus, TaskEvent>(TASK_LIFECYCLE)) {
      const tasks = open.tasks.map((task) => ({ ...task, status }));
      for (const verdict of ['approve', 'reject', 'return'] as const) {
        const decided = decideTask(
          { ...open, tasks },
          decision(verdict, 't1', 'anton'),
          decisionFacts(),
        );
        expect(decided.ok ? 'decided' : decided.problem.code).toBe(
          status === 'PENDING' ? 'decided' : 'ILLEGAL_TRANSITION',
        );
      }
    }
  });
});

/** A request in a state, with two pending tasks, so that one approval advances and does not end it. */
function inState(status: RequestStatus): Approval {
  const two = approval([stage('PARALLEL_ALL', 'anton', 'bea')]);
  return { ...two, request: { ...two.request, status } };
}

/** What the decision behind a request's event makes of it. */
function outcomeOf(given: Approval, event: RequestEvent): string {
  const one = approval([stage('PARALLEL_ALL', 'anton')]);
  const facts = decisionFacts();
  const decided = {
    route: () => routeRequest(given.request, routingFacts(), opening),
    advance: () => decideTask(given, decision('approve', 't1', 'anton'), facts),
    approve: () =>
      decideTask(
        { ...one, request: { ...one.request, status: given.request.status } },
        decision('approve', 't1', 'anton'),
        facts,
      ),
    reject: () => decideTask(given, decision('reject', 't1', 'anton'), facts),
    return: () => decideTask(given, decision('return', 't1', 'anton'), facts),
    delegate: () =>
      handOverTask(
        given,
        { taskId: 't1', actorId: 'anton', toId: 'dora', comment: null, isAdministrator: false },
        { ...facts, newTaskId: 't9' },
      ),
    withdraw: () => withdrawRequest(given, { byId: 'rike', at: AT, comment: null }),
  }[event]();
  if (!decided.ok) return decided.problem.code;
  return 'approval' in decided.value
    ? decided.value.approval.request.status
    : decided.value.request.status;
}

describe('opening a request', () => {
  it('asks the first stage and lets the others wait', () => {
    const opened = approval([
      stage('SEQUENTIAL', 'anton', 'bea'),
      stage('PARALLEL_ALL', 'carl', 'dora'),
    ]);
    expect(opened.request).toMatchObject({
      status: 'PENDING_APPROVAL',
      version: 1,
      policyVersion: 1,
      ruleName: 'any',
    });
    expect(summary(opened.tasks)).toEqual([
      'anton:PENDING',
      'bea:WAITING',
      'carl:WAITING',
      'dora:WAITING',
    ]);
  });

  it.each([
    ['no policy is in force', routingFacts({ policy: null }), 'NO_POLICY'],
    [
      'no rule matches',
      routingFacts({ policy: policy({ rules: [rule({ companyCode: 'US01' })] }) }),
      'NO_MATCHING_RULE',
    ],
    [
      'a rate is missing',
      routingFacts({ policy: policy({ rules: [rule({ currency: 'USD' })] }) }),
      'NO_EXCHANGE_RATE',
    ],
    [
      'everybody is barred',
      routingFacts({
        policy: policy({ rules: [rule({ stages: [stage('PARALLEL_ALL', 'rike')] })] }),
      }),
      'NO_ELIGIBLE_APPROVER',
    ],
  ] as const)('is unroutable and never approved when %s', (_when, facts, reason) => {
    const opened = openRequest(document(), facts, opening);
    expect(opened.request).toMatchObject({
      status: 'UNROUTABLE',
      unroutableReason: reason,
      version: 1,
      closedAt: null,
    });
    expect(opened.tasks).toEqual([]);
  });

  it('is routed again once the policy is mended, with the policy that mended it', () => {
    const { request } = openRequest(document(), routingFacts({ policy: null }), opening);
    const still = routeRequest(request, routingFacts({ policy: null }), opening);
    expect(still.ok).toBe(false);
    const routed = routeRequest(request, routingFacts({ policy: policy({ version: 7 }) }), opening);
    expect(routed).toMatchObject({
      ok: true,
      value: {
        request: {
          status: 'PENDING_APPROVAL',
          version: 2,
          policyVersion: 7,
          unroutableReason: null,
        },
      },
    });
  });
});

describe('the progress of stages', () => {
  it('goes one by one through a sequential stage, then to the next', () => {
    let current = approval([stage('SEQUENTIAL', 'anton', 'bea'), stage('PARALLEL_ALL', 'carl')]);
    for (const [taskId, actorId, status] of [
      ['t1', 'anton', 'PENDING_APPROVAL'],
      ['t2', 'bea', 'PENDING_APPROVAL'],
      ['t3', 'carl', 'APPROVED'],
    ] as const) {
      const decided = decideTask(current, decision('approve', taskId, actorId), decisionFacts());
      if (!decided.ok) throw new Error(decided.problem.message);
      current = decided.value.approval;
      expect(current.request.status).toBe(status);
    }
    expect(current.request).toMatchObject({ version: 4, closedById: 'carl' });
  });

  it('refuses the turn of whoever waits', () => {
    const open = approval([stage('SEQUENTIAL', 'anton', 'bea')]);
    expect(decideTask(open, decision('approve', 't2', 'bea'), decisionFacts())).toMatchObject({
      ok: false,
      problem: { code: 'ILLEGAL_TRANSITION', state: 'WAITING' },
    });
  });

  it('lets one decide for all where any suffices', () => {
    const decided = decideTask(
      approval([stage('PARALLEL_ANY', 'anton', 'bea'), stage('PARALLEL_ALL', 'carl')]),
      decision('approve', 't2', 'bea'),
      decisionFacts(),
    );
    expect(decided.ok && summary(decided.value.approval.tasks)).toEqual([
      'anton:OBSOLETE',
      'bea:APPROVED',
      'carl:PENDING',
    ]);
  });

  it('waits for everybody where all must approve', () => {
    const decided = decideTask(
      approval([stage('PARALLEL_ALL', 'anton', 'bea')]),
      decision('approve', 't2', 'bea'),
      decisionFacts(),
    );
    expect(decided.ok && decided.value.event).toBe('advance');
    expect(decided.ok && summary(decided.value.approval.tasks)).toEqual([
      'anton:PENDING',
      'bea:APPROVED',
    ]);
  });

  it.each(['reject', 'return'] as const)('ends for everybody by one %s', (verdict) => {
    const decided = decideTask(
      approval([stage('PARALLEL_ALL', 'anton', 'bea'), stage('PARALLEL_ALL', 'carl')]),
      decision(verdict, 't1', 'anton'),
      decisionFacts(),
    );
    expect(decided.ok && summary(decided.value.approval.tasks).slice(1)).toEqual([
      'bea:OBSOLETE',
      'carl:OBSOLETE',
    ]);
  });

  it('cannot complete a stage that nobody approved', () => {
    const tasks = approval([stage('PARALLEL_ALL', 'anton')]).tasks.map((task) => ({
      ...task,
      status: 'SKIPPED' as const,
    }));
    expect(() => progress(tasks, ['PARALLEL_ALL'], AT)).toThrow(/a stage needs an approval/);
  });
});

describe('a withdrawal', () => {
  it('retires the tasks and says who and when', () => {
    const withdrawn = withdrawRequest(approval([stage('PARALLEL_ALL', 'anton')]), {
      byId: 'rike',
      at: AT,
      comment: 'mistake',
    });
    expect(withdrawn.ok && withdrawn.value.request).toMatchObject({
      status: 'WITHDRAWN',
      closedById: 'rike',
      closedAt: AT,
      comment: 'mistake',
    });
    expect(withdrawn.ok && summary(withdrawn.value.tasks)).toEqual(['anton:OBSOLETE']);
  });
});
