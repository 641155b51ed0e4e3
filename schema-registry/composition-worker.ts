import { parentPort, workerData } from 'node:worker_threads';
import { composeServices } from '@theguild/federation-composition';
import { GraphQLError, parse } from 'graphql';
import type { CompositionMember } from './composition.ts';

/** More tokens than any contract of ours by far; a parser without a bound is a way to stop the worker. */
const SDL_TOKENS_MAX = 500_000;

/** Runs in the worker: answers once, with the supergraph or with every error. */
function compose(
  members: readonly CompositionMember[],
): { supergraphSdl: string } | { errors: { code: string; message: string }[] } {
  const services = [];
  for (const { subgraph, url, sdl } of members) {
    try {
      services.push({ name: subgraph, url, typeDefs: parse(sdl, { maxTokens: SDL_TOKENS_MAX }) });
    } catch (error) {
      const [place] = error instanceof GraphQLError ? (error.locations ?? []) : [];
      const where = place === undefined ? '' : ` (line ${place.line}, column ${place.column})`;
      return {
        errors: [{ code: 'INVALID_GRAPHQL', message: `[${subgraph}]${where} ${String(error)}` }],
      };
    }
  }
  const result = composeServices(services);
  if (result.supergraphSdl !== undefined) return { supergraphSdl: result.supergraphSdl };
  return {
    errors: (result.errors ?? []).map((error) => ({
      code:
        typeof error.extensions['code'] === 'string'
          ? error.extensions['code']
          : 'COMPOSITION_ERROR',
      message: error.message,
    })),
  };
}

parentPort?.postMessage(compose(workerData as readonly CompositionMember[]));
