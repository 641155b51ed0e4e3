import { createServer } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { subgraphOfSchema } from '../../gateway/in-process-subgraph.ts';
import type { AddressInfo, Socket } from 'node:net';
import type { ServerResponse } from 'node:http';

/** What a subgraph does instead of answering. */
export type Misbehaviour = (reply: {
  readonly outgoing: ServerResponse;
  /** What it would have answered. */
  readonly answer: () => Promise<string>;
}) => void;

/** A subgraph over HTTP that answers, misbehaves, or is gone, as it is told. */
export interface FailingSubgraph {
  readonly url: string;
  readonly name: string;
  readonly sdl: string;
  calls: number;
  misbehave(how: Misbehaviour | null): void;
  /** Ends its connections and stops listening, as a killed process does. */
  kill(): Promise<void>;
  /** Listens at the same address again. */
  restart(): Promise<void>;
}

export async function startFailingSubgraph(options: {
  readonly name: string;
  readonly sdl: string;
  readonly resolvers: Readonly<Record<string, object>>;
}): Promise<FailingSubgraph> {
  const typeDefs = parse(options.sdl);
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: options.resolvers as never }]);
  const execute = subgraphOfSchema(schema);
  let misbehaviour: Misbehaviour | null = null;
  const sockets = new Set<Socket>();
  const listen = async (port: number) => {
    const server = createServer((incoming, outgoing) => {
      subgraph.calls += 1;
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('end', () => {
        const answer = async (): Promise<string> => {
          const { query, variables } = JSON.parse(Buffer.concat(pieces).toString('utf8')) as {
            query: string;
            variables: Record<string, unknown>;
          };
          const call = { query, variables, operationName: null, ...NOBODY };
          return JSON.stringify(await execute(call));
        };
        if (misbehaviour !== null) return misbehaviour({ outgoing, answer });
        void answer().then((text) => {
          outgoing.setHeader('content-type', 'application/json');
          outgoing.end(text);
        });
      });
    });
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return server;
  };
  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  const subgraph: FailingSubgraph = {
    name: options.name,
    sdl: options.sdl,
    url: `http://127.0.0.1:${port}/graphql`,
    calls: 0,
    misbehave: (how) => (misbehaviour = how),
    kill: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      return closed;
    },
    restart: async () => {
      server = await listen(port);
    },
  };
  return subgraph;
}

const NOBODY = {
  viewer: { id: 'x', name: 'x', kind: 'service', roles: [], companies: [], costCentres: [] },
  correlationId: 'x',
  signal: new AbortController().signal,
} as const;
