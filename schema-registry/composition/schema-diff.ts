import { diff } from '@graphql-inspector/core';
import { DirectiveLocation, print, visit } from 'graphql';
import { canonicalJson } from '#kernel/json.ts';
import { sha256 } from '#kernel/id.ts';
import { affectedBy, typeOfChange } from './change-table.ts';
import { coordinateNodes } from './coordinates.ts';
import { typeName } from './inaccessible.ts';
import type { ASTNode, DocumentNode, GraphQLSchema } from 'graphql';
import type { InspectedChange } from './change-table.ts';
import type { CoordinateNode } from './coordinates.ts';

/** A schema in the three forms in which it is asked. */
export interface SchemaView {
  readonly document: DocumentNode;
  readonly schema: GraphQLSchema;
  readonly definitions: ReadonlyMap<string, Definition>;
}

/** A coordinate's definition, by which a change is named. */
export type Definition = Pick<CoordinateNode, 'kind' | 'parent' | 'node'>;

/** What was in a schema and is not any more. */
export interface RemovedCoordinate {
  readonly coordinate: string;
  readonly kind: CoordinateNode['kind'];
  /**
   * False when it went together with something else, which is then what was removed: a field with its type, a type with the
   * fields that led to it. A type goes by itself when something that led to it remains and leads elsewhere now.
   */
  readonly isByItself: boolean;
  /** Fields, input fields or values of a type; of everything else none. */
  readonly members: readonly {
    readonly coordinate: string;
    readonly kind: CoordinateNode['kind'];
  }[];
}

/** One difference between two schemas, before anybody asks who uses what. */
export interface DetectedChange {
  readonly hash: string;
  readonly type: string;
  readonly coordinate: string | null;
  readonly message: string;
  readonly severity: 'BREAKING' | 'DANGEROUS' | 'SAFE';
  /** Coordinates whose use makes the change hurt; empty when use cannot tell. */
  readonly usedBy: readonly string[];
  /** For an input that became required: nobody is hurt when each use of `of` gave a value there. */
  readonly nonNull: string | null;
}

/** Every change from one schema to another, worst first. */
export async function diffSchemas(
  before: SchemaView,
  after: SchemaView,
): Promise<DetectedChange[]> {
  const changes = await diff(before.schema, after.schema);
  const detected = changes
    .filter((change) => !isInsideNewType(change, before.schema))
    .map((change): DetectedChange => {
      const { coordinate, usedBy, nonNull } = affectedBy(change, before.schema);
      return {
        hash: changeHash(change, coordinate, before, after),
        type: change.type,
        coordinate,
        message: change.message,
        severity: isForServersOnly(change, before.schema)
          ? 'SAFE'
          : (SEVERITIES[change.criticality.level] ?? 'SAFE'),
        usedBy,
        nonNull,
      };
    });
  return detected.sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

const ORDER: readonly DetectedChange['severity'][] = ['BREAKING', 'DANGEROUS', 'SAFE'];
const SEVERITIES: Readonly<Record<string, DetectedChange['severity']>> = {
  BREAKING: 'BREAKING',
  DANGEROUS: 'DANGEROUS',
  NON_BREAKING: 'SAFE',
};

/** A new type is one change; that its fields are new as well needs no saying. */
function isInsideNewType(change: InspectedChange, before: GraphQLSchema): boolean {
  const type = typeOfChange(change);
  return type !== null && change.type !== 'TYPE_ADDED' && before.getType(type) === undefined;
}

const CLIENT_LOCATIONS: ReadonlySet<string> = new Set([
  DirectiveLocation.QUERY,
  DirectiveLocation.MUTATION,
  DirectiveLocation.SUBSCRIPTION,
  DirectiveLocation.FIELD,
  DirectiveLocation.FRAGMENT_DEFINITION,
  DirectiveLocation.FRAGMENT_SPREAD,
  DirectiveLocation.INLINE_FRAGMENT,
  DirectiveLocation.VARIABLE_DEFINITION,
]);

/** Directives on definitions, `@sunset` for one, are not part of what a client writes. */
function isForServersOnly(change: InspectedChange, before: GraphQLSchema): boolean {
  if (change.type.startsWith('DIRECTIVE_USAGE_')) return true;
  if (!change.type.startsWith('DIRECTIVE_')) return false;
  const name = /^@?(\w+)/.exec(change.path ?? '')?.[1] ?? '';
  const locations = before.getDirective(name)?.locations ?? [];
  return !locations.some((location) => CLIENT_LOCATIONS.has(location));
}

/**
 * Names a change by kind, coordinate, what the diff says of it and the definitions on both sides: the same change again has
 * the same name, and no other one has. Two members that leave a union are two changes of one coordinate.
 */
function changeHash(
  { type, meta }: InspectedChange,
  coordinate: string | null,
  before: SchemaView,
  after: SchemaView,
): string {
  const of = ({ definitions, schema }: SchemaView): string | null => {
    const directive = /^@(\w+)/.exec(coordinate ?? '')?.[1];
    const node =
      directive === undefined
        ? definitions.get(coordinate ?? '')?.node
        : schema.getDirective(directive)?.astNode;
    return node ? undescribed(node) : null;
  };
  return sha256(canonicalJson({ type, coordinate, meta, before: of(before), after: of(after) }));
}

export function definitionsOf(document: DocumentNode): Map<string, Definition> {
  return new Map([...coordinateNodes(document)].map((node) => [node.coordinate, node]));
}

/** A definition as text without descriptions; a type's text has its members in it. */
function undescribed(node: ASTNode): string {
  return print(
    visit(node, { StringValue: (_text, key) => (key === 'description' ? null : undefined) }),
  );
}

export function removedCoordinates(before: SchemaView, after: SchemaView): RemovedCoordinate[] {
  const gone = [...before.definitions].filter(([coordinate]) => !after.definitions.has(coordinate));
  if (gone.length === 0) return [];
  const left = leftTypes(before, after);
  const members = Map.groupBy(gone, ([, { parent }]) => parent);
  return gone.map(([coordinate, { kind, parent }]) => {
    if (kind !== 'TYPE') {
      const isByItself = parent !== null && after.definitions.has(parent);
      return { coordinate, kind, isByItself, members: [] };
    }
    const own = (members.get(coordinate) ?? []).map(([name, member]) => ({
      coordinate: name,
      kind: member.kind,
    }));
    return { coordinate, kind, isByItself: left.has(coordinate), members: own };
  });
}

/** The types that something which remains led to: a field's or argument's type, a union's member, an interface's implementor. */
function leftTypes(before: SchemaView, after: SchemaView): ReadonlySet<string> {
  const { schema, definitions } = before;
  const left = new Set(
    [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap(
      (root) => root?.name ?? [],
    ),
  );
  for (const [coordinate, { node }] of definitions) {
    const remains = after.definitions.has(coordinate);
    if (remains && 'type' in node) left.add(typeName(node.type));
    if (remains && 'types' in node) for (const { name } of node.types ?? []) left.add(name.value);
    if (!('interfaces' in node)) continue;
    for (const { name } of node.interfaces ?? []) {
      if (remains) left.add(name.value);
      if (after.definitions.has(name.value)) left.add(coordinate);
    }
  }
  return left;
}
