import { findTarget } from '../target.ts';
import { requireAction, scopeOf } from './principal.ts';
import type { Context } from '../context.ts';
import type { Target, TargetReference } from '../target.ts';

type Asking = Pick<Context, 'database' | 'principal'>;
type TargetField = (target: Target, args: never, context: Context, info: never) => unknown;

/**
 * A target is answered also to whoever creates one and may not read it; what lies in it is for those with `schema:read`
 * there. Fields without a resolver say what the asker has named.
 */
export function forReaders(fields: Readonly<Record<string, unknown>>): Record<string, TargetField> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, resolve]) => [
      name,
      (target, args, context, info) => {
        requireRead(context, target);
        return (resolve as TargetField)(target, args, context, info);
      },
    ]),
  );
}

/** Throws FORBIDDEN to those who may not read the target's schema. */
export function requireRead({ principal }: Asking, target: Pick<Target, 'graphId' | 'id'>): void {
  requireAction(principal, 'schema:read', scopeOf(target));
}

/** The target, or null when there is none of that name. Throws FORBIDDEN to those who may not read it. */
export async function readableTarget(
  asking: Asking,
  reference: TargetReference,
): Promise<Target | null> {
  const target = await findTarget(asking.database, reference);
  if (target !== null) requireRead(asking, target);
  return target;
}

const KNOWN = new WeakMap<Asking, Map<string, Promise<Target | null>>>();

/**
 * The same for what knows only the id of its target, such as the version that a publication answers to a pipeline that may
 * publish and no more. A request looks each target up once.
 */
export async function requireReadOf(context: Asking, targetId: string): Promise<void> {
  const known = KNOWN.get(context) ?? new Map<string, Promise<Target | null>>();
  KNOWN.set(context, known);
  const finding = known.get(targetId) ?? findTarget(context.database, { id: targetId });
  known.set(targetId, finding);
  const target = await finding;
  if (target === null) throw new Error(`The target ${targetId} is gone, which never happens.`);
  requireRead(context, target);
}
