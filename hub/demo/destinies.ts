/** How far a demo requisition gets. Each is lived through by the real commands, so that every room agrees on it. */
export type Destiny =
  | 'draft'
  | 'cancelled'
  | 'pending'
  | 'withdrawn'
  | 'rejected'
  | 'returned'
  | 'unroutable'
  | 'erp-refused'
  | 'dispatched'
  | 'partly-received'
  | 'received'
  | 'awaiting-receipt'
  | 'held'
  | 'supplier-unknown'
  | 'paid';

/** How many requisitions get how far: two hundred in all, ten of them with an open exception. */
export const DESTINIES: Readonly<Record<Destiny, number>> = {
  draft: 16,
  cancelled: 6,
  pending: 24,
  withdrawn: 6,
  rejected: 8,
  returned: 8,
  unroutable: 2,
  'erp-refused': 4,
  dispatched: 30,
  'partly-received': 16,
  received: 18,
  'awaiting-receipt': 8,
  held: 10,
  'supplier-unknown': 4,
  paid: 40,
};

/** The destinies one by one, mixed so that every company sees all of them. */
export function destinyOfEach(): Destiny[] {
  const left = new Map(Object.entries(DESTINIES) as [Destiny, number][]);
  const order: Destiny[] = [];
  while (left.size > 0) {
    for (const [destiny, count] of left) {
      order.push(destiny);
      if (count === 1) left.delete(destiny);
      else left.set(destiny, count - 1);
    }
  }
  return order;
}
