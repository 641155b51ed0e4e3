import { describe, expect, it } from '@jest/globals';
import { flawsOf, walk } from '#kernel/lifecycle.ts';
import {
  bankChangeLifecycle,
  chooseReplaced,
  decideBankChange,
  withdrawBankChange,
} from './bank-change.ts';
import type { BankAccount } from './bank-account.ts';
import type { BankChange, BankChangeStatus } from './bank-change.ts';

function changeIn(status: BankChangeStatus): BankChange {
  return {
    id: 'change',
    supplierId: 'supplier',
    status,
    version: 1,
    accountId: 'new',
    replacesAccountId: 'old',
    reason: 'moved bank, called back',
    proposedBy: 'maker',
    proposedAt: new Date(0),
    decidedBy: null,
    decidedAt: null,
    decisionNote: null,
  };
}

function account(id: string): BankAccount {
  return {
    id,
    supplierId: 'supplier',
    kind: 'IBAN',
    holderName: 'H',
    countryCode: 'DE',
    currency: 'EUR',
    bic: null,
    routingNumber: null,
    maskedNumber: '••••1234',
    validFrom: new Date(0),
    validTo: null,
  };
}

const byChecker = { by: 'checker', at: new Date(1000), note: 'called back' };

describe('the life of a bank change', () => {
  it('has a sound table', () => {
    expect(flawsOf(bankChangeLifecycle)).toEqual([]);
  });

  for (const { state, event, next } of walk(bankChangeLifecycle)) {
    it(`${next === undefined ? 'refuses' : 'takes'} "${event}" in ${state}`, () => {
      const change = changeIn(state);
      const result =
        event === 'withdraw'
          ? withdrawBankChange(change, byChecker)
          : decideBankChange(change, event, byChecker);
      if (next === undefined)
        expect(result).toMatchObject({ ok: false, problem: { code: 'ILLEGAL_TRANSITION' } });
      else
        expect(result).toMatchObject({
          ok: true,
          value: { status: next, version: 2, decidedBy: 'checker' },
        });
    });
  }

  for (const event of ['approve', 'reject'] as const) {
    it(`refuses that the proposer does "${event}"`, () => {
      expect(
        decideBankChange(changeIn('PENDING_APPROVAL'), event, { ...byChecker, by: 'maker' }),
      ).toMatchObject({
        ok: false,
        problem: { code: 'SEGREGATION_OF_DUTIES', rule: 'bank-change-proposer-is-not-approver' },
      });
    });
  }

  it('lets the proposer withdraw', () => {
    expect(withdrawBankChange(changeIn('PENDING_APPROVAL'), { ...byChecker, by: 'maker' }).ok).toBe(
      true,
    );
  });
});

describe('the account that a proposal replaces', () => {
  it.each([
    { case: 'none when there is none', inForce: [], named: null, replaced: null },
    { case: 'the only one', inForce: ['a'], named: null, replaced: 'a' },
    { case: 'the one that is named', inForce: ['a', 'b'], named: 'b', replaced: 'b' },
  ])('is $case', ({ inForce, named, replaced }) => {
    expect(chooseReplaced(inForce.map(account), named)).toEqual({ ok: true, value: replaced });
  });

  it.each([
    { case: 'there are several and none is named', inForce: ['a', 'b'], named: null },
    { case: 'the named one is not in force', inForce: ['a'], named: 'x' },
    { case: 'one is named and there is none', inForce: [], named: 'x' },
  ])('is refused when $case', ({ inForce, named }) => {
    expect(chooseReplaced(inForce.map(account), named)).toMatchObject({
      ok: false,
      problem: { code: 'INVALID_INPUT' },
    });
  });
});
