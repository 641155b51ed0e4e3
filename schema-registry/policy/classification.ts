import {
  directivesOf,
  elementsOf,
  implementationsOf,
  interfacesOf,
  namedType,
  textArgument,
  typesOf,
} from './element.ts';
import type { DocumentNode } from 'graphql';
import type { Element, TypeParts } from './element.ts';

/** Tags that classify data; other tags only sort it. */
export const CLASSIFICATION_TAGS: readonly string[] = ['pii', 'bank', 'restricted'];

/** Why a coordinate carries a tag: its own, or that of the coordinate it has it from. */
export interface Classification {
  readonly tag: string;
  /** The coordinate that is tagged; the same one when the tag is its own. */
  readonly from: string;
}

const TAG = new Set(['tag']);

/**
 * Coordinate → the tags that it carries itself or inherits, for every coordinate that carries any. A type hands its tags
 * to its fields, values and input fields, to every field that answers it, and to every argument and input field that takes
 * it; an interface also to its implementations. A field hands its tags to its arguments. A field of an interface and the
 * same field of its implementations carry each other's tags, because either leads to the same data.
 */
export function classificationsOf(
  supergraph: DocumentNode,
  tags: readonly string[] = CLASSIFICATION_TAGS,
): ReadonlyMap<string, readonly Classification[]> {
  const elements = [...elementsOf(supergraph)];
  const own = ownTags(elements, new Set(tags));
  if (own.size === 0) return new Map();
  const types = typesOf(supergraph);
  const lineage: Lineage = { types, implementations: implementationsOf(types) };
  const found = new Map<string, readonly Classification[]>();
  for (const element of elements) {
    const all = [...sourcesOf(element, lineage)].flatMap((from) =>
      (own.get(from) ?? []).map((tag) => ({ tag, from })),
    );
    if (all.length > 0)
      found.set(element.coordinate, oncePerTag(found.get(element.coordinate) ?? [], all));
  }
  return found;
}

function ownTags(
  elements: readonly Element[],
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, readonly string[]> {
  const own = new Map<string, string[]>();
  for (const { coordinate, node } of elements) {
    if (!('directives' in node)) continue;
    const tags = directivesOf(node, TAG)
      .map((directive) => textArgument(directive, 'name'))
      .filter((tag) => tag !== null)
      .filter((tag) => wanted.has(tag));
    if (tags.length > 0) own.set(coordinate, [...(own.get(coordinate) ?? []), ...tags]);
  }
  return own;
}

/** What hands tags down: types, and what implements them. */
interface Lineage {
  readonly types: ReadonlyMap<string, TypeParts>;
  /** Interface → the types that implement it. */
  readonly implementations: ReadonlyMap<string, readonly string[]>;
}

/** The coordinates whose own tags an element carries, itself first. */
function* sourcesOf(element: Element, lineage: Lineage): Generator<string> {
  const { coordinate, node, kind } = element;
  yield coordinate;
  if (kind === 'DIRECTIVE' || kind === 'DIRECTIVE_ARGUMENT') return;
  yield* kindsOf(element.type.name, lineage);
  if ('type' in node) yield* kindsOf(namedType(node.type), lineage);
  if (kind === 'ARGUMENT') yield coordinate.slice(0, coordinate.indexOf('('));
  if (kind !== 'FIELD' && kind !== 'ARGUMENT') return;
  const member = coordinate.slice(element.type.name.length);
  for (const relative of [
    ...interfacesOf(element.type),
    ...(lineage.implementations.get(element.type.name) ?? []),
  ]) {
    yield `${relative}${member}`;
    if (kind === 'ARGUMENT') yield `${relative}${member.slice(0, member.indexOf('('))}`;
  }
}

/** A type is also what its interfaces are. */
function* kindsOf(name: string, { types }: Lineage): Generator<string> {
  yield name;
  const type = types.get(name);
  if (type !== undefined) yield* interfacesOf(type);
}

function oncePerTag(
  first: readonly Classification[],
  more: readonly Classification[],
): readonly Classification[] {
  const all = new Map<string, Classification>();
  for (const classification of [...first, ...more])
    if (!all.has(classification.tag)) all.set(classification.tag, classification);
  return [...all.values()];
}
