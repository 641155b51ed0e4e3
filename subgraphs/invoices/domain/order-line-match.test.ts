import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ZERO, addDecimals, compareDecimals, decimalOf } from '#kernel/decimal.ts';
import { extend, money, toDecimal } from '#kernel/money.ts';
import { highest } from './match-policy.ts';
import { ORDER_LINE, POLICY, facts, line, order } from './match-world.ts';
import { matchInvoice } from './match.ts';
import { takingOf } from './order-line-match.ts';
import type { OrderLine } from './match-facts.ts';
import type { MatchPolicy } from './match-policy.ts';

describe('any number of invoices', () => {
  const invoice = fc.record({
    quantity: fc.integer({ min: 1, max: 1200 }),
    centsPerUnit: fc.integer({ min: 50, max: 150 }),
    isCredit: fc.boolean(),
  });
  const tolerances = fc.record({
    percent: fc.option(fc.integer({ min: 0, max: 10 })),
    absolute: fc.integer({ min: 0, max: 50 }),
    over: fc.integer({ min: 0, max: 20 }),
  });

  it('never bill an order line together for more than the tolerance allows', () => {
    fc.assert(
      fc.property(
        fc.array(invoice, { maxLength: 30 }),
        tolerances,
        fc.integer({ min: 0, max: 1500 }),
        (invoices, tolerance, receivedTenths) => {
          const policy: MatchPolicy = {
            ...POLICY,
            priceUpper: {
              percent: tolerance.percent === null ? null : decimalOf(String(tolerance.percent)),
              absolute: decimalOf(String(tolerance.absolute)),
            },
            quantityUpper: { percent: decimalOf(String(tolerance.over)), absolute: null },
          };
          const received = { units: BigInt(receivedTenths), scale: 1 };
          let state: OrderLine = {
            ...ORDER_LINE,
            quantity: decimalOf('100'),
            unitPrice: decimalOf('1'),
            netAmountMinor: 10_000n,
            received,
          };
          for (const next of invoices) {
            const bill = line({
              quantity: { units: BigInt(next.quantity), scale: 1 },
              netAmountMinor: BigInt(Math.round((next.quantity * next.centsPerUnit) / 10)),
            });
            const kind = next.isCredit ? 'CREDIT_MEMO' : 'STANDARD';
            const found = matchInvoice(
              facts({ kind, lines: [bill], order: order(state), taxes: [], policy }),
            );
            if (found.length > 0) continue;
            const taking = takingOf(kind, bill);
            const taken = addDecimals(state.billedQuantity, taking.quantity);
            state = {
              ...state,
              billedQuantity: taken,
              acceptedQuantity: taken,
              acceptedNetMinor: state.acceptedNetMinor + taking.netMinor,
            };
            if (next.isCredit) continue;
            const most = (base: typeof ZERO) => highest(base, policy.quantityUpper) ?? base;
            expect(compareDecimals(state.billedQuantity, most(state.quantity))).toBeLessThanOrEqual(
              0,
            );
            expect(compareDecimals(state.billedQuantity, most(state.received))).toBeLessThanOrEqual(
              0,
            );
            const worth = toDecimal(
              extend({
                quantity: state.billedQuantity,
                unitPrice: state.unitPrice,
                priceQuantity: state.priceQuantity,
                currency: 'EUR',
                rounding: 'half-up',
              }),
            );
            const allowed = addDecimals(
              highest(worth, policy.priceUpper) ?? worth,
              policy.negligibleAmount,
            );
            expect(
              compareDecimals(toDecimal(money(state.acceptedNetMinor, 'EUR')), allowed),
            ).toBeLessThanOrEqual(0);
          }
          expect(compareDecimals(state.billedQuantity, ZERO)).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
