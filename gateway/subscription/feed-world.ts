import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { createCallVerifier } from '#kernel/internal-token.ts';
import { silentLog } from '#kernel/log.ts';
import { serveSubgraph } from '#kernel/subgraph.ts';
import { TEST_LIMITS, createWorld } from '../test-world/world.ts';
import { until } from '../../tests/support/until.ts';
import { textOf } from './socket-connection.ts';
import type { WebSocket } from 'ws';
import type { RequestContext, SubgraphServer } from '#kernel/subgraph.ts';
import type { GatewayOptions } from '../main.ts';
import type { World } from '../test-world/world.ts';

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])`;

/** How a supergraph of the feeds differs from the first one. */
interface FeedGraph {
  /** Fields of a tick beside `sequence` and `product`. */
  readonly tick?: string;
  /** Which of the two servers of the feed it names. */
  readonly server?: 'first' | 'second';
  /** Whether the feed itself knows names of products; otherwise the catalogue is asked. */
  readonly knowsNames?: boolean;
}

const feedSdl = ({ tick = 'number: Int! note: String', knowsNames = false }: FeedGraph): string =>
  `${LINK}
  type Query { feed: Int }
  type Subscription { ticks(topic: ID!, after: String): Tick!  looseTicks(topic: ID!): Tick! }
  type Tick { sequence: String! ${tick} product: Product! }
  type Product @key(fields: "id", resolvable: ${String(knowsNames)}) { id: ID! ${knowsNames ? 'name: String! @shareable' : ''} }`;

const CATALOGUE_SDL = `${LINK}
  type Query { catalogue: Int }
  type Product @key(fields: "id") { id: ID! name: String! @shareable }`;

/** A subscription as the feed saw it. */
interface OpenedFeed {
  readonly server: string;
  readonly viewer: string;
  readonly topic: string;
  readonly after: string | null;
  isOpen: boolean;
}

/** A log of numbered ticks, which two servers serve, and a catalogue that completes them. */
export interface FeedWorld extends AsyncDisposable {
  readonly world: World;
  readonly opened: OpenedFeed[];
  readonly productsAsked: () => number;
  /** Adds ticks to the log of a topic. */
  emit(topic: string, count?: number, note?: string): void;
  /** Adds a tick every millisecond until it is told to stop; returns how many there are then. */
  keepEmitting(topic: string): () => number;
  /** Publishes a supergraph and waits until the gateway serves it; returns its version. */
  publish(graph?: FeedGraph): Promise<string>;
  openNow(server?: string): number;
  /** Breaks all connections of a server of the feed. */
  breakFeed(server: 'first' | 'second'): void;
  reader(claims?: { readonly sub?: string }, url?: string): Promise<Reader>;
}

interface FeedLog {
  readonly topics: Map<string, Tick[]>;
  readonly waiting: Set<() => void>;
}

interface Tick {
  readonly sequence: string;
  readonly number: number;
  readonly note: string;
  readonly product: { readonly __typename: 'Product'; readonly id: string; readonly name: string };
}

export async function createFeedWorld(changes: Partial<GatewayOptions> = {}): Promise<FeedWorld> {
  const limits = { ...TEST_LIMITS, connectionsPerViewer: 12, operationsPerConnection: 12 };
  const world = await createWorld({ limits, ...changes });
  const log: FeedLog = { topics: new Map(), waiting: new Set() };
  const opened: OpenedFeed[] = [];
  const count = { products: 0 };
  const everything = feedSdl({ tick: 'number: Float! note: String extra: Int', knowsNames: true });
  const [first, second, catalogue] = await Promise.all([
    serve(world, {
      name: 'feeds',
      sdl: everything,
      resolvers: feedResolvers(log, opened, 'first'),
    }),
    serve(world, {
      name: 'feeds',
      sdl: everything,
      resolvers: feedResolvers(log, opened, 'second'),
    }),
    serve(world, { name: 'catalogue', sdl: CATALOGUE_SDL, resolvers: catalogueResolvers(count) }),
  ]);
  const publish = async (graph: FeedGraph = {}): Promise<string> => {
    const feeds = graph.server === 'second' ? second.url : first.url;
    const version = world.registry.publish(
      composeFeeds(graph, { feeds, catalogue: catalogue.url }),
    );
    await until(() => world.gateway.supergraphVersion() === version);
    return version;
  };
  await publish();
  return {
    world,
    opened,
    productsAsked: () => count.products,
    emit: (topic, many, note) => emit(log, { topic, many, note }),
    keepEmitting: (topic) => {
      const timer = setInterval(() => emit(log, { topic }), 1);
      return () => {
        clearInterval(timer);
        return log.topics.get(topic)?.length ?? 0;
      };
    },
    publish,
    openNow: (server) =>
      opened.filter((one) => one.isOpen && (server ?? one.server) === one.server).length,
    breakFeed: (server) => (server === 'first' ? first : second).server.closeAllConnections(),
    reader: (claims = {}, url = world.gateway.url) => openReader(world, claims, url),
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      for (const { server } of [first, second, catalogue]) server.closeAllConnections();
      await Promise.all([first, second, catalogue].map((server) => server.close()));
    },
  };
}

function serve(
  { internalKey }: World,
  service: { readonly name: string; readonly sdl: string; readonly resolvers: object },
): Promise<SubgraphServer> {
  const { kty, crv, x } = internalKey.privateJwk;
  const trusted = { gateway: { kty, crv, x } as typeof internalKey.privateJwk };
  return serveSubgraph({
    ...service,
    createContext: (request) => request,
    verifyCall: createCallVerifier({ audience: service.name, trusted }),
    host: '127.0.0.1',
    port: 0,
    ready: () => [],
    log: silentLog,
  });
}

function emit(
  log: FeedLog,
  {
    topic,
    many = 1,
    note = '',
  }: { topic: string; many?: number | undefined; note?: string | undefined },
): void {
  const ticks = log.topics.get(topic) ?? [];
  log.topics.set(topic, ticks);
  for (let left = many; left > 0; left -= 1) ticks.push(tick(ticks.length + 1, note));
  for (const wake of log.waiting) wake();
}

function composeFeeds(
  graph: FeedGraph,
  urls: { readonly feeds: string; readonly catalogue: string },
): string {
  const composed = composeServices([
    { name: 'feeds', typeDefs: parse(feedSdl(graph)), url: urls.feeds },
    { name: 'catalogue', typeDefs: parse(CATALOGUE_SDL), url: urls.catalogue },
  ]);
  if (composed.supergraphSdl !== undefined) return composed.supergraphSdl;
  throw new Error(composed.errors?.map((error) => error.message).join('\n'));
}

function tick(number: number, note: string): Tick {
  const product = { __typename: 'Product', id: `p${number}`, name: `Product ${number}` } as const;
  return { sequence: String(number), number, note, product };
}

function feedResolvers(log: FeedLog, opened: OpenedFeed[], server: string): object {
  const subscribe = async function* (
    _parent: unknown,
    { topic, after = null }: { topic: string; after?: string | null },
    { viewer, signal }: RequestContext,
  ): AsyncGenerator<Tick> {
    const one: OpenedFeed = { server, viewer: viewer.id, topic, after, isOpen: true };
    opened.push(one);
    let position = after === null ? (log.topics.get(topic)?.length ?? 0) : Number(after);
    try {
      while (!signal.aborted) {
        const next = log.topics.get(topic)?.[position];
        if (next === undefined) await news(log, signal);
        else yield next;
        if (next !== undefined) position += 1;
      }
    } finally {
      one.isOpen = false;
    }
  };
  const resolve = (event: Tick): Tick => event;
  return {
    Subscription: { ticks: { subscribe, resolve }, looseTicks: { subscribe, resolve } },
    Product: { __resolveReference: (product: object) => product },
  };
}

/** Resolves when there are new ticks, or nobody waits any more. */
function news(log: FeedLog, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      log.waiting.delete(wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    log.waiting.add(wake);
    signal.addEventListener('abort', wake);
  });
}

function catalogueResolvers(count: { products: number }): object {
  const resolveReference = ({ id }: { id: string }) => {
    count.products += 1;
    return { __typename: 'Product', id, name: `Product ${id.slice(1)}` };
  };
  return { Product: { __resolveReference: resolveReference } };
}

export interface Message {
  readonly type: string;
  readonly id?: string;
  // The tests look into results of any shape.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly payload?: any;
}

/** A client that keeps all that it is sent. */
export interface Reader {
  readonly socket: WebSocket;
  readonly messages: Message[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  subscribe(id: string, query: string, variables?: Readonly<Record<string, unknown>>): void;
  /** Numbers of the ticks that came for a subscription. */
  numbers(id?: string): number[];
  send(message: object): void;
  /** Waits until the gateway has taken what was sent before: it answers a ping in its turn. */
  taken(): Promise<void>;
}

export async function openReader(
  world: World,
  claims: { readonly sub?: string },
  url: string,
): Promise<Reader> {
  const authorization = `Bearer ${await world.issuer.token(claims)}`;
  const socket = world.socket({ url });
  const reader = readerOf(socket);
  await new Promise((resolve) => socket.once('open', resolve));
  reader.send({ type: 'connection_init', payload: { authorization } });
  await until(() => reader.messages.some(({ type }) => type === 'connection_ack'));
  return reader;
}

export function readerOf(socket: WebSocket): Reader {
  const messages: Message[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(textOf(data)) as Message));
  socket.on('error', () => undefined);
  const send = (message: object): void => socket.send(JSON.stringify(message));
  const pongs = (): number => messages.filter(({ type }) => type === 'pong').length;
  return {
    socket,
    messages,
    send,
    taken: async () => {
      const before = pongs();
      send({ type: 'ping' });
      await until(() => pongs() > before);
    },
    closed: new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
    }),
    subscribe: (id, query, variables) =>
      send({ id, type: 'subscribe', payload: { query, variables } }),
    numbers: (id = '1') =>
      messages.flatMap((message) => {
        const data = message.id === id && message.type === 'next' ? message.payload.data : null;
        return data ? [(data.ticks ?? data.looseTicks).number as number] : [];
      }),
  };
}

/** One, two, three, without a gap or a repeat. */
export function counted(to: number, from = 1): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_none, index) => from + index);
}
