import { GraphQLError } from 'graphql';
import { startFeed } from '#kernel/bus-feed.ts';
import { isRecord } from '#kernel/json.ts';
import { errorText } from '#kernel/log.ts';
import { openBusAt } from '#kernel/room.ts';
import { refusal } from '../graphql-refusal.ts';
import type { ExecutionResult } from 'graphql';
import type { BusEntry, EventBus } from '#kernel/bus.ts';
import type { FeedGap, Feed as LiveLog } from '#kernel/bus-feed.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { Log } from '#kernel/log.ts';
import type { BusAddress } from '#kernel/room.ts';
import type { BusFeed } from '../bus-field.ts';
import type { EventSource } from './event-source.ts';

/** Subscriptions that the contract feeds from the bus; one follower of the log serves them all. */
export interface BusSource extends EventSource<BusFeed> {
  close(): Promise<void>;
}

interface OpenBus {
  readonly bus: EventBus;
  readonly live: LiveLog;
}

/**
 * The bus is opened with the first subscription that needs it, and tried again with the next when that fails: a bus that is
 * down keeps no gateway from starting. Null is a gateway without a bus.
 */
export function busSource(address: BusAddress | null, log: Log): BusSource {
  let opening: Promise<OpenBus> | null = null;
  const opened = (at: BusAddress): Promise<OpenBus> => {
    if (opening !== null) return opening;
    const first = openLog(at, log);
    opening = first;
    first.catch(() => (opening = null));
    return first;
  };
  return {
    open: async (feed, { gone }) => {
      if (address === null) throw unavailable('this gateway has no bus', false);
      try {
        const open = await opened(address);
        const after = await beginOf(feed, open);
        return told(entitiesOf(feed, open.live, { after, gone }), log);
      } catch (error) {
        throw coded(error, log);
      }
    },
    close: async () => {
      const open = await opening?.catch(() => null);
      await open?.live.close();
      await open?.bus.close();
    },
  };
}

async function openLog(address: BusAddress, log: Log): Promise<OpenBus> {
  const bus = await openBusAt(address, log);
  try {
    return { bus, live: await startFeed({ bus }) };
  } catch (error) {
    await bus.close();
    throw error;
  }
}

function unavailable(why: string, retryable: boolean): GraphQLError {
  const message = `Events cannot be read off the bus: ${why}.`;
  return refusal('EVENT_SOURCE_UNAVAILABLE', message, { retryable });
}

/** What is no refusal of ours is an outage of the bus, of which the client learns no more. */
function coded(error: unknown, log: Log): GraphQLError {
  if (error instanceof GraphQLError) return error;
  log.warn({ event: 'bus.degraded', bus: 'gateway', error: errorText(error) });
  return unavailable('it does not answer; subscribe again, with `after`', true);
}

async function* told(
  results: AsyncGenerator<ExecutionResult, void>,
  log: Log,
): AsyncGenerator<ExecutionResult, void> {
  try {
    yield* results;
  } catch (error) {
    throw coded(error, log);
  }
}

/** Longest text that can be a position: bigint has nineteen digits. */
const POSITION = /^\d{1,19}$/;

/** Behind which position of the log the feed begins. */
async function beginOf({ after }: BusFeed, { bus, live }: OpenBus): Promise<bigint> {
  if (after === null) return live.head();
  const { newest } = await bus.bounds();
  if (POSITION.test(after) && BigInt(after) <= newest) return BigInt(after);
  const message = `"after" must be the \`extensions.cursor\` of a result of this subscription (at most ${newest}), not "${after.slice(0, 40)}". Leave it out to begin now.`;
  throw refusal('BAD_USER_INPUT', message);
}

interface Begin {
  readonly after: bigint;
  readonly gone: AbortSignal;
}

/**
 * References of entities, each with the position of its event as `extensions.cursor`. The first result has none and only
 * tells where the stream begins. Who falls behind the live log goes on from the kept one.
 */
async function* entitiesOf(
  feed: BusFeed,
  live: LiveLog,
  { after: begin, gone: signal }: Begin,
): AsyncGenerator<ExecutionResult, void> {
  const isOfType = typeMatcher(feed.types);
  const wanted = (event: DomainEvent): boolean => {
    const id = isOfType(event.type) ? idIn(event, feed) : null;
    return id !== null && (feed.id === null || feed.id === id);
  };
  const items = (after: bigint) =>
    live.subscribe({ after, signal, wanted: ({ event }) => wanted(event) });
  let after = begin;
  yield { extensions: { cursor: String(after) } };
  for (let isBehind = true; isBehind;) {
    isBehind = false;
    for await (const item of items(after)) {
      if (item.kind === 'event') {
        after = item.entry.position;
        yield entityResult(feed, item.entry);
      } else {
        after = item.resumeAfter;
        isBehind = item.reason === 'READER_TOO_SLOW';
        if (!isBehind) yield gapResult(feed, item);
      }
    }
  }
}

function typeMatcher(types: readonly string[]): (type: string) => boolean {
  const names = new Set(types);
  const beginnings = types.flatMap((type) => (type.endsWith('.*') ? [type.slice(0, -1)] : []));
  return (type) => names.has(type) || beginnings.some((beginning) => type.startsWith(beginning));
}

/** The id of the entity that the event is about; null when it is about none. */
function idIn({ document, data }: DomainEvent, { key, typeName }: BusFeed): string | null {
  if (key.of === 'document') return document.type === typeName ? document.id : null;
  const value = isRecord(data) ? data[key.field] : null;
  return typeof value === 'string' ? value : null;
}

function entityResult(feed: BusFeed, { position, event }: BusEntry): ExecutionResult {
  const reference = { __typename: feed.typeName, id: idIn(event, feed) };
  return { data: { [feed.responseKey]: reference }, extensions: { cursor: String(position) } };
}

/** A hole is said aloud, and the stream goes on behind it: what an entity is now can be asked. */
function gapResult(
  { responseKey }: BusFeed,
  { missedFrom, resumesAt, resumeAfter }: FeedGap,
): ExecutionResult {
  const message = `Events from ${missedFrom} on are no longer kept; the stream goes on with ${resumesAt}. Ask anew for what may have changed meanwhile.`;
  const extensions = {
    code: 'EVENTS_NO_LONGER_KEPT',
    missedFrom: String(missedFrom),
    resumesAt: String(resumesAt),
  };
  const error = new GraphQLError(message, { path: [responseKey], extensions });
  return {
    data: { [responseKey]: null },
    errors: [error],
    extensions: { cursor: String(resumeAfter) },
  };
}
