import { sha256 } from '#kernel/id.ts';
import { currentContracts } from './event-store.ts';
import { isRecord } from '#kernel/json.ts';
import type { Sql } from '#kernel/database.ts';
import type { EventDirection } from './event-type.ts';

/** A current contract, as the document needs it. */
export interface PublishedContract {
  readonly subject: string;
  readonly number: number;
  readonly version: string;
  readonly owner: string;
  readonly direction: EventDirection;
  /** The payload's JSON Schema as text. */
  readonly schema: string;
}

/** A target's current event contracts as AsyncAPI 3.0, with what names this state of them; null when there are none. */
export async function readAsyncApi(
  sql: Sql,
  targetId: string,
): Promise<{ readonly text: string; readonly versionId: string } | null> {
  const contracts = await currentContracts(sql, targetId);
  if (contracts.length === 0) return null;
  const versionId = sha256(
    contracts.map(({ subject, number }) => `${subject}@${number}`).join('\n'),
  );
  return {
    text: JSON.stringify(asyncApiOf(contracts, versionId.slice(0, 12)), null, 2),
    versionId,
  };
}

/**
 * The AsyncAPI 3.0 document of contracts. Events of ours travel in a CloudEvents envelope with the payload as `data`; what
 * outside systems send is the payload itself. Every payload is one schema under `components`, its references moved along.
 */
export function asyncApiOf(
  contracts: readonly PublishedContract[],
  version: string,
): Record<string, unknown> {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Concord events',
      version,
      description:
        'The events that are published, and the messages of outside systems that are received, as the schema registry holds them. Fields are only added; see each message for its own version.',
    },
    defaultContentType: 'application/cloudevents+json',
    channels: mapped(contracts, ({ subject }) => [
      subject,
      {
        address: subject,
        messages: { [subject]: { $ref: `#/components/messages/${subject}` } },
      },
    ]),
    operations: mapped(contracts, ({ subject, direction, owner }) => [
      `${direction === 'OUTBOUND' ? 'send' : 'receive'}.${subject}`,
      {
        action: direction === 'OUTBOUND' ? 'send' : 'receive',
        channel: { $ref: `#/channels/${subject}` },
        messages: [{ $ref: `#/channels/${subject}/messages/${subject}` }],
        tags: [{ name: owner }],
      },
    ]),
    components: {
      messages: mapped(contracts, (contract) => [contract.subject, messageOf(contract)]),
      schemas: {
        CloudEvent: ENVELOPE,
        ...mapped(contracts, (contract) => [contract.subject, payloadOf(contract)]),
      },
    },
  };
}

function mapped(
  contracts: readonly PublishedContract[],
  entry: (contract: PublishedContract) => readonly [string, unknown],
): Record<string, unknown> {
  return Object.fromEntries(contracts.map(entry));
}

function messageOf({
  subject,
  version,
  direction,
  schema,
}: PublishedContract): Record<string, unknown> {
  const payload = JSON.parse(schema) as unknown;
  const described = isRecord(payload) ? payload['description'] : undefined;
  const about = {
    name: subject,
    title: subject,
    summary: `Version ${version}.`,
    ...(typeof described === 'string' ? { description: described } : {}),
  };
  const reference = { $ref: `#/components/schemas/${subject}` };
  if (direction === 'INBOUND')
    return { ...about, contentType: 'application/json', payload: reference };
  return {
    ...about,
    contentType: 'application/cloudevents+json',
    correlationId: { location: '$message.payload#/correlationid' },
    payload: {
      allOf: [
        { $ref: '#/components/schemas/CloudEvent' },
        { type: 'object', properties: { type: { const: subject }, data: reference } },
      ],
    },
  };
}

/** The payload with its references moved from its own root to its place in the document. */
function payloadOf({ subject, schema }: PublishedContract): unknown {
  const root: unknown = JSON.parse(schema);
  const anchors = anchorsOf(root, '', new Map());
  const rootId =
    isRecord(root) && typeof root['$id'] === 'string' ? root['$id'].replace(/#$/, '') : null;
  const moved = (reference: string): string => {
    const inside =
      rootId !== null && reference.startsWith(rootId) ? reference.slice(rootId.length) : reference;
    const fragment = inside.replace(/^#/, '');
    return `#/components/schemas/${subject}${anchors.get(fragment) ?? fragment}`;
  };
  const rewritten = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rewritten);
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
        // Its identity would make readers look for references below it elsewhere.
        if (DROPPED.has(key) && typeof inner === 'string') return [];
        if ((key === '$ref' || key === '$dynamicRef') && typeof inner === 'string')
          return [['$ref', moved(inner)]];
        return [[key, rewritten(inner)]];
      }),
    );
  };
  return rewritten(root);
}

const DROPPED: ReadonlySet<string> = new Set(['$schema', '$id', '$anchor', '$dynamicAnchor']);

function anchorsOf(
  value: unknown,
  pointer: string,
  found: Map<string, string>,
): Map<string, string> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, inner] of Object.entries(value)) {
    if ((key === '$anchor' || key === '$dynamicAnchor') && typeof inner === 'string')
      found.set(inner, pointer);
    anchorsOf(inner, `${pointer}/${key}`, found);
  }
  return found;
}

const TEXT = { type: 'string' };
/** CloudEvents 1.0 with our extension attributes, as `toCloudEvent` writes it. */
const ENVELOPE = {
  type: 'object',
  description:
    "The envelope of every event: CloudEvents 1.0 in JSON, with the hub's extension attributes.",
  required: [
    'specversion',
    'id',
    'type',
    'source',
    'subject',
    'time',
    'datacontenttype',
    'sequence',
    'partitionkey',
    'correlationid',
    'causationid',
    'actorid',
    'documentnumber',
    'documentstatus',
    'companycode',
    'data',
  ],
  properties: {
    specversion: { const: '1.0' },
    id: { ...TEXT, description: 'Names the event; consumers drop what they have seen.' },
    type: { ...TEXT, description: 'The event type, which is also its channel.' },
    source: { ...TEXT, description: 'The service that owns the fact.' },
    subject: { ...TEXT, description: 'The document: `<type>/<id>`.' },
    time: { ...TEXT, format: 'date-time', description: 'When it happened.' },
    datacontenttype: { const: 'application/json' },
    sequence: {
      ...TEXT,
      pattern: '^[0-9]{10,}$',
      description: "The document's version after the event.",
    },
    partitionkey: {
      ...TEXT,
      description: "The document's id: events of one document stay in order.",
    },
    correlationid: { ...TEXT, description: 'Runs through everything that one request set off.' },
    causationid: { ...TEXT, description: 'The event or request that caused this one.' },
    traceparent: { ...TEXT, description: 'W3C trace context.' },
    actorid: { ...TEXT, description: 'Who did it.' },
    documentnumber: { ...TEXT, description: "The document's number for people." },
    documentstatus: { ...TEXT, description: "The document's state after the event." },
    companycode: { ...TEXT, description: 'Whose document it is; `*` for all companies.' },
    costcentre: { ...TEXT, description: 'The cost centre, where there is one.' },
    ownerid: { ...TEXT, description: "The person whose document it is, if it is anybody's own." },
    data: { description: 'The payload: see each message.' },
  },
};
