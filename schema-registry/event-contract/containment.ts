import { canonicalJson } from '#kernel/json.ts';
import { KEYWORD_TABLE, UNKNOWN_KEYWORD } from './keyword-table.ts';
import { described, isImpossible, placeOf, typesOf, valuesOf } from './place.ts';
import { areDisjoint } from './disjointness.ts';
import { inPlaceOf } from './object-place.ts';
import { isKeyword, isSilent, pointerTo, valueOf } from './schema-vocabulary.ts';
import { createSameness } from './sameness.ts';
import type { Place, Targets } from './place.ts';
import type { Incompatibility, Proof } from './proof.ts';
import type { SchemaDocument } from './schema-document.ts';
import type { Keyword, Schema, SchemaObject } from './schema-vocabulary.ts';

/** How undeclared properties of an open object are judged. */
export type Openness = 'STRICT' | 'LENIENT';

/** One comparison asks so many questions at the most, which takes about a second; a payload of 500 properties needs a tenth. */
const QUESTIONS_MAX = 20_000;
const PARTS_PER_QUESTION = 32;
/** Questions within questions; far below what the stack bears. */
const DEPTH_MAX = 150;
/** Longer lists of values are judged as a whole, not value by value. */
const VALUES_MAX = 64;

class BoundsReached extends Error {}

/**
 * Whether everything that is valid under the writer's schema is valid under the reader's: an empty list means that this
 * is proven. What cannot be proven is listed, so an undecided case counts as incompatible.
 *
 * The proof goes keyword by keyword through the reader's schema. Where the writer has branches and the whole is not
 * enough, each branch is proven apart. A question that comes again further down in the instance (a recursive schema) is
 * taken as answered: instances end, so the answer holds by induction over their depth.
 */
export function containment(
  writer: SchemaDocument,
  reader: SchemaDocument,
  openness: Openness,
): readonly Incompatibility[] {
  const search = createSearch(
    (schema) => writer.targets.get(schema) ?? reader.targets.get(schema) ?? [],
  );
  const strict = createProof(search, 'STRICT', null);
  const proof = openness === 'STRICT' ? strict : createProof(search, 'LENIENT', strict);
  try {
    return proof.prove([writer.root], reader.root, '');
  } catch (error) {
    if (!(error instanceof BoundsReached)) throw error;
    return [
      {
        pointer: '',
        keyword: '',
        rule: 'COMPARISON_LIMIT',
        message: error.message,
        reason:
          'What is not decided within the bounds is refused: branches within branches make the work grow without end.',
      },
    ];
  }
}

/** What the questions of one comparison share. */
interface Search {
  readonly targets: Targets;
  readonly same: (a: Schema, b: Schema) => boolean;
  /** The questions that are being answered: writer's schemas, reader's schema and openness, as one text. */
  readonly assumed: Set<string>;
  readonly idOf: (schema: Schema) => number;
  readonly textsOf: (values: readonly unknown[]) => ReadonlySet<string>;
  /** Runs one question within the bounds. */
  readonly within: <Answer>(work: () => Answer) => Answer;
  /** Counts a question of this many parts: one that is as large as a whole document is not one of thousands. */
  readonly weigh: (parts: number) => void;
}

function createSearch(targets: Targets): Search {
  const ids = new Map<Schema, number>();
  const texts = new Map<readonly unknown[], ReadonlySet<string>>();
  let questions = 0;
  let depth = 0;
  const weigh = (parts: number): void => {
    questions += Math.ceil(parts / PARTS_PER_QUESTION);
    if (questions > QUESTIONS_MAX || depth > DEPTH_MAX)
      throw new BoundsReached(
        `The comparison needs more than ${QUESTIONS_MAX} questions or goes deeper than ${DEPTH_MAX}. Use fewer branches (anyOf, oneOf) within branches.`,
      );
  };
  return {
    targets,
    same: createSameness(targets),
    assumed: new Set(),
    textsOf: (values) => {
      const known = texts.get(values) ?? new Set(values.map((value) => canonicalJson(value)));
      texts.set(values, known);
      return known;
    },
    idOf: (schema) => {
      const id = ids.get(schema) ?? ids.size;
      ids.set(schema, id);
      return id;
    },
    weigh,
    within: (work) => {
      depth += 1;
      weigh(1);
      try {
        return work();
      } finally {
        depth -= 1;
      }
    },
  };
}

function createProof(search: Search, openness: Openness, strict: Proof | null): Proof {
  const { targets } = search;
  const proof: Proof = {
    openness,
    targets,
    same: search.same,
    strict: () => strict ?? proof,
    place: (schemas) => placeOf(schemas, targets),
    narrowed: (place, schemas) => placeOf([...place.schemas, ...schemas], targets, place.opened),
    textsOf: search.textsOf,
    disjoint: (a, b) => areDisjoint(a, b, search),
    prove: (schemas, reader, pointer) => {
      const place = placeOf(schemas, targets);
      if (isImpossible(place)) return [];
      return [
        ...locationDifferences(place, reader, pointer, proof),
        ...proof.proveHere(place, reader, pointer),
      ];
    },
    proveHere: (place, reader, pointer) =>
      search.within(() => answer({ place, reader, pointer }, proof, search)),
  };
  return proof;
}

function answer(
  { place, reader, pointer }: { place: Place; reader: Schema; pointer: string },
  proof: Proof,
  search: Search,
): readonly Incompatibility[] {
  if (reader === true || isImpossible(place)) return [];
  search.weigh(partsOf(place));
  if (reader === false) return [nothingTaken(pointer)];
  if (place.schemas.some((schema) => search.same(schema, reader))) return [];
  const key = questionKey(place, reader, { idOf: search.idOf, openness: proof.openness });
  if (search.assumed.has(key)) return [];
  search.assumed.add(key);
  try {
    const found = keywordDifferences(place, reader, pointer, proof);
    if (found.length === 0) return found;
    const branches = branchesOf(place, search);
    const isProven = branches?.every(
      (branch) => proof.proveHere(branch, reader, pointer).length === 0,
    );
    return isProven === true ? [] : found;
  } finally {
    search.assumed.delete(key);
  }
}

/** How much there is to look at in one question. */
function partsOf(place: Place): number {
  const names = place.schemas.map((schema) => {
    const maps = [schema['properties'], schema['patternProperties'], schema];
    return maps.reduce<number>((sum, map) => sum + Object.keys(map ?? {}).length, 0);
  });
  return names.reduce((sum, count) => sum + count, valuesOf(place)?.length ?? 0);
}

function questionKey(
  place: Place,
  reader: Schema,
  by: { readonly idOf: Search['idOf']; readonly openness: Openness },
): string {
  const writer = place.schemas.map(by.idOf).sort((a, b) => a - b);
  return [by.openness, writer.join('.'), [...place.opened].join('.'), by.idOf(reader)].join('|');
}

/** The reader's keywords, one after another, each by its rule in the table. */
function keywordDifferences(
  place: Place,
  reader: SchemaObject,
  pointer: string,
  proof: Proof,
): readonly Incompatibility[] {
  return Object.entries(reader).flatMap(([keyword, value]) => {
    if (!isKeyword(keyword)) return [];
    const entry = KEYWORD_TABLE[keyword];
    if (entry.decided !== 'by proof') return [];
    return entry.prove({ place, reader, keyword, value, pointer }, proof).map((found) => ({
      rule: entry.rule,
      reason: entry.reason,
      keyword,
      ...found,
    }));
  });
}

/** Keywords that both sides must say in the same way, in whichever branch they stand. */
function locationDifferences(
  place: Place,
  reader: Schema,
  pointer: string,
  proof: Proof,
): readonly Incompatibility[] {
  const [here, there] = [everywhere(place.schemas, proof), everywhere([reader], proof)];
  const keywords = new Set([...here, ...there].flatMap((schema) => Object.keys(schema)));
  return [...keywords].flatMap((keyword): Incompatibility[] => {
    if (isSilent(keyword)) return [];
    const entry = isKeyword(keyword) ? KEYWORD_TABLE[keyword] : UNKNOWN_KEYWORD;
    if (entry.decided !== 'by being the same') return [];
    if (proof.same(alone(here, keyword), alone(there, keyword))) return [];
    const message = `"${keyword}" differs between the two, or stands on one side only.`;
    return [
      {
        pointer: pointerTo(pointer, keyword),
        keyword,
        rule: entry.rule,
        message,
        reason: entry.reason,
      },
    ];
  });
}

/** Every schema that speaks of the same instance, branches included. */
function everywhere(schemas: readonly Schema[], proof: Proof): Set<SchemaObject> {
  const found = new Set<SchemaObject>();
  const visit = (schema: Schema): void => {
    if (typeof schema === 'boolean' || found.has(schema)) return;
    found.add(schema);
    inPlaceOf(schema, proof.targets).forEach(visit);
  };
  schemas.forEach(visit);
  return found;
}

/** What the schemas say by one keyword, as a schema of its own. */
function alone(schemas: ReadonlySet<SchemaObject>, keyword: string): SchemaObject {
  const saying = [...schemas].filter((schema) => keyword in schema);
  return { allOf: saying.map((schema) => ({ [keyword]: schema[keyword] })) };
}

function nothingTaken(pointer: string): Incompatibility {
  return {
    pointer,
    keyword: '',
    rule: 'NOTHING_TAKEN',
    message: 'The writer may send a value here, and the reader takes none.',
    reason: 'The schema `false` refuses every value.',
  };
}

/** Smaller places that together are the whole place, or null when it has no branches left to open. */
function branchesOf(place: Place, { targets, idOf }: Search): readonly Place[] | null {
  const opening = (name: string, branches: readonly (readonly Schema[])[]): readonly Place[] =>
    branches.map((branch) =>
      placeOf([...place.schemas, ...branch], targets, new Set([...place.opened, name])),
    );
  for (const schema of place.schemas) {
    for (const keyword of ['anyOf', 'oneOf', 'if'] as const satisfies readonly Keyword[]) {
      const name = `${idOf(schema)}${keyword}`;
      if (schema[keyword] === undefined || place.opened.has(name)) continue;
      return opening(name, branchesBy(schema, keyword));
    }
  }
  const values = valuesOf(place);
  if (values !== null && values.length > 1 && values.length <= VALUES_MAX)
    return opening(
      'values',
      values.map((value) => [described(value)]),
    );
  const types = new Set(
    [...typesOf(place)].map((type) =>
      type === 'fraction' || type === 'integer' ? 'number' : type,
    ),
  );
  return types.size > 1 && !place.opened.has('types')
    ? opening(
        'types',
        [...types].map((type) => [{ type }]),
      )
    : null;
}

function branchesBy(
  schema: SchemaObject,
  keyword: 'anyOf' | 'oneOf' | 'if',
): readonly (readonly Schema[])[] {
  if (keyword !== 'if') return (valueOf(schema, keyword) ?? []).map((branch) => [branch]);
  const { if: condition, then = true, else: otherwise = true } = schema;
  return [[condition as Schema, then as Schema], [otherwise as Schema]];
}
