import { describe, expect, it } from '@jest/globals';
import { planTasks } from './approval-route.ts';
import { MANAGER_STAGE, document, rule, stage } from './world.ts';
import type { RouteFacts } from './approval-route.ts';
import type { DocumentUnderApproval } from './document.ts';
import type { StageTemplate } from './policy-rule.ts';

interface Given {
  readonly stages: readonly StageTemplate[];
  readonly document?: Partial<DocumentUnderApproval>;
  readonly facts?: Partial<RouteFacts>;
}

/** The plan as `1 anton`, `2 bea skipped`, `1 frida stands in`; or why there is none. */
function planned(given: Given): string[] | string {
  const facts = { managerId: 'maria', fallbackApproverIds: [], ...given.facts };
  const plan = planTasks(rule({ stages: given.stages }), document(given.document), facts);
  if (!plan.ok) return plan.problem.reason;
  return plan.value.map((task) =>
    [
      task.stage,
      task.approverId,
      ...(task.isSkipped ? ['skipped'] : []),
      ...(task.origin === 'FALLBACK' ? ['stands in'] : []),
    ].join(' '),
  );
}

describe('naming the approvers', () => {
  it('takes persons and the cost centre manager, each once per stage', () => {
    const stages: StageTemplate[] = [
      {
        mode: 'PARALLEL_ALL',
        approvers: [
          { kind: 'COST_CENTRE_MANAGER' },
          { kind: 'USERS', userIds: ['anton', 'maria'] },
        ],
      },
    ];
    expect(planned({ stages })).toEqual(['1 maria', '1 anton']);
  });

  it('is impossible while the manager is not known', () => {
    expect(
      planned({
        stages: [MANAGER_STAGE],
        facts: { managerId: null, fallbackApproverIds: ['frida'] },
      }),
    ).toBe('MANAGER_UNKNOWN');
  });
});

/** Segregation of duties: who is named, by what bars them and what else there is. */
const MATRIX: readonly (Given & { readonly when: string; readonly then: string[] | string })[] = [
  {
    when: 'the manager is the requester and there is a stand-in',
    stages: [MANAGER_STAGE],
    facts: { managerId: 'rike', fallbackApproverIds: ['frida'] },
    then: ['1 frida stands in'],
  },
  {
    when: 'the manager is the requester and there is no stand-in',
    stages: [MANAGER_STAGE],
    facts: { managerId: 'rike' },
    then: 'NO_ELIGIBLE_APPROVER',
  },
  {
    when: 'the approver submitted the document for somebody else',
    stages: [stage('PARALLEL_ALL', 'anton')],
    document: { submitterId: 'anton' },
    facts: { fallbackApproverIds: ['anton', 'rike', 'frida'] },
    then: ['1 frida stands in'],
  },
  {
    when: 'the requester is one of two who must both approve',
    stages: [stage('PARALLEL_ALL', 'rike', 'anton')],
    then: 'NO_ELIGIBLE_APPROVER',
  },
  {
    when: 'the requester is one of two who must both approve, with a stand-in',
    stages: [stage('SEQUENTIAL', 'rike', 'anton')],
    facts: { fallbackApproverIds: ['anton', 'frida'] },
    then: ['1 frida stands in', '1 anton'],
  },
  {
    when: 'the requester is one of two of whom either suffices',
    stages: [stage('PARALLEL_ANY', 'rike', 'anton')],
    then: ['1 rike skipped', '1 anton'],
  },
  {
    when: 'the same person has both stages alone and there is no stand-in',
    stages: [stage('PARALLEL_ALL', 'anton'), stage('PARALLEL_ALL', 'anton')],
    then: 'NO_ELIGIBLE_APPROVER',
  },
  {
    when: 'the same person has both stages alone and there is a stand-in',
    stages: [stage('PARALLEL_ALL', 'anton'), stage('PARALLEL_ALL', 'anton')],
    facts: { fallbackApproverIds: ['frida'] },
    then: ['1 anton', '2 frida stands in'],
  },
  {
    when: 'somebody of the first stage is one of two of the second',
    stages: [stage('PARALLEL_ALL', 'anton'), stage('PARALLEL_ALL', 'anton', 'bea')],
    facts: { fallbackApproverIds: ['frida'] },
    then: ['1 anton', '2 anton skipped', '2 bea'],
  },
  {
    when: 'both of the second stage are in the first: one is replaced, the other is then skipped',
    stages: [stage('PARALLEL_ALL', 'anton', 'bea'), stage('PARALLEL_ALL', 'anton', 'bea')],
    facts: { fallbackApproverIds: ['frida'] },
    then: ['1 anton', '1 bea', '2 frida stands in', '2 bea skipped'],
  },
  {
    when: 'somebody may approve the first stage and must approve the second: the second keeps them',
    stages: [stage('PARALLEL_ANY', 'anton', 'bea'), stage('PARALLEL_ALL', 'anton', 'carl')],
    then: ['1 anton skipped', '1 bea', '2 anton', '2 carl'],
  },
  {
    when: 'a stand-in is named by another stage of the rule',
    stages: [MANAGER_STAGE, stage('PARALLEL_ALL', 'bea')],
    facts: { managerId: 'rike', fallbackApproverIds: ['bea'] },
    then: 'NO_ELIGIBLE_APPROVER',
  },
  {
    when: 'two stages need a stand-in and the policy has one',
    stages: [stage('PARALLEL_ALL', 'rike'), stage('PARALLEL_ALL', 'rike')],
    facts: { fallbackApproverIds: ['frida'] },
    then: 'NO_ELIGIBLE_APPROVER',
  },
];

describe('segregation of duties in a route', () => {
  it.each(MATRIX)('when $when', ({ then, when: _when, ...given }) => {
    expect(planned(given)).toEqual(then);
  });

  it('never names anybody twice, nor the requester, over all combinations of two stages', () => {
    const people = ['rike', 'anton', 'bea'];
    const modes = ['SEQUENTIAL', 'PARALLEL_ALL', 'PARALLEL_ANY'] as const;
    const groups = people.flatMap((one) => people.map((two) => [one, two]));
    const stages = groups.flatMap((group) => modes.map((mode) => stage(mode, ...group)));
    for (const first of stages) {
      for (const second of stages) {
        const plan = planTasks(rule({ stages: [first, second] }), document(), {
          managerId: null,
          fallbackApproverIds: ['frida', 'gert'],
        });
        if (!plan.ok) continue;
        const asked = plan.value.filter((task) => !task.isSkipped);
        expect(new Set(asked.map((task) => task.approverId)).size).toBe(asked.length);
        expect(asked.map((task) => task.approverId)).not.toContain('rike');
        expect(new Set(asked.map((task) => task.stage)).size).toBe(2);
      }
    }
  });
});
