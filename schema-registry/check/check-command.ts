import { DAY_MS } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { requireAction } from '../access/principal.ts';
import { insertCheck, lastCheckOfContext } from './check-store.ts';
import { examine } from './examine.ts';
import type { InvalidInput, Problem, Result } from '#kernel/problem.ts';
import type { CheckRequest, StoredCheck } from '../commands.ts';
import type { PublishDeps } from '../publication/publish.ts';

/** A context that was left alone for so long is another pull request's by now. */
const CONTEXT_DAYS_MAX = 90;
const CONTEXT_ID = /^[\w./:#@-]{1,200}$/;

export interface StaleContext extends Problem<'STALE_CONTEXT'> {
  readonly contextId: string;
}

/** Checks a change and stores the check; what is current stays as it is. */
export async function check(
  deps: PublishDeps,
  request: CheckRequest,
): Promise<Result<StoredCheck, InvalidInput | StaleContext>> {
  const { target, principal, contextId } = request;
  const scope = { graphId: target.graphId, targetId: target.id };
  const touched = [...request.put.map((input) => input.subgraph), ...request.retire];
  for (const subgraph of touched.length === 0 ? [null] : touched)
    requireAction(principal, 'schema:check', { ...scope, subgraph });
  const flaw = contextId === null ? null : await contextFlaw(deps, target.id, contextId);
  if (flaw !== null) return refused(flaw);
  const examined = await examine(deps, {
    target,
    change: request,
    publishing: false,
    baseline: request.baseline ?? null,
  });
  if (!examined.ok) return examined;
  const id = newId(deps.clock);
  const createdAt = deps.clock.now();
  await insertCheck(deps.database, {
    id,
    targetId: target.id,
    examination: examined.value,
    contextId,
    source: request.source,
    createdBy: principal.id,
    createdAt,
  });
  return accepted({ id, createdAt, result: examined.value.result });
}

async function contextFlaw(
  { database, clock }: PublishDeps,
  targetId: string,
  contextId: string,
): Promise<InvalidInput | StaleContext | null> {
  if (!CONTEXT_ID.test(contextId))
    return invalidInput([
      {
        field: 'contextId',
        code: 'INVALID_CONTEXT',
        message: 'Up to 200 letters, digits and any of _./:#@- are expected.',
      },
    ]);
  const last = await lastCheckOfContext(database, targetId, contextId);
  if (last === null || clock.now().getTime() - last.getTime() <= CONTEXT_DAYS_MAX * DAY_MS)
    return null;
  return {
    code: 'STALE_CONTEXT',
    message: `The context "${contextId}" was last checked on ${last.toISOString()}, more than ${CONTEXT_DAYS_MAX} days ago; nothing was stored. Use a new one for a new change.`,
    retryable: false,
    contextId,
  };
}
