import type { Data } from './data.ts';
import type { Representation } from './representation.ts';

/** Which representation tells an entity: equal ones are one. Null for an entity that cannot be told. */
export type RepresentationIndex = (entity: Data) => number | null;

/** The first entity that was told by a representation. */
interface Told {
  readonly entity: Data;
  readonly index: number;
}

/** Appends representations that are new to `texts`. */
export function representationIndex(
  representation: Representation,
  texts: string[],
): RepresentationIndex {
  const byText = createTextIndex(texts);
  return representation.isRewritten
    ? (entity) => byText.indexOf(representation.write(entity))
    : indexByFields(representation, texts, byText);
}

/**
 * Entities are mostly told apart by one field: its value is compared first, then all that are read, and only where that
 * does not decide it is the text of their representations.
 */
function indexByFields(
  { write, fieldsOf }: Representation,
  texts: string[],
  byText: TextIndex,
): RepresentationIndex {
  const toldByName = new Map<unknown, Map<unknown, Told>>();
  let near: { name: unknown; fields: readonly string[]; told: Map<unknown, Told> } | null = null;
  return (entity) => {
    const name = entity['__typename'];
    // Neighbours are mostly of one type.
    if (near === null || near.name !== name) {
      const told = toldByName.get(name) ?? new Map<unknown, Told>();
      toldByName.set(name, told);
      near = { name, fields: fieldsOf(name), told };
    }
    const { fields, told } = near;
    const first = entity[fields[0] ?? ''];
    // Objects may be the same and not one.
    if (typeof first === 'object') return byText.indexOf(write(entity));
    const before = told.get(first);
    if (before === undefined) {
      const text = write(entity);
      if (text === null) return null;
      const index = texts.push(text) - 1;
      told.set(first, { entity, index });
      return index;
    }
    if (isAlike(before.entity, entity, fields)) return before.index;
    byText.note(before.index);
    return byText.indexOf(write(entity));
  };
}

/** Whether the fields have the same values; objects are the same only when they are one. */
function isAlike(one: Data, other: Data, fields: readonly string[]): boolean {
  for (let at = 0; at < fields.length; at += 1) {
    const field = fields[at] ?? '';
    if (one[field] !== other[field]) return false;
  }
  return true;
}

interface TextIndex {
  /** Appends the text where it is new. */
  indexOf(text: string | null): number | null;
  /** Lets the text at the index be found. */
  note(index: number): void;
}

function createTextIndex(texts: string[]): TextIndex {
  const known = new Map<string, number>();
  return {
    indexOf: (text) => {
      if (text === null) return null;
      const index = known.get(text) ?? texts.push(text) - 1;
      known.set(text, index);
      return index;
    },
    note: (index) => {
      const text = texts[index];
      if (text !== undefined) known.set(text, index);
    },
  };
}
