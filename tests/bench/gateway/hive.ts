import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { announce } from './announce.ts';
import { surroundings } from './surroundings.ts';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Hive's gateway with its planner in Rust, as its makers ship it: installed by `npm ci` in `programs/`, and by nothing else. */
const programs = createRequire(new URL('./programs/package.json', import.meta.url));
if (!existsSync(new URL('./programs/node_modules', import.meta.url)))
  throw new Error('Hive is not installed: run "npm ci --prefix tests/bench/gateway/programs".');

interface Runtime {
  createGatewayRuntime(options: object): RequestListener & { getSchema(): Promise<unknown> };
}

async function program<Module>(name: string): Promise<Module> {
  // Through its own resolution: both packages must find one copy of graphql, and that is not ours.
  const path = programs.resolve(name).replace(/\.cjs$/, '.js');
  return (await import(pathToFileURL(path).href)) as Module;
}

const { createGatewayRuntime } = await program<Runtime>('@graphql-hive/gateway-runtime');
const { unifiedGraphHandler } = await program<{ readonly unifiedGraphHandler: unknown }>(
  '@graphql-hive/router-runtime',
);

const gateway = createGatewayRuntime({
  supergraph: surroundings().supergraphFile,
  unifiedGraphHandler,
  // Whether equal calls of subgraphs that are under way share one answer; Hive does by default.
  transportEntries: {
    '*.http': { options: { deduplicateInflightRequests: process.env['DEDUPLICATE'] === 'true' } },
  },
});
// A subscription that comes before the first query would find no schema.
await gateway.getSchema();
const server = createServer(gateway);
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  announce({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql` });
});
