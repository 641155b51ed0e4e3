import { setTimeout as sleep } from 'node:timers/promises';
import { composeServices } from '@theguild/federation-composition';
import { GraphQLError, parse } from 'graphql';
import { createCallVerifier } from '#kernel/internal-token.ts';
import { silentLog } from '#kernel/log.ts';
import { serveSubgraph } from '#kernel/subgraph.ts';
import type { TrustedKeys } from '#kernel/internal-token.ts';
import type { RequestContext, SubgraphServer } from '#kernel/subgraph.ts';

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@inaccessible", "@listSize", "@shareable"])`;
const PAGE = '(first: Int, last: Int)';
const PAGED = `@listSize(slicingArguments: ["first", "last"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false)`;

export const SUPPLIERS_SDL = `${LINK}
  type Query {
    suppliers${PAGE}: SupplierConnection! ${PAGED}
    supplier(id: ID!): Supplier
    slowSupplier(ms: Int!): String
  }
  type SupplierConnection { nodes: [Supplier!]! edges: [SupplierEdge!]! }
  type SupplierEdge { node: Supplier! }
  type Supplier @key(fields: "id") { id: ID! name: String! rating: Int }`;

export function ordersSdl(extra = ''): string {
  return `${LINK}
  enum Status { OPEN CLOSED }
  type Query {
    orders${PAGE}: OrderConnection! ${PAGED}
    order(id: ID!): Order
    whoAmI: WhoAmI!
    tree: Node
    echo(number: Int = 7): Int
  }
  type Mutation { renameOrder(id: ID!, note: String!): Order  captureInvoiceDocument(xml: String!): Int! }
  type Subscription { orderEvents(id: ID!, count: Int!, everyMs: Int = 20): OrderEvent!  flood: OrderEvent! }
  type WhoAmI { id: ID! roles: [String!]! correlationId: ID! traceparent: String }
  type Node { value: Int a: Node b: Node list: [Node!] }
  type OrderConnection { nodes: [Order!]! edges: [OrderEdge!]! }
  type OrderEdge { node: Order! }
  type OrderEvent { sequence: Int! order: Order! }
  type Order @key(fields: "id") { id: ID! status: Status! note: String secret: String @inaccessible supplier: Supplier lines: [Line!]! ${extra} }
  type Line { sequence: Int! }
  type Supplier @key(fields: "id", resolvable: false) { id: ID! }`;
}

/** Lets a test break or slow a service, and look at what it saw. */
export interface Switches {
  supplierDelayMs: number;
  supplierNameFails: boolean;
  floodProduced: number;
  floodClosed: number;
  streamsOpen: number;
}

const order = (id: string, note = `note ${id}`) => ({
  id,
  status: 'OPEN',
  note,
  lines: [{ sequence: 1 }],
  supplier: { __typename: 'Supplier', id: `s${id}` },
});

function ordersResolvers(switches: Switches) {
  return {
    Query: {
      orders: () => ({ nodes: ['1', '2'].map((id) => order(id)), edges: [] }),
      order: (_parent: unknown, { id }: { id: string }) => order(id),
      whoAmI: (_parent: unknown, _args: unknown, context: RequestContext) => ({
        ...context.viewer,
        correlationId: context.correlationId,
        traceparent: context.traceparent,
      }),
      tree: () => ({ value: 1 }),
      echo: (_parent: unknown, { number }: { number: number }) => number,
    },
    Mutation: {
      renameOrder: (_parent: unknown, { id, note }: { id: string; note: string }) =>
        order(id, note),
      captureInvoiceDocument: (_parent: unknown, { xml }: { xml: string }) => xml.length,
    },
    Subscription: {
      orderEvents: {
        async *subscribe(
          _parent: unknown,
          { id, count, everyMs }: Record<'count' | 'everyMs', number> & { id: string },
        ) {
          switches.streamsOpen += 1;
          try {
            for (let sequence = 1; sequence <= count; sequence += 1) {
              await sleep(everyMs);
              yield { orderEvents: { sequence, order: order(id, `event ${sequence}`) } };
            }
          } finally {
            switches.streamsOpen -= 1;
          }
        },
      },
      flood: {
        async *subscribe() {
          try {
            for (; switches.floodProduced < 20_000; switches.floodProduced += 1) {
              if (switches.floodProduced % 50 === 0) await sleep(1);
              const sequence = switches.floodProduced;
              yield { flood: { sequence, order: order('1', 'x'.repeat(20_000)) } };
            }
          } finally {
            switches.floodClosed += 1;
          }
        },
      },
    },
    Order: { __resolveReference: ({ id }: { id: string }) => order(id) },
  };
}

function suppliersResolvers(switches: Switches) {
  const supplier = (id: string) => ({
    id,
    rating: 5,
    name: () => {
      if (!switches.supplierNameFails) return `Supplier ${id}`;
      throw new GraphQLError('You may not see the name.', { extensions: { code: 'FORBIDDEN' } });
    },
  });
  return {
    Query: {
      suppliers: () => ({ nodes: [supplier('s1'), supplier('s2')], edges: [] }),
      supplier: (_parent: unknown, { id }: { id: string }) => supplier(id),
      slowSupplier: (_parent: unknown, { ms }: { ms: number }) => sleep(ms, 'done'),
    },
    Supplier: {
      __resolveReference: async ({ id }: { id: string }) => {
        if (switches.supplierDelayMs > 0) await sleep(switches.supplierDelayMs);
        return supplier(id);
      },
    },
  };
}

/** Two subgraphs as processes of the hub serve them, of which one may be stopped and started again. */
export interface TestSubgraphs {
  readonly switches: Switches;
  readonly urls: { readonly suppliers: string; readonly orders: string };
  compose(extraOfOrder?: string): string;
  stopSuppliers(): Promise<void>;
  startSuppliers(): Promise<void>;
  close(): Promise<void>;
}

export async function startSubgraphs(trusted: TrustedKeys): Promise<TestSubgraphs> {
  const switches: Switches = {
    supplierDelayMs: 0,
    supplierNameFails: false,
    floodProduced: 0,
    floodClosed: 0,
    streamsOpen: 0,
  };
  const serve = (name: string, sdl: string, resolvers: object, port: number) =>
    serveSubgraph({
      name,
      sdl,
      resolvers,
      createContext: (request) => request,
      verifyCall: createCallVerifier({ audience: name, trusted }),
      host: '127.0.0.1',
      port,
      ready: () => [],
      log: silentLog,
    });
  const serveSuppliers = (port: number): Promise<SubgraphServer> =>
    serve('suppliers', SUPPLIERS_SDL, suppliersResolvers(switches), port);
  // Resolvers of fields that a later version adds are missing on purpose: the default resolver answers null.
  const orders = await serve(
    'purchase-orders',
    ordersSdl('extra0: Int extra1: Int extra2: Int'),
    ordersResolvers(switches),
    0,
  );
  let suppliers = await serveSuppliers(0);
  const { port } = suppliers;
  const urls = { suppliers: suppliers.url, orders: orders.url };
  return {
    switches,
    urls,
    compose: (extraOfOrder = '') => composeSupergraph(ordersSdl(extraOfOrder), urls),
    stopSuppliers: () => suppliers.close(),
    startSuppliers: async () => {
      suppliers = await serveSuppliers(port);
    },
    close: async () => {
      await orders.close();
      await suppliers.close();
    },
  };
}

export function composeSupergraph(
  orders: string,
  urls: { readonly suppliers: string; readonly orders: string },
): string {
  const composed = composeServices([
    { name: 'purchase-orders', typeDefs: parse(orders), url: urls.orders },
    { name: 'suppliers', typeDefs: parse(SUPPLIERS_SDL), url: urls.suppliers },
  ]);
  if (composed.supergraphSdl === undefined) {
    throw new Error(composed.errors?.map((error) => error.message).join('\n'));
  }
  return composed.supergraphSdl;
}
