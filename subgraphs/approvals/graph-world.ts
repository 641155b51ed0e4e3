import { graphql } from 'graphql';
import { shifted } from '#kernel/clock.ts';
import { createEventFactory } from '#kernel/event.ts';
import { newId } from '#kernel/id.ts';
import { isRecord } from '#kernel/json.ts';
import { toWire } from '#kernel/money.ts';
import { buildSchema, readSubgraphSdl } from '#kernel/subgraph.ts';
import { createHandlers } from './consumer.ts';
import { createContextFactory } from './context.ts';
import { resolvers } from './resolvers.ts';
import { insertPolicies, retirePoliciesFrom } from './store/policies.ts';
import { AT, document } from './world.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { Audience, DomainEvent } from '#kernel/event.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { ApprovalPolicy } from './approval-policy.ts';
import type { DocumentUnderApproval } from './document.ts';
import type { PurchaseOrderSnapshot, RequisitionSnapshot } from '../purchase-orders/events.ts';

/** A clock of its own day that moves by a millisecond each time it is asked, so that ids keep their order. */
export function tickingClock(): Clock {
  let ticks = 0;
  return { now: () => shifted(AT, (ticks += 1)) };
}

export function viewer(id: string, role: string, over: Partial<Viewer> = {}): Viewer {
  return {
    id,
    name: id,
    kind: 'person',
    roles: [role],
    companies: ['*'],
    costCentres: ['*'],
    ...over,
  };
}

/** An approver who may read nothing by place: what they see, they see because of their tasks. */
export function approver(id: string): Viewer {
  return viewer(id, 'approver', { companies: [], costCentres: [] });
}

export function requestor(id: string): Viewer {
  return viewer(id, 'requestor', { companies: ['DE01'], costCentres: ['DE01-4100'] });
}

export type Answer = Record<string, unknown>;

/** The room's graph over an opened database, and the events that other rooms would send. */
export interface GraphWorld {
  readonly database: Database;
  readonly clock: Clock;
  /** The operation's data; throws with the codes of its errors when there are any. */
  query(as: Viewer, operation: string, variables?: Record<string, unknown>): Promise<Answer>;
  /** Statements that ran since the last call. */
  countStatements(): number;
  /** Sends a document into approval and returns the request's and its tasks' ids. */
  submit(over?: Partial<DocumentUnderApproval>): Promise<Submitted>;
  handle(event: DomainEvent): Promise<void>;
  putInForce(policy: ApprovalPolicy): Promise<void>;
  /** Types of the events told so far of a request, oldest first. */
  told(requestId: string): Promise<string[]>;
}

export interface Submitted {
  readonly requestId: string;
  readonly documentId: string;
  readonly taskIds: readonly string[];
}

const SCHEMA = new URL('./schema.graphql', import.meta.url);
export const MIGRATIONS = new URL('./migrations/', import.meta.url);

export async function createGraphWorld(opened: Database): Promise<GraphWorld> {
  const clock = tickingClock();
  let statements = 0;
  const database: Database = {
    ...opened,
    query: (statement, parameters) => {
      statements += 1;
      return opened.query(statement, parameters);
    },
  };
  const schema = buildSchema(await readSubgraphSdl(SCHEMA), resolvers);
  const createContext = createContextFactory({ database, clock });
  const handlers = createHandlers(clock);
  const handle = (event: DomainEvent): Promise<void> =>
    opened.transaction(async (tx) => handlers[event.type]?.(tx, event));
  return {
    database: opened,
    clock,
    handle,
    countStatements: () => {
      const count = statements;
      statements = 0;
      return count;
    },
    query: (as, operation, variables = {}) => {
      const signal = new AbortController().signal;
      const call = {
        viewer: as,
        caller: 'gateway',
        correlationId: 'call-1',
        traceparent: null,
        signal,
      };
      return answerTo({
        schema,
        source: operation,
        variableValues: variables,
        contextValue: createContext(call),
      });
    },
    submit: async (over = {}) => {
      const wanted = document({ documentId: newId(clock), ...over });
      await handle(submissionOf(wanted, clock));
      return submittedOf(opened, wanted.documentId);
    },
    putInForce: async (policy) => {
      await retirePoliciesFrom(opened, policy.effectiveFrom);
      await insertPolicies(opened, [policy]);
    },
    told: (requestId) => toldOf(opened, requestId),
  };
}

async function answerTo(call: Parameters<typeof graphql>[0]): Promise<Answer> {
  const result = await graphql(call);
  if (result.errors === undefined) return result.data ?? {};
  const codes = result.errors.map(
    (error) => `${String(error.extensions['code'])}: ${error.message}`,
  );
  throw new Error(codes.join('\n'));
}

async function submittedOf(database: Database, documentId: string): Promise<Submitted> {
  const rows = await database.query<{ request_id: string; task_id: string | null }>(
    `select request.id as request_id, task.id as task_id
     from approval_request request left join approval_task task on task.request_id = request.id
     where request.document_id = $1 and request.round = (select max(round) from approval_request where document_id = $1)
     order by task.stage, task.position, task.id`,
    [documentId],
  );
  const taskIds = rows.map((row) => row.task_id).filter((id) => id !== null);
  return { requestId: rows[0]?.request_id ?? '', documentId, taskIds };
}

async function toldOf(database: Database, requestId: string): Promise<string[]> {
  const rows = await database.query<{ type: string }>(
    `select cloud_event->>'type' as type from outbox where cloud_event->>'partitionkey' = $1 order by position`,
    [requestId],
  );
  return rows.map((row) => row.type.replace('concord.approval.', '').replace('.v1', ''));
}

let keys = 0;
/** A new idempotency key. */
export function newKey(): string {
  return `key-${(keys += 1)}`;
}

export type DecidingField = 'approveTask' | 'rejectTask' | 'returnTask';

/** Decides a task on the version that `submit` sends, unless the input says otherwise. */
export async function decideIn(
  world: GraphWorld,
  as: Viewer,
  field: DecidingField,
  input: Answer,
): Promise<Answer> {
  const whole = {
    idempotencyKey: newKey(),
    documentVersion: 3,
    documentHash: 'hash-3',
    comment: 'because',
    ...input,
  };
  return memberOf(
    await world.query(as, operationOf(field, TASK_MEMBERS + STALE_MEMBER), { input: whole }),
    field,
  );
}

/** Hands a task over. */
export async function handOverIn(world: GraphWorld, as: Viewer, input: Answer): Promise<Answer> {
  const whole = { idempotencyKey: newKey(), ...input };
  return memberOf(
    await world.query(as, operationOf('delegateTask', TASK_MEMBERS), { input: whole }),
    'delegateTask',
  );
}

const TASK_MEMBERS = `... on ApprovalRequest { status version documentNumber pendingApproverIds
    decisions { actorId onBehalfOfId outcome } tasks { approverId status } }
  ... on Problem { code message correlationId retryable }
  ... on IllegalTransitionProblem { state event legalEvents }
  ... on SegregationOfDutiesProblem { rule }
  ... on NotYourTaskProblem { approverId }
  ... on InvalidInputProblem { fields { field code } }`;
const STALE_MEMBER = '... on StaleDocumentProblem { currentVersion currentHash }';

/** A mutation with one `input`, named after the mutation, asking for these members of its union. */
function operationOf(field: string, members: string): string {
  const inputType = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`;
  return `mutation ($input: ${inputType}!) { ${field}(input: $input) { __typename ${members} } }`;
}

/** The event with which another room sends a document into approval. */
export function submissionOf(wanted: DocumentUnderApproval, clock: Clock): DomainEvent {
  const isRequisition = wanted.documentType === 'REQUISITION';
  const type = isRequisition
    ? 'concord.requisition.submitted.v1'
    : 'concord.purchase-order.change-submitted.v1';
  return eventOf(type, isRequisition ? requisitionData(wanted) : orderData(wanted), wanted, clock);
}

export function eventOf(
  type: string,
  data: unknown,
  wanted: DocumentUnderApproval,
  clock: Clock,
): DomainEvent {
  const event = createEventFactory('/subgraphs/purchase-orders', clock);
  const audience: Audience = {
    companyCode: wanted.companyCode,
    costCentreId: wanted.costCentreId,
    ownerId: wanted.requesterId,
  };
  const cause = {
    correlationId: `thread-${wanted.documentId}`,
    causationId: 'key',
    traceparent: null,
    actorId: wanted.submitterId,
  };
  const about = {
    type: 'Document',
    id: wanted.documentId,
    number: wanted.documentNumber,
    status: 'SUBMITTED',
  };
  return event(cause, { type, document: about, sequence: wanted.documentVersion, audience, data });
}

function requisitionData(wanted: DocumentUnderApproval): RequisitionSnapshot {
  return {
    ...commonData(wanted),
    requisitionId: wanted.documentId,
    neededBy: null,
    submittedOn: wanted.submittedOn,
    purchaseOrderId: null,
  };
}

function orderData(wanted: DocumentUnderApproval): PurchaseOrderSnapshot {
  return {
    ...commonData(wanted),
    purchaseOrderId: wanted.documentId,
    requisitionId: 'req-0',
    lines: [],
    erpNumber: null,
  };
}

function commonData(wanted: DocumentUnderApproval) {
  return {
    number: wanted.documentNumber,
    companyCode: wanted.companyCode,
    costCentreId: wanted.costCentreId,
    category: wanted.category,
    requesterId: wanted.requesterId,
    supplierId: 'supplier-1',
    total: toWire(wanted.total),
    version: wanted.documentVersion,
    documentHash: wanted.documentHash,
  };
}

/** The member of an answer's union and what it says, for comparing. */
export function memberOf(answer: Answer, field: string): Answer {
  const member = answer[field];
  if (!isRecord(member)) throw new Error(`An object is expected at "${field}".`);
  return member;
}
