import { ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { RandomIdGenerator, SamplingDecision } from '@opentelemetry/sdk-trace';
import { monotonicMs } from '#kernel/clock.ts';
import { FinishedSpan } from './finished-span.ts';
import { createOperationTexts } from './operation-text.ts';
import { codedReason } from './outcome.ts';
import { remoteContext, traceparentOf } from './trace-context.ts';
import type { Attributes, SpanContext } from '@opentelemetry/api';
import type { IdGenerator } from '@opentelemetry/sdk-trace';
import type { Clock } from '#kernel/clock.ts';
import type { SubgraphAddress } from '../subgraph-directory.ts';
import type { OperationText } from './operation-text.ts';
import type { SpanExport } from './span-export.ts';
import type { FetchEnd, OperationStart } from './telemetry.ts';

/** Makes the spans of operations that are sampled. */
export interface SpanRecorder {
  /** The spans of an operation; for one that is not sampled, the traceparent that its fetches go on with. */
  begin(start: OperationStart): OperationSpans | string;
}

interface Recording {
  readonly exported: SpanExport;
  readonly ids: IdGenerator;
  readonly serverOf: (subgraph: SubgraphAddress) => Attributes;
}

export function createSpanRecorder(exported: SpanExport, clock: Clock): SpanRecorder {
  const recording = { exported, ids: new RandomIdGenerator(), serverOf: createServers() };
  const textOf = createOperationTexts();
  return {
    begin: (start) => {
      const parent = remoteContext(start.traceparent);
      const traceId = parent?.traceId ?? recording.ids.generateTraceId();
      const isSampled = decides(exported, traceId, parent);
      // Somebody else's trace that is not kept goes on as it came.
      if (!isSampled && parent?.traceFlags === TraceFlags.NONE) return traceparentOf(parent);
      const spanId = recording.ids.generateSpanId();
      const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
      const context = { traceId, spanId, traceFlags };
      if (!isSampled) return traceparentOf(context);
      const clockOffsetMs = clock.now().getTime() - monotonicMs();
      const place = { context, parent, clockOffsetMs };
      return new OperationSpans(recording, start, textOf(start), place);
    },
  };
}

/** Asked without a name: the standard's samplers decide by the trace alone. */
function decides({ sampler }: SpanExport, traceId: string, parent: SpanContext | null): boolean {
  const context = parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  const { decision } = sampler.shouldSample(context, traceId, '', SpanKind.SERVER, {}, []);
  return decision === SamplingDecision.RECORD_AND_SAMPLED;
}

interface Place {
  readonly context: SpanContext;
  readonly parent: SpanContext | null;
  /** From `monotonicMs` to the time of day. */
  readonly clockOffsetMs: number;
}

interface Fetched {
  readonly spanId: string;
  readonly subgraph: SubgraphAddress;
  readonly kind: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly end: FetchEnd;
}

/** A document is an operator's to read; what is longer is cut. */
const DOCUMENT_MAX_CHARACTERS = 8 * 1024;

/** The spans of one operation. None of them holds a value that a client or a subgraph has sent. */
export class OperationSpans {
  readonly traceparent: string;
  readonly #recording: Recording;
  readonly #start: OperationStart;
  readonly #text: OperationText;
  readonly #place: Place;

  constructor(recording: Recording, start: OperationStart, text: OperationText, place: Place) {
    this.#recording = recording;
    this.#start = start;
    this.#text = text;
    this.#place = place;
    this.traceparent = traceparentOf(place.context);
  }

  newSpanId(): string {
    return this.#recording.ids.generateSpanId();
  }

  traceparentOf(spanId: string): string {
    return `00-${this.#place.context.traceId}-${spanId}-01`;
  }

  planned(startedMs: number, endedMs: number): void {
    this.#take({
      name: 'plan',
      kind: SpanKind.INTERNAL,
      context: this.#below(this.newSpanId()),
      parent: this.#place.context,
      startedMs,
      endedMs,
      attributes: { 'graphql.document': this.#text.redacted.slice(0, DOCUMENT_MAX_CHARACTERS) },
      failure: null,
    });
  }

  fetched({ spanId, subgraph, kind, startedMs, endedMs, end }: Fetched): void {
    const { outcome, status } = end;
    const failure = outcome === 'ok' ? null : (codedReason(end.code) ?? outcome);
    const attributes: Attributes = {
      ...this.#recording.serverOf(subgraph),
      'graphql.operation.type': kind,
    };
    if (status !== null) attributes['http.response.status_code'] = status;
    if (failure !== null) attributes['error.type'] = failure;
    this.#take({
      name: subgraph.name,
      kind: SpanKind.CLIENT,
      context: this.#below(spanId),
      parent: this.#place.context,
      startedMs,
      endedMs,
      attributes,
      failure,
    });
  }

  end({ code, errors }: { readonly code: string | null; readonly errors: number }): void {
    const { kind, client, correlationId, startedMs } = this.#start;
    const { name, spanName, hash } = this.#text;
    const failure = codedReason(code);
    const attributes: Attributes = {
      'graphql.operation.type': kind,
      'concord.operation.hash': hash,
      'concord.correlation_id': correlationId,
    };
    if (name !== null) attributes['graphql.operation.name'] = name;
    if (client !== null) {
      attributes['concord.client.name'] = client.name;
      attributes['concord.client.version'] = client.version;
    }
    if (errors > 0) attributes['concord.errors'] = errors;
    if (failure !== null) attributes['error.type'] = failure;
    const { context, parent } = this.#place;
    const endedMs = monotonicMs();
    const server = SpanKind.SERVER;
    this.#take({
      name: spanName,
      kind: server,
      context,
      parent,
      startedMs,
      endedMs,
      attributes,
      failure,
    });
  }

  #below(spanId: string): SpanContext {
    const { traceId, traceFlags } = this.#place.context;
    return { traceId, spanId, traceFlags };
  }

  #take(span: ConstructorParameters<typeof FinishedSpan>[0]): void {
    this.#recording.exported.take(
      new FinishedSpan(span, this.#place.clockOffsetMs, this.#recording.exported.origin),
    );
  }
}

/** What spans say of the server behind a subgraph; put together once. */
function createServers(): (subgraph: SubgraphAddress) => Attributes {
  const known = new WeakMap<SubgraphAddress, Attributes>();
  return (subgraph) => {
    let server = known.get(subgraph);
    if (server === undefined) known.set(subgraph, (server = serverAttributes(subgraph)));
    return server;
  };
}

function serverAttributes({ name, url }: SubgraphAddress): Attributes {
  const { hostname, port } = new URL(url);
  const address = { 'concord.subgraph': name, 'server.address': hostname };
  return port === '' ? address : { ...address, 'server.port': Number(port) };
}
