import { WebSocket } from 'ws';
import { announce } from './announce.ts';
import { durationsOf } from '../measure.ts';

/** What a process full of subscribers is told by its environment. */
export interface SubscribersJob {
  readonly url: string;
  /** One for each viewer; subscribers take them in turn. */
  readonly tokens: readonly string[];
  readonly count: number;
  /** Further subscribers, who ask and then read nothing. */
  readonly stalled: number;
  readonly query: string;
}

/** Said to the parent whenever every subscriber has the event of that number. */
export interface Reached {
  readonly reached: number;
}

/** The answer to the message `tell`, of what came since the last one. */
export interface Told {
  readonly deliveries: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Connections that are being opened at once; more would wait in the server's queue and time out there. */
const OPENING_MAX = 64;

const job = JSON.parse(process.env['JOB'] ?? '{}') as SubscribersJob;
const counts = new Map<number, number>();
let samples: number[] = [];

/** Takes one event; the first that a subscriber gets may be any, and each later one must be the next. */
function deliver(event: ReviewAdded, last: number | null, text: string): number {
  const { sequence, sentAtMs, review } = event;
  samples.push(performance.timeOrigin + performance.now() - sentAtMs);
  if (last !== null && sequence !== last + 1) fail(`event ${sequence} came after ${last}`);
  if (typeof review.product.name !== 'string') fail(`the product has no name: ${text}`);
  const count = (counts.get(sequence) ?? 0) + 1;
  counts.set(sequence, count);
  if (count === job.count) process.send?.({ reached: sequence } satisfies Reached);
  return sequence;
}

interface ReviewAdded {
  readonly sequence: number;
  readonly sentAtMs: number;
  readonly review: { readonly product: { readonly name: unknown } };
}

interface Message {
  readonly type: string;
  readonly payload?: { readonly data?: { readonly reviewAdded: ReviewAdded } | null };
}

/** Resolves when the subscription is asked for; what is not answered shows in events that never come. */
function subscribe(token: string, isStalled: boolean): Promise<void> {
  const socket = new WebSocket(job.url, 'graphql-transport-ws', { perMessageDeflate: false });
  let last: number | null = null;
  const send = (message: object): void => socket.send(JSON.stringify(message));
  socket.on('open', () =>
    send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }),
  );
  socket.on('close', (code, reason) => {
    if (!isStalled) fail(`closed with ${code} ${String(reason)}`);
  });
  return new Promise((resolve, reject) => {
    socket.on('error', (error) => (isStalled ? resolve() : reject(error)));
    socket.on('message', (data) => {
      const text = (data as Buffer).toString();
      const message = JSON.parse(text) as Message;
      const event = message.payload?.data?.reviewAdded;
      if (event !== undefined) last = deliver(event, last, text);
      else if (message.type === 'ping') send({ type: 'pong' });
      else if (message.type === 'connection_ack') {
        send({ id: '1', type: 'subscribe', payload: { query: job.query } });
        if (isStalled) socket.pause();
        resolve();
      } else fail(text);
    });
  });
}

function fail(problem: string): never {
  process.stderr.write(`a subscriber: ${problem}\n`);
  process.exit(1);
}

process.on('message', () => {
  const { count, p50Ms, p99Ms } = durationsOf(samples);
  samples = [];
  process.send?.({ deliveries: count, p50Ms, p99Ms } satisfies Told);
});

let next = 0;
const worker = async (): Promise<void> => {
  while (next < job.count + job.stalled) {
    const token = job.tokens[next % job.tokens.length] ?? '';
    const isStalled = next >= job.count;
    next += 1;
    await subscribe(token, isStalled);
  }
};
await Promise.all(Array.from({ length: OPENING_MAX }, worker));
announce({ url: '' });
