import { describe, expect, it } from '@jest/globals';
import { moneyOf } from '#kernel/money.ts';
import { decideTask } from './task-decision.ts';
import { handOverTask } from './task-handover.ts';
import { approval, decision, decisionFacts, delegation, rates, stage, summary } from './world.ts';
import type { Approval } from './approval-request.ts';
import type { Delegation } from './delegation.ts';
import type { DecideTask } from './task-decision.ts';
import type { HandOver } from './task-handover.ts';

/** Given an approval and delegations, when somebody decides, then this happens. */
function decided(
  given: Approval,
  command: DecideTask,
  delegations: readonly Delegation[] = [],
): string {
  const result = decideTask(given, command, decisionFacts({ delegations }));
  if (!result.ok) return 'rule' in result.problem ? result.problem.rule : result.problem.code;
  const { decision: word } = result.value;
  return word.onBehalfOfId === null ? word.outcome : `${word.outcome} for ${word.onBehalfOfId}`;
}

const alone = approval([stage('PARALLEL_ALL', 'anton')]);
const twoStages = approval([stage('PARALLEL_ALL', 'anton'), stage('PARALLEL_ALL', 'bea')]);

describe('who may decide', () => {
  it.each([
    ['the approver', alone, 'anton', [], 'APPROVED'],
    ['somebody else', alone, 'dora', [], 'NOT_YOUR_TASK'],
    [
      'the delegate of the approver',
      alone,
      'dora',
      [delegation('anton', 'dora')],
      'APPROVED for anton',
    ],
    [
      'a delegate over two steps',
      alone,
      'dora',
      [delegation('anton', 'x'), delegation('x', 'dora')],
      'APPROVED for anton',
    ],
    [
      'a delegate beyond the limit',
      alone,
      'dora',
      [delegation('anton', 'dora', { maxAmount: moneyOf('1.00', 'EUR') })],
      'NOT_YOUR_TASK',
    ],
    ['the requester', alone, 'rike', [], 'requester-is-not-approver'],
    [
      'the requester as delegate of the approver',
      alone,
      'rike',
      [delegation('anton', 'rike')],
      'requester-is-not-approver',
    ],
    [
      'whoever submitted it for the requester',
      approval([stage('PARALLEL_ALL', 'anton')], { submitterId: 'bruno' }),
      'bruno',
      [delegation('anton', 'bruno')],
      'requester-is-not-approver',
    ],
    [
      'the delegate of the requester, who is delegate of the approver',
      alone,
      'dora',
      [delegation('anton', 'rike'), delegation('rike', 'dora')],
      'NOT_YOUR_TASK',
    ],
    [
      'the approver of a later stage as delegate for this one',
      twoStages,
      'bea',
      [delegation('anton', 'bea')],
      'one-person-decides-once',
    ],
    ['the approver of a later stage without a delegation', twoStages, 'bea', [], 'NOT_YOUR_TASK'],
  ] as const)('%s', (_who, given, actorId, delegations, outcome) => {
    expect(decided(given, decision('approve', 't1', actorId), delegations)).toBe(outcome);
  });

  it('is nobody twice: the delegate of the first stage may not decide the second, by whatever delegation', () => {
    const delegations = [delegation('anton', 'dora'), delegation('bea', 'dora')];
    const first = decideTask(
      twoStages,
      decision('approve', 't1', 'dora'),
      decisionFacts({ delegations }),
    );
    if (!first.ok) throw new Error(first.problem.message);
    expect(decided(first.value.approval, decision('approve', 't2', 'dora'), delegations)).toBe(
      'one-person-decides-once',
    );
    expect(decided(first.value.approval, decision('approve', 't2', 'bea'))).toBe('APPROVED');
  });
});

describe('what a decision is bound to', () => {
  it.each([
    ['another version', { documentVersion: 2 }],
    ['another hash', { documentHash: 'hash-2' }],
  ])('refuses %s and tells the current one', (_what, over) => {
    const result = decideTask(alone, decision('approve', 't1', 'anton', over), decisionFacts());
    expect(result).toMatchObject({
      ok: false,
      problem: { code: 'STALE_DOCUMENT', currentVersion: 3, currentHash: 'hash-3' },
    });
  });

  it('is written down with version, hash and policy', () => {
    const result = decideTask(alone, decision('approve', 't1', 'anton'), decisionFacts());
    expect(result.ok && result.value.decision).toMatchObject({
      documentVersion: 3,
      documentHash: 'hash-3',
      policyVersion: 1,
      actorId: 'anton',
      onBehalfOfId: null,
    });
  });

  it('needs a comment to return, and never a very long one', () => {
    expect(decided(alone, decision('return', 't1', 'anton', { comment: ' ' }))).toBe(
      'INVALID_INPUT',
    );
    expect(decided(alone, decision('approve', 't1', 'anton', { comment: null }))).toBe('APPROVED');
    expect(decided(alone, decision('reject', 't1', 'anton', { comment: 'x'.repeat(2001) }))).toBe(
      'INVALID_INPUT',
    );
  });

  it('is refused for a task of another request', () => {
    expect(decided(alone, decision('approve', 't7', 'anton'))).toBe('NOT_FOUND');
  });
});

function handedOver(given: Approval, over: Partial<HandOver> = {}): string | string[] {
  const command = {
    taskId: 't1',
    actorId: 'anton',
    toId: 'dora',
    comment: null,
    isAdministrator: false,
    ...over,
  };
  const { decisionId: _unused, ...facts } = decisionFacts({ rates: rates() });
  const result = handOverTask(given, command, { ...facts, newTaskId: `${command.taskId}+` });
  if (result.ok) return summary(result.value.tasks);
  if (result.problem.code === 'INVALID_INPUT')
    return result.problem.fields.map((flaw) => flaw.code);
  return result.problem.code === 'SEGREGATION_OF_DUTIES'
    ? result.problem.rule
    : result.problem.code;
}

describe('handing a task over', () => {
  it('ends it and gives the other person one in the same place', () => {
    expect(handedOver(twoStages)).toEqual(['anton:DELEGATED', 'bea:WAITING', 'dora:PENDING']);
  });

  it.each([
    ['to the requester is refused', { toId: 'rike' }, 'requester-is-not-approver'],
    ['to somebody with another stage is refused', { toId: 'bea' }, 'one-person-decides-once'],
    ['to oneself is refused', { toId: 'anton' }, ['HAD_IT_BEFORE']],
    ['to nobody is refused', { toId: ' ' }, ['REQUIRED']],
    ['with a very long comment is refused', { comment: 'x'.repeat(2001) }, ['TOO_LONG']],
    ['of somebody else is refused', { actorId: 'carl' }, 'NOT_YOUR_TASK'],
    ['by the requester is refused', { actorId: 'rike' }, 'requester-is-not-approver'],
    [
      'by whoever keeps the policy is possible',
      { actorId: 'femi', isAdministrator: true },
      ['anton:DELEGATED', 'bea:WAITING', 'dora:PENDING'],
    ],
    [
      'by whoever keeps the policy to themselves is refused',
      { actorId: 'femi', toId: 'femi', isAdministrator: true },
      'NOT_YOUR_TASK',
    ],
    [
      'by whoever keeps the policy and wants the document is refused',
      { actorId: 'rike', isAdministrator: true },
      'requester-is-not-approver',
    ],
    ['before its turn is refused', { taskId: 't2', actorId: 'bea' }, 'ILLEGAL_TRANSITION'],
    ['of another request is refused', { taskId: 't9' }, 'NOT_FOUND'],
  ] as const)('%s', (_what, over, outcome) => {
    expect(handedOver(twoStages, over)).toEqual(outcome);
  });

  it('does not go round in circles, nor through more than five hands', () => {
    const people = ['anton', 'p1', 'p2', 'p3', 'p4', 'p5'];
    let current = alone;
    let taskId = 't1';
    for (const [index, actorId] of people.slice(0, 4).entries()) {
      expect(handedOver(current, { taskId, actorId, toId: 'anton' })).toEqual(['HAD_IT_BEFORE']);
      const { decisionId: _unused, ...facts } = decisionFacts();
      const command = {
        taskId,
        actorId,
        toId: people[index + 1] ?? '',
        comment: null,
        isAdministrator: false,
      };
      const result = handOverTask(current, command, { ...facts, newTaskId: `t1-${index}` });
      if (!result.ok) throw new Error(result.problem.message);
      current = result.value;
      taskId = `t1-${index}`;
    }
    expect(handedOver(current, { taskId, actorId: 'p4', toId: 'p5' })).toEqual(['TOO_MANY_HANDS']);
    expect(decided(current, decision('approve', taskId, 'p4'))).toBe('APPROVED');
  });
});
