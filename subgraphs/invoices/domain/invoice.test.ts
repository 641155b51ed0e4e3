import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decimalOf } from '#kernel/decimal.ts';
import { flawsOf, legalEvents, step, walk } from '#kernel/lifecycle.ts';
import { HOLD_RULES, placeHolds } from './hold.ts';
import { ACCEPTED_STATUSES, INVOICE_LIFECYCLE, OPEN_STATUSES } from './invoice.ts';
import { PAYMENT_LIFECYCLE, paymentStep } from './payment.ts';
import { resolveSeller, sellerIdentity, sellerKeys, taxKey } from './seller.ts';
import { normalisedInvoiceNumber } from './supplier-invoice-number.ts';
import type { Finding } from './hold.ts';

describe.each([INVOICE_LIFECYCLE, PAYMENT_LIFECYCLE])(
  'the lifecycle of an $entity',
  (lifecycle) => {
    it('has no unknown and no unreachable state', () => {
      expect(flawsOf<string, string>(lifecycle)).toEqual([]);
    });
    for (const { state, event, next } of walk<string, string>(lifecycle)) {
      it(`${state} ${next === undefined ? 'refuses' : 'accepts'} ${event}`, () => {
        const result = step<string, string>(lifecycle, state, event);
        if (next !== undefined) expect(result).toEqual({ ok: true, value: next });
        else
          expect(result).toMatchObject({
            ok: false,
            problem: {
              code: 'ILLEGAL_TRANSITION',
              state,
              event,
              legalEvents: legalEvents<string, string>(lifecycle, state),
            },
          });
      });
    }
  },
);

describe('statuses', () => {
  it('either wait, are accepted, wait for a supplier, or are final', () => {
    const others = Object.keys(INVOICE_LIFECYCLE.transitions).filter(
      (status) => ![...ACCEPTED_STATUSES, ...OPEN_STATUSES].some((known) => known === status),
    );
    expect(others.sort()).toEqual(['CANCELLED', 'REJECTED', 'SUPPLIER_UNKNOWN']);
  });
});

describe('what payments amount to', () => {
  const report = fc.record({
    amountMinor: fc.bigInt({ min: 1n, max: 1000n }),
    status: fc.constantFrom('SCHEDULED' as const, 'PAID' as const, 'RETURNED' as const),
  });
  it('is a step that the lifecycle accepts wherever an invoice may stand', () => {
    fc.assert(
      fc.property(fc.array(report), fc.bigInt({ min: 0n, max: 3000n }), (payments, due) => {
        const called = paymentStep(due, payments);
        if (called === null) return payments.length === 0;
        return Object.entries(PAYMENT_LIFECYCLE.transitions).every(
          ([status, steps]) => status === 'VOIDED' || steps[called] !== undefined,
        );
      }),
    );
  });
  it.each([
    [['PAID', 100n]] as const,
    [
      ['PAID', 60n],
      ['PAID', 40n],
    ] as const,
  ])('is paid when all that is due has been paid', (...payments) => {
    expect(
      paymentStep(
        100n,
        payments.map(([status, amountMinor]) => ({ status, amountMinor })),
      ),
    ).toBe('pay');
  });
  it('is partly paid, scheduled or returned otherwise', () => {
    const paid = { status: 'PAID' as const, amountMinor: 60n };
    expect(paymentStep(100n, [paid])).toBe('payInPart');
    expect(paymentStep(100n, [paid, { status: 'SCHEDULED', amountMinor: 40n }])).toBe('schedule');
    expect(paymentStep(100n, [{ status: 'RETURNED', amountMinor: 100n }])).toBe('return');
    expect(paymentStep(100n, [])).toBeNull();
  });
});

describe("two writings of one supplier's number", () => {
  it.each([
    ['INV-000123', '123'],
    ['RE 2026/0042', 'Re20260042'],
    ['R0123', 'RO123'],
    ['A-1I', 'a11'],
    ['Rechnung 77', '77'],
    ['№ 12', '12'],
  ])('%s and %s are equal', (left, right) => {
    if (left.startsWith('№'))
      expect(normalisedInvoiceNumber(left)).toBe(normalisedInvoiceNumber('No12'));
    expect(normalisedInvoiceNumber(left)).toBe(normalisedInvoiceNumber(right));
  });
  it.each([
    ['123', '124'],
    ['2026-1', '2026-2'],
    ['R123', 'X123'],
  ])('%s and %s differ', (left, right) => {
    expect(normalisedInvoiceNumber(left)).not.toBe(normalisedInvoiceNumber(right));
  });
  it('leaves something of every number', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((text) => text.trim() !== ''),
        (text) => normalisedInvoiceNumber(text) !== '',
      ),
    );
  });
});

describe('a seller', () => {
  const party = {
    tradingName: null,
    legalName: 'Müller & Söhne GmbH',
    countryCode: 'DE',
    taxNumbers: ['DE 123 456 789'],
    legalRegistration: null,
    endpoint: { schemeId: 'EM', value: 'Mail@Mueller.de' },
  };
  const keys = sellerKeys(party);
  it('is found by tax number with or without its country', () => {
    expect(taxKey('DE123456789', null)).toBe(taxKey('123456789', 'DE'));
    expect(taxKey('EL123456789', null)).toBe(taxKey('123456789', 'GR'));
    expect(resolveSeller(keys, [{ supplierId: 's1', kind: 'TAX', value: 'DE:123456789' }])).toBe(
      's1',
    );
  });
  it('is found by endpoint and by name when no tax number tells', () => {
    expect(
      resolveSeller(keys, [{ supplierId: 's1', kind: 'ENDPOINT', value: 'EM:mail@mueller.de' }]),
    ).toBe('s1');
    expect(
      resolveSeller(keys, [{ supplierId: 's1', kind: 'NAME', value: 'muller sohne gmbh' }]),
    ).toBe('s1');
  });
  it('is whom the tax number names, whatever the name says', () => {
    const candidates = [
      { supplierId: 's1', kind: 'NAME' as const, value: 'muller sohne gmbh' },
      { supplierId: 's2', kind: 'TAX' as const, value: 'DE:123456789' },
    ];
    expect(resolveSeller(keys, candidates)).toBe('s2');
  });
  it('is unknown when a key names two', () => {
    const candidates = ['s1', 's2'].map((supplierId) => ({
      supplierId,
      kind: 'NAME' as const,
      value: 'muller sohne gmbh',
    }));
    expect(resolveSeller(keys, candidates)).toBeNull();
  });
  it('is identified by its most trusted key', () => {
    expect(sellerIdentity(keys)).toBe('TAX:DE:123456789');
  });
});

describe('holds', () => {
  const placing = { invoiceId: 'i', now: new Date('2026-11-23T00:00:00Z'), newId: () => 'new' };
  const finding = (excess: string): Finding => ({
    code: 'PRICE_VARIANCE',
    invoiceLineId: 'l',
    expected: '',
    actual: '',
    excess: decimalOf(excess),
    message: '',
  });
  const [placed] = placeHolds([], [finding('5')], placing);
  it('are placed once', () => {
    expect(placeHolds(placed === undefined ? [] : [placed], [finding('6')], placing)).toMatchObject(
      [{ status: 'OPEN', excess: decimalOf('6') }],
    );
  });
  it('are lifted when their cause has gone', () => {
    expect(placeHolds(placed === undefined ? [] : [placed], [], placing)).toMatchObject([
      { status: 'LIFTED', closedBy: null },
    ]);
  });
  it('stay released up to what they were released for', () => {
    const released = placed === undefined ? [] : [{ ...placed, status: 'RELEASED' as const }];
    expect(placeHolds(released, [finding('5')], placing)).toHaveLength(1);
    expect(placeHolds(released, [finding('5.01')], placing)).toMatchObject([
      { status: 'RELEASED' },
      { status: 'OPEN' },
    ]);
  });
  it('each name an owner and advice', () => {
    for (const rule of Object.values(HOLD_RULES))
      expect([rule.ownerRole, rule.advice].every((text) => text.length > 0)).toBe(true);
  });
});
