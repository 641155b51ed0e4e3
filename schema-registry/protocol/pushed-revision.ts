import { DAY_MS, shifted } from '#kernel/clock.ts';
import { sha256 } from '#kernel/id.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { GraphQLError, parse } from 'graphql';
import { SDL_MAX_BYTES } from '../check/proposed.ts';
import { SDL_TOKENS_MAX } from '../composition/compose.ts';
import { appendHistory } from '../history/history.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { FieldError, Problem, Result } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';
import type { Target } from '../target.ts';

/** A contract kept under a name of its publisher's, such as a commit. */
export interface PushedRevision {
  readonly subgraph: string;
  readonly revision: string;
  readonly sha256: string;
  readonly sdl: string;
  /** Null once it was published. */
  readonly expiresAt: Date | null;
}

/** A build that was not released within a month is not released any more. */
const REVISION_DAYS = 30;
const REVISION_NAME = /^[\w.:/+-]{1,200}$/;
const COLUMNS = `subgraph, revision, sha256, sdl, expires_at as "expiresAt"`;

export interface Push {
  readonly target: Target;
  readonly principal: Principal;
  readonly subgraph: string;
  readonly revision: string;
  readonly sdl: string;
}

/** Keeps a contract for later. The same text under the same name is kept once; another text under it is refused. */
export async function pushRevision(
  database: Database,
  push: Push,
  now: Date,
): Promise<Result<PushedRevision>> {
  const flaws = flawsOf(push);
  if (flaws.length > 0) return refused(invalidInput(flaws));
  return database.transaction(async (tx) => {
    await removeExpired(tx, now);
    const inserted = await insertRevision(tx, push, now);
    const kept = await findRevision(tx, push, now);
    if (kept === null) throw new Error('A revision that was just kept is gone.');
    if (kept.sha256 !== sha256(push.sdl)) return refused(revisionTaken(push));
    if (inserted) {
      await appendHistory(tx, {
        action: 'revision.pushed',
        actorId: push.principal.id,
        graphId: push.target.graphId,
        targetId: push.target.id,
        subject: `subgraph:${push.subgraph}`,
        details: { revision: push.revision, sha256: kept.sha256 },
        at: now,
      });
    }
    return accepted(kept);
  });
}

/** What was pushed under the name and has not expired, or null. */
export async function findRevision(
  sql: Sql,
  key: { readonly target: Target; readonly subgraph: string; readonly revision: string },
  now: Date,
): Promise<PushedRevision | null> {
  const [found] = await sql.query<PushedRevision>(
    `select ${COLUMNS} from pushed_revision
     where target_id = $1 and subgraph = $2 and revision = $3 and (expires_at is null or expires_at > $4)`,
    [key.target.id, key.subgraph, key.revision, now],
  );
  return found ?? null;
}

/** A published revision is kept for good, so that it can be told what its name stood for. */
export async function keepRevision(
  sql: Sql,
  key: { readonly target: Target; readonly subgraph: string; readonly revision: string },
): Promise<void> {
  await sql.query(
    `update pushed_revision set expires_at = null
     where target_id = $1 and subgraph = $2 and revision = $3`,
    [key.target.id, key.subgraph, key.revision],
  );
}

async function removeExpired(tx: Sql, now: Date): Promise<void> {
  await tx.query('delete from pushed_revision where expires_at <= $1', [now]);
}

/** Whether it was new. */
async function insertRevision(tx: Sql, push: Push, now: Date): Promise<boolean> {
  const rows = await tx.query(
    `insert into pushed_revision
       (target_id, subgraph, revision, sha256, sdl, pushed_by, pushed_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning revision`,
    [
      push.target.id,
      push.subgraph,
      push.revision,
      sha256(push.sdl),
      push.sdl,
      push.principal.id,
      now,
      shifted(now, REVISION_DAYS * DAY_MS),
    ],
  );
  return rows.length > 0;
}

function flawsOf(push: Push): FieldError[] {
  const flaws: FieldError[] = [];
  if (!REVISION_NAME.test(push.revision)) {
    flaws.push({
      field: 'revision',
      code: 'INVALID_NAME',
      message: 'Letters, digits and . _ : / + - are expected, at most 200.',
    });
  }
  if (Buffer.byteLength(push.sdl) > SDL_MAX_BYTES) {
    const message = `At most ${SDL_MAX_BYTES} bytes are accepted.`;
    return [...flaws, { field: 'sdl', code: 'TOO_LARGE', message }];
  }
  try {
    parse(push.sdl, { noLocation: true, maxTokens: SDL_TOKENS_MAX });
  } catch (error) {
    // What is nested too deeply for the parser ends in a RangeError.
    const message = error instanceof GraphQLError ? error.message : 'It is nested too deeply.';
    flaws.push({ field: 'sdl', code: 'INVALID_GRAPHQL', message });
  }
  return flaws;
}

function revisionTaken(push: Push): Problem {
  return {
    code: 'REVISION_TAKEN',
    message: `The revision "${push.revision}" of "${push.subgraph}" was pushed with another text. A revision never changes: push this one under a new name.`,
    retryable: false,
  };
}
