import { graphql, isUnionType } from 'graphql';
import { shifted } from '#kernel/clock.ts';
import { createEventFactory } from '#kernel/event.ts';
import { newId } from '#kernel/id.ts';
import { silentLog } from '#kernel/log.ts';
import { createPeer } from '#kernel/peer.ts';
import { pause } from '#kernel/shutdown.ts';
import { buildSchema, readSubgraphSdl } from '#kernel/subgraph.ts';
import { createTestDatabase } from '../../../tests/support/test-database.ts';
import { startRoomConsumer } from '../consumer.ts';
import { createContext } from '../context.ts';
import { createFunds } from '../funds.ts';
import { resolvers } from '../resolvers.ts';
import { createSupplierStanding } from '../supplier-standing.ts';
import { startTestPeers } from './peers.ts';
import type { EventBus } from '#kernel/bus.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { GraphQLSchema } from 'graphql';
import type { Dependencies } from '../context.ts';
import type { TestPeers } from './peers.ts';

/** What a query answers; tests say what they expect of it. */
export interface Answer {
  // eslint-disable-next-line typescript/no-explicit-any -- a test reads whatever it asked for
  readonly data: any;
  readonly codes: readonly unknown[];
}

/** The room over a real database and bus, with its neighbours' servers, asked as somebody. */
export interface TestRoom extends AsyncDisposable {
  readonly database: Database;
  readonly dependencies: Dependencies;
  readonly peers: TestPeers;
  /** Every statement run since it was last emptied. */
  readonly statements: string[];
  /** Moves the room's clock. */
  passTime(ms: number): void;
  ask(viewer: Viewer, source: string, variables?: object): Promise<Answer>;
  /** Runs a mutation with one `input`, under a key of its own unless it brings one; answers its union member. */
  // eslint-disable-next-line typescript/no-explicit-any -- a test reads whatever it asked for
  run(viewer: Viewer, mutation: string, input: object): Promise<any>;
  /** Puts an event of another room on the bus and waits until this room has taken it. */
  hear(fact: Pick<DomainEvent, 'type' | 'data'> & { readonly sequence?: number }): Promise<void>;
  /** Events of a document, oldest first, without the common prefix and suffix. */
  told(documentId: string): Promise<string[]>;
  lastTold(documentId: string): Promise<DomainEvent<string, any>>; // eslint-disable-line typescript/no-explicit-any
}

export function person(role: string, changes: Partial<Viewer> = {}): Viewer {
  return {
    id: role,
    name: role,
    kind: 'person',
    roles: [role],
    companies: ['DE01'],
    costCentres: ['*'],
    ...changes,
  };
}

export const REQUESTOR = person('requestor');
export const BUYER = person('buyer');
export const RECEIVER = person('receiver');

export async function openTestRoom(): Promise<TestRoom> {
  const testDatabase = await createTestDatabase();
  const own = await testDatabase.open(
    'purchase_orders',
    new URL('../migrations/', import.meta.url),
    10,
  );
  const peers = await startTestPeers();
  const statements: string[] = [];
  const database = counting(own, statements);
  let offsetMs = 0;
  const clock: Clock = { now: () => shifted(new Date(), offsetMs) };
  const dependencies = { database, clock, ...portsTo(peers) };
  const bus = await testDatabase.openBus();
  const consumer = await startRoomConsumer({ database: own, clock, log: silentLog }, bus);
  const schema = buildSchema(
    await readSubgraphSdl(new URL('../schema.graphql', import.meta.url)),
    resolvers,
  );
  const ask = asker(schema, dependencies);
  const room: TestRoom = {
    database,
    dependencies,
    peers,
    statements,
    passTime: (ms) => void (offsetMs += ms),
    ask,
    run: async (viewer, mutation, input) => {
      const answer = await ask(viewer, mutationText(schema, mutation), {
        input: { idempotencyKey: newId(), ...input },
      });
      return answer.data?.[mutation] ?? { codes: answer.codes };
    },
    hear: hearer({ bus, clock, database: own }),
    told: async (documentId) =>
      (await outbox(own, documentId)).map((wire) =>
        String(wire['type']).replace(/^concord\.|\.v1$/g, ''),
      ),
    lastTold: async (documentId) =>
      (await outbox(own, documentId)).at(-1) as unknown as DomainEvent<string, never>,
    [Symbol.asyncDispose]: async () => {
      await consumer.close();
      await peers[Symbol.asyncDispose]();
      await testDatabase[Symbol.asyncDispose]();
    },
  };
  await introduce(room);
  return room;
}

function asker(schema: GraphQLSchema, dependencies: Dependencies): TestRoom['ask'] {
  return async (viewer, source, variables = {}) => {
    const { signal } = new AbortController();
    const request = {
      viewer,
      caller: 'gateway',
      correlationId: newId(),
      traceparent: null,
      signal,
    };
    const contextValue = createContext(dependencies, request);
    const variableValues = { ...variables };
    const { data, errors } = await graphql({ schema, source, variableValues, contextValue });
    const codes = (errors ?? []).map((error) => error.extensions['code'] ?? error.message);
    return { data, codes };
  };
}

function hearer(room: { bus: EventBus; clock: Clock; database: Database }): TestRoom['hear'] {
  const event = createEventFactory('/tests', room.clock);
  return async ({ sequence = 1, ...fact }) => {
    const cause = { correlationId: 'c', causationId: 'k', traceparent: null, actorId: 'approver' };
    const audience = { companyCode: 'DE01', costCentreId: null, ownerId: null };
    const document = { type: 'Foreign', id: newId(), number: 'F-1', status: 'X' };
    const made = event(cause, { ...fact, document, sequence, audience });
    await room.bus.publish([made]);
    const taken = 'select 1 from inbox where event_id = $1';
    await until(async () => (await room.database.query(taken, [made.id])).length > 0);
  };
}

function portsTo(peers: TestPeers): Pick<Dependencies, 'funds' | 'standing'> {
  const { sign, budgetsUrl, suppliersUrl } = peers;
  return {
    funds: createFunds(createPeer({ service: 'budgets', url: budgetsUrl, sign, log: silentLog })),
    standing: createSupplierStanding(
      createPeer({ service: 'suppliers', url: suppliersUrl, sign, log: silentLog }),
    ),
  };
}

/** Lets the room know two cost centres and a supplier, from their owners' events. */
async function introduce(room: TestRoom): Promise<void> {
  for (const costCentreId of ['DE01-4100', 'DE01-4200', 'US01-4100']) {
    const [companyCode, code] = costCentreId.split('-');
    const data = {
      costCentreId,
      companyCode,
      code,
      name: costCentreId,
      managerId: 'approver',
      status: 'ACTIVE',
    };
    await room.hear({ type: 'concord.cost-centre.created.v1', data });
  }
  const supplier = {
    supplierId: 'supplier-1',
    number: 'SUP-1',
    legalName: 'Supplier',
    countryCode: 'DE',
    currency: 'EUR',
    status: 'ACTIVE',
  };
  await room.hear({
    type: 'concord.supplier.created.v1',
    data: { ...supplier, blocks: [], taxRegistrations: [], endpoints: [] },
  });
  room.peers.suppliers.standing.set('supplier-1', { status: 'ACTIVE', blocks: [] });
}

async function outbox(database: Sql, documentId: string): Promise<Record<string, unknown>[]> {
  const rows = await database.query<{ cloud_event: Record<string, unknown> }>(
    "select cloud_event from outbox where cloud_event->>'partitionkey' = $1 order by position",
    [documentId],
  );
  return rows.map((row) => row.cloud_event);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await condition()) return;
    await pause(25);
  }
  throw new Error('the condition was not met within 10 s');
}

function counting(database: Database, statements: string[]): Database {
  return {
    ...database,
    query: (statement, parameters) => {
      statements.push(statement);
      return database.query(statement, parameters);
    },
  };
}

const QUANTITY = '{ value unitCode }';

/** What tests look at, of each answer. */
const SELECTIONS: Readonly<Record<string, string>> = {
  Requisition:
    'id number version status title correlationId documentHash submittedOn purchaseOrder { id } total { amount currency } lines { id lineNumber description netAmount { amount } }',
  PurchaseOrder: `id number version status total { amount currency } receiptStatus invoiceStatus orderVersion versions { number status }
    lines { id lineNumber quantity ${QUANTITY} receivedQuantity ${QUANTITY} } requisition { id status }`,
  GoodsReceipt:
    'id number version status postedBy purchaseOrder { id version status receiptStatus } lines { quantity { value } }',
  InvalidInputProblem: 'fields { field code }',
  VersionConflictProblem: 'currentVersion',
  IllegalTransitionProblem: 'state legalEvents',
  SupplierBlockedProblem: 'obstacle supplierStatus',
  InsufficientFundsProblem: 'available { amount } requestedFunds: requested { amount }',
  FundsRefusedProblem: 'reason',
  UnavailableProblem: 'service',
  QuantityInUseProblem: `requested ${QUANTITY} received ${QUANTITY} invoiced ${QUANTITY}`,
  OrderInUseProblem: 'lineIds',
  OverDeliveryProblem: `acceptable ${QUANTITY} received ${QUANTITY}`,
  SegregationOfDutiesProblem: 'rule',
};

/** The mutation with what tests look at, of every member of its union. */
function mutationText(schema: GraphQLSchema, mutation: string): string {
  const name = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}`;
  const result = schema.getType(`${name}Result`);
  if (!isUnionType(result)) throw new Error(`${name}Result is not a union.`);
  const members = result.getTypes().filter((type) => SELECTIONS[type.name] !== undefined);
  const fragments = members.map((type) => `... on ${type.name} { ${SELECTIONS[type.name]} }`);
  return `mutation ($input: ${name}Input!) { ${mutation}(input: $input) { __typename ... on Problem { code message retryable correlationId } ${fragments.join(' ')} } }`;
}
