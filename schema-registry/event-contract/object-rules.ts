import { isImpossible, matchesAny, mayBe, namedSchemas, requiredOf } from './place.ts';
import { declaredAt, declares, otherPropertiesAt, propertyAt } from './object-place.ts';
import { pointerTo, valueOf } from './schema-vocabulary.ts';
import { atKeyword } from './value-rules.ts';
import { described } from './place.ts';
import type { Place } from './place.ts';
import type { Found, Proof, Prove, Question } from './proof.ts';
import type { Schema, SchemaObject } from './schema-vocabulary.ts';

export const proveProperties: Prove = (question, proof) => {
  const { place, pointer } = question;
  if (!mayBe(place, 'object')) return [];
  const declared = declaredAt(place, proof.targets);
  return Object.entries(question.value as Record<string, Schema>).flatMap(
    ([name, schema]): readonly Found[] => {
      const isNew = !declares(declared, name);
      const writer = propertyAt(place, name, proof.targets);
      if (isNew && proof.openness === 'LENIENT') return [];
      const found = proof.prove(writer, schema, pointerTo(pointer, 'properties', name));
      return isNew && found.length > 0 ? [newToWriter(name, pointer)] : found;
    },
  );
};

function newToWriter(name: string, pointer: string): Found {
  return {
    pointer: pointerTo(pointer, 'properties', name),
    rule: 'PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL',
    message: `The writer does not declare "${name}", and its open content model lets it send anything under that name.`,
    reason:
      'An open object may already carry the name with another meaning. Close the writer with "additionalProperties": false, or judge the subject LENIENT.',
  };
}

export const proveRequired: Prove = (question) => {
  if (!mayBe(question.place, 'object')) return [];
  const sent = requiredOf(question.place.schemas);
  return (question.value as readonly string[])
    .filter((name) => !sent.has(name))
    .flatMap((name) =>
      atKeyword(question, `The reader needs "${name}", which the writer may leave out.`),
    );
};

/** `additionalProperties` of the reader: everything that its neighbours do not name. */
export const proveAdditionalProperties: Prove = (question, proof) =>
  proveOthers(question, proof, [question.reader]);

/**
 * `unevaluatedProperties` of the reader: what is surely taken by its neighbours, its `allOf` or what it refers to. What only
 * a branch (`anyOf`, `if` …) takes counts as untaken, which is the safe side.
 */
export const proveUnevaluatedProperties: Prove = (question, proof) => {
  // A `const` limits values without taking properties, so its description must not count.
  const together = proof
    .place([question.reader])
    .schemas.filter((schema) => schema === question.reader || !('const' in schema));
  const takesAll = together.some(
    (schema) =>
      schema['additionalProperties'] !== undefined ||
      (schema !== question.reader && schema['unevaluatedProperties'] !== undefined),
  );
  return takesAll ? [] : proveOthers(question, proof, together);
};

function proveOthers(
  question: Question,
  proof: Proof,
  neighbours: readonly SchemaObject[],
): readonly Found[] {
  const { place, pointer, keyword } = question;
  if (!mayBe(place, 'object') || question.value === true) return [];
  const here = pointerTo(pointer, keyword);
  const reader = question.value as Schema;
  const named = new Set(
    neighbours.flatMap((schema) => Object.keys(namedSchemas(schema, 'properties'))),
  );
  const patterns = neighbours.flatMap((schema) =>
    Object.keys(namedSchemas(schema, 'patternProperties')),
  );
  const declared = declaredAt(place, proof.targets);
  const ofNames = [...declared.names]
    .filter((name) => !named.has(name) && matchesAny(patterns, name) !== true)
    .flatMap((name) =>
      proveOther(
        propertyAt(place, name, proof.targets),
        { reader, here, what: `"${name}"` },
        proof,
      ),
    );
  const ofPatterns = place.schemas.flatMap((schema) =>
    Object.entries(namedSchemas(schema, 'patternProperties'))
      .filter(([pattern]) => !patterns.includes(pattern))
      .flatMap(([pattern, value]) =>
        proveOther([value], { reader, here, what: `names like "${pattern}"` }, proof),
      ),
  );
  const rest = otherPropertiesAt(place, proof.targets);
  return [
    ...ofNames,
    ...ofPatterns,
    ...proveOther(rest, { reader, here, what: 'undeclared names' }, proof),
  ];
}

function proveOther(
  writer: readonly Schema[],
  against: { readonly reader: Schema; readonly here: string; readonly what: string },
  proof: Proof,
): readonly Found[] {
  const { reader, here, what } = against;
  if (reader !== false) return proof.prove(writer, reader, here);
  return isImpossible(proof.place(writer))
    ? []
    : [
        {
          pointer: here,
          message: `The writer may send properties under ${what}; the reader takes no other properties.`,
        },
      ];
}

export const provePatternProperties: Prove = (question, proof) => {
  const { place, pointer } = question;
  if (!mayBe(place, 'object')) return [];
  const declared = declaredAt(place, proof.targets);
  const rest = otherPropertiesAt(place, proof.targets);
  return Object.entries(question.value as Record<string, Schema>).flatMap(([pattern, reader]) => {
    const here = pointerTo(pointer, 'patternProperties', pattern);
    const names = [...declared.names].filter((name) => matchesAny([pattern], name) !== false);
    const patterns = place.schemas.flatMap((schema) =>
      Object.entries(namedSchemas(schema, 'patternProperties')),
    );
    const isKnown = patterns.some(([known]) => known === pattern);
    const same = patterns.filter(([known]) => known === pattern).map(([, schema]) => schema);
    const writers = [
      ...names.map((name) => propertyAt(place, name, proof.targets)),
      // Under the writer's other patterns may come names that match this one as well.
      ...patterns.filter(([known]) => known !== pattern).map(([, schema]) => [schema, ...same]),
      isKnown ? same : rest,
    ];
    return writers.flatMap((writer) => proof.prove(writer, reader, here));
  });
};

export const provePropertyNames: Prove = (question, proof) => {
  const { place, pointer } = question;
  if (!mayBe(place, 'object')) return [];
  const here = pointerTo(pointer, 'propertyNames');
  const reader = question.value as Schema;
  const ruled = place.schemas.flatMap((schema): Schema[] => {
    const names = valueOf(schema, 'propertyNames');
    return names === undefined ? [] : [names];
  });
  const found = proof.prove([{ type: 'string' }, ...ruled], reader, here);
  if (found.length === 0) return found;
  return closedNames(place).some((names) =>
    names.every((name) => proof.prove([described(name)], reader, here).length === 0),
  )
    ? []
    : found;
};

/** The lists of names that objects here are held to, one per schema that closes them. */
function closedNames(place: Place): string[][] {
  return place.schemas.flatMap((schema) =>
    schema['additionalProperties'] === false && schema['patternProperties'] === undefined
      ? [Object.keys(namedSchemas(schema, 'properties'))]
      : [],
  );
}

export const proveDependentRequired: Prove = (question, proof) => {
  const { place } = question;
  if (!mayBe(place, 'object')) return [];
  const entries = Object.entries(question.value as Record<string, readonly string[]>);
  return entries.flatMap(([name, others]) => {
    if (!mayOccur(place, name, proof)) return [];
    const sent = requiredOf([...place.schemas, { required: [name] }]);
    return others
      .filter((other) => !sent.has(other))
      .flatMap((other) =>
        atKeyword(
          question,
          `With "${name}" the reader needs "${other}", which the writer may leave out.`,
        ),
      );
  });
};

export const proveDependentSchemas: Prove = (question, proof) => {
  const { place, pointer } = question;
  if (!mayBe(place, 'object')) return [];
  const entries = Object.entries(question.value as Record<string, Schema>);
  return entries
    .filter(([name]) => mayOccur(place, name, proof))
    .flatMap(([name, schema]): readonly Found[] =>
      proof.proveHere(
        proof.narrowed(place, [{ type: 'object', required: [name] }]),
        schema,
        pointerTo(pointer, 'dependentSchemas', name),
      ),
    );
};

function mayOccur(place: Place, name: string, proof: Proof): boolean {
  if (proof.openness === 'LENIENT' && !declares(declaredAt(place, proof.targets), name))
    return false;
  return !isImpossible(proof.place(propertyAt(place, name, proof.targets)));
}
