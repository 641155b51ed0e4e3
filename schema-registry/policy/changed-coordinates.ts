import { Kind, print } from 'graphql';
import { isRecord } from '#kernel/json.ts';
import { elementsOfDirective, elementsOfType, typesOf } from './element.ts';
import type { ASTNode, DirectiveDefinitionNode, DocumentNode } from 'graphql';
import type { Element } from './element.ts';

/**
 * What is new or different in `after`. Where it stands, in which order, and whether a definition or an extension says it
 * makes no difference; a description does. What lost a member counts as changed itself: removing `id` changes its type.
 * A graph that had nothing before has only new coordinates.
 */
export function changedCoordinates(
  before: DocumentNode | null,
  after: DocumentNode,
): ReadonlySet<string> {
  const old = groupsOf(before);
  const changed = new Set<string>();
  for (const [name, group] of groupsOf(after)) {
    const previous = old.get(name);
    if (previous !== undefined && alike(previous.nodes, group.nodes)) continue;
    compare(previous === undefined ? new Map() : factsOf(previous), factsOf(group), changed);
  }
  return changed;
}

/** All that a document says of one type or directive. */
interface Group {
  readonly nodes: readonly ASTNode[];
  readonly elements: () => Iterable<Element>;
}

function groupsOf(document: DocumentNode | null): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  if (document === null) return groups;
  for (const type of typesOf(document).values())
    groups.set(type.name, { nodes: type.parts, elements: () => elementsOfType(type) });
  for (const node of document.definitions)
    if (node.kind === Kind.DIRECTIVE_DEFINITION)
      groups.set(`@${node.name.value}`, {
        nodes: [node],
        elements: () => elementsOfDirective(node),
      });
  return groups;
}

/**
 * The same at first sight: by text where both have one, else by structure. Most definitions of a change are, and need no
 * closer look; what is only written in another order is found to be the same by its facts.
 */
function alike(before: readonly ASTNode[], after: readonly ASTNode[]): boolean {
  return (
    before.length === after.length &&
    before.every((node, index) => {
      const other = after[index];
      const [text, otherText] = [textOf(node), textOf(other)];
      return text !== null && otherText !== null ? text === otherText : sameStructure(node, other);
    })
  );
}

function textOf(node: ASTNode | undefined): string | null {
  const loc = node?.loc;
  return loc === undefined ? null : loc.source.body.slice(loc.start, loc.end);
}

function sameStructure(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return (
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => sameStructure(item, b[index]))
    );
  if (!isRecord(a) || !isRecord(b)) return false;
  for (const key in a) if (key !== 'loc' && !sameStructure(a[key], b[key])) return false;
  for (const key in b)
    if (key !== 'loc' && a[key] === undefined && b[key] !== undefined) return false;
  return true;
}

/** Coordinate → everything that is said of it there, leaving out what has a coordinate of its own. */
function factsOf(group: Group): ReadonlyMap<string, ReadonlySet<string>> {
  const facts = new Map<string, Set<string>>();
  for (const element of group.elements()) {
    const said = facts.get(element.coordinate) ?? new Set();
    facts.set(element.coordinate, said);
    for (const fact of ownFacts(element)) said.add(fact);
  }
  return facts;
}

function* ownFacts({ node, kind, ...rest }: Element): Generator<string> {
  if ('type' in rest) yield rest.type.base;
  if ('description' in node && node.description !== undefined) yield `"${node.description.value}"`;
  if ('directives' in node) for (const directive of node.directives ?? []) yield print(directive);
  if ('interfaces' in node) for (const name of node.interfaces ?? []) yield `& ${name.name.value}`;
  if ('types' in node) for (const name of node.types ?? []) yield `| ${name.name.value}`;
  if (kind === 'DIRECTIVE') yield* directiveFacts(node);
  if ('type' in node) yield `: ${print(node.type)}`;
  if ('defaultValue' in node && node.defaultValue !== undefined)
    yield `= ${print(node.defaultValue)}`;
}

function* directiveFacts(node: DirectiveDefinitionNode): Generator<string> {
  if (node.repeatable) yield 'repeatable';
  for (const location of node.locations) yield `on ${location.value}`;
}

function compare(
  old: ReadonlyMap<string, ReadonlySet<string>>,
  now: ReadonlyMap<string, ReadonlySet<string>>,
  changed: Set<string>,
): void {
  for (const [coordinate, facts] of now) {
    const previous = old.get(coordinate);
    const same =
      previous !== undefined &&
      previous.size === facts.size &&
      [...facts].every((fact) => previous.has(fact));
    if (!same) changed.add(coordinate);
  }
  for (const coordinate of old.keys()) {
    if (now.has(coordinate)) continue;
    const parent = parentOf(coordinate);
    if (parent !== null && now.has(parent)) changed.add(parent);
  }
}

/** `Invoice` of `Invoice.lines`, `Invoice.lines` of `Invoice.lines(first:)`. */
function parentOf(coordinate: string): string | null {
  const end = coordinate.includes('(') ? coordinate.indexOf('(') : coordinate.indexOf('.');
  return end < 0 ? null : coordinate.slice(0, end);
}
