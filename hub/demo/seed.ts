import { dateOf, monotonicMs, systemClock } from '#kernel/clock.ts';
import { createGraphClient } from './graph-client.ts';
import { inParallel, seedApprovalPolicy, seedBudgets, seedSuppliers } from './foundation.ts';
import { create, live } from './live.ts';
import { blockedInErp, demoRequisitions } from './requisitions.ts';
import type { Log } from '#kernel/log.ts';
import type { Secret } from '#kernel/config.ts';
import type { GraphClient } from './graph-client.ts';
import type { SeededSupplier } from './foundation.ts';

export interface SeedOptions {
  /** The gateway's GraphQL address. */
  readonly graphUrl: string;
  readonly erpUrl: string;
  readonly erpApiKey: Secret;
  readonly tokenOf: (login: string) => Promise<string>;
  readonly log: Log;
  /** Tells a waiting person what is being done. */
  readonly say: (text: string) => void;
}

/**
 * Fills an empty installation with the demo: master data by their stewards, then two hundred requisitions, each lived
 * through by the commands that people use. An installation that has requisitions is left alone.
 */
export async function seedDemo(options: SeedOptions): Promise<void> {
  const graph = createGraphClient({
    url: options.graphUrl,
    tokenOf: remembered(options.tokenOf),
    program: { name: 'demo-seeder', version: '1.0.0' },
  });
  if (await isSeeded(graph)) return;
  const startedMs = monotonicMs();
  options.say(
    'Seeding the demo: 4 companies, 40 suppliers, 200 requisitions. This happens once and takes about a minute.',
  );
  const today = dateOf(systemClock.now());
  await seedBudgets(graph, Number(today.slice(0, 4)));
  await seedApprovalPolicy(graph, today);
  const suppliers = await seedSuppliers(graph);
  await blockInErp(options, suppliers);
  const requisitions = demoRequisitions(suppliers);
  const created: { demo: (typeof requisitions)[number]; id: string }[] = [];
  for (const demo of requisitions) created.push({ demo, id: await create(graph, demo) });
  await inParallel(created, ({ demo, id }) =>
    live({ graph, demo, today, requisition: { id, key: demo.wanted.key } }),
  );
  options.log.info({
    event: 'seed.done',
    what: 'demo',
    count: created.length,
    durationMs: Math.round(monotonicMs() - startedMs),
  });
}

async function isSeeded(graph: GraphClient): Promise<boolean> {
  const { requisitions } = await graph.ask<{ requisitions: { nodes: unknown[] } }>(
    'auditor',
    '{ requisitions(first: 1) { nodes { id } } }',
  );
  return requisitions.nodes.length > 0;
}

/** The demo's ERP knows better about some suppliers: orders to them become business exceptions. */
async function blockInErp(
  options: SeedOptions,
  suppliers: readonly SeededSupplier[],
): Promise<void> {
  const response = await fetch(`${options.erpUrl}/control/behaviour`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', 'x-api-key': options.erpApiKey.reveal() },
    body: JSON.stringify({ blockedSuppliers: blockedInErp(suppliers) }),
  });
  if (!response.ok)
    throw new Error(
      `The ERP simulator did not take its behaviour: ${response.status} ${await response.text()}`,
    );
}

/** One token per login for the whole seeding. */
function remembered(
  tokenOf: (login: string) => Promise<string>,
): (login: string) => Promise<string> {
  const tokens = new Map<string, Promise<string>>();
  return (login) => {
    const known = tokens.get(login) ?? tokenOf(login);
    tokens.set(login, known);
    return known;
  };
}
