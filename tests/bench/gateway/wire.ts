import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** An answer, with its body only where it was asked for. */
export interface WireAnswer {
  readonly status: number;
  readonly bytes: number;
  readonly body: string;
}

/** One connection on which one request after the other is sent. Costs a tenth of Node's own client, so that the server is what is measured. */
export interface Wire {
  send(request: Buffer, keepBody: boolean): Promise<WireAnswer>;
  close(): void;
}

interface Pending {
  readonly keepBody: boolean;
  readonly resolve: (answer: WireAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly pieces: Buffer[];
  status: number;
  bytes: number;
  /** Of the body, or of the chunk that is being read with its line break. */
  left: number;
  /** Null for a body of known length; else what has come of the line with the next chunk's size. */
  sizeLine: string | null;
  isLast: boolean;
}

const HEAD_END = Buffer.from('\r\n\r\n');

export async function openWire(url: URL): Promise<Wire> {
  let awaited: Pending | null = null;
  const socket = await connected(url);
  const fail = (error: Error): void => {
    awaited?.reject(error);
    awaited = null;
  };
  socket.on('data', (chunk: Buffer) => {
    if (awaited === null) return;
    if (take(awaited, chunk)) {
      const { status, bytes, pieces, resolve } = awaited;
      awaited = null;
      resolve({ status, bytes, body: Buffer.concat(pieces).toString('utf8') });
    }
  });
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server closed the connection')));
  return {
    send: (request, keepBody) =>
      new Promise((resolve, reject) => {
        const begun = { pieces: [], status: 0, bytes: 0, left: 0, sizeLine: null, isLast: true };
        awaited = { ...begun, keepBody, resolve, reject };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}

function connected(url: URL): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true }, () =>
      resolve(socket),
    );
    socket.once('error', reject);
  });
}

/** Reads on; true when the answer is complete. */
function take(awaited: Pending, chunk: Buffer): boolean {
  if (awaited.status > 0) return takeBody(awaited, chunk);
  // The head of an answer is far smaller than what a socket hands over at once.
  const end = chunk.indexOf(HEAD_END);
  const head = chunk.toString('latin1', 0, Math.max(end, 0));
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const isChunked = /\r\ntransfer-encoding: *chunked/i.test(head);
  if (end < 0 || (length === undefined && !isChunked)) {
    awaited.reject(new Error(`an answer with a length was expected: ${head.slice(0, 300)}`));
    return false;
  }
  awaited.status = Number(head.slice(9, 12));
  if (isChunked) Object.assign(awaited, { sizeLine: '', isLast: false });
  else awaited.bytes = awaited.left = Number(length);
  return takeBody(awaited, chunk.subarray(end + HEAD_END.length));
}

function takeBody(awaited: Pending, piece: Buffer): boolean {
  let at = 0;
  while (at < piece.length) {
    if (awaited.left === 0) {
      at = takeSizeLine(awaited, piece, at);
      continue;
    }
    const end = Math.min(piece.length, at + awaited.left);
    // All but a chunk's line break.
    const dataLeft = awaited.sizeLine === null ? awaited.left : Math.max(0, awaited.left - 2);
    if (awaited.keepBody) awaited.pieces.push(piece.subarray(at, Math.min(end, at + dataLeft)));
    awaited.left -= end - at;
    at = end;
  }
  return awaited.isLast && awaited.left === 0;
}

/** Returns where the line ends. */
function takeSizeLine(awaited: Pending, piece: Buffer, from: number): number {
  const end = piece.indexOf('\n', from);
  awaited.sizeLine += piece.toString('latin1', from, end < 0 ? piece.length : end);
  if (end < 0) return piece.length;
  const size = Number.parseInt(awaited.sizeLine ?? '', 16);
  awaited.sizeLine = '';
  awaited.bytes += size;
  awaited.left = size + '\r\n'.length;
  awaited.isLast = size === 0;
  return end + 1;
}

/** A POST of a JSON body, as bytes that can be sent again and again. */
export function postOf(url: URL, headers: Readonly<Record<string, string>>, body: string): Buffer {
  const lines = Object.entries({
    host: url.host,
    'content-type': 'application/json',
    accept: 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${url.pathname} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}
