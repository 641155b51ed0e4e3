import { describe, expect, it } from '@jest/globals';
import { flawsOf, step, walk } from '#kernel/lifecycle.ts';
import { moneyOf } from '#kernel/money.ts';
import { DELEGATION_LIFECYCLE, actsFor, createDelegation, endDelegation } from './delegation.ts';
import { AT, TODAY, delegation, document, rates } from './world.ts';
import type { Delegation, NewDelegation } from './delegation.ts';
import type { DocumentUnderApproval } from './document.ts';
import type { Rates } from './policy-rule.ts';

describe('the life of a delegation', () => {
  it('has a sound table', () => {
    expect(flawsOf(DELEGATION_LIFECYCLE)).toEqual([]);
  });

  it.each([...walk(DELEGATION_LIFECYCLE)])(
    'in $state answers $event as its table says',
    ({ state, event, next }) => {
      expect(step(DELEGATION_LIFECYCLE, state, event).ok).toBe(next !== undefined);
      const ended = endDelegation(delegation('anton', 'dora', { status: state }), AT);
      expect(ended.ok ? ended.value.status : ended.problem.code).toBe(next ?? 'ILLEGAL_TRANSITION');
    },
  );
});

interface Acting {
  readonly when: string;
  readonly delegations: readonly Delegation[];
  readonly actorId: string;
  readonly document?: Partial<DocumentUnderApproval>;
  readonly rates?: Rates;
  readonly may: boolean;
}

const chain = [
  delegation('anton', 'b'),
  delegation('b', 'c'),
  delegation('c', 'd'),
  delegation('d', 'e'),
];

const ACTING: readonly Acting[] = [
  {
    when: 'there is a delegation for today',
    delegations: [delegation('anton', 'dora')],
    actorId: 'dora',
    may: true,
  },
  { when: 'there is none', delegations: [delegation('bea', 'dora')], actorId: 'dora', may: false },
  {
    when: 'it goes the other way',
    delegations: [delegation('dora', 'anton')],
    actorId: 'dora',
    may: false,
  },
  {
    when: 'it starts today',
    delegations: [delegation('anton', 'dora', { startsOn: TODAY })],
    actorId: 'dora',
    may: true,
  },
  {
    when: 'it starts tomorrow',
    delegations: [delegation('anton', 'dora', { startsOn: '2026-11-24' })],
    actorId: 'dora',
    may: false,
  },
  {
    when: 'it ends today',
    delegations: [delegation('anton', 'dora', { endsOn: TODAY })],
    actorId: 'dora',
    may: true,
  },
  {
    when: 'it ended yesterday',
    delegations: [delegation('anton', 'dora', { endsOn: '2026-11-22' })],
    actorId: 'dora',
    may: false,
  },
  {
    when: 'it was ended early',
    delegations: [delegation('anton', 'dora', { status: 'ENDED' })],
    actorId: 'dora',
    may: false,
  },
  {
    when: 'it is for the company',
    delegations: [delegation('anton', 'dora', { companyCode: 'DE01' })],
    actorId: 'dora',
    may: true,
  },
  {
    when: 'it is for another company',
    delegations: [delegation('anton', 'dora', { companyCode: 'US01' })],
    actorId: 'dora',
    may: false,
  },
  {
    when: 'the total is exactly its limit',
    delegations: [delegation('anton', 'dora', { maxAmount: moneyOf('1200.00', 'EUR') })],
    actorId: 'dora',
    may: true,
  },
  {
    when: 'the total is a cent beyond its limit',
    delegations: [delegation('anton', 'dora', { maxAmount: moneyOf('1199.99', 'EUR') })],
    actorId: 'dora',
    may: false,
  },
  {
    when: 'the converted total is within its limit',
    delegations: [delegation('anton', 'dora', { maxAmount: moneyOf('1400.00', 'USD') })],
    actorId: 'dora',
    rates: rates({ USD: '1.1' }),
    may: true,
  },
  {
    when: 'the total cannot be converted',
    delegations: [delegation('anton', 'dora', { maxAmount: moneyOf('1400.00', 'USD') })],
    actorId: 'dora',
    may: false,
  },
  { when: 'the chain has three steps', delegations: chain, actorId: 'd', may: true },
  { when: 'the chain has four steps', delegations: chain, actorId: 'e', may: false },
  {
    when: 'one step of the chain has too low a limit',
    delegations: [
      delegation('anton', 'b'),
      delegation('b', 'c', { maxAmount: moneyOf('1.00', 'EUR') }),
    ],
    actorId: 'c',
    may: false,
  },
  {
    when: 'the chain leads through the requester',
    delegations: [delegation('anton', 'rike'), delegation('rike', 'dora')],
    actorId: 'dora',
    may: false,
  },
  {
    when: 'a circle that should not exist does',
    delegations: [delegation('anton', 'b'), delegation('b', 'anton')],
    actorId: 'dora',
    may: false,
  },
];

describe('acting for an approver', () => {
  it.each(ACTING)('is $may when $when', (row) => {
    const use = { document: document(row.document), today: TODAY, rates: row.rates ?? rates() };
    expect(actsFor(row.delegations, { actorId: row.actorId, approverId: 'anton' }, use)).toBe(
      row.may,
    );
  });
});

describe('making a delegation', () => {
  const wanted: NewDelegation = {
    fromId: 'anton',
    toId: 'dora',
    companyCode: null,
    maxAmount: null,
    startsOn: TODAY,
    endsOn: '2026-12-01',
    reason: 'vacation',
  };
  const made = (over: Partial<NewDelegation>, overlapping: readonly Delegation[] = []): string => {
    const created = createDelegation(
      { ...wanted, ...over },
      { id: 'd-1', at: AT, today: TODAY, overlapping },
    );
    if (created.ok) return created.value.status;
    return created.problem.code === 'INVALID_INPUT'
      ? created.problem.fields.map((flaw) => `${flaw.field} ${flaw.code}`).join(', ')
      : created.problem.path.join(' ');
  };

  it.each([
    ['is accepted when it is sound', {}, 'ACTIVE'],
    ['may last one day', { endsOn: TODAY }, 'ACTIVE'],
    ['may last 366 days', { endsOn: '2027-11-23' }, 'ACTIVE'],
    ['may not last longer', { endsOn: '2027-11-24' }, 'endsOn TOO_LONG'],
    ['is not to oneself', { toId: 'anton' }, 'toId SAME_PERSON'],
    ['is to somebody', { toId: ' ' }, 'toId REQUIRED'],
    ['has its end after its start', { startsOn: '2026-12-02' }, 'endsOn BEFORE_START'],
    ['is not for the past', { startsOn: '2026-11-01', endsOn: '2026-11-22' }, 'endsOn IN_THE_PAST'],
    ['has a reason', { reason: ' ' }, 'reason REQUIRED'],
    ['has a short reason', { reason: 'x'.repeat(501) }, 'reason TOO_LONG'],
    ['has a limit above zero', { maxAmount: moneyOf('0', 'EUR') }, 'maxAmount NOT_POSITIVE'],
  ] as const)('%s', (_what, over, outcome) => {
    expect(made(over)).toBe(outcome);
  });

  it('is refused when it closes a circle, directly or over others', () => {
    expect(made({}, [delegation('dora', 'anton')])).toBe('anton dora anton');
    expect(made({}, [delegation('dora', 'x'), delegation('x', 'anton')])).toBe(
      'anton dora x anton',
    );
    expect(
      made({}, [delegation('dora', 'x'), delegation('x', 'y'), delegation('dora', 'anton')]),
    ).toBe('anton dora anton');
  });

  it('is refused when the whole chain gets longer than three steps', () => {
    expect(made({}, [delegation('dora', 'x'), delegation('x', 'y')])).toBe('ACTIVE');
    expect(made({}, [delegation('dora', 'x'), delegation('x', 'y'), delegation('y', 'z')])).toBe(
      'anton dora x y z',
    );
    expect(
      made({}, [delegation('w', 'anton'), delegation('dora', 'x'), delegation('v', 'w')]),
    ).toBe('v w anton dora x');
  });
});
