import { readEventContracts } from '#kernel/event-contract-file.ts';
import { HOUSE_CONTRACTS } from './house-contracts.ts';
import type { SchemaRegistry } from '../schema-registry/main.ts';

/** What the hub tells the registry of itself. */
export interface HousePublication {
  /** The target of the graph `finance` that is published to. */
  readonly target: string;
  readonly subgraphs: Parameters<SchemaRegistry['publishAll']>[1];
  readonly owners: Parameters<SchemaRegistry['govern']>[1]['owners'];
  readonly say: (text: string) => void;
}

const GRAPH = 'finance';

/** The rooms that have events; each keeps their contracts beside the code that emits them. */
const EVENT_ROOMS = [
  'subgraphs/suppliers',
  'subgraphs/budgets',
  'subgraphs/approvals',
  'subgraphs/purchase-orders',
  'subgraphs/invoices',
  'integration',
  'schema-registry',
];

/**
 * Publishes the house's own contracts, of its graph and of its events, by the path that everybody's take. What the target's
 * policy refuses stays as it was published before, and is told; without anything published before there is nothing to serve.
 */
export async function publishHouse(
  registry: SchemaRegistry,
  { target: name, subgraphs, owners, say }: HousePublication,
): ReturnType<SchemaRegistry['ensureTarget']> {
  const target = await registry.ensureTarget({ graph: GRAPH, target: name });
  const tell = (what: string, refusals: readonly string[]): void => {
    if (refusals.length === 0) return;
    say(`The registry refused ${what} of the house; what was there before goes on:`);
    refusals.forEach((line) => say(`  ${line}`));
  };
  const graph = await registry.publishAll(target, subgraphs);
  if (!graph.isServed) throw new Error(graph.refusals.join('\n'));
  tell('the graph', graph.refusals);
  const events = await Promise.all(
    EVENT_ROOMS.map((room) =>
      readEventContracts(new URL(`../${room}/event-contracts.json`, import.meta.url)),
    ),
  );
  tell('the events', (await registry.publishEvents(target, events.flat())).refusals);
  const governed = await registry.govern(target, { owners, contracts: HOUSE_CONTRACTS });
  tell('owners or contracts', governed);
  return target;
}
