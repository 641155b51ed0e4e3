import { Kind } from 'graphql';
import { inaccessibilityErrors } from './inaccessible.ts';
import { clientDirectiveTypes, reachableTypes } from './reachable.ts';
import type { CompositionError } from './compose.ts';
import type { GraphView } from './graph-view.ts';

/** Which part of a graph a contract shows, by tags. */
export interface TagFilter {
  /** Only what carries one of these; empty stands for everything. */
  readonly include: readonly string[];
  /** Nothing that carries one of these. */
  readonly exclude: readonly string[];
  readonly removeUnreachable: boolean;
}

export type Hidden =
  | { readonly ok: true; readonly hidden: ReadonlySet<string> }
  | { readonly ok: false; readonly errors: readonly CompositionError[] };

/**
 * What a contract hides of a graph, or why its schema cannot be. It is told from the composed supergraph and not by
 * composing filtered subgraphs, so that a contract costs a walk and not another composition; a test holds it against the
 * composition library's own contracts.
 */
export function hiddenBy(graph: GraphView, filter: TagFilter): Hidden {
  const hidden = filteredOut(graph, filter);
  const errors = inaccessibilityErrors(graph, hidden);
  if (errors.length > 0) return { ok: false, errors };
  if (filter.removeUnreachable) {
    const reachable = reachableTypes(graph, hidden);
    for (const name of graph.types.keys()) if (!reachable.has(name)) hidden.add(name);
  }
  return { ok: true, hidden };
}

/** The root that every schema has; without a field it is an error, and never hidden. */
const QUERY = 'Query';

function filteredOut(graph: GraphView, filter: TagFilter): Set<string> {
  const isHidden = hiddenByTags(filter);
  const hidden = new Set(graph.inaccessible);
  const left = new Set<string>();
  const withMembers = new Set<string>();
  for (const { coordinate, kind, node, parent } of graph.nodes) {
    const own = graph.tags.get(coordinate) ?? NO_TAGS;
    if (kind === 'TYPE') {
      const isLeaf =
        node.kind === Kind.SCALAR_TYPE_DEFINITION || node.kind === Kind.UNION_TYPE_DEFINITION;
      if (isLeaf ? isHidden(own, NO_TAGS) : own.some((tag) => filter.exclude.includes(tag)))
        hidden.add(coordinate);
      continue;
    }
    // A member has its type's tags too; an argument those of the type and not of its field.
    const type = coordinate.slice(0, coordinate.indexOf('.'));
    const isGone = isHidden(own, graph.tags.get(type) ?? NO_TAGS);
    if (isGone) hidden.add(coordinate);
    if (kind === 'ARGUMENT' || parent === null) continue;
    withMembers.add(parent);
    if (!isGone) left.add(parent);
  }
  for (const type of withMembers) if (!left.has(type) && type !== QUERY) hidden.add(type);
  for (const { coordinate, node } of graph.nodes)
    if ('types' in node && (node.types ?? []).every(({ name }) => hidden.has(name.value)))
      hidden.add(coordinate);
  // A composed directive stays in the schema, as `@sunset(on: Date!)` does, and so does what its definition needs.
  for (const type of clientDirectiveTypes(graph.document))
    if (!graph.inaccessible.has(type)) hidden.delete(type);
  return hidden;
}

const NO_TAGS: readonly string[] = [];

function hiddenByTags({
  include,
  exclude,
}: TagFilter): (own: readonly string[], inherited: readonly string[]) => boolean {
  const among = (tags: readonly string[], of: readonly string[]): boolean =>
    tags.some((tag) => of.includes(tag));
  return (own, inherited) =>
    (include.length > 0 && !among(own, include) && !among(inherited, include)) ||
    among(own, exclude) ||
    among(inherited, exclude);
}
