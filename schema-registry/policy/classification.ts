import { Kind } from 'graphql';
import { textArgument } from '../composition/coordinates.ts';
import { directivesOf, implementationsOf, interfacesOf, namedType, typesOf } from './element.ts';
import type {
  DocumentNode,
  EnumValueDefinitionNode,
  FieldDefinitionNode,
  InputValueDefinitionNode,
} from 'graphql';
import type { TypePart, TypeParts } from './element.ts';

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
  const types = typesOf(supergraph);
  const tagged = ownTags(types, new Set(tags));
  const found = new Map<string, Classification[]>();
  if (tagged.size === 0) return found;
  const lineage: Lineage = { types, implementations: implementationsOf(types), tagged };
  for (const type of types.values()) {
    const ofType = kindTags(type.name, lineage);
    if (ofType.length > 0) add(found, type.name, ofType);
    for (const part of type.parts)
      for (const { node, outer } of membersOf(part)) {
        const all = [...ofType, ...memberTags(type, { node, outer }, lineage)];
        if (all.length > 0) add(found, coordinateOf(type.name, { node, outer }), all);
      }
  }
  return found;
}

type MemberNode = FieldDefinitionNode | InputValueDefinitionNode | EnumValueDefinitionNode;

/** A field, input field, value or argument; `outer` is the field of an argument. */
interface Member {
  readonly node: MemberNode;
  readonly outer: FieldDefinitionNode | null;
}

function* membersOf(part: TypePart): Generator<Member> {
  if ('values' in part) for (const node of part.values ?? []) yield { node, outer: null };
  if (!('fields' in part)) return;
  for (const node of part.fields ?? []) {
    yield { node, outer: null };
    if (node.kind === Kind.FIELD_DEFINITION)
      for (const argument of node.arguments ?? []) yield { node: argument, outer: node };
  }
}

function coordinateOf(type: string, { node, outer }: Member): string {
  return outer === null
    ? `${type}.${node.name.value}`
    : `${type}.${outer.name.value}(${node.name.value}:)`;
}

/** What hands tags down: types, what implements them, and what is tagged itself. */
interface Lineage {
  readonly types: ReadonlyMap<string, TypeParts>;
  /** Interface → the types that implement it. */
  readonly implementations: ReadonlyMap<string, readonly string[]>;
  /** Coordinate → its own tags. */
  readonly tagged: ReadonlyMap<string, readonly Classification[]>;
}

function ownTags(
  types: ReadonlyMap<string, TypeParts>,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, readonly Classification[]> {
  const own = new Map<string, Classification[]>();
  const read = (node: TypePart | MemberNode, coordinate: () => string): void => {
    if (node.directives === undefined || node.directives.length === 0) return;
    for (const directive of directivesOf(node, TAG)) {
      const tag = textArgument(directive, 'name');
      if (tag !== null && wanted.has(tag)) add(own, coordinate(), [{ tag, from: coordinate() }]);
    }
  };
  for (const { name, parts } of types.values())
    for (const part of parts) {
      read(part, () => name);
      for (const member of membersOf(part)) read(member.node, () => coordinateOf(name, member));
    }
  return own;
}

/** A type is also what its interfaces are. */
function kindTags(name: string, { types, tagged }: Lineage): readonly Classification[] {
  const own = tagged.get(name) ?? NONE;
  const type = types.get(name);
  const interfaces = type === undefined ? [] : interfacesOf(type);
  if (interfaces.length === 0) return own;
  return [...own, ...interfaces.flatMap((parent) => tagged.get(parent) ?? NONE)];
}

const NONE: readonly Classification[] = [];

/** Its own tags first, then those that it has from its type, from its field, and from the same member of relatives. */
function* memberTags(type: TypeParts, member: Member, lineage: Lineage): Generator<Classification> {
  const { tagged } = lineage;
  const { node, outer } = member;
  yield* tagged.get(coordinateOf(type.name, member)) ?? NONE;
  if ('type' in node) yield* kindTags(namedType(node.type), lineage);
  if (outer !== null) yield* tagged.get(`${type.name}.${outer.name.value}`) ?? NONE;
  if (node.kind === Kind.ENUM_VALUE_DEFINITION) return;
  for (const relative of [
    ...interfacesOf(type),
    ...(lineage.implementations.get(type.name) ?? []),
  ]) {
    yield* tagged.get(coordinateOf(relative, member)) ?? NONE;
    if (outer !== null) yield* tagged.get(`${relative}.${outer.name.value}`) ?? NONE;
  }
}

/** Once per tag: the nearest source is named. */
function add(
  found: Map<string, Classification[]>,
  coordinate: string,
  more: readonly Classification[],
): void {
  const known = found.get(coordinate) ?? [];
  for (const classification of more)
    if (!known.some(({ tag }) => tag === classification.tag)) known.push(classification);
  found.set(coordinate, known);
}
