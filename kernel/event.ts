import { newId } from './id.ts';
import { isRecord } from './json.ts';
import { instantOf } from './clock.ts';
import type { Clock } from './clock.ts';

/** The document an event is about, as people see it in a status feed. */
export interface EventDocument {
  /** GraphQL type name of the document, such as `PurchaseOrder`. */
  readonly type: string;
  readonly id: string;
  /** Human number, such as `PO-DE01-000042`. */
  readonly number: string;
  /** Lifecycle state after the event. */
  readonly status: string;
}

/** Who may see the event: the same attributes that decide who may read the document. */
export interface Audience {
  readonly companyCode: string;
  readonly costCentreId: string | null;
  /** The person whose document it is, if it is anybody's own. */
  readonly ownerId: string | null;
}

/** A fact: something that happened to a document and will not change. */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly id: string;
  /** `concord.<aggregate>.<fact>.v<version>`, past tense. */
  readonly type: Type;
  /** The service that owns the fact, such as `/subgraphs/invoices`. */
  readonly source: string;
  readonly document: EventDocument;
  /** The document's version after the event: counts up by one per change of that document. */
  readonly sequence: number;
  readonly occurredAt: Date;
  readonly correlationId: string;
  /** Id of the event or request that caused this one. */
  readonly causationId: string;
  readonly traceparent: string | null;
  /** Who did it: a person's or a service's id. */
  readonly actorId: string;
  readonly audience: Audience;
  readonly data: Data;
}

/** What every event of one change has in common. */
export interface Cause {
  readonly correlationId: string;
  readonly causationId: string;
  readonly traceparent: string | null;
  readonly actorId: string;
}

/** Makes events for one source; ids and times come from here so that decisions stay pure. */
export function createEventFactory(source: string, clock: Clock) {
  return function event<Type extends string, Data>(
    cause: Cause,
    fact: Pick<DomainEvent<Type, Data>, 'type' | 'document' | 'sequence' | 'audience' | 'data'>,
  ): DomainEvent<Type, Data> {
    return {
      id: newId(clock),
      source,
      occurredAt: clock.now(),
      correlationId: cause.correlationId,
      causationId: cause.causationId,
      traceparent: cause.traceparent,
      actorId: cause.actorId,
      ...fact,
    };
  };
}

/** The event as CloudEvents 1.0 JSON: extension attributes are lower case, as the specification demands. */
export function toCloudEvent(event: DomainEvent): Record<string, unknown> {
  return {
    specversion: '1.0',
    id: event.id,
    type: event.type,
    source: event.source,
    subject: `${event.document.type}/${event.document.id}`,
    time: event.occurredAt.toISOString(),
    datacontenttype: 'application/json',
    sequence: String(event.sequence).padStart(10, '0'),
    partitionkey: event.document.id,
    correlationid: event.correlationId,
    causationid: event.causationId,
    ...(event.traceparent === null ? {} : { traceparent: event.traceparent }),
    actorid: event.actorId,
    documentnumber: event.document.number,
    documentstatus: event.document.status,
    companycode: event.audience.companyCode,
    ...(event.audience.costCentreId === null ? {} : { costcentre: event.audience.costCentreId }),
    ...(event.audience.ownerId === null ? {} : { ownerid: event.audience.ownerId }),
    data: event.data,
  };
}

/** Reads CloudEvents JSON that `toCloudEvent` wrote; throws with the attribute that is missing or wrong. */
export function fromCloudEvent(wire: unknown): DomainEvent {
  if (!isRecord(wire)) throw new Error('A CloudEvents object is expected.');
  const subject = attribute(wire, 'subject');
  const slash = subject.indexOf('/');
  return {
    id: attribute(wire, 'id'),
    type: attribute(wire, 'type'),
    source: attribute(wire, 'source'),
    document: {
      type: subject.slice(0, slash),
      id: subject.slice(slash + 1),
      number: attribute(wire, 'documentnumber'),
      status: attribute(wire, 'documentstatus'),
    },
    sequence: Number(attribute(wire, 'sequence')),
    occurredAt: instantOf(attribute(wire, 'time')),
    correlationId: attribute(wire, 'correlationid'),
    causationId: attribute(wire, 'causationid'),
    traceparent: optionalAttribute(wire, 'traceparent'),
    actorId: attribute(wire, 'actorid'),
    audience: {
      companyCode: attribute(wire, 'companycode'),
      costCentreId: optionalAttribute(wire, 'costcentre'),
      ownerId: optionalAttribute(wire, 'ownerid'),
    },
    data: wire['data'],
  };
}

function attribute(wire: Record<string, unknown>, name: string): string {
  const value = wire[name];
  if (typeof value !== 'string')
    throw new Error(`The CloudEvents attribute "${name}" is missing or is not a text.`);
  return value;
}

function optionalAttribute(wire: Record<string, unknown>, name: string): string | null {
  return wire[name] === undefined ? null : attribute(wire, name);
}
