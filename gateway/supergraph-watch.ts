import { errorText } from '#kernel/log.ts';
import { pause } from '#kernel/shutdown.ts';
import { keepSupergraph, keptSupergraph } from './supergraph-file.ts';
import type { Log } from '#kernel/log.ts';
import type { Supergraph } from './supergraph.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import type { PublishedSupergraph, SupergraphSource } from './supergraph-source.ts';

interface Watching {
  readonly supergraph: Supergraph;
  readonly source: SupergraphSource;
  /** Where the last good supergraph is kept, or null. */
  readonly cacheFile: string | null;
  readonly pollMs: number;
  readonly telemetry: Telemetry;
  readonly log: Log;
}

/** Follows the source until it is stopped. */
export interface SupergraphWatch {
  stop(): Promise<void>;
}

/** Gateways started together must not ask together; each waits between 80 and 120 % of the interval. */
const JITTER = 0.2;
/** After a refused answer so many polls are left out: it is asked for whole each time, and mends slowly. */
const RESTING_POLLS = 10;

/** Loads the current supergraph, or the kept one when the source is down, and follows every later version. */
export async function watchSupergraph(watching: Watching): Promise<SupergraphWatch> {
  const stopped = new AbortController();
  const poll = await createPoll(watching);
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
async function createPoll(watching: Watching): Promise<() => Promise<void>> {
  const { supergraph, source, log, telemetry } = watching;
  const kept = await usableKept(watching);
  /** The newest that was looked at, whether it loaded or not: the same one is not tried again. */
  let seenEtag: string | null = null;
  /** When what did not load is tried again, in polls; it may have been the machine's fault. */
  let retry: { readonly etag: string; readonly times: number; left: number } | null = null;
  let lastRefusal = '';
  let restingPolls = 0;
  const fetchOnce = quietFetch(watching);
  const load = async (published: PublishedSupergraph, from: string): Promise<boolean> => {
    const { sdl, version, etag } = published;
    seenEtag = etag;
    try {
      await supergraph.swap(sdl, version);
      retry = null;
      telemetry.swapped('loaded');
      log.info({ event: 'supergraph.loaded', version, source: from });
      return true;
    } catch (error) {
      const times = retry?.etag === etag ? retry.times + 1 : 1;
      retry = { etag, times, left: RESTING_POLLS * Math.min(6 ** (times - 1), 60) };
      telemetry.swapped('refused');
      log.error({ event: 'supergraph.refused', version, error: errorText(error) });
      return false;
    }
  };
  const refuse = (version: string, error: string): void => {
    restingPolls = RESTING_POLLS;
    // Its etag is not remembered: it may be signed rightly the next time. Said once all the same.
    if (lastRefusal === `${version} ${error}`) return;
    lastRefusal = `${version} ${error}`;
    telemetry.swapped('refused');
    log.error({ event: 'supergraph.refused', version, error });
  };
  let isFirst = true;
  return async () => {
    restingPolls -= 1;
    if (restingPolls >= 0) return;
    if (retry !== null) retry.left -= 1;
    const isRetry = retry !== null && retry.left <= 0 && retry.etag === seenEtag;
    const fetched = await fetchOnce(isRetry ? null : seenEtag);
    if (fetched.state === 'REFUSED') refuse(fetched.version, fetched.reason);
    if (fetched.state === 'FETCHED' && (await load(fetched.published, source.name))) {
      await keep(watching, fetched.published);
    }
    // A gateway that starts while the registry is down, or has something broken, serves what it served before.
    if (isFirst && supergraph.current === null && kept !== null) await load(kept, 'kept file');
    isFirst = false;
  };
}

/** Asks, and says once per outage, not once per poll, that the source cannot be reached. */
function quietFetch({ supergraph, source, log }: Watching): SupergraphSource['fetch'] {
  let isReachable = true;
  return async (etag) => {
    try {
      const fetched = await source.fetch(etag);
      isReachable = true;
      return fetched;
    } catch (error) {
      const serving = supergraph.current?.version ?? 'nothing';
      if (isReachable)
        log.warn({ event: 'supergraph.unreachable', error: errorText(error), serving });
      isReachable = false;
      return { state: 'UNCHANGED' };
    }
  };
}

/** What was kept, if its source vouches for it. Looked at before the first question, since it says what is too old. */
async function usableKept({
  source,
  cacheFile,
  log,
}: Watching): Promise<PublishedSupergraph | null> {
  if (cacheFile === null) return null;
  const refuse = (error: string): null => {
    log.error({ event: 'supergraph.refused', version: cacheFile, error });
    return null;
  };
  try {
    const kept = await keptSupergraph(cacheFile);
    const reason = kept === null ? null : source.takeUp(kept);
    return reason === null ? kept : refuse(reason);
  } catch (error) {
    return refuse(errorText(error));
  }
}

async function keep({ cacheFile, log }: Watching, published: PublishedSupergraph): Promise<void> {
  if (cacheFile === null) return;
  await keepSupergraph(cacheFile, published).catch((error: unknown) =>
    log.warn({ event: 'supergraph.not-kept', file: cacheFile, error: errorText(error) }),
  );
}
