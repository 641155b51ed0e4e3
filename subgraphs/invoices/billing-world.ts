import { CLERK, captureInput } from './graph-world.ts';
import type { SupplierSnapshot } from '../suppliers/events.ts';
import type { Answer, GraphWorld, Order, OrderLineWish } from './graph-world.ts';

/** Orders and invoices of one supplier, in the words of tests. */
export type Billing = ReturnType<typeof createBilling>;

export function createBilling(world: GraphWorld, supplier: SupplierSnapshot) {
  return { orderOf, capture, priced, openIds, held, read };

  /** An order with its goods received, unless told otherwise. */
  async function orderOf(lines: readonly OrderLineWish[] = [{}], received = '10'): Promise<Order> {
    const order = await world.order({ supplierId: supplier.supplierId, lines });
    if (received !== '0')
      for (const [index] of lines.entries()) await world.receive(order, received, index);
    return order;
  }

  function capture(over: Record<string, unknown> = {}): Promise<Answer> {
    return world.mutate(
      CLERK,
      'captureInvoice',
      captureInput({ supplierId: supplier.supplierId, ...over }),
    );
  }

  /** Ten pieces at a price, with totals that add up. */
  function priced(unitPrice: number, quantity = 10): Record<string, unknown> {
    const net = unitPrice * quantity;
    return {
      lines: [
        {
          description: 'Item 1',
          quantity: { value: String(quantity), unitCode: 'C62' },
          unitPrice: unitPrice.toFixed(2),
          taxPercent: '0',
        },
      ],
      netTotal: net.toFixed(2),
      taxTotal: '0',
      grossTotal: net.toFixed(2),
    };
  }

  function holdsOf(
    answer: Answer,
  ): { id: string; code: string; status: string; releasePermission: string | null }[] {
    return answer['holds'] as ReturnType<typeof holdsOf>;
  }

  function openIds(answer: Answer): string[] {
    return holdsOf(answer)
      .filter(({ status }) => status === 'OPEN')
      .map(({ id }) => id);
  }

  async function held(): Promise<Answer> {
    const order = await orderOf();
    return capture({ purchaseOrderId: order.purchaseOrderId, ...priced(110) });
  }

  async function read(answer: Answer): Promise<Answer> {
    const { invoice } = await world.query(
      CLERK,
      'query ($id: ID!) { invoice(id: $id) { id status paymentStatus version correlationId erpNumber holds { id code status closedBy } postingRefusal { code exceptionId } legalSteps payments { number status amount { amount } } } }',
      { id: answer['id'] },
    );
    return invoice as Answer;
  }
}
