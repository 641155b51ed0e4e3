import { describe, expect, it } from '@jest/globals';
import { formatDecimal } from '#kernel/decimal.ts';
import { flawsOf, legalEvents, walk } from '#kernel/lifecycle.ts';
import {
  PURCHASE_ORDER_LIFECYCLE,
  cancelOrder,
  closeOrder,
  invoiceStatusOf,
  isFulfilled,
  moveOrder,
  receiptStatusOf,
  receivableQuantity,
} from './purchase-order.ts';
import { NOW, order, orderLine } from '../test-world/order.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { PurchaseOrderAction, PurchaseOrderStatus } from './purchase-order.ts';

const TABLE: Lifecycle<PurchaseOrderStatus, PurchaseOrderAction> = PURCHASE_ORDER_LIFECYCLE;
const FACTS = { reason: 'no longer needed', now: NOW };

describe('the order lifecycle', () => {
  it('is a sound table', () => {
    expect(flawsOf(TABLE)).toEqual([]);
  });

  it.each([...walk(TABLE)])('in $state answers $event with $next', ({ state, event, next }) => {
    const moved = moveOrder(order({ status: state, version: 7 }), event, NOW);
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

describe('the end of an order', () => {
  it('is a cancellation while nothing was received or invoiced', () => {
    expect(cancelOrder(order(), [orderLine()], FACTS)).toMatchObject({
      ok: true,
      value: { status: 'CANCELLED', endReason: FACTS.reason },
    });
  });

  it.each([{ received: '0.5' }, { invoiced: '1' }])('can only be a closing after %j', (texts) => {
    expect(cancelOrder(order(), [orderLine(texts)], FACTS)).toMatchObject({
      ok: false,
      problem: { code: 'ORDER_IN_USE', lineIds: ['l1'] },
    });
    expect(closeOrder(order(), FACTS)).toMatchObject({ ok: true, value: { status: 'CLOSED' } });
  });
});

describe('the status of receipts and invoices', () => {
  it.each([
    ['NOT_RECEIVED', [{}, {}]],
    ['PARTIALLY_RECEIVED', [{ received: '10' }, {}]],
    ['PARTIALLY_RECEIVED', [{ received: '9.9' }]],
    ['FULLY_RECEIVED', [{ received: '9.5', under: '5' }]],
    ['FULLY_RECEIVED', [{ received: '11', over: '10' }]],
  ])('is %s for %j', (expected, texts) => {
    expect(receiptStatusOf(texts.map(orderLine))).toBe(expected);
  });

  it.each([
    ['NOT_INVOICED', [{}]],
    ['PARTIALLY_INVOICED', [{ invoiced: '9' }]],
    ['PARTIALLY_INVOICED', [{ received: '11', invoiced: '10' }]],
    ['FULLY_INVOICED', [{ received: '11', invoiced: '11' }]],
  ])('is %s for %j', (expected, texts) => {
    expect(invoiceStatusOf(texts.map(orderLine))).toBe(expected);
  });

  it('is fulfilled when everything was received and invoiced', () => {
    expect(isFulfilled([orderLine({ received: '10', invoiced: '10' })])).toBe(true);
    expect(isFulfilled([orderLine({ received: '10', invoiced: '10' }), orderLine()])).toBe(false);
  });

  it('lets exact percentages more be received', () => {
    expect(formatDecimal(receivableQuantity(orderLine({ quantity: '3', over: '12.5' })))).toBe(
      '3.375',
    );
  });
});
