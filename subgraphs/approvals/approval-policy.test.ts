import { describe, expect, it } from '@jest/globals';
import { flawsOf, statesOf } from '#kernel/lifecycle.ts';
import { POLICY_LIFECYCLE, activatePolicy, draftPolicy } from './approval-policy.ts';
import { DEFAULT_POLICY } from './default-policy.ts';
import { AT, TODAY, policy, rule, stage } from './world.ts';
import type { PolicyContent } from './policy-rule.ts';

const facts = { id: 'p', version: 1, authorId: 'author', at: AT };

function flawsOfDraft(over: Partial<PolicyContent>): string[] {
  const draft = draftPolicy({ ...policy(), ...over }, facts);
  return draft.ok ? [] : draft.problem.fields.map((flaw) => `${flaw.field} ${flaw.code}`);
}

describe('the life of a policy', () => {
  it('has a sound table', () => {
    expect(flawsOf(POLICY_LIFECYCLE)).toEqual([]);
  });

  it.each(statesOf(POLICY_LIFECYCLE))('in %s answers an activation as its table says', (status) => {
    const activated = activatePolicy(policy({ status }), {
      activatorId: 'other',
      at: AT,
      today: TODAY,
    });
    expect(activated.ok ? activated.value.status : activated.problem.code).toBe(
      POLICY_LIFECYCLE.transitions[status].activate ?? 'ILLEGAL_TRANSITION',
    );
  });

  it('is not started by its author', () => {
    const activated = activatePolicy(policy({ status: 'DRAFT' }), {
      activatorId: 'author',
      at: AT,
      today: TODAY,
    });
    expect(activated).toMatchObject({
      ok: false,
      problem: { rule: 'policy-author-is-not-activator' },
    });
  });

  it.each([
    ['2026-01-01', TODAY],
    [TODAY, TODAY],
    ['2027-01-01', '2027-01-01'],
  ])('wanted from %s starts on %s: never before today', (effectiveFrom, day) => {
    const activated = activatePolicy(policy({ status: 'DRAFT', effectiveFrom }), {
      activatorId: 'other',
      at: AT,
      today: TODAY,
    });
    expect(activated.ok && activated.value.effectiveFrom).toBe(day);
  });
});

describe('a sound policy', () => {
  it('is the default one', () => {
    expect(flawsOfDraft(DEFAULT_POLICY)).toEqual([]);
  });

  it.each([
    ['has a name', { name: ' ' }, ['name REQUIRED']],
    ['has rules', { rules: [] }, ['rules OUT_OF_BOUNDS']],
    ['has no blank stand-in', { fallbackApproverIds: [''] }, ['fallbackApproverIds OUT_OF_BOUNDS']],
    [
      'has stages, or it would approve by itself',
      { rules: [rule({ stages: [] })] },
      ['rules.0.stages OUT_OF_BOUNDS'],
    ],
    [
      'has approvers in every stage',
      { rules: [rule({ stages: [stage('PARALLEL_ALL')] })] },
      ['rules.0.stages.0.approvers OUT_OF_BOUNDS'],
    ],
    [
      'has currencies that exist',
      { rules: [rule({ currency: 'EURO' })] },
      ['rules.0.currency UNKNOWN_CURRENCY'],
    ],
    [
      'has no negative band',
      { rules: [rule({ amountFromMinor: -1n })] },
      ['rules.0.amountFrom NEGATIVE'],
    ],
    [
      'has no empty band',
      { rules: [rule({ amountFromMinor: 5n, amountToMinor: 5n })] },
      ['rules.0.amountTo EMPTY_BAND'],
    ],
    [
      'has cost centre patterns',
      { rules: [rule({ costCentre: '4100' })] },
      ['rules.0.costCentre BAD_PATTERN'],
    ],
    [
      'has cost centres of its companies',
      { rules: [rule({ companyCode: 'US01', costCentre: 'DE01-4*' })] },
      ['rules.0.costCentre BAD_PATTERN'],
    ],
    ['has names for its rules', { rules: [rule({ name: '' })] }, ['rules.0.name REQUIRED']],
    [
      'has bands that do not overlap',
      { rules: [rule({ amountToMinor: 11n }), rule({ position: 2, amountFromMinor: 10n })] },
      ['rules.1.amountFrom OVERLAPPING_BANDS'],
    ],
    [
      'may have bands that touch',
      { rules: [rule({ amountToMinor: 10n }), rule({ position: 2, amountFromMinor: 10n })] },
      [],
    ],
    [
      'may have equal bands in different scopes',
      {
        rules: [
          rule(),
          rule({ position: 2, companyCode: 'DE01' }),
          rule({ position: 3, currency: 'USD' }),
        ],
      },
      [],
    ],
  ] as const)('%s', (_what, over, flaws) => {
    expect(flawsOfDraft(over)).toEqual(flaws);
  });
});
