import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as a collector reads it from the wire. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** 2 is an error. */
  readonly status: { readonly code: number; readonly message: string };
}

/** An OTLP receiver behind a port of its own, which reads the protocol with nothing of the exporter's. */
export interface Collector extends AsyncDisposable {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** What came, as text, for looking for what must not have come. */
  readonly raw: string[];
  readonly resource: Readonly<Record<string, string | number>>;
  readonly contentTypes: string[];
  /** Answers with this status from now on. */
  answer(status: number): void;
}

export async function startCollector(): Promise<Collector> {
  const spans: ReceivedSpan[] = [];
  const raw: string[] = [];
  const contentTypes: string[] = [];
  const resource: Record<string, string | number> = {};
  let status = 200;
  const server = createServer((incoming, outgoing) => {
    const pieces: Buffer[] = [];
    incoming.on('data', (piece: Buffer) => pieces.push(piece));
    incoming.on('end', () => {
      const body = Buffer.concat(pieces);
      contentTypes.push(`${incoming.url} ${incoming.headers['content-type']}`);
      raw.push(body.toString('latin1'));
      if (status === 200) read(body, spans, resource);
      outgoing.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    spans,
    raw,
    resource,
    contentTypes,
    answer: (next) => {
      status = next;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** opentelemetry/proto/collector/trace/v1/trace_service.proto */
function read(body: Buffer, into: ReceivedSpan[], resource: Record<string, string | number>): void {
  for (const resourceSpans of messages(body, 1)) {
    for (const one of messages(resourceSpans, 1)) Object.assign(resource, attributesOf(one, 1));
    for (const scopeSpans of messages(resourceSpans, 2))
      for (const span of messages(scopeSpans, 2)) into.push(spanOf(span));
  }
}

function spanOf(span: Buffer): ReceivedSpan {
  const fields = fieldsOf(span);
  const bytes = (number: number): Buffer =>
    fields.find((one) => one.number === number)?.bytes ?? NONE;
  const value = (number: number): bigint =>
    fields.find((one) => one.number === number)?.value ?? 0n;
  const status = fieldsOf(bytes(15));
  return {
    traceId: bytes(1).toString('hex'),
    spanId: bytes(2).toString('hex'),
    parentSpanId: bytes(4).toString('hex'),
    name: bytes(5).toString(),
    kind: Number(value(6)),
    startMs: Number(value(7)) / 1e6,
    endMs: Number(value(8)) / 1e6,
    attributes: attributesOf(span, 9),
    status: {
      code: Number(status.find((one) => one.number === 3)?.value ?? 0n),
      message: status.find((one) => one.number === 2)?.bytes.toString() ?? '',
    },
  };
}

function attributesOf(message: Buffer, number: number): Record<string, string | number> {
  const pairs = messages(message, number).map((pair) => {
    const [key = NONE] = messages(pair, 1);
    const [value] = messages(pair, 2).flatMap(fieldsOf);
    const isText = value?.number === 1;
    return [key.toString(), isText ? value.bytes.toString() : Number(value?.value ?? 0n)] as const;
  });
  return Object.fromEntries(pairs);
}

interface Field {
  readonly number: number;
  readonly bytes: Buffer;
  readonly value: bigint;
}

const NONE = Buffer.alloc(0);

function messages(message: Buffer, number: number): Buffer[] {
  return fieldsOf(message).flatMap((field) => (field.number === number ? [field.bytes] : []));
}

/** The wire types that OTLP uses: varint, eight bytes, length and bytes, four bytes. */
function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    if ((tag & 7) === 0) fields.push({ number, bytes: NONE, value: varint() });
    else if ((tag & 7) === 1)
      fields.push({ number, bytes: NONE, value: message.readBigUInt64LE((at += 8) - 8) });
    else if ((tag & 7) === 5)
      fields.push({ number, bytes: NONE, value: BigInt(message.readUInt32LE((at += 4) - 4)) });
    else {
      const length = Number(varint());
      fields.push({ number, bytes: message.subarray(at, (at += length)), value: 0n });
    }
  }
  return fields;
}
