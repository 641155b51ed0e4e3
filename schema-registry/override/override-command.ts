import { DAY_MS, shifted } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { accepted, invalidInput, notFound, refused } from '#kernel/problem.ts';
import { requireAction } from '../access/principal.ts';
import { checkById } from '../check/check-store.ts';
import { appendHistory } from '../history/history.ts';
import { readPolicy } from '../policy/policy-store.ts';
import { responsiblePerson } from '../proposal/asking.ts';
import { decideOverride } from './override.ts';
import { insertOverride, liveOverrides, lockOverride, updateOverride } from './override-store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type {
  IllegalTransition,
  InvalidInput,
  NotFound,
  Result,
  SegregationOfDuties,
} from '#kernel/problem.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { Principal } from '../access/principal.ts';
import type { SchemaChange } from '../check/result.ts';
import type { Target } from '../target.ts';
import type { Override, OverrideEvent } from './override.ts';

export interface OverrideAsking {
  readonly database: Database;
  readonly clock: Clock;
  readonly principal: Principal;
}

/** What an override is asked for with; the change is one that a stored check told of. */
export interface OverrideInput {
  readonly target: Target;
  readonly checkId: string;
  /** Hash of the change within the check. */
  readonly changeHash: string;
  readonly reason: string;
  readonly days: number;
}

const REASON_MIN = 10;
const REASON_MAX = 2_000;

/** Asks for permission for one breaking change. An open request or permission for the same change is answered as it stands. */
export async function requestOverride(
  asking: OverrideAsking,
  input: OverrideInput,
): Promise<Result<Override, InvalidInput | NotFound>> {
  const { target } = input;
  requireHere(asking.principal, 'schema:propose', target);
  const found = await checkById(asking.database, input.checkId);
  if (found === null || found.targetId !== target.id)
    return refused(notFound('check', input.checkId));
  const change = found.result.changes.find(({ hash }) => hash === input.changeHash);
  if (change === undefined) return refused(notFound('change', input.changeHash));
  const { validDaysMax } = (await readPolicy(asking.database, target)).override;
  const flaws = flawsOf(input, validDaysMax);
  if (flaws.length > 0) return refused(invalidInput(flaws));
  const now = asking.clock.now();
  return asking.database.transaction(async (tx) => {
    const [known] = await liveOverrides(tx, {
      targetId: target.id,
      changeHashes: [change.hash],
      now,
    });
    if (known !== undefined) return accepted(known);
    const override = await newOverride(tx, asking, { input, change, now });
    await insertOverride(tx, override);
    await tell(tx, {
      override,
      target,
      action: 'override.requested',
      by: asking.principal.id,
      at: now,
    });
    return accepted(override);
  });
}

async function newOverride(
  tx: Sql,
  { principal }: OverrideAsking,
  of: { readonly input: OverrideInput; readonly change: SchemaChange; readonly now: Date },
): Promise<Override> {
  return {
    id: newId(),
    targetId: of.input.target.id,
    changeHash: of.change.hash,
    changeType: of.change.type,
    coordinate: of.change.coordinate,
    message: of.change.message,
    reason: of.input.reason,
    state: 'REQUESTED',
    requestedBy: await responsiblePerson(tx, principal),
    requestedAt: of.now,
    expiresAt: shifted(of.now, of.input.days * DAY_MS),
    decidedBy: null,
    decidedAt: null,
    comment: null,
    version: 1,
  };
}

/** Grants, refuses or takes back an override; who asked for it is compared with who decides within the transaction. */
export async function decideOnOverride(
  asking: OverrideAsking,
  input: {
    readonly target: Target;
    readonly id: string;
    readonly event: OverrideEvent;
    readonly comment: string | null;
  },
): Promise<Result<Override, NotFound | IllegalTransition | SegregationOfDuties>> {
  const { target, event } = input;
  requireHere(asking.principal, event === 'withdraw' ? 'schema:propose' : 'schema:review', target);
  return asking.database.transaction(async (tx) => {
    const override = await lockOverride(tx, input.id);
    if (override === null || override.targetId !== target.id)
      return refused(notFound('override', input.id));
    const at = asking.clock.now();
    const by = await responsiblePerson(tx, asking.principal);
    const decided = decideOverride(override, { event, by, comment: input.comment, at });
    if (!decided.ok) return decided;
    await updateOverride(tx, decided.value);
    await tell(tx, {
      override: decided.value,
      target,
      action: ACTIONS[event],
      by: asking.principal.id,
      at,
    });
    return decided;
  });
}

const ACTIONS: Readonly<Record<OverrideEvent, string>> = {
  grant: 'override.granted',
  refuse: 'override.refused',
  withdraw: 'override.withdrawn',
};

function tell(
  tx: Sql,
  of: {
    readonly override: Override;
    readonly target: Target;
    readonly action: string;
    readonly by: string;
    readonly at: Date;
  },
): Promise<void> {
  const { override, target } = of;
  return appendHistory(tx, {
    action: of.action,
    actorId: of.by,
    graphId: target.graphId,
    targetId: target.id,
    subject: override.coordinate ?? override.changeType,
    details: {
      id: override.id,
      changeHash: override.changeHash,
      changeType: override.changeType,
      message: override.message,
      reason: override.reason,
      expiresAt: override.expiresAt.toISOString(),
      requestedBy: override.requestedBy,
      comment: override.comment,
    },
    at: of.at,
  });
}

function flawsOf(
  { reason, days }: OverrideInput,
  validDaysMax: number,
): { field: string; code: string; message: string }[] {
  const flaws = [];
  if (reason.trim().length < REASON_MIN || reason.length > REASON_MAX)
    flaws.push({
      field: 'reason',
      code: 'REASON_MISSING',
      message: `${REASON_MIN} to ${REASON_MAX} characters that say why this may break whom are expected.`,
    });
  if (!Number.isInteger(days) || days < 1 || days > validDaysMax)
    flaws.push({
      field: 'days',
      code: 'OUT_OF_RANGE',
      message: `1 to ${validDaysMax} days are allowed in this target.`,
    });
  return flaws;
}

function requireHere(principal: Principal, action: RegistryAction, target: Target): void {
  requireAction(principal, action, {
    graphId: target.graphId,
    targetId: target.id,
    subgraph: null,
  });
}
