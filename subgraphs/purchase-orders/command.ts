import { once } from '#kernel/idempotency.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { accepted } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import type { Transaction } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { Problem, Result } from '#kernel/problem.ts';
import type { Announcement } from './announcement.ts';
import type { Context } from './context.ts';

/** What a command did: the document it answers with, and what it tells others. */
export interface Done<Value> {
  readonly value: Value;
  readonly events: readonly DomainEvent[];
}

/** What a command works with, beside its transaction. */
export interface Doing {
  readonly announce: Announcement;
  readonly now: Date;
}

/** Runs a command once per idempotency key; its state and its events are committed together. */
export async function perform<Value, P extends Problem>(
  context: Context,
  request: { readonly operation: string; readonly input: { readonly idempotencyKey: string } },
  work: (tx: Transaction, doing: Doing) => Promise<Result<Done<Value>, P>>,
) {
  const { idempotencyKey, ...input } = request.input;
  const doing = { announce: context.announce(idempotencyKey), now: context.clock.now() };
  return once(
    context.database,
    { caller: context.viewer.id, idempotencyKey, operation: request.operation, input },
    async (tx) => {
      const result: Result<Done<Value>, P> = await work(tx, doing);
      if (!result.ok) return result;
      await appendEvents(tx, result.value.events);
      return accepted(result.value.value);
    },
  );
}

/** The union member that a result is; whatever was read before is forgotten, so that its fields are read anew. */
export function answered<Value extends object, P extends Problem, Name extends string>(
  context: Context,
  result: Result<Value, P>,
  successType: Name,
) {
  context.forgetReads();
  return answerOf(result, successType, context.correlationId);
}
