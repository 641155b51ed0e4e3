import { round } from '../measure.ts';
import { openBench } from './bench.ts';
import { deepQuery } from './hub-operations.ts';
import { benchQuery, linesOf, tableOf } from './rounds.ts';
import type { Line, ServerName } from './bench.ts';
import type { Rounds } from './rounds.ts';

const SIZES = [1, 10, 100] as const;
/** The others are of the shop. */
const SERVERS: readonly ServerName[] = [
  'floor',
  'floor-signing',
  'ours',
  'hive',
  'hive-deduplicating',
];

/** The hub's own deep query over 1, 10 and 100 requisitions, whose subgraphs answer what the hub answered once. */
export async function benchDeep(
  options: Rounds,
): Promise<{ readonly lines: readonly Line[]; readonly table: readonly string[] }> {
  await using bench = await openBench('hub');
  const servers = options.servers.filter((name) => SERVERS.includes(name));
  const lines: Line[] = [];
  const table: string[] = [];
  for (const first of SIZES) {
    const operation = deepQuery(first);
    const standings = await benchQuery(bench, { ...options, servers, operation });
    const kilobytes = round((standings[0]?.rounds[0]?.bytes ?? 0) / 1000);
    const what = `deep query over ${first} requisition(s), ${kilobytes} KB`;
    table.push(`The hub's ${what}:`, '', ...tableOf(standings), '');
    lines.push(...linesOf(standings, what));
  }
  return { lines, table };
}
