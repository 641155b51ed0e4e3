import { createServer } from 'node:http';
import { once } from 'node:events';
import { buildSchema, graphql } from 'graphql';
import { PRODUCTS_WITH_COLOUR } from './shop.ts';
import type { AddressInfo } from 'node:net';

/** A service over HTTP that answers the shop's contract, with or without its colour. */
export interface TinySubgraph extends AsyncDisposable {
  readonly url: string;
}

const PRODUCTS = [
  { id: '1', name: 'Seal kit', weight: 80, colour: 'black' },
  { id: '2', name: 'Gasket', weight: 5, colour: 'red' },
];

export async function startTinySubgraph(): Promise<TinySubgraph> {
  const schema = buildSchema(
    PRODUCTS_WITH_COLOUR.replace(/^extend schema.*$/m, '').replace(/ @key\([^)]*\)/g, ''),
  );
  const rootValue = {
    product: ({ id }: { id: string }) => PRODUCTS.find((product) => product.id === id),
    products: ({ first }: { first: number }) => PRODUCTS.slice(0, first),
  };
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const pieces: Buffer[] = [];
      for await (const piece of incoming) pieces.push(piece as Buffer);
      const call = JSON.parse(Buffer.concat(pieces).toString()) as {
        readonly query: string;
        readonly variables?: Readonly<Record<string, unknown>>;
      };
      const variableValues = call.variables ?? {};
      const answer = await graphql({ schema, source: call.query, rootValue, variableValues });
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
