import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret } from '#kernel/config.ts';
import { startHubProcess } from '../support/hub-process.ts';
import { createWorld } from '../support/world.ts';
import { benchDeepQuery } from './deep-query.ts';
import { benchLifecycles } from './lifecycles.ts';
import { machine } from './measure.ts';
import { benchCdn } from './registry-cdn.ts';
import { benchCheck } from './registry-check.ts';
import { benchRest } from './registry-rest.ts';
import { benchUsage } from './registry-usage.ts';
import { benchReservations } from './reservations.ts';
import { benchStatusLatency } from './status-latency.ts';
import type { HubProcess } from '../support/hub-process.ts';
import type { World } from '../support/world.ts';

/** A hub with a world in it, and its database for the floors. */
export interface Bench {
  readonly hub: HubProcess;
  readonly world: World;
  /** Superuser, because a floor knows no rooms. */
  readonly adminUrl: string;
  /** Of the rooms' roles. */
  readonly password: Secret;
}

/** One measured line: what, the hub's figure, the floor's in the same run, and their ratio. */
export interface Line {
  readonly what: string;
  readonly hub: string;
  readonly floor: string;
  readonly ratio: string;
}

/** Every benchmark by its name; `npm run bench -- check cdn` runs some of them. */
const BENCHMARKS: Readonly<Record<string, (bench: Bench) => Promise<Line[]>>> = {
  reservations: benchReservations,
  status: benchStatusLatency,
  lifecycles: benchLifecycles,
  deep: benchDeepQuery,
  check: benchCheck,
  usage: benchUsage,
  cdn: benchCdn,
  rest: benchRest,
};

function chosen(names: readonly string[]): ((bench: Bench) => Promise<Line[]>)[] {
  if (names.length === 0) return Object.values(BENCHMARKS);
  return names.map((name) => {
    const run = BENCHMARKS[name];
    if (run === undefined)
      throw new Error(
        `There is no benchmark "${name}"; there are ${Object.keys(BENCHMARKS).join(', ')}.`,
      );
    return run;
  });
}

const BASELINE = new URL('./BASELINE.md', import.meta.url);

const hub = await startHubProcess();
try {
  const { databasePassword } = JSON.parse(
    await readFile(join(hub.dataFolder, 'secrets.json'), 'utf8'),
  ) as { databasePassword: string };
  const adminUrl = `postgres://postgres:${databasePassword}@127.0.0.1:${hub.portBase + 32}/postgres`;
  const bench: Bench = {
    hub,
    world: await createWorld(hub.graph),
    adminUrl,
    password: new Secret(databasePassword),
  };
  const lines: Line[] = [];
  for (const run of chosen(process.argv.slice(2))) {
    const measured = await run(bench);
    lines.push(...measured);
    for (const line of measured)
      process.stdout.write(`${line.what}: ${line.hub}; floor ${line.floor}; ${line.ratio}\n`);
  }
  // A part of the benchmarks is looked at and not kept: the baseline is one run of all.
  if (process.argv.length === 2) await writeFile(BASELINE, report(lines));
} catch (error) {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
} finally {
  await hub[Symbol.asyncDispose]();
}

function report(lines: readonly Line[]): string {
  return [
    '# Baseline',
    '',
    `Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${machine()}. PostgreSQL (fsync on), hub, ERP simulator,`,
    'clients and floors share the machine, so read the ratios; absolute figures are of that machine and hour. Each floor is',
    'measured in the same run, right beside its line.',
    '',
    '| what | hub | floor | ratio |',
    '|---|---|---|---|',
    ...lines.map((line) => `| ${line.what} | ${line.hub} | ${line.floor} | ${line.ratio} |`),
    '',
    'Floors: *reservations* one conditional `UPDATE` per reservation on one row from a pool of 32; *status event* a raw WebSocket',
    'on the same machine, one message and its echo halved; *lifecycle* as many one-row transactions as the',
    'hub wrote rows for it; *deep query* the rows of the same documents by hand-written SQL, one statement per kind of thing;',
    '*check* and *publication* parsing and composing the same texts by the composition library alone; *usage* one batched INSERT',
    'of the same sums; *artefacts* a bare Node server with the same bytes; *at rest* a Node process that does nothing.',
    '',
  ].join('\n');
}
