import { GraphQLError } from 'graphql';
import { requireAction } from '../access/principal.ts';
import { findScope } from '../access/token-command.ts';
import { badInput } from '../argument.ts';
import { WHOLE_REGISTRY } from './history.ts';
import type { Sql } from '#kernel/database.ts';
import type { Page } from '#kernel/paging.ts';
import type { Principal, Scope } from '../access/principal.ts';

/** An entry as it is stored: the hashed line, with its number and hash. */
export interface StoredEntry {
  readonly seq: bigint;
  readonly hash: string;
  readonly body: string;
}

/** Which entries; null stands for any. */
export interface EntryFilter {
  readonly graphId: string | null;
  readonly targetId: string | null;
  readonly action: string | null;
  readonly subject: string | null;
  readonly actor: string | null;
}

/** A page of entries by number. */
export function readEntries(sql: Sql, filter: EntryFilter, page: Page): Promise<StoredEntry[]> {
  const [comparison, direction] = page.backward ? ['<', 'desc'] : ['>', 'asc'];
  return sql.query(
    `select seq, leaf_hash as hash, body from history_entry
     where ($1::uuid is null or graph_id = $1) and ($2::uuid is null or target_id = $2)
       and ($3::text is null or action = $3) and ($4::text is null or subject = $4)
       and ($5::text is null or actor_id = $5) and ($6::bigint is null or seq ${comparison} $6)
     order by seq ${direction} limit $7`,
    [
      filter.graphId,
      filter.targetId,
      filter.action,
      filter.subject,
      filter.actor,
      numberOf(page.cursor),
      page.limit + 1,
    ],
  );
}

function numberOf(cursor: string | null): string | null {
  if (cursor === null || /^\d{1,15}$/.test(cursor)) return cursor;
  throw badInput(`The cursor "${cursor.slice(0, 40)}" is not one of the history.`);
}

/** Where somebody reads the history: a graph or one of its targets, or with no names the whole registry. Throws FORBIDDEN where they may not. */
export async function historyScope(
  sql: Sql,
  principal: Principal,
  names: { readonly graph: string | null; readonly target: string | null },
): Promise<{ readonly graphId: string | null; readonly targetId: string | null }> {
  const { graph, target } = names;
  if (graph === null) {
    if (target !== null) throw badInput('A target is looked for in a graph: name that as well.');
    requireAction(principal, 'schema:read', whole(WHOLE_REGISTRY));
    return { graphId: null, targetId: null };
  }
  const scope = await findScope(sql, { graph, target });
  if (scope === null)
    throw new GraphQLError(`There is no "${target === null ? graph : `${graph}/${target}`}".`, {
      extensions: { code: 'NOT_FOUND' },
    });
  requireAction(principal, 'schema:read', { ...scope, subgraph: null });
  return scope;
}

function whole(graphId: string): Scope {
  return { graphId, targetId: null, subgraph: null };
}
