import { newId } from '#kernel/id.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { requireAction } from '../access/principal.ts';
import { appendHistory } from '../history/history.ts';
import { findTarget } from '../target.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { InvalidInput, Result } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';
import type { Target } from '../target.ts';

/** A federated graph: its targets are stages of it. */
export interface Graph {
  readonly id: string;
  readonly slug: string;
  readonly title: string;
  readonly createdAt: Date;
}

export interface GraphAsking {
  readonly database: Database;
  readonly clock: Clock;
  readonly principal: Principal;
}

const COLUMNS = 'id, slug, title, created_at as "createdAt"';
const SLUG = /^[a-z][a-z0-9-]{0,39}$/;
const TITLE_MAX = 200;
/** A new graph has these stages; more can be created. */
const STAGES = ['development', 'staging', 'production'];

export function graphsOf(sql: Sql): Promise<Graph[]> {
  return sql.query(`select ${COLUMNS} from graph order by slug`);
}

export async function graphBySlug(sql: Sql, slug: string): Promise<Graph | null> {
  const [graph] = await sql.query<Graph>(`select ${COLUMNS} from graph where slug = $1`, [slug]);
  return graph ?? null;
}

/** Creates a graph with its three stages; one of that name that exists is answered as it is. */
export async function createGraph(
  asking: GraphAsking,
  input: { readonly slug: string; readonly title: string },
): Promise<Result<Graph, InvalidInput>> {
  const { principal, database, clock } = asking;
  const flaw = slugFlaw('slug', input.slug);
  if (flaw !== null) return refused(flaw);
  if (input.title.length > TITLE_MAX)
    return refused(
      invalidInput([
        {
          field: 'title',
          code: 'TOO_LONG',
          message: `At most ${TITLE_MAX} characters are expected.`,
        },
      ]),
    );
  const graph = { id: newId(), ...input, createdAt: clock.now() };
  requireAction(principal, 'schema:govern', { graphId: graph.id, targetId: null, subgraph: null });
  return database.transaction(async (tx) => {
    const [stored] = await tx.query<Graph>(
      `insert into graph (id, slug, title, created_at) values ($1, $2, $3, $4)
       on conflict (slug) do nothing returning ${COLUMNS}`,
      [graph.id, graph.slug, graph.title, graph.createdAt],
    );
    const made = stored ?? (await graphBySlug(tx, input.slug));
    if (made === null) throw new Error(`The graph ${input.slug} is neither new nor known.`);
    for (const stage of STAGES) await insertTarget(tx, made, stage, graph.createdAt);
    if (stored !== undefined) await tell(tx, asking, { graph: made, target: null });
    return accepted(made);
  });
}

/** Creates a target in a graph; one of that name that exists is answered as it is. */
export async function createTarget(
  asking: GraphAsking,
  input: { readonly graph: string; readonly target: string },
): Promise<Result<Target, InvalidInput>> {
  const graph = await graphBySlug(asking.database, input.graph);
  const flaw =
    graph === null
      ? invalidInput([
          { field: 'graph', code: 'UNKNOWN_GRAPH', message: `There is no graph "${input.graph}".` },
        ])
      : slugFlaw('target', input.target);
  if (flaw !== null || graph === null) return refused(flaw ?? invalidInput([]));
  requireAction(asking.principal, 'schema:govern', {
    graphId: graph.id,
    targetId: null,
    subgraph: null,
  });
  return asking.database.transaction(async (tx) => {
    const isNew = await insertTarget(tx, graph, input.target, asking.clock.now());
    const target = await findTarget(tx, input);
    if (target === null) throw new Error(`The target ${input.target} is neither new nor known.`);
    if (isNew) await tell(tx, asking, { graph, target });
    return accepted(target);
  });
}

async function insertTarget(tx: Sql, graph: Graph, slug: string, at: Date): Promise<boolean> {
  const rows = await tx.query(
    `insert into target (id, graph_id, slug, created_at) values ($1, $2, $3, $4)
     on conflict (graph_id, slug) do nothing returning 1`,
    [newId(), graph.id, slug, at],
  );
  return rows.length > 0;
}

function tell(
  tx: Sql,
  { principal, clock }: GraphAsking,
  { graph, target }: { readonly graph: Graph; readonly target: Target | null },
): Promise<void> {
  return appendHistory(tx, {
    action: target === null ? 'graph.created' : 'target.created',
    actorId: principal.id,
    graphId: graph.id,
    targetId: target?.id ?? null,
    subject: target === null ? `graph:${graph.slug}` : `target:${target.slug}`,
    details: { slug: target?.slug ?? graph.slug, title: graph.title },
    at: clock.now(),
  });
}

function slugFlaw(field: string, slug: string): InvalidInput | null {
  if (SLUG.test(slug)) return null;
  return invalidInput([
    {
      field,
      code: 'INVALID_NAME',
      message: 'Lower case letters, digits and hyphens are expected, at most 40, a letter first.',
    },
  ]);
}
