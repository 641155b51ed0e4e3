import { describe, expect, it } from '@jest/globals';
import { ZERO, decimalOf } from '#kernel/decimal.ts';
import { HOLD_RULES } from './hold.ts';
import { POLICY, facts, line, order } from './match-world.ts';
import { matchInvoice } from './match.ts';
import type { HoldCode } from './hold.ts';
import type { MatchFacts, OrderLine } from './match-facts.ts';

/** Taken by accepted invoices before. */
function billed(quantity: string, acceptedNetMinor: bigint): Partial<OrderLine> {
  return {
    billedQuantity: decimalOf(quantity),
    acceptedQuantity: decimalOf(quantity),
    acceptedNetMinor,
  };
}

function codes(overrides: Partial<MatchFacts> = {}): HoldCode[] {
  return matchInvoice(facts(overrides)).map((finding) => finding.code);
}

const TWO_WAY = { ...POLICY, level: 'TWO_WAY' as const };

describe('the match', () => {
  const cases: readonly { name: string; given: Partial<MatchFacts>; holds: readonly HoldCode[] }[] =
    [
      { name: 'agrees with an invoice of what was ordered and received', given: {}, holds: [] },
      {
        name: 'agrees with a price at the percentage bound',
        given: { lines: [line({ netAmountMinor: 102_000n })] },
        holds: [],
      },
      {
        name: 'holds a price above the percentage bound',
        given: { lines: [line({ netAmountMinor: 102_001n })] },
        holds: ['PRICE_VARIANCE'],
      },
      {
        name: 'holds a price above the absolute bound, though within the percentage',
        given: {
          order: order({ unitPrice: decimalOf('1000'), netAmountMinor: 1_000_000n }),
          lines: [line({ netAmountMinor: 1_005_001n })],
        },
        holds: ['PRICE_VARIANCE'],
      },
      {
        name: 'agrees with a price at the lower bound',
        given: { lines: [line({ netAmountMinor: 75_000n })] },
        holds: [],
      },
      {
        name: 'holds a price below the lower bound',
        given: { lines: [line({ netAmountMinor: 74_999n })] },
        holds: ['PRICE_VARIANCE'],
      },
      {
        name: 'takes a cent of rounding for rounding',
        given: {
          order: order({ unitPrice: decimalOf('0.01') }),
          lines: [line({ netAmountMinor: 13n })],
          grossAmountMinor: 13n,
          taxes: [],
        },
        holds: [],
      },
      {
        name: 'holds more than was ordered',
        given: {
          order: order({ received: decimalOf('11') }),
          lines: [line({ quantity: decimalOf('11'), netAmountMinor: 110_000n })],
        },
        holds: ['QTY_OVER_ORDERED'],
      },
      {
        name: 'counts what others billed against the order',
        given: { order: order({ ...billed('1', 10_000n), received: decimalOf('11') }) },
        holds: ['QTY_OVER_ORDERED'],
      },
      {
        name: 'counts what waits before it against the order',
        given: { order: order({ billedQuantity: decimalOf('1'), received: decimalOf('11') }) },
        holds: ['QTY_OVER_ORDERED'],
      },
      {
        name: 'does not credit what only waits',
        given: { kind: 'CREDIT_MEMO', order: order({ billedQuantity: decimalOf('10') }) },
        holds: ['CREDIT_WITHOUT_INVOICE'],
      },
      {
        name: 'holds more than was received',
        given: { order: order({ received: decimalOf('9') }) },
        holds: ['QTY_OVER_RECEIVED'],
      },
      {
        name: 'waits for a receipt',
        given: { order: order({ received: ZERO }) },
        holds: ['NO_RECEIPT'],
      },
      {
        name: 'does not wait for a receipt two-way',
        given: { order: order({ received: ZERO }), policy: TWO_WAY },
        holds: [],
      },
      {
        name: 'holds many small variances that are one large one',
        given: {
          order: order({ ...billed('5', 51_010n) }),
          lines: [line({ quantity: decimalOf('5'), netAmountMinor: 51_000n })],
        },
        holds: ['PRICE_VARIANCE'],
      },
      {
        name: 'adds up lines of one invoice that bill the same order line',
        given: {
          lines: [
            line({ quantity: decimalOf('6'), netAmountMinor: 60_000n }),
            line({ id: 'il-2', quantity: decimalOf('5'), netAmountMinor: 50_000n }),
          ],
        },
        holds: ['QTY_OVER_ORDERED', 'QTY_OVER_RECEIVED'],
      },
      {
        name: 'respects the price quantity',
        given: { order: order({ unitPrice: decimalOf('10000'), priceQuantity: decimalOf('100') }) },
        holds: [],
      },
      { name: 'needs an order above the limit', given: { order: null }, holds: ['NO_PO'] },
      {
        name: 'needs none at the limit',
        given: { order: null, netAmountMinor: 25_000n },
        holds: [],
      },
      {
        name: 'does not bill a closed order',
        given: { order: order({}, { status: 'CLOSED' }) },
        holds: ['PO_CLOSED'],
      },
      {
        name: 'does not bill a cancelled order',
        given: { order: order({}, { status: 'CANCELLED' }) },
        holds: ['PO_CLOSED'],
      },
      {
        name: 'does not know a line that the order lacks',
        given: { lines: [line({ purchaseOrderLineId: null })] },
        holds: ['PO_LINE_NOT_FOUND'],
      },
      {
        name: 'passes over a line that costs nothing',
        given: {
          lines: [line(), line({ id: 'il-2', netAmountMinor: 0n, purchaseOrderLineId: null })],
        },
        holds: [],
      },
      {
        name: 'compares one currency only',
        given: { order: order({}, { currency: 'USD' }) },
        holds: ['CURRENCY_MISMATCH'],
      },
      {
        name: 'compares one unit only',
        given: { lines: [line({ unitCode: 'KGM' })] },
        holds: ['UOM_MISMATCH'],
      },
      {
        name: 'bounds another unit by the amount',
        given: { lines: [line({ unitCode: 'KGM', netAmountMinor: 110_000n })] },
        holds: ['UOM_MISMATCH', 'PRICE_VARIANCE'],
      },
      {
        name: 'looks at a large amount',
        given: { grossAmountMinor: 10_000_001n },
        holds: ['AMOUNT_OVER_LIMIT'],
      },
      {
        name: 'does not post for a blocked supplier',
        given: { supplier: { status: 'ACTIVE', blocks: ['POSTING'] } },
        holds: ['SUPPLIER_BLOCKED'],
      },
      {
        name: 'posts for a supplier that is blocked for payment',
        given: { supplier: { status: 'ACTIVE', blocks: ['PAYMENT'] } },
        holds: [],
      },
      {
        name: 'does not post for a supplier that is not active',
        given: { supplier: { status: 'PENDING_REVIEW', blocks: [] } },
        holds: ['SUPPLIER_BLOCKED'],
      },
      {
        name: "does not bill another supplier's order",
        given: { supplierId: 's-2' },
        holds: ['SUPPLIER_MISMATCH'],
      },
      {
        name: 'computes the tax',
        given: {
          taxes: [
            { category: 'S', percent: '19', taxableAmountMinor: 100_000n, taxAmountMinor: 19_011n },
          ],
        },
        holds: ['TAX_VARIANCE'],
      },
      {
        name: 'tolerates tax that was rounded by line',
        given: {
          taxes: [
            { category: 'S', percent: '19', taxableAmountMinor: 100_000n, taxAmountMinor: 19_010n },
          ],
        },
        holds: [],
      },
      {
        name: 'asks about freight that was not ordered',
        given: { chargesMinor: 10_001n },
        holds: ['FREIGHT_UNPLANNED'],
      },
      {
        name: 'credits what was billed',
        given: { kind: 'CREDIT_MEMO', order: order({ ...billed('10', 100_000n) }) },
        holds: [],
      },
      {
        name: 'does not credit more than was billed',
        given: { kind: 'CREDIT_MEMO', order: order({ ...billed('9', 90_000n) }) },
        holds: ['CREDIT_WITHOUT_INVOICE'],
      },
      {
        name: 'does not credit without an invoice',
        given: { kind: 'CREDIT_MEMO', order: null },
        holds: ['CREDIT_WITHOUT_INVOICE'],
      },
      {
        name: 'credits what a named invoice billed',
        given: { kind: 'CREDIT_MEMO', order: null, creditableMinor: 100_000n },
        holds: [],
      },
      {
        name: 'does not credit more than a named invoice billed',
        given: { kind: 'CREDIT_MEMO', order: null, creditableMinor: 99_999n },
        holds: ['CREDIT_WITHOUT_INVOICE'],
      },
      {
        name: 'treats an invoice line below zero as a credit',
        given: { lines: [line({ quantity: decimalOf('-1'), netAmountMinor: -10_000n })] },
        holds: ['CREDIT_WITHOUT_INVOICE'],
      },
    ];
  it.each(cases)('$name', ({ given, holds }) => {
    expect(codes(given)).toEqual(holds);
  });

  it('has a case for every hold', () => {
    const shown = new Set(cases.flatMap(({ holds }) => holds));
    expect(Object.keys(HOLD_RULES).filter((code) => !shown.has(code as HoldCode))).toEqual([]);
  });

  it('says what was expected, what was found and what to do', () => {
    const [finding] = matchInvoice(facts({ order: order({ received: decimalOf('9') }) }));
    expect(finding?.message).toMatch(
      /^Expected: 9 C62 received\. Found: 10 C62 billed\. Post the missing receipt/,
    );
  });
});
