import { GraphQLError } from 'graphql';
import { accepted, refused } from '#kernel/problem.ts';
import { requireAction, scopeOf } from '../access/principal.ts';
import { findTarget } from '../target.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { NotFound, Result } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';
import type { Target } from '../target.ts';

/** What every command of the reviews needs: who asks, when, and where it is kept. */
export interface Asking {
  readonly database: Database;
  readonly clock: Clock;
  readonly principal: Principal;
}

/** A target as callers of the API name it. */
export interface TargetName {
  readonly graph: string;
  readonly target: string;
}

/** Nothing of that name is in the registry. */
export function missing(entity: string, id: string): NotFound {
  return {
    code: 'NOT_FOUND',
    message: `There is no ${entity} "${id}". Check its name, and the graph and target that it is looked for in.`,
    retryable: false,
    entity,
    id,
  };
}

/** The target, when it exists. */
export async function knownTarget(sql: Sql, name: TargetName): Promise<Result<Target, NotFound>> {
  const target = await findTarget(sql, name);
  return target === null
    ? refused(missing('target', `${name.graph}/${name.target}`))
    : accepted(target);
}

/** The target, when it exists and the principal may do this there; throws FORBIDDEN when it may not. */
export async function targetFor(
  asking: Pick<Asking, 'database' | 'principal'>,
  name: TargetName,
  action: RegistryAction,
): Promise<Result<Target, NotFound>> {
  const target = await knownTarget(asking.database, name);
  if (target.ok) requireAction(asking.principal, action, scopeOf(target.value));
  return target;
}

/** As `targetFor` for queries, which have no place for a refusal: throws NOT_FOUND instead. */
export async function readTarget(
  asking: Pick<Asking, 'database' | 'principal'>,
  name: TargetName,
): Promise<Target> {
  const target = await targetFor(asking, name, 'schema:read');
  if (target.ok) return target.value;
  throw new GraphQLError(target.problem.message, { extensions: { code: target.problem.code } });
}

/** The person behind a principal: a token's is the one who made it, so that nobody signs off what their own token did. */
export async function responsiblePerson(sql: Sql, principal: Principal): Promise<string> {
  if (principal.kind !== 'token') return principal.id;
  const [row] = await sql.query<{ createdBy: string }>(
    `select created_by as "createdBy" from access_token where 'token:' || id::text = $1`,
    [principal.id],
  );
  return row?.createdBy ?? principal.id;
}
