import { describe, expect, it } from '@jest/globals';
import { flawsOf, walk } from '#kernel/lifecycle.ts';
import { blockLifecycle, decideBlock } from './supplier-block.ts';
import { newSupplier, supplierLifecycle, takeStep, withTerms } from './supplier.ts';
import type { BlockKind, SupplierBlock } from './supplier-block.ts';
import type { Supplier, SupplierDraft } from './supplier.ts';

const draft: SupplierDraft = {
  legalName: 'Müller & Söhne GmbH',
  tradeNames: [],
  legalForm: 'GmbH',
  countryCode: 'DE',
  currency: 'EUR',
  paymentTermsDays: 30,
  externalRefs: [],
  sites: [],
  taxRegistrations: [],
  endpoints: [],
  bankAccounts: [],
};

function supplierIn(status: Supplier['status']): Supplier {
  let count = 0;
  const facts = {
    now: new Date(0),
    by: 'steward',
    correlationId: 'c',
    newId: () => `id-${(count += 1)}`,
  };
  return { ...newSupplier(draft, 'SUP-000001', facts).supplier, status };
}

describe('the life of a supplier', () => {
  it('has a sound table', () => {
    expect(flawsOf(supplierLifecycle)).toEqual([]);
  });

  for (const { state, event, next } of walk(supplierLifecycle)) {
    it(`${next === undefined ? 'refuses' : 'takes'} "${event}" in ${state}`, () => {
      const result = takeStep(supplierIn(state), event);
      if (next === undefined) {
        expect(result).toMatchObject({
          ok: false,
          problem: { code: 'ILLEGAL_TRANSITION', state, event },
        });
      } else {
        expect(result).toMatchObject({ ok: true, value: { status: next } });
      }
    });
  }

  it('begins in review, at version 1, with its name normalised', () => {
    expect(supplierIn('PENDING_REVIEW')).toMatchObject({
      version: 1,
      normalizedName: 'muller sohne',
      createdBy: 'steward',
    });
  });

  it('normalises the name again when it changes', () => {
    const renamed = withTerms(supplierIn('ACTIVE'), { legalName: 'Huber AG' });
    expect(renamed).toMatchObject({ normalizedName: 'huber', currency: 'EUR' });
  });
});

describe('a block', () => {
  const blockOf = (kind: BlockKind, name: SupplierBlock['name'] = 'MANUAL'): SupplierBlock => ({
    supplierId: 's',
    kind,
    name,
    reason: 'r',
    blockedBy: 'p',
    blockedAt: new Date(0),
  });

  it('has a sound table', () => {
    expect(flawsOf(blockLifecycle)).toEqual([]);
  });

  for (const { state, event, next } of walk(blockLifecycle)) {
    it(`${next === undefined ? 'refuses' : 'takes'} "${event}" in ${state}`, () => {
      const blocks = state === 'BLOCKED' ? [blockOf('PAYMENT')] : [];
      expect(decideBlock(blocks, 'PAYMENT', event).ok).toBe(next !== undefined);
    });
  }

  it('counts neither blocks of another kind nor those that come with a bank change', () => {
    const blocks = [blockOf('PURCHASE'), blockOf('PAYMENT', 'BANK_CHANGE_OPEN')];
    expect(decideBlock(blocks, 'PAYMENT', 'block').ok).toBe(true);
    expect(decideBlock(blocks, 'PAYMENT', 'unblock').ok).toBe(false);
  });
});
