import { Kind, visit } from 'graphql';
import { coordinateNodes, textArgument } from './coordinates.ts';
import { inaccessibilityErrors } from './inaccessible.ts';
import { reachableTypes } from './reachable.ts';
import type { ConstDirectiveNode, DocumentNode } from 'graphql';
import type { CompositionError } from './compose.ts';

/** Which part of a graph a contract shows, by tags. */
export interface TagFilter {
  /** Only what carries one of these; empty stands for everything. */
  readonly include: readonly string[];
  /** Nothing that carries one of these. */
  readonly exclude: readonly string[];
  readonly removeUnreachable: boolean;
}

export type FilteredSupergraph =
  | { readonly ok: true; readonly document: DocumentNode }
  | { readonly ok: false; readonly errors: readonly CompositionError[] };

/**
 * The supergraph of a contract: what the filter hides becomes `@inaccessible`. It works on the composed supergraph, not on
 * the subgraphs, so that a contract costs a walk and not another composition; a test holds it against the composition
 * library's own contracts. Tags are taken out, because their names are not for the contract's readers.
 */
export function filterSupergraph(supergraph: DocumentNode, filter: TagFilter): FilteredSupergraph {
  const hidden = hiddenCoordinates(supergraph, filter);
  let document = hide(supergraph, hidden);
  const errors = inaccessibilityErrors(document);
  if (errors.length > 0) return { ok: false, errors };
  if (filter.removeUnreachable) {
    const reachable = reachableTypes(document);
    const unreachable = new Set<string>();
    for (const { coordinate, kind } of coordinateNodes(document))
      if (kind === 'TYPE' && !reachable.has(coordinate) && !isFederationType(coordinate))
        unreachable.add(coordinate);
    document = hide(document, unreachable);
  }
  return { ok: true, document };
}

/** Types that composition itself adds, such as `join__Graph`. */
export function isFederationType(name: string): boolean {
  return /^(join|link|core|federation|policy|requiresScopes|context|connect)__/.test(name);
}

const ROOTS: ReadonlySet<string> = new Set(['Query']);

function hiddenCoordinates(supergraph: DocumentNode, filter: TagFilter): ReadonlySet<string> {
  const nodes = [...coordinateNodes(supergraph)].filter(
    ({ coordinate }) => !isFederationType(coordinate),
  );
  const tags = new Map(nodes.map(({ coordinate, node }) => [coordinate, tagsOf(node.directives)]));
  const isHidden = (own: readonly string[], inherited: readonly string[]): boolean => {
    const all = [...own, ...inherited];
    const included = filter.include.length === 0 || all.some((tag) => filter.include.includes(tag));
    return !included || all.some((tag) => filter.exclude.includes(tag));
  };
  const hidden = new Set<string>();
  const children = new Map<string, { count: number; hidden: number }>();
  for (const { coordinate, kind, node, parent } of nodes) {
    const own = tags.get(coordinate) ?? [];
    if (kind === 'TYPE') {
      const isLeaf =
        node.kind === Kind.SCALAR_TYPE_DEFINITION || node.kind === Kind.UNION_TYPE_DEFINITION;
      const excluded = own.some((tag) => filter.exclude.includes(tag));
      if (isLeaf ? isHidden(own, []) : excluded) hidden.add(coordinate);
      continue;
    }
    const type = coordinate.slice(0, coordinate.indexOf('.'));
    const gone = isHidden(own, tags.get(type) ?? []);
    if (gone) hidden.add(coordinate);
    if (kind === 'ARGUMENT' || parent === null) continue;
    const tally = children.get(parent) ?? { count: 0, hidden: 0 };
    tally.count += 1;
    if (gone) tally.hidden += 1;
    children.set(parent, tally);
  }
  for (const [type, tally] of children)
    if (tally.count === tally.hidden && !ROOTS.has(type)) hidden.add(type);
  for (const { coordinate, node } of nodes)
    if ('types' in node && node.types?.every(({ name }) => hidden.has(name.value)) === true)
      hidden.add(coordinate);
  return hidden;
}

function tagsOf(directives: readonly ConstDirectiveNode[] | undefined): string[] {
  return (directives ?? []).flatMap((directive) => {
    const name = directive.name.value === 'tag' ? textArgument(directive, 'name') : null;
    return name === null ? [] : [name];
  });
}

const INACCESSIBLE: ConstDirectiveNode = {
  kind: Kind.DIRECTIVE,
  name: { kind: Kind.NAME, value: 'inaccessible' },
};

/** The document with `@inaccessible` on these coordinates and without tags; it knows the directive even if nothing had it yet. */
function hide(document: DocumentNode, hidden: ReadonlySet<string>): DocumentNode {
  const coordinateOf = new Map<object, string>();
  for (const { coordinate, node } of coordinateNodes(document)) coordinateOf.set(node, coordinate);
  const marked = visit(document, {
    enter: (node) => {
      if (node.kind === Kind.DOCUMENT) return undefined;
      const coordinate = coordinateOf.get(node);
      if (coordinate === undefined || isFederationType(coordinate) || !('directives' in node))
        return false;
      const given = node.directives ?? [];
      const directives = given.filter(({ name }) => name.value !== 'tag');
      const hides =
        hidden.has(coordinate) && !directives.some(({ name }) => name.value === 'inaccessible');
      if (!hides && directives.length === given.length) return undefined;
      return { ...node, directives: hides ? [...directives, INACCESSIBLE] : directives };
    },
  });
  return withInaccessible(marked);
}

const INACCESSIBLE_URL = 'https://specs.apollo.dev/inaccessible/v0.2';

function withInaccessible(document: DocumentNode): DocumentNode {
  const isDefined = document.definitions.some(
    (definition) =>
      definition.kind === Kind.DIRECTIVE_DEFINITION && definition.name.value === 'inaccessible',
  );
  if (isDefined) return document;
  return {
    ...document,
    definitions: [
      ...document.definitions.map((definition) =>
        definition.kind === Kind.SCHEMA_DEFINITION
          ? { ...definition, directives: [...(definition.directives ?? []), inaccessibleLink()] }
          : definition,
      ),
      inaccessibleDefinition(),
    ],
  };
}

function inaccessibleLink(): ConstDirectiveNode {
  return {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: 'link' },
    arguments: [
      {
        kind: Kind.ARGUMENT,
        name: { kind: Kind.NAME, value: 'url' },
        value: { kind: Kind.STRING, value: INACCESSIBLE_URL },
      },
      {
        kind: Kind.ARGUMENT,
        name: { kind: Kind.NAME, value: 'for' },
        value: { kind: Kind.ENUM, value: 'SECURITY' },
      },
    ],
  };
}

const INACCESSIBLE_LOCATIONS = [
  'FIELD_DEFINITION',
  'OBJECT',
  'INTERFACE',
  'UNION',
  'ENUM',
  'ENUM_VALUE',
  'SCALAR',
  'INPUT_OBJECT',
  'INPUT_FIELD_DEFINITION',
  'ARGUMENT_DEFINITION',
];

function inaccessibleDefinition(): DocumentNode['definitions'][number] {
  return {
    kind: Kind.DIRECTIVE_DEFINITION,
    name: { kind: Kind.NAME, value: 'inaccessible' },
    repeatable: false,
    locations: INACCESSIBLE_LOCATIONS.map((value) => ({ kind: Kind.NAME, value })),
  };
}
