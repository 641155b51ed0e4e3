import { isUuid } from '#kernel/id.ts';
import type { Sql } from '#kernel/database.ts';

/** A stage of a federated graph: it has one supergraph at a time, a policy, and a history of its own. */
export interface Target {
  readonly id: string;
  readonly slug: string;
  readonly graphId: string;
  readonly graphSlug: string;
  readonly currentVersionId: string | null;
}

/** How a caller names a target: by id, or by the slugs of graph and target. */
export type TargetReference =
  | { readonly id: string }
  | { readonly graph: string; readonly target: string };

const COLUMNS = `target.id, target.slug, target.graph_id as "graphId", graph.slug as "graphSlug",
  target.current_version_id as "currentVersionId"`;

/** The target, or null when there is none of that name. */
export async function findTarget(sql: Sql, reference: TargetReference): Promise<Target | null> {
  if ('id' in reference && !isUuid(reference.id)) return null;
  if ('graph' in reference && `${reference.graph}${reference.target}`.includes('\0')) return null;
  const [where, parameters] =
    'id' in reference
      ? ['target.id = $1', [reference.id]]
      : ['graph.slug = $1 and target.slug = $2', [reference.graph, reference.target]];
  const [target] = await sql.query<Target>(
    `select ${COLUMNS} from target join graph on graph.id = target.graph_id where ${where}`,
    parameters,
  );
  return target ?? null;
}

/** Every target, or those of one graph, by name. */
export function listTargets(sql: Sql, graphSlug: string | null): Promise<Target[]> {
  return sql.query(
    `select ${COLUMNS} from target join graph on graph.id = target.graph_id
     where $1::text is null or graph.slug = $1 order by graph.slug, target.slug`,
    [graphSlug],
  );
}

/** The target with its row locked until the transaction ends: whoever writes a new version of it holds this. */
export async function lockTarget(tx: Sql, targetId: string): Promise<Target> {
  await tx.query('select from target where id = $1 for update', [targetId]);
  const target = await findTarget(tx, { id: targetId });
  if (target === null) throw new Error(`The target ${targetId} was removed, which never happens.`);
  return target;
}
