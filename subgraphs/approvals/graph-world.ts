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
import { insertPolicies } from './store/policies.ts';
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
    query: async (as, operation, variables = {}) => {
      const contextValue = createContext({
        viewer: as,
        caller: 'gateway',
        correlationId: 'call-1',
        traceparent: null,
        signal: new AbortController().signal,
      });
      const result = await graphql({
        schema,
        source: operation,
        variableValues: variables,
        contextValue,
      });
      if (result.errors !== undefined) {
        throw new Error(
          result.errors
            .map((error) => `${String(error.extensions['code'])}: ${error.message}`)
            .join('\n'),
        );
      }
      return result.data ?? {};
    },
    submit: async (over = {}) => {
      const wanted = document({ documentId: newId(clock), ...over });
      await handle(submissionOf(wanted, clock));
      const tasks = await opened.query<{ id: string; request_id: string }>(
        `select task.id, task.request_id from approval_task task join approval_request request on request.id = task.request_id
         where request.document_id = $1 and request.round = (select max(round) from approval_request where document_id = $1)
         order by stage, position, task.id`,
        [wanted.documentId],
      );
      const [request] = await opened.query<{ id: string }>(
        'select id from approval_request where document_id = $1 order by round desc limit 1',
        [wanted.documentId],
      );
      return {
        requestId: request?.id ?? '',
        documentId: wanted.documentId,
        taskIds: tasks.map((task) => task.id),
      };
    },
    putInForce: async (policy) => {
      await opened.query(
        'update approval_policy set status = $1, effective_to = effective_from where effective_to is null',
        ['RETIRED'],
      );
      await insertPolicies(opened, [policy]);
    },
    told: async (requestId) => {
      const rows = await opened.query<{ type: string }>(
        `select cloud_event->>'type' as type from outbox where cloud_event->>'partitionkey' = $1 order by position`,
        [requestId],
      );
      return rows.map((row) => row.type.replace('concord.approval.', '').replace('.v1', ''));
    },
  };
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
