import { Kind } from 'graphql';
import { coordinateNodes } from '../composition/coordinates.ts';
import { classificationsOf } from '../policy/classification.ts';
import type { DocumentNode } from 'graphql';
import type { SchemaChange } from '../check/result.ts';

/** A coordinate that a proposal changes. */
export interface TouchedCoordinate {
  readonly coordinate: string;
  /** The proposed subgraphs that define it, before or after; all of them when none does by itself. */
  readonly subgraphs: readonly string[];
  /** Its classification tags, before and after, its own and inherited ones. */
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

type Change = Pick<SchemaChange, 'coordinate' | 'type' | 'severity' | 'message'>;

/**
 * What a proposal touches: every coordinate of which the check found a difference, in the whole graph or in a contract
 * (filtered schema) of it, and every coordinate whose classification it changes, which no difference would show. `others` are the target's other contracts: they too may
 * classify what is changed here.
 */
export function touchedCoordinates(
  changes: readonly SchemaChange[],
  contracts: readonly ChangedContract[],
  others: readonly DocumentNode[],
): TouchedCoordinate[] {
  const outlines = contracts.map(outlineOf);
  const found = new Map<string, Map<string, TouchedCoordinate['changes'][number]>>();
  for (const change of [...changes.map(named), ...outlines.flatMap(reclassified)]) {
    const { coordinate, type, severity, message } = change;
    if (coordinate === null) continue;
    const known = found.get(coordinate) ?? new Map();
    found.set(coordinate, known.set(message, { type, severity, message }));
  }
  const before = classificationsOf(together([...contracts.map((each) => each.before), ...others]));
  const after = classificationsOf(together([...contracts.map((each) => each.after), ...others]));
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([coordinate, changes]) => {
      const tags = [before, after].flatMap((known) => known.get(coordinate) ?? []);
      return {
        coordinate,
        subgraphs: definers(coordinate, outlines),
        classifications: [...new Set(tags.map(({ tag }) => tag))].sort(),
        changes: [...changes.values()],
      };
    });
}

/** A difference that only the readers of one contract (filtered schema) see says so. */
function named(change: SchemaChange): Change {
  if (change.contract === null) return change;
  return { ...change, message: `For readers of "${change.contract}": ${change.message}` };
}

/** Contracts as one document, in which a type may be defined several times. */
function together(documents: readonly (DocumentNode | null)[]): DocumentNode {
  return {
    kind: Kind.DOCUMENT,
    definitions: documents.flatMap((document) => document?.definitions ?? []),
  };
}

/** Every coordinate of a contract with the classification tags of its own, as text; most often none. */
type OwnTags = ReadonlyMap<string, string>;

interface Outline {
  readonly subgraph: string;
  readonly before: OwnTags;
  readonly after: OwnTags;
}

function outlineOf({ subgraph, before, after }: ChangedContract): Outline {
  return { subgraph, before: ownTagsOf(before), after: ownTagsOf(after) };
}

function ownTagsOf(document: DocumentNode | null): OwnTags {
  if (document === null) return new Map();
  const classified = classificationsOf(document);
  return new Map(
    [...coordinateNodes(document)].map(({ coordinate }) => {
      const own = (classified.get(coordinate) ?? []).filter(({ from }) => from === coordinate);
      const tags = own.map(({ tag }) => tag).sort();
      return [coordinate, tags.length === 0 ? 'none' : tags.join(', ')];
    }),
  );
}

/** Coordinates that stay but carry other classification tags than before. */
function reclassified({ before, after }: Outline): Change[] {
  return [...after].flatMap(([coordinate, tags]): Change[] => {
    const old = before.get(coordinate);
    if (old === undefined || old === tags) return [];
    const message = `The classification of "${coordinate}" changes from ${old} to ${tags}.`;
    return [{ coordinate, type: 'CLASSIFICATION_CHANGED', severity: 'DANGEROUS', message }];
  });
}

function definers(coordinate: string, outlines: readonly Outline[]): string[] {
  const defining = outlines.filter(
    ({ before, after }) => before.has(coordinate) || after.has(coordinate),
  );
  return (defining.length === 0 ? outlines : defining).map(({ subgraph }) => subgraph).sort();
}
