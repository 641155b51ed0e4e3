import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { sha256 } from '#kernel/id.ts';
import { requireAction, scopeOf } from '../access/principal.ts';
import { keepTexts } from '../document.ts';
import { appendHistory } from '../history/history.ts';
import { lockTarget } from '../target.ts';
import {
  countEventTypes,
  eventPolicyOf,
  eventTypesBySubject,
  insertEventVersions,
  putEventTypes,
  versionsWithSchema,
} from './event-store.ts';
import { inputFlaws } from './event-input.ts';
import { isAcceptable, judgeContracts } from './judgement.ts';
import { createSchemaValidity } from './schema-validity.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { InvalidInput, Problem, Result } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';
import type { SourceControl } from '../commands.ts';
import type { Target } from '../target.ts';
import type { ApiSchemaReader } from '../usage/api-schema.ts';
import type { EventContractInput, EventType, EventVersion } from './event-type.ts';
import type { EventOutcome, JudgedContract, KnownEvent } from './judgement.ts';

/** What commands on event contracts need. */
export interface EventRoom {
  readonly database: Database;
  readonly clock: Clock;
  readonly apiSchemaOf: ApiSchemaReader;
}

export interface EventContractsRequest {
  readonly target: Target;
  readonly principal: Principal;
  readonly contracts: readonly EventContractInput[];
}

/** What contracts that were sent would do, all together. */
export interface EventCheck {
  readonly conclusion: 'PASSED' | 'FAILED';
  readonly outcomes: readonly EventOutcome[];
}

export interface EventPublication {
  readonly outcomes: readonly EventOutcome[];
  /** False when everything was current already: nothing was stored. */
  readonly changed: boolean;
}

export interface EventCheckFailed extends Problem<'EVENT_CHECK_FAILED'> {
  readonly outcomes: readonly EventOutcome[];
}

/** A room of ours has some dozens; each is read, compared and stored in one transaction. */
export const EVENT_CONTRACTS_PER_BATCH_MAX = 200;
/** Every check of the graph reads what all of them name. */
const EVENT_TYPES_MAX = 2_000;

/** Says what publishing these contracts would do; stores nothing. Needs `schema:check`. */
export async function checkEventContracts(
  room: EventRoom,
  request: EventContractsRequest,
): Promise<Result<EventCheck, InvalidInput>> {
  requireAction(request.principal, 'schema:check', scopeOf(request.target));
  const judged = await judgeIn(room.database, room, request);
  if (!judged.ok) return judged;
  const outcomes = judged.value.map(({ outcome }) => outcome);
  return accepted({
    conclusion: outcomes.every(isAcceptable) ? 'PASSED' : 'FAILED',
    outcomes,
  });
}

/**
 * Publishes contracts, all of them or none: each is judged against the state that it replaces, with the target locked, so
 * that the graph does not change meanwhile. Contracts that are current already change nothing. Needs `event:publish`.
 */
export async function publishEventContracts(
  room: EventRoom,
  request: EventContractsRequest & { readonly source: SourceControl },
): Promise<Result<EventPublication, EventCheckFailed | InvalidInput>> {
  requireAction(request.principal, 'event:publish', scopeOf(request.target));
  return room.database.transaction(async (tx) => {
    await lockTarget(tx, request.target.id);
    const judged = await judgeIn(tx, room, request);
    if (!judged.ok) return judged;
    const outcomes = judged.value.map(({ outcome }) => outcome);
    if (!outcomes.every(isAcceptable)) return refused(checkFailed(outcomes));
    const changed = judged.value.filter(isChange);
    if (changed.length > 0) await store(tx, changed, { ...request, now: room.clock.now() });
    return accepted({ outcomes, changed: changed.length > 0 });
  });
}

async function judgeIn(
  sql: Sql,
  room: EventRoom,
  { target, contracts }: EventContractsRequest,
): Promise<Result<readonly JudgedContract[], InvalidInput>> {
  const flaws = inputFlaws(contracts, EVENT_CONTRACTS_PER_BATCH_MAX);
  if (flaws.length > 0) return refused(invalidInput(flaws));
  const subjects = contracts.map(({ subject }) => subject);
  const known = await knownEvents(sql, target.id, subjects);
  const [row] = await countEventTypes(sql, target.id);
  if (Number(row?.count ?? 0) + contracts.length - known.size > EVENT_TYPES_MAX)
    return refused(invalidInput([tooManyTypes()]));
  return judgeContracts(contracts, {
    known,
    policy: await eventPolicyOf(sql, target.id),
    apiSchema: await room.apiSchemaOf(sql, target.id),
    validity: createSchemaValidity(),
  });
}

async function knownEvents(
  sql: Sql,
  targetId: string,
  subjects: readonly string[],
): Promise<Map<string, KnownEvent>> {
  const types = await eventTypesBySubject(sql, targetId, subjects);
  const versions = Map.groupBy(
    await versionsWithSchema(sql, targetId, subjects),
    ({ subject }) => subject,
  );
  return new Map(
    types.map((type) => [type.subject, { type, versions: versions.get(type.subject) ?? [] }]),
  );
}

function isChange({ input, known, outcome }: JudgedContract): boolean {
  return outcome.kind !== 'UNCHANGED' || known?.type.owner !== input.owner;
}

interface Storing {
  readonly target: Target;
  readonly principal: Principal;
  readonly source: SourceControl;
  readonly now: Date;
}

async function store(tx: Sql, judged: readonly JudgedContract[], storing: Storing): Promise<void> {
  const fresh = judged.filter(({ outcome, known }) => known === null || outcome.change !== null);
  await keepTexts(
    tx,
    fresh.map(({ input }) => input.schema),
  );
  await putEventTypes(
    tx,
    judged.map((one) => typeAfter(one, fresh.includes(one), storing)),
  );
  await insertEventVersions(
    tx,
    fresh.map((one) => versionAfter(one, storing)),
  );
  await appendHistory(tx, {
    action: 'event-contracts.published',
    actorId: storing.principal.id,
    graphId: storing.target.graphId,
    targetId: storing.target.id,
    subject: 'event-contracts',
    details: {
      contracts: judged.map(({ input, outcome }) => ({
        subject: outcome.subject,
        kind: outcome.kind,
        version: outcome.version,
        owner: input.owner,
        sha256: sha256(input.schema),
      })),
      author: storing.source.author,
      commit: storing.source.commit,
    },
    at: storing.now,
  });
}

function typeAfter(
  { input, known }: JudgedContract,
  isNewVersion: boolean,
  { target, now }: Storing,
): EventType {
  return {
    targetId: target.id,
    subject: input.subject,
    owner: input.owner,
    direction: input.direction,
    compatibility: known?.type.compatibility ?? null,
    openness: known?.type.openness ?? null,
    newest: (known?.type.newest ?? 0) + (isNewVersion ? 1 : 0),
    retiredBy: null,
    retiredAt: null,
    createdAt: known?.type.createdAt ?? now,
  };
}

function versionAfter(
  { input, known, outcome }: JudgedContract,
  { target, principal, source, now }: Storing,
): EventVersion {
  return {
    targetId: target.id,
    subject: input.subject,
    number: (known?.type.newest ?? 0) + 1,
    version: outcome.version,
    sha256: sha256(input.schema),
    differences: outcome.differences,
    graphReferences: outcome.graphReferences,
    author: source.author,
    commit: source.commit,
    publishedBy: principal.id,
    publishedAt: now,
  };
}

function checkFailed(outcomes: readonly EventOutcome[]): EventCheckFailed {
  const failed = outcomes.filter((outcome) => !isAcceptable(outcome));
  const [first] = failed;
  const because =
    first?.differences.find(({ blocking }) => blocking)?.message ??
    first?.findings.find(({ severity }) => severity === 'ERROR')?.message ??
    '';
  return {
    code: 'EVENT_CHECK_FAILED',
    message: `${failed.length} event contract(s) may not be published; nothing was stored. First: ${first?.subject ?? ''}: ${because}`,
    retryable: false,
    outcomes,
  };
}

function tooManyTypes() {
  return {
    field: 'contracts',
    code: 'TOO_MANY',
    message: `A target has at most ${EVENT_TYPES_MAX} event types.`,
  };
}
