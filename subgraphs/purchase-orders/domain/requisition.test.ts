import { describe, expect, it } from '@jest/globals';
import { decimalOf } from '#kernel/decimal.ts';
import { flawsOf, legalEvents, walk } from '#kernel/lifecycle.ts';
import { readDraft } from './requisition-draft.ts';
import {
  REQUISITION_LIFECYCLE,
  draftRequisition,
  isDecisionFor,
  move,
  reviseRequisition,
  submitRequisition,
} from './requisition.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { DraftInput, LineInput } from './requisition-draft.ts';
import type { Requisition, RequisitionAction, RequisitionStatus } from './requisition.ts';

const NOW = new Date('2026-11-23T09:00:00Z');
const TABLE: Lifecycle<RequisitionStatus, RequisitionAction> = REQUISITION_LIFECYCLE;
let counter = 0;
const newId = (): string => `id-${(counter += 1)}`;

function line(changes: Partial<LineInput> = {}): LineInput {
  return {
    description: 'Laptop',
    quantity: { value: decimalOf('10'), unitCode: 'C62' },
    unitPrice: decimalOf('1000'),
    ...changes,
  };
}

function input(changes: Partial<DraftInput> = {}): DraftInput {
  const place = {
    costCentreId: 'DE01-4100',
    supplierId: 's',
    category: 'IT_HARDWARE',
    currency: 'EUR',
  };
  return { title: 'Laptops', ...place, lines: [line()], ...changes };
}

const FACTS = {
  costCentre: { companyCode: 'DE01', status: 'ACTIVE' },
  supplierIsKnown: true,
  newId,
};

function read(changes: Partial<DraftInput> = {}) {
  const draft = readDraft(input(changes), FACTS);
  if (!draft.ok) throw new Error(draft.problem.message);
  return draft.value;
}

function requisition(changes: Partial<Requisition> = {}): Requisition {
  const facts = {
    id: 'r',
    number: 'REQ-DE01-000001',
    requesterId: 'ada',
    correlationId: 'c',
    now: NOW,
  };
  return { ...draftRequisition(read(), facts).requisition, ...changes };
}

describe('the requisition lifecycle', () => {
  it('is a sound table', () => {
    expect(flawsOf(TABLE)).toEqual([]);
  });

  it.each([...walk(TABLE)])('in $state answers $event with $next', ({ state, event, next }) => {
    const moved = move(requisition({ status: state, version: 7 }), event, NOW);
    if (next === undefined) {
      expect(moved).toMatchObject({
        ok: false,
        problem: {
          code: 'ILLEGAL_TRANSITION',
          state,
          event,
          legalEvents: legalEvents(TABLE, state),
        },
      });
    } else {
      expect(moved).toMatchObject({ ok: true, value: { status: next, version: 8 } });
    }
  });
});

describe('a decision', () => {
  it('is for the submitted version and content and for no other', () => {
    const submitted = submitRequisition(requisition(), { today: '2026-11-23', now: NOW });
    if (!submitted.ok) throw new Error('expected to be submitted');
    const { documentHash } = submitted.value;
    const decision = { documentVersion: 2, documentHash, decidedBy: 'b', comment: null };
    expect(isDecisionFor(submitted.value, decision)).toBe(true);
    expect(isDecisionFor(submitted.value, { ...decision, documentVersion: 1 })).toBe(false);
    expect(isDecisionFor(submitted.value, { ...decision, documentHash: 'other' })).toBe(false);
  });

  it('is bound to what is bought, not to how the request is worded', () => {
    const before = requisition();
    const hashOf = (changes: Partial<DraftInput>): string => {
      const revised = reviseRequisition(before, read(changes), NOW);
      return revised.ok ? revised.value.requisition.documentHash : '';
    };
    expect(hashOf({ title: 'Other words' })).toBe(before.documentHash);
    expect(hashOf({ lines: [line({ quantity: { value: decimalOf('10.00') } })] })).toBe(
      before.documentHash,
    );
    expect(hashOf({ lines: [line({ unitPrice: decimalOf('1000.01') })] })).not.toBe(
      before.documentHash,
    );
    expect(hashOf({ supplierId: 'other' })).not.toBe(before.documentHash);
  });
});

describe('a draft', () => {
  it('extends a price per many units, rounded half up once', () => {
    const priced = {
      quantity: { value: decimalOf('3') },
      unitPrice: decimalOf('12.345'),
      priceQuantity: decimalOf('100'),
    };
    expect(read({ lines: [line(priced)] }).lines[0]?.netAmount).toEqual({
      amountMinor: 37n,
      currency: 'EUR',
    });
    const half = { quantity: { value: decimalOf('1') }, unitPrice: decimalOf('0.005') };
    expect(read({ lines: [line(half)] }).lines[0]?.netAmount.amountMinor).toBe(1n);
    expect(
      read({ currency: 'JPY', lines: [line({ unitPrice: decimalOf('0.25') })] }).lines[0]?.netAmount
        .amountMinor,
    ).toBe(3n);
  });

  it.each<[string, string, Partial<DraftInput>]>([
    [
      'lines.0.quantity.value',
      'NEGATIVE_QUANTITY',
      { lines: [line({ quantity: { value: decimalOf('-1') } })] },
    ],
    [
      'lines.0.quantity.value',
      'ZERO_QUANTITY',
      { lines: [line({ quantity: { value: decimalOf('0') } })] },
    ],
    [
      'lines.0.quantity.value',
      'TOO_MANY_DECIMALS',
      { lines: [line({ quantity: { value: decimalOf('1.0000001') } })] },
    ],
    [
      'lines.0.quantity.value',
      'QUANTITY_TOO_LARGE',
      { lines: [line({ quantity: { value: decimalOf('1000000001') } })] },
    ],
    [
      'lines.0.quantity.unitCode',
      'UNKNOWN_UNIT',
      { lines: [line({ quantity: { value: decimalOf('1'), unitCode: 'pieces' } })] },
    ],
    [
      'lines.1.unitPrice',
      'NEGATIVE_UNIT_PRICE',
      { lines: [line(), line({ unitPrice: decimalOf('-0.01') })] },
    ],
    [
      'lines.0.unitPrice',
      'TOO_MANY_DECIMALS',
      { lines: [line({ unitPrice: decimalOf('0.1234567') })] },
    ],
    [
      'lines.0.priceQuantity',
      'ZERO_PRICE_QUANTITY',
      { lines: [line({ priceQuantity: decimalOf('0') })] },
    ],
    ['lines.0.currency', 'CURRENCY_DIFFERS', { lines: [line({ currency: 'USD' })] }],
    [
      'lines.0.overDeliveryPercent',
      'BAD_PERCENT',
      { lines: [line({ overDeliveryPercent: decimalOf('100.01') })] },
    ],
    [
      'lines.0',
      'AMOUNT_TOO_LARGE',
      { lines: [line({ quantity: { value: decimalOf('1000000000') } })] },
    ],
    ['lines', 'ZERO_TOTAL', { lines: [line({ unitPrice: decimalOf('0') })] }],
    ['lines', 'EMPTY_LINES', { lines: [] }],
    ['lines', 'TOO_MANY_LINES', { lines: Array.from({ length: 501 }, () => line()) }],
    ['currency', 'UNKNOWN_CURRENCY', { currency: 'EUX' }],
    ['currency', 'UNKNOWN_CURRENCY', { currency: 'XAU' }],
    ['title', 'BAD_TEXT', { title: '  ' }],
    ['category', 'BAD_CATEGORY', { category: 'it hardware' }],
  ])('refuses %s as %s', (field, code, changes) => {
    const draft = readDraft(input(changes), FACTS);
    expect(draft.ok ? [] : draft.problem.fields).toContainEqual(
      expect.objectContaining({ field, code }),
    );
  });

  it('names an unknown cost centre, a closed one and an unknown supplier', () => {
    const codes = (facts: object): string[] => {
      const draft = readDraft(input(), { ...FACTS, ...facts });
      return draft.ok ? [] : draft.problem.fields.map((error) => error.code);
    };
    expect(codes({ costCentre: null })).toEqual(['UNKNOWN_COST_CENTRE']);
    expect(codes({ costCentre: { companyCode: 'DE01', status: 'CLOSED' } })).toEqual([
      'CLOSED_COST_CENTRE',
    ]);
    expect(codes({ supplierIsKnown: false })).toEqual(['UNKNOWN_SUPPLIER']);
  });
});
