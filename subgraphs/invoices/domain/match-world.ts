import { ZERO, decimalOf } from '#kernel/decimal.ts';
import type { MatchFacts, MatchLine, OrderFacts, OrderLine } from './match-facts.ts';
import type { MatchPolicy } from './match-policy.ts';

/** A two per cent price tolerance and none on quantities. */
export const POLICY: MatchPolicy = {
  companyCode: 'DE01',
  category: '*',
  level: 'THREE_WAY',
  priceUpper: { percent: decimalOf('2'), absolute: decimalOf('50') },
  priceLower: { percent: decimalOf('25'), absolute: null },
  quantityUpper: { percent: ZERO, absolute: ZERO },
  negligibleAmount: decimalOf('0.05'),
  unorderedAmount: decimalOf('250'),
  unplannedCharges: decimalOf('100'),
  taxDifference: decimalOf('0.10'),
  amountLimit: decimalOf('100000'),
  version: 1,
};

/** Ten pieces at 100.00, all received. */
export const ORDER_LINE: OrderLine = {
  id: 'ol-1',
  lineNumber: 1,
  description: 'Seal kit',
  quantity: decimalOf('10'),
  unitCode: 'C62',
  unitPrice: decimalOf('100'),
  priceQuantity: decimalOf('1'),
  netAmountMinor: 100_000n,
  received: decimalOf('10'),
  billedQuantity: ZERO,
  acceptedQuantity: ZERO,
  acceptedNetMinor: 0n,
};

export function line(overrides: Partial<MatchLine> = {}): MatchLine {
  return {
    id: 'il-1',
    description: 'Seal kit',
    quantity: decimalOf('10'),
    unitCode: 'C62',
    netAmountMinor: 100_000n,
    purchaseOrderLineId: 'ol-1',
    ...overrides,
  };
}

export function order(
  orderLine: Partial<OrderLine> = {},
  overrides: Partial<OrderFacts> = {},
): OrderFacts {
  return {
    number: 'PO-DE01-000001',
    supplierId: 's-1',
    currency: 'EUR',
    status: 'DISPATCHED',
    lines: [{ ...ORDER_LINE, ...orderLine }],
    ...overrides,
  };
}

export function facts(overrides: Partial<MatchFacts> = {}): MatchFacts {
  return {
    kind: 'STANDARD',
    currency: 'EUR',
    supplierId: 's-1',
    netAmountMinor: 100_000n,
    grossAmountMinor: 119_000n,
    chargesMinor: 0n,
    taxes: [
      { category: 'S', percent: '19', taxableAmountMinor: 100_000n, taxAmountMinor: 19_000n },
    ],
    orderReference: null,
    lines: [line()],
    order: order(),
    supplier: { status: 'ACTIVE', blocks: [] },
    creditableMinor: null,
    policy: POLICY,
    ...overrides,
  };
}
