import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface QueryBody {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** The least that an HTTP server of GraphQL can be: reads a JSON body, answers a text. Returns the address. */
export async function listenForQueries(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const text = (pieces.length === 1 ? pieces[0] : Buffer.concat(pieces))?.toString() ?? '';
      void reply(response, text, answer);
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

type Answer = (body: QueryBody) => string | Promise<string>;

async function reply(response: ServerResponse, text: string, answer: Answer): Promise<void> {
  try {
    const body = await answer(JSON.parse(text) as QueryBody);
    const bytes = Buffer.byteLength(body);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes });
    response.end(body);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}
