import { createServer, request } from 'node:http';
import { createInterface } from 'node:readline';
import { Agent } from 'undici';
import { WebSocketServer } from 'ws';
import { announce } from './announce.ts';
import { surroundings } from './surroundings.ts';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebSocket } from 'ws';

/**
 * The floor of subscriptions: one stream from the subgraph, one call for the product of each event, one text for all
 * subscribers. It knows nobody and nothing else, and cares for no reader that is slow.
 */
const { url } = surroundings();
const agent = new Agent({ pipelining: 1 });
const FEED =
  'subscription { reviewAdded { sequence sentAtMs review { id body product { upc } } } }';
const PRODUCT =
  'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Product { name price } } }';

interface Event {
  readonly data: {
    readonly reviewAdded: {
      readonly sequence: number;
      readonly sentAtMs: number;
      readonly review: {
        readonly id: string;
        readonly body: string;
        readonly product: { readonly upc: string };
      };
    };
  };
}

const subscribers = new Set<WebSocket>();

async function deliver(line: string): Promise<void> {
  if (!line.startsWith('data: ')) return;
  const { reviewAdded } = (JSON.parse(line.slice('data: '.length)) as Event).data;
  const { product } = reviewAdded.review;
  const representations = [{ __typename: 'Product', upc: product.upc }];
  const { body } = await agent.request({
    origin: new URL(url).origin,
    path: '/products/graphql',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: PRODUCT, variables: { representations } }),
  });
  const found = (await body.json()) as { readonly data: { readonly _entities: readonly object[] } };
  const review = { ...reviewAdded.review, product: { ...product, ...found.data._entities[0] } };
  const payload = { data: { reviewAdded: { ...reviewAdded, review } } };
  const text = JSON.stringify({ id: '1', type: 'next', payload });
  for (const socket of subscribers) socket.send(text);
}

const feed = request(`${url}/reviews/graphql`, {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
});
feed.end(JSON.stringify({ query: FEED }));
feed.once('response', (answer: IncomingMessage) => {
  let before = Promise.resolve();
  createInterface(answer).on('line', (line) => {
    before = before.then(() => deliver(line));
  });
});

const server = createServer();
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
  socket.on('message', (data) => {
    const { type } = JSON.parse((data as Buffer).toString()) as { readonly type: string };
    if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
    if (type === 'subscribe') subscribers.add(socket);
  });
  socket.on('close', () => subscribers.delete(socket));
});
server.listen(0, '127.0.0.1', () => {
  announce({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql` });
});
