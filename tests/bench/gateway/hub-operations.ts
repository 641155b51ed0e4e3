import type { Operation } from './shop-operations.ts';

/** One requisition's whole surroundings; `tests/bench/deep-query.ts` asks the same of a running hub. */
const nodes = (key: string): string => `
  ${key} number status supplier { ${key} legalName } costCentre { ${key} name }
  fundsReservations { ${key} stage amount { amount } }
  approval { ${key} status decisions { actorId outcome } }
  purchaseOrders { ${key} number status goodsReceipts { ${key} number } }
  invoices(first: 3) { nodes { ${key} number status grossAmount { amount currency } } }
  payments { ${key} number status }
  timeline { type summary }`;

const deep = (key: string): string => `query Deep($first: Int!) {
  requisitions(filter: { status: [CLOSED, ORDERED] }, first: $first) { nodes { ${nodes(key)} } } }`;

/** The deep query over so many requisitions. */
export function deepQuery(first: number): Operation {
  return { name: 'Deep', query: deep(''), variables: { first } };
}

/** The same, and the key of every entity in it, by which a subgraph that replays finds it again. */
export const RECORDED_QUERY = deep('__typename id');
