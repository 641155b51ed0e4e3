import { accepted, refused } from '#kernel/problem.ts';
import { requireAction, scopeOf } from '../access/principal.ts';
import { appendHistory } from '../history/history.ts';
import { lockTarget } from '../target.ts';
import {
  eventPolicyOf,
  eventTypesBySubject,
  putEventPolicy,
  putEventTypes,
  versionsByNumber,
} from './event-store.ts';
import type { Sql } from '#kernel/database.ts';
import type { NotFound, Result } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';
import type { Target } from '../target.ts';
import type { Compatibility } from './compatibility.ts';
import type { Openness } from './containment.ts';
import type { EventRules, EventType } from './event-type.ts';
import type { EventRoom } from './publication.ts';

interface Asked {
  readonly target: Target;
  readonly principal: Principal;
}

export interface EventRetirement {
  readonly type: EventType;
  /** Coordinates of the graph that nothing keeps from being removed any more, as far as this contract goes. */
  readonly freed: readonly string[];
  /** False when it was only asked what would happen, or when it was retired already. */
  readonly changed: boolean;
}

/**
 * Takes an event type out of what is current: its versions stay readable, its coordinates no longer block the graph, and a
 * publication brings it back. Needs `event:publish`, a dry run `schema:check`.
 */
export async function retireEventContract(
  room: EventRoom,
  request: Asked & { readonly subject: string; readonly dryRun: boolean },
): Promise<Result<EventRetirement, NotFound>> {
  const { target, principal, subject, dryRun } = request;
  requireAction(principal, dryRun ? 'schema:check' : 'event:publish', scopeOf(target));
  return room.database.transaction(async (tx) => {
    await lockTarget(tx, target.id);
    const type = await typeOf(tx, target.id, subject);
    if (type === null) return refused(unknownEvent(subject));
    const current = (await versionsByNumber(tx, [type])).get(subject);
    const named = current?.graphReferences.map(({ coordinate }) => coordinate) ?? [];
    const freed = [...new Set(named)].sort();
    if (dryRun || type.retiredAt !== null) return accepted({ type, freed, changed: false });
    const now = room.clock.now();
    const retired = { ...type, retiredBy: principal.id, retiredAt: now };
    await putEventTypes(tx, [retired]);
    await tell(tx, request, { action: 'event-contract.retired', subject, details: { freed }, now });
    return accepted({ type: retired, freed, changed: true });
  });
}

/**
 * Sets how versions of a subject are judged from now on; null gives the target's policy back its say. Versions that are
 * stored stay as they were judged. Needs `schema:govern`, because it decides what may break.
 */
export async function setEventCompatibility(
  room: EventRoom,
  request: Asked & {
    readonly subject: string;
    readonly compatibility: Compatibility | null;
    readonly openness: Openness | null;
  },
): Promise<Result<EventType, NotFound>> {
  const { target, principal, subject, compatibility, openness } = request;
  requireAction(principal, 'schema:govern', scopeOf(target));
  return room.database.transaction(async (tx) => {
    await lockTarget(tx, target.id);
    const type = await typeOf(tx, target.id, subject);
    if (type === null) return refused(unknownEvent(subject));
    if (type.compatibility === compatibility && type.openness === openness) return accepted(type);
    const changed = { ...type, compatibility, openness };
    await putEventTypes(tx, [changed]);
    const before = { compatibility: type.compatibility, openness: type.openness };
    await tell(tx, request, {
      action: 'event-contract.compatibility-set',
      subject,
      details: { before, after: { compatibility, openness } },
      now: room.clock.now(),
    });
    return accepted(changed);
  });
}

/** Sets how a target judges the subjects that say nothing of their own. Needs `schema:govern`. */
export async function setEventPolicy(
  room: EventRoom,
  request: Asked & { readonly rules: EventRules },
): Promise<EventRules> {
  const { target, principal, rules } = request;
  requireAction(principal, 'schema:govern', scopeOf(target));
  return room.database.transaction(async (tx) => {
    await lockTarget(tx, target.id);
    const before = await eventPolicyOf(tx, target.id);
    await putEventPolicy(tx, target.id, rules);
    if (before.compatibility === rules.compatibility && before.openness === rules.openness)
      return rules;
    const details = { before: { ...before }, after: { ...rules } };
    const now = room.clock.now();
    await tell(tx, request, { action: 'event-policy.set', subject: '', details, now });
    return rules;
  });
}

async function typeOf(sql: Sql, targetId: string, subject: string): Promise<EventType | null> {
  const [type] = await eventTypesBySubject(sql, targetId, [subject]);
  return type ?? null;
}

function tell(
  tx: Sql,
  { target, principal }: Asked,
  entry: {
    readonly action: string;
    readonly subject: string;
    readonly details: Readonly<Record<string, unknown>>;
    readonly now: Date;
  },
): Promise<void> {
  return appendHistory(tx, {
    action: entry.action,
    actorId: principal.id,
    graphId: target.graphId,
    targetId: target.id,
    subject: entry.subject === '' ? 'event-contracts' : `event:${entry.subject}`,
    details: entry.details,
    at: entry.now,
  });
}

function unknownEvent(subject: string): NotFound {
  return {
    code: 'NOT_FOUND',
    message: `There is no event contract "${subject}" in this target. Check its name, and the graph and target.`,
    retryable: false,
    entity: 'event contract',
    id: subject,
  };
}
