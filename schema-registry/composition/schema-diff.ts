import { diff } from '@graphql-inspector/core';
import { DirectiveLocation, print } from 'graphql';
import { canonicalJson } from '#kernel/json.ts';
import { sha256 } from '#kernel/id.ts';
import { affectedBy, typeOfChange } from './change-table.ts';
import { coordinateNodes } from './coordinates.ts';
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
  /** False when it went together with its type or field: then that is what was removed. */
  readonly parentRemains: boolean;
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
        hash: changeHash(change.type, coordinate, before, after),
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

/** Names a change by kind, coordinate and the definitions on both sides: the same change again has the same name. */
function changeHash(
  type: string,
  coordinate: string | null,
  before: SchemaView,
  after: SchemaView,
): string {
  const of = ({ definitions }: SchemaView): string | null => {
    const node = coordinate === null ? undefined : definitions.get(coordinate)?.node;
    return node === undefined ? null : undescribed(node);
  };
  return sha256(canonicalJson({ type, coordinate, before: of(before), after: of(after) }));
}

export function definitionsOf(document: DocumentNode): Map<string, Definition> {
  return new Map([...coordinateNodes(document)].map((node) => [node.coordinate, node]));
}

/** A definition as text without its description; a type's text has its members in it. */
function undescribed(node: CoordinateNode['node']): string {
  const bare: { description?: unknown } & ASTNode = { ...node };
  delete bare.description;
  return print(bare);
}

export function removedCoordinates(before: SchemaView, after: SchemaView): RemovedCoordinate[] {
  return [...before.definitions].flatMap(([coordinate, { kind, parent }]) => {
    if (after.definitions.has(coordinate)) return [];
    const parentRemains = parent !== null && after.definitions.has(parent);
    return [{ coordinate, kind, parentRemains }];
  });
}
