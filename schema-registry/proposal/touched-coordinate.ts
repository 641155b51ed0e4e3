import { Kind } from 'graphql';
import { coordinateNodes, textArgument } from '../composition/coordinates.ts';
import type { DocumentNode, TypeNode } from 'graphql';
import type { SchemaChange } from '../check/result.ts';

/** Tags that say what kind of data a field carries; a change of what carries one is reviewed by those who answer for it. */
export const CLASSIFICATIONS = ['pii', 'bank', 'restricted'] as const;

/** A coordinate that a proposal changes. */
export interface TouchedCoordinate {
  readonly coordinate: string;
  /** The proposed subgraphs that define it, before or after; all of them when none does by itself. */
  readonly subgraphs: readonly string[];
  /** Its classification tags, before and after: its own, those of what it lies within, and those of the type that it gives. */
  readonly classifications: readonly string[];
  readonly changes: readonly {
    readonly type: string;
    readonly severity: SchemaChange['severity'];
    readonly message: string;
  }[];
}

/** A subgraph that a proposal changes: its contract as it is, and as it is to be; null when there is none. */
export interface ChangedContract {
  readonly subgraph: string;
  readonly before: DocumentNode | null;
  readonly after: DocumentNode | null;
}

/**
 * What a proposal touches: every coordinate of which the check found a difference, and every coordinate whose classification
 * it changes, which no difference of the API schema would show. `others` are the target's other contracts: they too may
 * classify what is changed here.
 */
export function touchedCoordinates(
  changes: readonly SchemaChange[],
  contracts: readonly ChangedContract[],
  others: readonly DocumentNode[],
): TouchedCoordinate[] {
  const outlines = contracts.map((contract) => ({
    subgraph: contract.subgraph,
    before: outlineOf(contract.before),
    after: outlineOf(contract.after),
  }));
  const found = new Map<string, TouchedCoordinate['changes'][number][]>();
  for (const change of [...changes.filter(isOfWholeGraph), ...outlines.flatMap(reclassified)]) {
    const coordinate = change.coordinate;
    if (coordinate === null) continue;
    const { type, severity, message } = change;
    found.set(coordinate, [...(found.get(coordinate) ?? []), { type, severity, message }]);
  }
  const all = [
    ...outlines.flatMap(({ before, after }) => [before, after]),
    ...others.map(outlineOf),
  ];
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([coordinate, changes]) => ({
      coordinate,
      subgraphs: definers(coordinate, outlines),
      classifications: classificationsOf(coordinate, all),
      changes,
    }));
}

/** A contract shows a part of what the whole graph shows. */
function isOfWholeGraph(change: SchemaChange): boolean {
  return change.contract === null;
}

/** Every coordinate of a contract, with its own classification tags and the name of the type that it gives or takes. */
type Outline = ReadonlyMap<
  string,
  { readonly tags: ReadonlySet<string>; readonly type: string | null }
>;

function outlineOf(document: DocumentNode | null): Outline {
  const outline = new Map<string, { tags: Set<string>; type: string | null }>();
  if (document === null) return outline;
  for (const { coordinate, node } of coordinateNodes(document)) {
    const tags = outline.get(coordinate)?.tags ?? new Set();
    for (const directive of node.directives ?? []) {
      const name = directive.name.value === 'tag' ? textArgument(directive, 'name') : null;
      if (name !== null && isClassification(name)) tags.add(name);
    }
    outline.set(coordinate, { tags, type: 'type' in node ? namedType(node.type) : null });
  }
  return outline;
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

function classificationsOf(coordinate: string, outlines: readonly Outline[]): string[] {
  const given = outlines.flatMap((outline) => outline.get(coordinate)?.type ?? []);
  const places = [...enclosing(coordinate), ...given];
  return CLASSIFICATIONS.filter((tag) =>
    places.some((place) => outlines.some((outline) => outline.get(place)?.tags.has(tag) === true)),
  );
}

function isClassification(tag: string): boolean {
  return CLASSIFICATIONS.some((known) => known === tag);
}

interface OutlinedChange {
  readonly subgraph: string;
  readonly before: Outline;
  readonly after: Outline;
}

/** Coordinates that stay but carry other classification tags than before. */
function reclassified({
  before,
  after,
}: OutlinedChange): Pick<SchemaChange, 'coordinate' | 'type' | 'severity' | 'message'>[] {
  return [...after].flatMap(([coordinate, { tags }]) => {
    const old = before.get(coordinate)?.tags;
    if (old === undefined || listed(old) === listed(tags)) return [];
    const message = `The classification of "${coordinate}" changes from ${listed(old)} to ${listed(tags)}.`;
    return [{ coordinate, type: 'CLASSIFICATION_CHANGED', severity: 'DANGEROUS', message }];
  });
}

function listed(tags: ReadonlySet<string>): string {
  return tags.size === 0 ? 'none' : [...tags].sort().join(', ');
}

/** `Type.field(arg:)` lies within `Type.field` and `Type`. */
function enclosing(coordinate: string): string[] {
  const field = coordinate.split('(', 1)[0] ?? coordinate;
  const type = field.split('.', 1)[0] ?? field;
  return [...new Set([coordinate, field, type])];
}

function definers(coordinate: string, outlines: readonly OutlinedChange[]): string[] {
  const defining = outlines.filter(
    ({ before, after }) => before.has(coordinate) || after.has(coordinate),
  );
  return (defining.length === 0 ? outlines : defining).map(({ subgraph }) => subgraph).sort();
}
