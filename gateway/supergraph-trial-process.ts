import { text } from 'node:stream/consumers';
import { errorText, silentLog } from '#kernel/log.ts';
import { DEFAULT_LIMITS } from './gateway-limits.ts';
import { createGeneration, planAll } from './supergraph.ts';
import type { Upstream } from './upstream.ts';

/** Loads the supergraph of its standard input as the gateway would, and ends with 0, or with 1 and the reason. */
const nowhere: Upstream = {
  call: () => Promise.resolve({ data: null }),
  open: () => Promise.reject(new Error('Nothing is sent in a trial.')),
  close: () => undefined,
};
try {
  const { supergraphSdl, documents } = JSON.parse(await text(process.stdin)) as {
    readonly supergraphSdl: string;
    readonly documents: readonly string[];
  };
  const generation = await createGeneration(supergraphSdl, 'trial', {
    upstream: nowhere,
    limits: DEFAULT_LIMITS,
    log: silentLog,
  });
  await planAll(generation, documents);
  process.exit(0);
} catch (error) {
  process.stdout.write(errorText(error), () => process.exit(1));
}
