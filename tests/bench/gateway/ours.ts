import { Secret } from '#kernel/config.ts';
import { systemClock } from '#kernel/clock.ts';
import { generateInternalKey } from '#kernel/internal-token.ts';
import { createLog } from '#kernel/log.ts';
import { DEFAULT_LIMITS } from '../../../gateway/gateway-limits.ts';
import { startGateway } from '../../../gateway/main.ts';
import { announce } from './announce.ts';
import { surroundings } from './surroundings.ts';
import type { InProcessSubgraph } from '../../../gateway/in-process-subgraph.ts';

/**
 * Our gateway as it runs in production: every request identified, every limit as it is by default, every operation logged
 * and reported, every call signed and traced. Only the number of connections of one viewer is raised, since all
 * subscribers of the benchmark are one viewer. The log goes to standard output. With IN_PROCESS=true the shop's subgraphs
 * live in its own process and execute every call; nothing is answered from memory then, as the monolith answers nothing
 * from memory. With BARE=true nobody is identified and nothing is signed, reported or traced: what is left is the executor
 * between two ends of HTTP.
 */
const { supergraphFile, accessTokens, usage, url } = surroundings();
const { publicJwk: _, ...internalKey } = generateInternalKey('gateway');

async function shopInThisProcess(): Promise<ReadonlyMap<string, InProcessSubgraph>> {
  const { subgraphOfSchema } = await import('../../../gateway/in-process-subgraph.ts');
  const { createShop } = await import('./shop-data.ts');
  const { subgraphSchemas } = await import('./shop-schemas.ts');
  const schemas = Object.entries(subgraphSchemas(createShop()));
  return new Map(schemas.map(([name, schema]) => [name, subgraphOfSchema(schema)]));
}

const isBare = process.env['BARE'] === 'true';
const gateway = await startGateway({
  host: '127.0.0.1',
  port: 0,
  supergraph: { registry: null, file: supergraphFile, cacheFile: null },
  accessTokens: isBare ? null : accessTokens,
  internalKey: isBare ? null : internalKey,
  corsOrigins: [],
  usage: isBare
    ? null
    : {
        url,
        targetId: usage.targetId,
        token: new Secret(usage.token),
        gatewayId: 'bench',
        flushMs: 10_000,
        spoolFile: null,
      },
  ...(process.env['IN_PROCESS'] === 'true' ? { inProcess: await shopInThisProcess() } : {}),
  tracing: isBare
    ? null
    : {
        url: `${url}/v1/traces`,
        serviceName: 'concord-gateway',
        resourceAttributes: {},
        sampler: 'parentbased_traceidratio',
        ratio: 1,
        exportTimeoutMs: 10_000,
      },
  limits: { ...DEFAULT_LIMITS, connections: 20_000, connectionsPerViewer: 20_000 },
  log: createLog({ level: 'info' }),
  clock: systemClock,
});
while ((await gateway.ready()).length > 0) {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
announce({ url: `${gateway.url}/graphql` });
