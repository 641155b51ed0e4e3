import { errorText } from '#kernel/log.ts';
import { pause } from '#kernel/shutdown.ts';
import { keepSupergraph, keptSupergraph } from './supergraph-file.ts';
import type { Log } from '#kernel/log.ts';
import type { Supergraph } from './supergraph.ts';
import type { PublishedSupergraph, SupergraphSource } from './supergraph-source.ts';

interface Watching {
  readonly supergraph: Supergraph;
  readonly source: SupergraphSource;
  /** Where the last good supergraph is kept, or null. */
  readonly cacheFile: string | null;
  readonly pollMs: number;
  readonly log: Log;
}

/** Follows the source until it is stopped. */
export interface SupergraphWatch {
  stop(): Promise<void>;
}

/** Gateways started together must not ask together; each waits between 80 and 120 % of the interval. */
const JITTER = 0.2;

/** Loads the current supergraph, or the kept one when the source is down, and follows every later version. */
export async function watchSupergraph(watching: Watching): Promise<SupergraphWatch> {
  const stopped = new AbortController();
  const poll = createPoll(watching);
  await poll();
  const loop = (async () => {
    for (;;) {
      await pause(watching.pollMs * (1 - JITTER + 2 * JITTER * Math.random()), stopped.signal);
      if (stopped.signal.aborted) return;
      await poll();
    }
  })();
  return {
    stop: async () => {
      stopped.abort();
      await loop;
    },
  };
}

/** One question to the source and what follows from its answer; never rejects. */
function createPoll({ supergraph, source, cacheFile, log }: Watching): () => Promise<void> {
  /** The newest that was looked at, good or refused: the same one is not tried again. */
  let seenEtag: string | null = null;
  let isReachable = true;
  const load = async (published: PublishedSupergraph, from: string): Promise<boolean> => {
    const { sdl, version, etag } = published;
    seenEtag = etag;
    try {
      await supergraph.swap(sdl, version);
      log.info({ event: 'supergraph.loaded', version, source: from });
      return true;
    } catch (error) {
      log.error({ event: 'supergraph.refused', version, error: errorText(error) });
      return false;
    }
  };
  const keep = async (published: PublishedSupergraph): Promise<void> => {
    if (cacheFile === null) return;
    await keepSupergraph(cacheFile, published).catch((error: unknown) =>
      log.warn({ event: 'supergraph.not-kept', file: cacheFile, error: errorText(error) }),
    );
  };
  const loadKept = async (): Promise<void> => {
    if (cacheFile === null) return;
    try {
      const kept = await keptSupergraph(cacheFile);
      if (kept !== null) await load(kept, 'file');
    } catch (error) {
      log.error({ event: 'supergraph.refused', version: cacheFile, error: errorText(error) });
    }
  };
  let isFirst = true;
  return async () => {
    const published = await source.fetch(seenEtag).then(
      (found) => {
        isReachable = true;
        return found;
      },
      (error: unknown) => {
        const serving = supergraph.current?.version ?? 'nothing';
        // Once per outage, not once per poll.
        if (isReachable)
          log.warn({ event: 'supergraph.unreachable', error: errorText(error), serving });
        isReachable = false;
        return null;
      },
    );
    if (published !== null && (await load(published, source.name))) await keep(published);
    // A gateway that starts while the registry is down, or has something broken, serves what it served before.
    if (isFirst && supergraph.current === null) await loadKept();
    isFirst = false;
  };
}
