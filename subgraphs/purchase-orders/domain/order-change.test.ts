import { describe, expect, it } from '@jest/globals';
import { decimalOf } from '#kernel/decimal.ts';
import { money, moneyOf } from '#kernel/money.ts';
import { exceedsTolerance, toleranceOf } from './change-tolerance.ts';
import { approveChange, changeOrder, rejectChange } from './order-change.ts';
import { NOW, changeFacts, orderLine, orderWith } from '../test-world/order.ts';
import type { LineChange, OrderWithLines, TakenChange } from './order-change.ts';

const CURRENT = orderWith([orderLine()]);
const DECISION = { decidedBy: 'bob', comment: null, now: NOW };

function change(current: OrderWithLines, changes: readonly LineChange[], number = 2): TakenChange {
  const taken = changeOrder(current, changes, changeFacts(CURRENT, number));
  if (!taken.ok) throw new Error(taken.problem.message);
  return taken.value;
}

const priceOf = (text: string, lineId = 'l1'): LineChange => ({
  lineId,
  unitPrice: decimalOf(text),
});

describe('the tolerance of a change', () => {
  it.each([
    ['20000.00', 'EUR', '1000.00'],
    ['10000.00', 'EUR', '500.00'],
    ['100.00', 'EUR', '500.00'],
    ['100000', 'JPY', '80000'],
    ['100.00', 'SEK', '5.00'],
  ])('of %s %s is %s', (total, currency, expected) => {
    expect(toleranceOf(moneyOf(total, currency))).toEqual(moneyOf(expected, currency));
  });

  it('is not exceeded by itself', () => {
    const approved = moneyOf('10000.00', 'EUR');
    expect(exceedsTolerance(moneyOf('500.00', 'EUR'), approved)).toBe(false);
    expect(exceedsTolerance(moneyOf('500.01', 'EUR'), approved)).toBe(true);
  });
});

describe('a change order', () => {
  it('within tolerance is in force at once', () => {
    const taken = change(CURRENT, [priceOf('1050')]);
    expect(taken.order).toMatchObject({
      status: 'DISPATCHED',
      version: 3,
      orderVersion: 2,
      approvedOrderVersion: 1,
      total: money(1_050_000n, 'EUR'),
    });
    expect(taken.version).toMatchObject({
      number: 2,
      status: 'APPLIED',
      documentVersion: 3,
      cumulativeChange: money(50_000n, 'EUR'),
    });
    expect(taken.version.differences).toEqual([
      { lineId: 'l1', lineNumber: 1, field: 'unitPrice', before: '1000', after: '1050' },
    ]);
  });

  it('beyond tolerance waits and leaves what is in force', () => {
    const taken = change(CURRENT, [priceOf('1050.01')]);
    expect(taken.order).toMatchObject({
      status: 'CHANGE_PENDING',
      orderVersion: 1,
      total: CURRENT.order.total,
      documentHash: 'h',
    });
    expect(taken.lines).toBe(CURRENT.lines);
    expect(taken.version).toMatchObject({ status: 'PENDING', total: money(1_050_010n, 'EUR') });
  });

  it('is measured against what was approved, so that slices of a salami add up', () => {
    const first = change(CURRENT, [priceOf('1030')]);
    expect(first.version.status).toBe('APPLIED');
    const second = change(first, [priceOf('1060')], 3);
    expect(second.version).toMatchObject({
      status: 'PENDING',
      cumulativeChange: money(60_000n, 'EUR'),
    });
  });

  it('cannot move money between lines under an unchanged total', () => {
    const two = orderWith([orderLine({ id: 'l1' }), orderLine({ id: 'l2' })]);
    const taken = changeOrder(two, [priceOf('1100', 'l1'), priceOf('900', 'l2')], changeFacts(two));
    expect(taken).toMatchObject({
      ok: true,
      value: {
        version: {
          status: 'PENDING',
          total: two.order.total,
          cumulativeChange: money(200_000n, 'EUR'),
        },
      },
    });
  });

  it('never goes below what was received or invoiced', () => {
    const quantity = { lineId: 'l1', quantity: decimalOf('9.8') };
    for (const texts of [{ received: '9.9' }, { invoiced: '9.9' }]) {
      const refused = changeOrder(orderWith([orderLine(texts)]), [quantity], changeFacts(CURRENT));
      expect(refused).toMatchObject({
        ok: false,
        problem: { code: 'QUANTITY_IN_USE', purchaseOrderLineId: 'l1' },
      });
    }
  });

  it.each<[string, readonly LineChange[]]>([
    ['EMPTY_LINES', []],
    ['NO_CHANGE', [priceOf('1000.00')]],
    ['UNKNOWN_LINE', [priceOf('1', 'other')]],
    ['REPEATED_LINE', [priceOf('1'), priceOf('2')]],
    ['NEGATIVE_QUANTITY', [{ lineId: 'l1', quantity: decimalOf('-1') }]],
    ['ZERO_QUANTITY', [{ lineId: 'l1', quantity: decimalOf('0') }]],
    ['TOO_MANY_DECIMALS', [priceOf('1.0000001')]],
  ])('is refused as %s', (code, changes) => {
    const refused = changeOrder(CURRENT, changes, changeFacts(CURRENT));
    expect(refused.ok ? null : refused.problem).toMatchObject({
      code: 'INVALID_INPUT',
      fields: [{ code }],
    });
  });

  it('is illegal before the ERP has confirmed and while another waits', () => {
    for (const status of ['APPROVED', 'CHANGE_PENDING', 'CLOSED', 'CANCELLED'] as const) {
      const refused = changeOrder(
        orderWith([orderLine()], { status }),
        [priceOf('1001')],
        changeFacts(CURRENT),
      );
      expect(refused).toMatchObject({
        ok: false,
        problem: { code: 'ILLEGAL_TRANSITION', state: status },
      });
    }
  });
});

describe('the decision on a pending change', () => {
  const pending = change(CURRENT, [{ lineId: 'l1', quantity: decimalOf('5') }]);

  it('brings it into force as the new measure', () => {
    const approved = approveChange(pending, pending.version, DECISION);
    expect(approved).toMatchObject({
      ok: true,
      value: {
        order: {
          status: 'DISPATCHED',
          orderVersion: 2,
          approvedOrderVersion: 2,
          total: money(500_000n, 'EUR'),
        },
        version: { status: 'APPROVED', decidedBy: 'bob' },
      },
    });
  });

  it('leaves the order as it was when it is refused', () => {
    const rejected = rejectChange(pending, pending.version, DECISION);
    expect(rejected).toMatchObject({
      ok: true,
      value: {
        order: { status: 'DISPATCHED', orderVersion: 1, total: CURRENT.order.total },
        lines: CURRENT.lines,
        version: { status: 'REJECTED' },
      },
    });
  });

  it('refuses an approved change when more has arrived meanwhile than it orders', () => {
    const meanwhile = { ...pending, lines: [orderLine({ received: '6' })] };
    const decided = approveChange(meanwhile, pending.version, DECISION);
    expect(decided).toMatchObject({
      ok: true,
      value: {
        order: { orderVersion: 1 },
        version: {
          status: 'REJECTED',
          decisionComment: expect.stringContaining('6 were received'),
        },
      },
    });
  });
});
