import { composeServices } from '@theguild/federation-composition';
import { GraphQLError, parse } from 'graphql';
import { createCallVerifier } from '#kernel/internal-token.ts';
import { silentLog } from '#kernel/log.ts';
import { schemaUrl } from '#kernel/provision.ts';
import { serveSubgraph } from '#kernel/subgraph.ts';
import { happened } from '../../tests/support/house-events.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { startProxy } from '../test-world/proxy.ts';
import { TEST_LIMITS, createWorld } from '../test-world/world.ts';
import { until } from '../../tests/support/until.ts';
import { openReader } from './feed-world.ts';
import type { EventBus } from '#kernel/bus.ts';
import type { BusAddress } from '#kernel/room.ts';
import type { RequestContext, SubgraphServer } from '#kernel/subgraph.ts';
import type { World } from '../test-world/world.ts';
import type { Reader } from './feed-world.ts';

const FEDERATION = `@link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])`;
const BUS = `@link(url: "https://concord.example/bus/v1.0", import: ["@busEvents"]) @composeDirective(name: "@busEvents")`;

/** How a supergraph of the orders differs from the first one. */
interface OrderGraph {
  /** Further fields of an order. */
  readonly fields?: string;
  /** Fields of the subscription type. */
  readonly subscription?: string;
}

const CHANGES = `orderChanged(id: ID!, after: String): Order @busEvents(types: ["concord.order.*"])
  ordersChanged(after: String): Order @busEvents(types: ["concord.order.changed.v1"])
  orderNoted(id: ID!): Order @busEvents(types: ["concord.note.*"], key: "data.orderId")`;

const ordersSdl = ({ fields = '', subscription = CHANGES }: OrderGraph): string =>
  `extend schema ${FEDERATION} ${BUS}
  directive @busEvents(types: [String!]!, key: String! = "document.id") on FIELD_DEFINITION
  type Query { orders: Int }
  type Subscription { ${subscription} }
  type Order @key(fields: "id") { id: ID! number(prefix: String = "O-"): String! owner: String refused: String wrapped: Wrapped ${fields} product: Product! }
  type Product @key(fields: "id", resolvable: false) { id: ID! }
  type Wrapped { order: Order }`;

const CATALOGUE_SDL = `extend schema ${FEDERATION}
  type Query { catalogue: Int }
  type Order @key(fields: "id") { id: ID! notes: [String!]! }
  type Product @key(fields: "id") { id: ID! name: String! }`;

export function composeOrders(
  graph: OrderGraph = {},
  urls = { orders: 'http://127.0.0.1:1', catalogue: 'http://127.0.0.1:2' },
): string {
  const composed = composeServices([
    { name: 'orders', typeDefs: parse(ordersSdl(graph)), url: urls.orders },
    { name: 'catalogue', typeDefs: parse(CATALOGUE_SDL), url: urls.catalogue },
  ]);
  if (composed.supergraphSdl !== undefined) return composed.supergraphSdl;
  throw new Error(composed.errors?.map((error) => error.message).join('\n'));
}

/** Orders that change, told on a real bus; two subgraphs know something of them. */
export interface BusWorld extends AsyncDisposable {
  readonly world: World;
  readonly bus: EventBus;
  /** Where the gateway finds it. */
  readonly address: BusAddress;
  /** The viewers whom the orders were asked for, one for each entity. */
  readonly asked: { readonly viewer: string; readonly id: string }[];
  /** Ids of orders that cannot be read now. */
  readonly failing: Set<string>;
  /** Publishes events of an order, one after the other. */
  happen(id: string, count?: number): Promise<void>;
  /** A note of an order was made. */
  note(orderId: string): Promise<void>;
  publish(graph?: OrderGraph): Promise<string>;
  reader(sub?: string, url?: string): Promise<Reader>;
  /** Breaks the connections of the gateway with the bus. */
  cutBus(): void;
}

/** With null the bus is carried by PostgreSQL alone. */
export async function createBusWorld(redisUrl: string | null): Promise<BusWorld> {
  const database = await createTestDatabase();
  const bus = await database.openBus(redisUrl);
  const direct = new URL(schemaUrl(database.adminUrl, 'bus', database.password));
  const proxy = await startProxy(`http://${direct.hostname}:${direct.port}`);
  const busDatabaseUrl = Object.assign(new URL(direct), { port: new URL(proxy.url).port }).href;
  const address = { busDatabaseUrl, redisUrl };
  const limits = { ...TEST_LIMITS, connectionsPerViewer: 20, operationsPerConnection: 20 };
  const world = await createWorld({ limits, bus: address });
  const asked: { viewer: string; id: string }[] = [];
  const failing = new Set<string>();
  const [orders, catalogue] = await serveOrders(world, asked, failing);
  const publish = async (graph: OrderGraph = {}): Promise<string> => {
    const urls = { orders: orders.url, catalogue: catalogue.url };
    const version = world.registry.publish(composeOrders(graph, urls));
    await until(() => world.gateway.supergraphVersion() === version);
    return version;
  };
  await publish();
  return {
    world,
    bus,
    address,
    asked,
    failing,
    happen: teller(bus),
    note: (orderId) =>
      bus.publish([happened('concord.note.made.v1', { type: 'Note', id: 'n1' }, { orderId })]),
    publish,
    reader: (sub = 'anna', url = world.gateway.url) => openReader(world, { sub }, url),
    cutBus: () => proxy.cut(),
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      for (const server of [orders, catalogue]) await server.close();
      proxy.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Counts up the versions of each order. */
function teller(bus: EventBus): BusWorld['happen'] {
  const sequences = new Map<string, number>();
  return async (id, count = 1) => {
    for (let left = count; left > 0; left -= 1) {
      const sequence = (sequences.get(id) ?? 0) + 1;
      sequences.set(id, sequence);
      const document = { type: 'Order', id };
      await bus.publish([happened('concord.order.changed.v1', document, {}, { sequence })]);
    }
  };
}

function serveOrders(
  world: World,
  asked: { viewer: string; id: string }[],
  failing: ReadonlySet<string>,
): Promise<[SubgraphServer, SubgraphServer]> {
  return Promise.all([
    serve(world, {
      name: 'orders',
      sdl: ordersSdl({ fields: 'extra: Int' }),
      resolvers: { Order: orderResolvers(asked, failing) },
    }),
    serve(world, {
      name: 'catalogue',
      sdl: CATALOGUE_SDL,
      resolvers: {
        Order: { notes: ({ id }: { id: string }) => [`note of ${id}`] },
        Product: { name: ({ id }: { id: string }) => `Product ${id}` },
      },
    }),
  ]);
}

function orderResolvers(asked: { viewer: string; id: string }[], failing: ReadonlySet<string>) {
  const refuse = (): never => {
    throw new GraphQLError('You may not see this.', { extensions: { code: 'FORBIDDEN' } });
  };
  return {
    // An id says who may see the order: `anna-1`, `hidden-1` or `refused-1`.
    __resolveReference: ({ id }: { id: string }, { viewer }: RequestContext) => {
      asked.push({ viewer: viewer.id, id });
      if (failing.has(id)) throw new Error('no database');
      if (id.startsWith('refused-')) return refuse();
      if (id.startsWith('hidden-')) return null;
      return id.startsWith('anna-') && viewer.id !== 'anna' ? null : { id };
    },
    number: ({ id }: { id: string }, { prefix }: { prefix: string }) => `${prefix}${id}`,
    owner: (_order: unknown, _args: unknown, { viewer }: RequestContext) => viewer.id,
    refused: refuse,
    product: () => ({ __typename: 'Product', id: 'p1' }),
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
