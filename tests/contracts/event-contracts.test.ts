import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { composeServices } from '@theguild/federation-composition';
import { buildSchema, parse } from 'graphql';
import { Client } from 'pg';
import { readEventContracts } from '#kernel/event-contract-file.ts';
import { isRecord } from '#kernel/json.ts';
import { readSubgraphSdl } from '#kernel/subgraph.ts';
import { eventually } from '../../hub/demo/procurement.ts';
import { portsFrom } from '../../hub/ports.ts';
import { keptSecrets } from '../../hub/secrets.ts';
import { asyncApiOf } from '../../schema-registry/event-contract/async-api.ts';
import { crossCheck } from '../../schema-registry/event-contract/cross-check.ts';
import { graphReferences } from '../../schema-registry/event-contract/graph-reference.ts';
import { readSchemaText } from '../../schema-registry/event-contract/schema-document.ts';
import {
  admitExtensions,
  validatorOf,
} from '../../schema-registry/event-contract/schema-validity.ts';
import { startHubProcess } from '../support/hub-process.ts';
import { sourceFiles } from '../support/source.ts';
import type { EventContract } from '#kernel/event-contract-file.ts';
import type { HubProcess } from '../support/hub-process.ts';

/** The rooms that have a part of the graph. */
const SUBGRAPHS = [
  'subgraphs/suppliers',
  'subgraphs/budgets',
  'subgraphs/approvals',
  'subgraphs/purchase-orders',
  'subgraphs/invoices',
  'integration',
];
const ROOMS = [...SUBGRAPHS, 'schema-registry'];
const folder = (room: string) => new URL(`../../${room}/`, import.meta.url);

async function allContracts(): Promise<EventContract[]> {
  const read = ROOMS.map((room) =>
    readEventContracts(new URL('event-contracts.json', folder(room))),
  );
  return (await Promise.all(read)).flat();
}

let contracts: readonly EventContract[];
beforeAll(async () => {
  contracts = await allContracts();
});

describe('the event contracts of the house', () => {
  it('are there for every event type that a room declares, and for no other', () => {
    const declaring = sourceFiles().filter(({ path }) =>
      /(^|\/)events\.ts$|^kernel\/parked-notice\.ts$/.test(path),
    );
    const declared = declaring.flatMap(({ text }) => text.match(/concord\.[a-z.-]+\.v\d+/g) ?? []);
    const outbound = contracts.filter(({ direction }) => direction === 'OUTBOUND');
    expect(declared.length).toBeGreaterThan(60);
    expect(outbound.map(({ subject }) => subject).sort()).toEqual([...new Set(declared)].sort());
  });

  it('belong to the room whose file they are in', () => {
    const owners = new Set(contracts.map(({ owner }) => owner));
    expect(owners).toEqual(new Set(ROOMS.map((room) => room.split('/').at(-1))));
  });

  it('are accepted by the registry', () => {
    const refused = contracts.flatMap(({ subject, schema }) => {
      const read = readSchemaText(schema);
      return read.ok ? [] : [{ subject, flaws: read.problem.flaws }];
    });
    expect(refused).toEqual([]);
  });

  it('agree with the graph wherever they name a coordinate of it', async () => {
    const services = SUBGRAPHS.map(async (room) => ({
      name: room,
      url: 'http://127.0.0.1/',
      typeDefs: parse(await readSubgraphSdl(new URL('schema.graphql', folder(room)))),
    }));
    const { publicSdl, errors } = composeServices(await Promise.all(services));
    expect(errors ?? []).toEqual([]);
    const references = contracts.flatMap((contract) => {
      const read = readSchemaText(contract.schema);
      return read.ok
        ? graphReferences({ subject: contract.subject, direction: contract.direction }, read.value)
        : [];
    });
    expect(references.length).toBeGreaterThan(500);
    expect(
      crossCheck(references, buildSchema(publicSdl ?? '')).map(
        ({ code, message }) => `${code} ${message}`,
      ),
    ).toEqual([]);
  });
});

describe('the check of a payload', () => {
  const flawsOf = (payload: unknown) => {
    const contract = contracts.find(({ subject }) => subject === 'concord.funds.overrun.v1');
    return contract === undefined ? null : validator(contract.schema, 'OUTBOUND')(payload);
  };
  const eur = { amount: '1.00', currency: 'EUR' };
  const payload = {
    reservationId: 'r',
    budgetLineId: 'b',
    costCentreId: 'c',
    documentType: 'INVOICE',
    documentId: 'd',
    stage: 'ACTUAL',
    amount: eur,
    available: eur,
    overrunLineId: 'b',
    overrun: eur,
  };

  it('finds what is missing, what is of another type and what is not declared, at every depth', () => {
    expect(flawsOf(payload)).toEqual([]);
    const { overrun, ...without } = payload;
    expect(flawsOf(without)).toHaveLength(1);
    expect(flawsOf({ ...payload, stage: 'NEVER' })).toHaveLength(1);
    expect(flawsOf({ ...payload, overrun: { ...overrun, amount: 1 } })).toHaveLength(1);
    expect(flawsOf({ ...payload, overrun: { ...overrun, symbol: '€' } })).toHaveLength(1);
    expect(flawsOf({ ...payload, forgotten: true })).toHaveLength(1);
  });
});

describe('the events and messages of a hub with the demo', () => {
  let hub: HubProcess;
  let database: Client;
  beforeAll(async () => {
    hub = await startHubProcess({ DEMO: 'true' });
    const { databasePassword } = await keptSecrets(hub.dataFolder);
    database = new Client({
      host: '127.0.0.1',
      port: portsFrom(hub.portBase).postgres,
      user: 'postgres',
      password: databasePassword.reveal(),
      database: 'postgres',
    });
    await database.connect();
  }, 300_000);
  afterAll(async () => {
    await database.end();
    await hub[Symbol.asyncDispose]();
  });

  it('are all as their contracts say, events with exactly the declared fields', async () => {
    const validators = new Map(
      contracts.map(({ subject, direction, schema }) => [subject, validator(schema, direction)]),
    );
    const messages = await eventually('a payment of the ERP', async () => {
      const { rows } = await database.query<{ event_type: string; body: unknown }>(
        'select event_type, body from integration.erp_message',
      );
      return rows.some(({ event_type: type }) => type === 'Payment.Cleared') ? rows : null;
    });
    const { rows: events } = await database.query<{ cloud_event: Record<string, unknown> }>(
      'select cloud_event from bus.event',
    );
    const seen = [
      ...events.map(({ cloud_event: event }) => ({
        subject: String(event['type']),
        payload: event['data'],
      })),
      ...messages.map(({ event_type: type, body }) => ({
        subject: inboundSubject(type),
        payload: body,
      })),
    ];
    const envelope = validatorOf('2020-12').compile(envelopeSchema());
    expect(events.filter(({ cloud_event: event }) => !envelope(event))).toEqual([]);
    const wrong = seen.flatMap(({ subject, payload }) => {
      const flaws = validators.get(subject)?.(payload) ?? ['there is no contract'];
      return flaws.length === 0 ? [] : [{ subject, flaws, payload }];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(new Set(seen.map(({ subject }) => subject)).size).toBeGreaterThan(40);
  }, 300_000);
});

/** The envelope as the AsyncAPI document tells of it. */
function envelopeSchema(): object {
  const { components } = asyncApiOf([], '0') as { components: { schemas: { CloudEvent: object } } };
  return components.schemas.CloudEvent;
}

/** `PurchaseOrder.Released` → `erp-simulator.purchase-order.released.v1`. */
function inboundSubject(eventType: string): string {
  const words = eventType
    .split('.')
    .map((word) => word.replace(/(?<!^)(?=[A-Z])/g, '-').toLowerCase());
  return `erp-simulator.${words.join('.')}.v1`;
}

/** What is wrong with a payload. Readers take unknown fields; here one of ours is a field that its contract forgot. */
function validator(
  text: string,
  direction: EventContract['direction'],
): (payload: unknown) => string[] {
  const json: unknown = JSON.parse(text);
  const schema = direction === 'OUTBOUND' ? closed(json) : json;
  const ajv = validatorOf('2020-12');
  admitExtensions(ajv, schema);
  const validate = ajv.compile(schema as object);
  return (payload) => {
    validate(payload);
    return (validate.errors ?? []).map(
      (error) => `${error.instancePath} ${error.message ?? ''} ${JSON.stringify(error.params)}`,
    );
  };
}

/** The schema with every object closed that stands for a value of its own, rather than for a part of another's rules. */
function closed(schema: unknown): unknown {
  return { ...(closedBelow(schema) as object), unevaluatedProperties: false };
}

function closedBelow(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closedBelow);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === 'items') return [key, closed(inner)];
      if (key === 'properties' && isRecord(inner))
        return [
          key,
          Object.fromEntries(Object.entries(inner).map(([name, part]) => [name, closed(part)])),
        ];
      return [key, closedBelow(inner)];
    }),
  );
}
