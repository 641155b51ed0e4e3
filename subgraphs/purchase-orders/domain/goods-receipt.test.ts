import { describe, expect, it } from '@jest/globals';
import { decimalOf, formatDecimal } from '#kernel/decimal.ts';
import { flawsOf } from '#kernel/lifecycle.ts';
import { GOODS_RECEIPT_LIFECYCLE, postReceipt, reverseReceipt } from './goods-receipt.ts';
import { NOW, orderLine, orderWith } from '../test-world/order.ts';
import type { ReceivedQuantity } from './goods-receipt.ts';
import type { OrderWithLines } from './order-change.ts';

const FACTS = {
  id: 'g',
  number: 'GR-DE01-000001',
  actorId: 'rita',
  postedOn: '2026-11-23',
  deliveryNote: null,
  newId: () => 'gl',
  now: NOW,
};
const of = (value: string, purchaseOrderLineId = 'l1', unitCode = 'C62'): ReceivedQuantity => ({
  purchaseOrderLineId,
  quantity: { value: decimalOf(value), unitCode },
});

function posted(current: OrderWithLines, value: string) {
  const receipt = postReceipt(current, [of(value)], FACTS);
  if (!receipt.ok) throw new Error(receipt.problem.message);
  return receipt.value;
}

describe('a goods receipt', () => {
  it('has a sound lifecycle', () => {
    expect(flawsOf(GOODS_RECEIPT_LIFECYCLE)).toEqual([]);
  });

  it('adds up over partial receipts to the ordered quantity and its tolerance', () => {
    const first = posted(orderWith([orderLine({ over: '10' })]), '6');
    expect(first.order.version).toBe(3);
    const second = posted(first, '5');
    expect(formatDecimal(second.lines[0]!.receivedQuantity)).toBe('11');
    const third = postReceipt(second, [of('0.000001')], FACTS);
    expect(third).toMatchObject({
      ok: false,
      problem: { code: 'OVER_DELIVERY', purchaseOrderLineId: 'l1' },
    });
  });

  it('says what is still acceptable', () => {
    const refused = postReceipt(
      orderWith([orderLine({ received: '7', over: '5' })]),
      [of('4')],
      FACTS,
    );
    const problem = refused.ok || refused.problem.code !== 'OVER_DELIVERY' ? null : refused.problem;
    expect(problem && formatDecimal(problem.acceptable.value)).toBe('3.5');
  });

  it('is not confirmed by whoever asked for the goods', () => {
    const refused = postReceipt(orderWith([orderLine()]), [of('1')], { ...FACTS, actorId: 'ada' });
    expect(refused).toMatchObject({
      ok: false,
      problem: { code: 'SEGREGATION_OF_DUTIES', rule: 'requester-is-not-receiver' },
    });
  });

  it.each(['APPROVED', 'CLOSED', 'CANCELLED'] as const)(
    'is illegal for an order in state %s',
    (status) => {
      const refused = postReceipt(orderWith([orderLine()], { status }), [of('1')], FACTS);
      expect(refused).toMatchObject({
        ok: false,
        problem: { code: 'ILLEGAL_TRANSITION', state: status },
      });
    },
  );

  it.each<[string, readonly ReceivedQuantity[]]>([
    ['EMPTY_LINES', []],
    ['UNKNOWN_LINE', [of('1', 'other')]],
    ['REPEATED_LINE', [of('1'), of('1')]],
    ['NEGATIVE_QUANTITY', [of('-1')]],
    ['UNIT_DIFFERS', [of('1', 'l1', 'KGM')]],
  ])('is refused as %s', (code, received) => {
    const refused = postReceipt(orderWith([orderLine()]), received, FACTS);
    expect(refused.ok ? null : refused.problem).toMatchObject({
      code: 'INVALID_INPUT',
      fields: [{ code }],
    });
  });
});

describe('the reversal of a receipt', () => {
  const facts = { actorId: 'rita', reason: 'counted twice', now: NOW };

  it('gives the quantity back, once', () => {
    const reversed = reverseReceipt(posted(orderWith([orderLine({ received: '2' })]), '6'), facts);
    if (!reversed.ok) throw new Error(reversed.problem.message);
    expect(formatDecimal(reversed.value.lines[0]!.receivedQuantity)).toBe('2');
    expect(reversed.value.receipt).toMatchObject({
      status: 'REVERSED',
      version: 2,
      reversedBy: 'rita',
    });
    expect(reverseReceipt(reversed.value, facts)).toMatchObject({
      ok: false,
      problem: { code: 'ILLEGAL_TRANSITION', state: 'REVERSED' },
    });
  });

  it('leaves received what is invoiced', () => {
    const receipt = posted(orderWith([orderLine({ invoiced: '1' })]), '6');
    expect(reverseReceipt(receipt, facts)).toMatchObject({
      ok: false,
      problem: { code: 'QUANTITY_IN_USE' },
    });
  });

  it('is not for whoever asked for the goods', () => {
    const receipt = posted(orderWith([orderLine()]), '6');
    expect(reverseReceipt(receipt, { ...facts, actorId: 'ada' })).toMatchObject({
      ok: false,
      problem: { code: 'SEGREGATION_OF_DUTIES' },
    });
  });
});
