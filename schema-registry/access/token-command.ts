import { GraphQLError } from 'graphql';
import { DAY_MS, shifted } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { REGISTRY_ACTIONS } from '#kernel/identity.ts';
import { accepted, invalidInput, notFound, refused } from '#kernel/problem.ts';
import { SUBGRAPH_NAME } from '../check/proposed.ts';
import { appendHistory } from '../history/history.ts';
import { requireAction } from './principal.ts';
import { fingerprintOf, makeToken } from './token.ts';
import * as store from './token-store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { FieldError, InvalidInput, NotFound, Result } from '#kernel/problem.ts';
import type { Principal } from './principal.ts';
import type { AccessToken } from './token.ts';

/** A token that nobody renewed for longer than a year has outlived whoever asked for it. */
const LIFE_DAYS_MAX = 400;
const TITLE_CHARACTERS_MAX = 100;

export interface TokenRequest {
  readonly principal: Principal;
  readonly title: string;
  readonly graph: string;
  /** Null: all targets of the graph. */
  readonly target: string | null;
  /** Null: all subgraphs. */
  readonly subgraph: string | null;
  readonly actions: readonly RegistryAction[];
  readonly expiresAt: Date;
}

export interface MadeToken {
  /** The token itself; it cannot be had again. */
  readonly token: string;
  readonly accessToken: AccessToken;
}

interface Deciding {
  readonly database: Database;
  readonly clock: Clock;
}

/**
 * Makes a token. Whoever makes it needs `schema:govern` and every action that the token gets, in the token's scope; throws
 * FORBIDDEN otherwise. A token makes no tokens: it would outlive its own expiry in them.
 */
export async function createToken(
  { database, clock }: Deciding,
  request: TokenRequest,
): Promise<Result<MadeToken, InvalidInput | NotFound>> {
  const { principal } = request;
  const scope = await findScope(database, request);
  if (scope === null) {
    const { graph, target } = request;
    return refused(notFound('target', target === null ? graph : `${graph}/${target}`));
  }
  if (principal.kind === 'token')
    throw new GraphQLError('A token makes no tokens. Sign in as a person or a service.', {
      extensions: { code: 'FORBIDDEN', permission: 'schema:govern' },
    });
  const where = { ...scope, subgraph: request.subgraph };
  for (const action of ['schema:govern', ...request.actions] as const)
    requireAction(principal, action, where);
  const now = clock.now();
  const errors = errorsOf(request, now);
  if (errors.length > 0) return refused(invalidInput(errors));
  const token = makeToken();
  const { sha256, hint } = fingerprintOf(token);
  const id = newId(clock);
  const accessToken = await database.transaction(async (tx) => {
    const actions = REGISTRY_ACTIONS.filter((action) => request.actions.includes(action));
    const { title, subgraph, expiresAt } = request;
    const made = { id, hint, title: title.trim(), ...scope, subgraph, actions, expiresAt };
    await store.insertToken(tx, { ...made, createdBy: principal.id, createdAt: now }, sha256);
    await appendHistory(tx, {
      action: 'token.created',
      actorId: principal.id,
      ...scope,
      subject: `token:${id}`,
      details: { title: made.title, hint, subgraph, actions, expiresAt },
      at: now,
    });
    return stored(await store.tokenById(tx, id));
  });
  return accepted({ token, accessToken });
}

/** Makes a token worthless from now on. A token that was revoked before stays so, and the answer is the same. */
export async function revokeToken(
  { database, clock }: Deciding,
  { principal, id }: { readonly principal: Principal; readonly id: string },
): Promise<Result<AccessToken, NotFound>> {
  const token = await store.tokenById(database, id);
  if (token === null) return refused(notFound('token', id));
  requireAction(principal, 'schema:govern', token);
  return database.transaction(async (tx) => {
    const at = clock.now();
    if (await store.markRevoked(tx, { id: token.id, by: principal.id, at }))
      await appendHistory(tx, {
        action: 'token.revoked',
        actorId: principal.id,
        graphId: token.graphId,
        targetId: token.targetId,
        subject: `token:${token.id}`,
        details: { title: token.title, hint: token.hint, createdBy: token.createdBy },
        at,
      });
    return accepted(stored(await store.tokenById(tx, token.id)));
  });
}

/** The ids of what the names say, or null when there is no such graph or target. */
export async function findScope(
  sql: Sql,
  { graph, target }: { readonly graph: string; readonly target: string | null },
): Promise<{ readonly graphId: string; readonly targetId: string | null } | null> {
  if (`${graph}${target ?? ''}`.includes('\0')) return null;
  const [found] = await sql.query<{ graphId: string; targetId: string | null }>(
    `select graph.id as "graphId", target.id as "targetId"
     from graph left join target on target.graph_id = graph.id and target.slug = $2 where graph.slug = $1`,
    [graph, target],
  );
  return found === undefined || (target !== null && found.targetId === null) ? null : found;
}

function errorsOf(request: TokenRequest, now: Date): FieldError[] {
  const title = request.title.trim();
  const latest = shifted(now, LIFE_DAYS_MAX * DAY_MS);
  const { actions, subgraph, expiresAt } = request;
  const checks: readonly [boolean, FieldError][] = [
    [
      title !== '' && title.length <= TITLE_CHARACTERS_MAX,
      error('title', 'INVALID_TITLE', `Say what it is for, in ${TITLE_CHARACTERS_MAX} characters.`),
    ],
    [actions.length > 0, error('actions', 'EMPTY', 'Name what the token may do.')],
    [
      subgraph === null || SUBGRAPH_NAME.test(subgraph),
      error(
        'subgraph',
        'INVALID_NAME',
        'A letter, then letters, digits, hyphens and underscores, at most 64.',
      ),
    ],
    [expiresAt > now, error('expiresAt', 'PAST', 'The token must expire in the future.')],
    [
      expiresAt <= latest,
      error(
        'expiresAt',
        'TOO_LATE',
        `At most ${LIFE_DAYS_MAX} days from now: ${latest.toISOString()}.`,
      ),
    ],
  ];
  return checks.flatMap(([isRight, problem]) => (isRight ? [] : [problem]));
}

function error(field: string, code: string, message: string): FieldError {
  return { field, code, message };
}

function stored(token: AccessToken | null): AccessToken {
  if (token === null) throw new Error('A token that was written is not there.');
  return token;
}
