import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { machine } from '../measure.ts';
import { openBench } from './bench.ts';
import { benchDeep } from './deep.ts';
import { benchDistinct, benchSizes } from './growth.ts';
import { pinned } from './processes.ts';
import { benchQuery, linesOf, tableOf } from './rounds.ts';
import { TEST_QUERY } from './shop-operations.ts';
import { STALLED_EVENT_BYTES, benchStalledReaders, benchSubscriptions } from './subscriptions.ts';
import type { Line } from './bench.ts';
import type { Rounds } from './rounds.ts';
import type { SubscriptionOptions } from './subscriptions.ts';

export interface GatewayBenchOptions extends Rounds {
  readonly parts: readonly Part[];
  readonly subscriptions: SubscriptionOptions;
}

const PARTS = ['query', 'deep', 'distinct', 'sizes', 'subscriptions', 'stalled'] as const;
type Part = (typeof PARTS)[number];

/** A full run: what the baseline is written from. */
export const FULL_RUN: GatewayBenchOptions = {
  rounds: 3,
  warmUpSeconds: 4,
  seconds: 8,
  servers: [
    'floor',
    'floor-signing',
    'ours',
    'ours-bare',
    'hive',
    'hive-deduplicating',
    'monolith',
    'ours-in-process',
  ],
  subscriptions: { subscribers: 10_000, events: 20, viewers: 1 },
  parts: PARTS,
};

interface Found {
  readonly lines: readonly Line[];
  readonly table: readonly string[];
}

/** The gateway beside what it is measured against. Prints what comes out as it comes. */
export async function benchGateway(options: GatewayBenchOptions = FULL_RUN): Promise<Found> {
  const { lines, table } = await benchShop(options);
  if (options.parts.includes('stalled')) {
    await using bench = await openBench('shop', { EVENT_BYTES: String(STALLED_EVENT_BYTES) });
    lines.push(...(await benchStalledReaders(bench)));
  }
  if (!options.parts.includes('deep')) return { lines, table };
  const deep = await benchDeep(options);
  return { lines: [...lines, ...deep.lines], table: [...table, ...deep.table] };
}

async function benchShop(
  options: GatewayBenchOptions,
): Promise<{ lines: Line[]; table: string[] }> {
  const lines: Line[] = [];
  const table: string[] = [];
  const has = (part: Part): boolean => options.parts.includes(part);
  if (options.parts.every((part) => part === 'deep' || part === 'stalled')) return { lines, table };
  await using bench = await openBench('shop');
  if (has('query')) {
    const standings = await benchQuery(bench, { ...options, operation: TEST_QUERY });
    table.push(`The public benchmark's query, 87 KB:`, '', ...tableOf(standings), '');
    lines.push(...linesOf(standings, `the public benchmark's query, 87 KB`));
  }
  if (has('distinct')) lines.push(...(await benchDistinct(bench, options)));
  if (has('sizes')) lines.push(...(await benchSizes(bench, options)));
  if (has('subscriptions')) lines.push(...(await benchSubscriptions(bench, options.subscriptions)));
  return { lines, table };
}

function optionsOf(words: string[]): GatewayBenchOptions {
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      'warm-up': { type: 'string' },
      only: { type: 'string' },
      subscribers: { type: 'string' },
      viewers: { type: 'string' },
      events: { type: 'string' },
    },
  });
  const servers = values.only?.split(',') ?? FULL_RUN.servers;
  const parts = positionals.length > 0 ? positionals : FULL_RUN.parts;
  const { subscribers, viewers, events } = FULL_RUN.subscriptions;
  return {
    subscriptions: {
      subscribers: Number(values.subscribers ?? subscribers),
      viewers: Number(values.viewers ?? viewers),
      events: Number(values.events ?? events),
    },
    rounds: Number(values.rounds ?? FULL_RUN.rounds),
    seconds: Number(values.seconds ?? FULL_RUN.seconds),
    warmUpSeconds: Number(values['warm-up'] ?? FULL_RUN.warmUpSeconds),
    servers: servers.map((name) => known(name, FULL_RUN.servers)),
    parts: parts.map((name) => known(name, PARTS)),
  };
}

function known<Name extends string>(name: string, names: readonly Name[]): Name {
  const found = names.find((one) => one === name);
  if (found === undefined) throw new Error(`There is no "${name}"; there are ${names.join(', ')}.`);
  return found;
}

/** Everything that came out, as a document. */
export function report(found: Found): string {
  return [
    '# Baseline of the gateway',
    '',
    `Written by \`node tests/bench/gateway/main.ts\` on ${new Date().toISOString().slice(0, 10)}: ${machine()}.`,
    pinned
      ? 'The server under test has one core for itself; subgraphs and load share the other. Read the ratios.'
      : 'Nothing is pinned to a core here, so these figures are rough.',
    '',
    ...found.table,
    '| what | ours | beside it | ratio |',
    '|---|---|---|---|',
    ...found.lines.map((line) => `| ${Object.values(line).join(' | ')} |`),
    '',
  ].join('\n');
}

if (import.meta.main) {
  const words = process.argv.slice(2);
  const found = await benchGateway(optionsOf(words));
  const text = report(found);
  process.stdout.write(text);
  // A part of it is looked at and not kept: the baseline is one run of all.
  if (words.length === 0) await writeFile(new URL('./BASELINE.md', import.meta.url), text);
}
