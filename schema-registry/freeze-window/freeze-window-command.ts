import { DAY_MS } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { once } from '#kernel/idempotency.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { appendHistory } from '../history/history.ts';
import { missing, targetFor } from '../proposal/asking.ts';
import { checkedInput } from '../proposal/text-input.ts';
import {
  cancelFreezeWindowRow,
  freezeWindowsOf,
  insertFreezeWindow,
  lockFreezeWindow,
} from './freeze-window-store.ts';
import type { Sql } from '#kernel/database.ts';
import type { IdempotencyKeyReused, InvalidInput, NotFound, Result } from '#kernel/problem.ts';
import type { Asking, TargetName } from '../proposal/asking.ts';
import type { Target } from '../target.ts';
import type { FreezeKind, FreezeWindow } from './freeze-window.ts';

/** A longer freeze is a policy, not a window. */
const WINDOW_DAYS_MAX = 366;
/** Two period closes a month for eight years; every check reads them all. */
const WINDOWS_MAX = 200;

interface CreateInput {
  readonly idempotencyKey: string;
  readonly target: TargetName;
  readonly kind: FreezeKind;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly reason: string;
}

/** Announces a window. Windows may overlap: each forbids what it forbids. Whoever governs the schema may do it. */
export async function createFreezeWindow(
  asking: Asking,
  input: CreateInput,
): Promise<Result<FreezeWindow, NotFound | InvalidInput | IdempotencyKeyReused>> {
  const target = await targetFor(asking, input.target, 'schema:govern');
  if (!target.ok) return target;
  const now = asking.clock.now();
  const reason = readReason(input, now);
  const { idempotencyKey, ...rest } = input;
  const command = {
    caller: asking.principal.id,
    idempotencyKey,
    operation: 'createFreezeWindow',
    input: rest,
  };
  return once<FreezeWindow, InvalidInput>(asking.database, command, async (tx) => {
    if (!reason.ok) return reason;
    const waiting = { endingAfter: now, cancelled: false };
    if ((await freezeWindowsOf(tx, target.value.id, waiting)).length >= WINDOWS_MAX)
      return refused(tooManyWindows());
    const window: FreezeWindow = {
      id: newId(asking.clock),
      kind: input.kind,
      startsAt: input.startsAt,
      endsAt: input.endsAt,
      reason: reason.value,
      createdBy: asking.principal.id,
      createdAt: now,
      cancelledBy: null,
      cancelledAt: null,
    };
    await insertFreezeWindow(tx, target.value.id, window);
    await tellHistory(tx, target.value, 'freeze-window.created', window);
    return accepted(window);
  });
}

/** Lifts a window; one that is lifted already stays as it is. */
export async function cancelFreezeWindow(
  asking: Asking,
  input: { readonly target: TargetName; readonly id: string },
): Promise<Result<FreezeWindow, NotFound>> {
  const target = await targetFor(asking, input.target, 'schema:govern');
  if (!target.ok) return target;
  return asking.database.transaction(async (tx) => {
    const window = await lockFreezeWindow(tx, target.value.id, input.id);
    if (window === null) return refused(missing('freeze window', input.id));
    if (window.cancelledAt !== null) return accepted(window);
    const cancelled = { by: asking.principal.id, at: asking.clock.now() };
    await cancelFreezeWindowRow(tx, window.id, cancelled);
    const lifted = { ...window, cancelledBy: cancelled.by, cancelledAt: cancelled.at };
    await tellHistory(tx, target.value, 'freeze-window.cancelled', lifted);
    return accepted(lifted);
  });
}

function readReason(input: CreateInput, now: Date): Result<string, InvalidInput> {
  return checkedInput((check) => {
    const { startsAt, endsAt } = input;
    if (endsAt <= startsAt)
      check.refuse('endsAt', 'ENDS_BEFORE_START', 'An instant after the start is expected.');
    if (endsAt <= now) check.refuse('endsAt', 'PAST', 'A window that is over forbids nothing.');
    if (endsAt.getTime() - startsAt.getTime() > WINDOW_DAYS_MAX * DAY_MS)
      check.refuse(
        'endsAt',
        'TOO_LONG',
        `A window of at most ${WINDOW_DAYS_MAX} days is expected.`,
      );
    return check.text('reason', input.reason, { min: 1, max: 500 });
  });
}

function tooManyWindows(): InvalidInput {
  const message = `A target has at most ${WINDOWS_MAX} windows that are not over. Cancel one first.`;
  return invalidInput([{ field: 'startsAt', code: 'TOO_MANY', message }]);
}

function tellHistory(tx: Sql, target: Target, action: string, window: FreezeWindow): Promise<void> {
  const { id, kind, startsAt, endsAt, reason } = window;
  return appendHistory(tx, {
    action,
    actorId: window.cancelledBy ?? window.createdBy,
    graphId: target.graphId,
    targetId: target.id,
    subject: `freeze-window:${id}`,
    details: { kind, startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString(), reason },
    at: window.cancelledAt ?? window.createdAt,
  });
}
