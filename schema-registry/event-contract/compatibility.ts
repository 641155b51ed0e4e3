import { containment } from './containment.ts';
import { createSameness } from './sameness.ts';
import type { Openness } from './containment.ts';
import type { Incompatibility } from './proof.ts';
import type { SchemaDocument } from './schema-document.ts';

/** Who must be able to read whom. The words mean what they mean in Confluent's registry. */
export const COMPATIBILITIES = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;
export type Compatibility = (typeof COMPATIBILITIES)[number];

/**
 * BACKWARD: readers with the newer schema take what was written with the older one. FORWARD: readers that still have the
 * older schema take what is written with the newer one.
 */
export type Direction = 'BACKWARD' | 'FORWARD';

/** An incompatibility, with the direction in which it stands. */
export interface Difference extends Incompatibility {
  readonly direction: Direction;
}

/**
 * Everything that stands against reading across two schemas in one direction; an empty list is a proof that nothing does.
 * Pure, and bounded: a comparison that grows without end answers the one incompatibility `COMPARISON_LIMIT`.
 */
export function compareSchemas(
  older: SchemaDocument,
  newer: SchemaDocument,
  options: { readonly direction: Direction; readonly openness: Openness },
): readonly Difference[] {
  const { direction, openness } = options;
  const [writer, reader] = direction === 'BACKWARD' ? [older, newer] : [newer, older];
  return containment(writer, reader, openness).map((found) => ({ ...found, direction }));
}

/** The directions that a mode asks for. */
export function directionsOf(mode: Compatibility): readonly Direction[] {
  switch (mode) {
    case 'NONE':
      return [];
    case 'BACKWARD':
    case 'BACKWARD_TRANSITIVE':
      return ['BACKWARD'];
    case 'FORWARD':
    case 'FORWARD_TRANSITIVE':
      return ['FORWARD'];
    case 'FULL':
    case 'FULL_TRANSITIVE':
      return ['BACKWARD', 'FORWARD'];
  }
}

/** Whether a mode asks for every version there was, instead of the last one. */
export function isTransitive(mode: Compatibility): boolean {
  return mode.endsWith('_TRANSITIVE');
}

/** How much a new version changes, as semantic versions count. */
export type ChangeKind = 'MAJOR' | 'MINOR' | 'PATCH';

/**
 * MAJOR: somebody may break, in a direction that the mode asks for; a mode of NONE is judged as FULL, since nobody was
 * promised less. MINOR: the schema says something else, and nobody breaks. PATCH: only the words changed.
 */
export function changeKind(
  older: SchemaDocument,
  newer: SchemaDocument,
  options: { readonly compatibility: Compatibility; readonly openness: Openness },
): ChangeKind {
  const { compatibility, openness } = options;
  const isSame = createSameness(
    (schema) => older.targets.get(schema) ?? newer.targets.get(schema) ?? [],
  );
  if (isSame(older.root, newer.root)) return 'PATCH';
  const directions = directionsOf(compatibility === 'NONE' ? 'FULL' : compatibility);
  const breaks = directions.some(
    (direction) => compareSchemas(older, newer, { direction, openness }).length > 0,
  );
  return breaks ? 'MAJOR' : 'MINOR';
}

/** The semantic version after a change of this kind; the first version of all is `1.0.0`. */
export function nextVersion(version: string | null, kind: ChangeKind): string {
  if (version === null) return '1.0.0';
  const [major = 1, minor = 0, patch = 0] = version.split('.').map(Number);
  if (kind === 'MAJOR') return `${major + 1}.0.0`;
  return kind === 'MINOR' ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`;
}
