import { createSupergraph } from './supergraph.ts';
import { watchSupergraph } from './supergraph-watch.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { Log } from '#kernel/log.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { Supergraph } from './supergraph.ts';
import type { SupergraphSource } from './supergraph-source.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import type { Upstream } from './upstream.ts';

/** The graphs that one gateway serves: the one for everybody, and contracts for those whose token names them. */
export interface ServedGraphs {
  readonly all: readonly Supergraph[];
  /** For everybody whose token names no contract. */
  readonly common: Supergraph;
  /** Null for a contract that is not served here: whoever is to see less must not see all. */
  of(viewer: Viewer): Supergraph | null;
  /** Follows the sources until it is stopped. */
  watch(options: { readonly pollMs: number; readonly log: Log }): Promise<() => Promise<void>>;
}

/** Where one graph comes from. */
export interface GraphOrigin {
  /** Null for the common one. */
  readonly contract: string | null;
  readonly source: SupergraphSource;
  readonly cacheFile: string | null;
}

export function createServedGraphs(
  common: Omit<GraphOrigin, 'contract'>,
  contracts: readonly GraphOrigin[],
  options: {
    readonly upstream: Upstream;
    readonly limits: GatewayLimits;
    readonly telemetry: Telemetry;
    readonly log: Log;
  },
): ServedGraphs {
  const opened = [{ ...common, contract: null }, ...contracts].map((origin) => ({
    ...origin,
    supergraph: createSupergraph(options),
  }));
  const byContract = new Map(opened.map(({ contract, supergraph }) => [contract, supergraph]));
  const [first] = opened;
  if (first === undefined) throw new Error('A graph is expected.');
  return {
    all: opened.map(({ supergraph }) => supergraph),
    common: first.supergraph,
    of: ({ contract = null }) => byContract.get(contract) ?? null,
    watch: async ({ pollMs, log }) => {
      const { telemetry } = options;
      const watches = await Promise.all(
        opened.map((graph) => watchSupergraph({ ...graph, pollMs, log, telemetry })),
      );
      return async () => {
        await Promise.all(watches.map((watch) => watch.stop()));
      };
    },
  };
}
