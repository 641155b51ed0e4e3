import { boundOf, isImpossible, mayBe } from './place.ts';
import { inPlaceOf } from './object-place.ts';
import { pointerTo, valueOf } from './schema-vocabulary.ts';
import { atKeyword, most } from './value-rules.ts';
import type { Place, Targets } from './place.ts';
import type { Found, Proof, Prove } from './proof.ts';
import type { Schema, SchemaObject } from './schema-vocabulary.ts';

export const provePrefixItems: Prove = ({ place, value, pointer }, proof) => {
  if (!mayBe(place, 'array')) return [];
  const longest = maxItemsOf(place, proof);
  return (value as readonly Schema[])
    .slice(0, longest)
    .flatMap((reader, index) =>
      proof.prove(
        itemAt(place, index, proof.targets),
        reader,
        pointerTo(pointer, 'prefixItems', String(index)),
      ),
    );
};

export const proveItems: Prove = (question, proof) =>
  proveItemsFrom(
    question.place,
    prefixOf(question.reader).length,
    { reader: question.value as Schema, pointer: pointerTo(question.pointer, 'items') },
    proof,
  );

/** Decided where nothing at the same place could have taken items before; otherwise only by being the same. */
export const proveUnevaluatedItems: Prove = (question, proof) => {
  const { reader, place } = question;
  if (!mayBe(place, 'array') || question.value === true || reader['items'] !== undefined) return [];
  const isAlone = inPlaceOf(reader, proof.targets).length === 0 && reader['contains'] === undefined;
  return isAlone
    ? proveItems(question, proof)
    : atKeyword(
        question,
        'Which items are left over depends on the branches at the same place; that is not decided.',
      );
};

function proveItemsFrom(
  place: Place,
  start: number,
  against: { readonly reader: Schema; readonly pointer: string },
  proof: Proof,
): readonly Found[] {
  if (!mayBe(place, 'array')) return [];
  const longest = maxItemsOf(place, proof);
  const prefix = Math.max(start, ...place.schemas.map((schema) => prefixOf(schema).length));
  const found: Found[] = [];
  for (let index = start; index < Math.min(prefix, longest); index += 1)
    found.push(
      ...proof.prove(itemAt(place, index, proof.targets), against.reader, against.pointer),
    );
  // Every index from here on has the same schemas, so one answer holds for all.
  return longest <= prefix
    ? found
    : [
        ...found,
        ...proof.prove(itemAt(place, prefix, proof.targets), against.reader, against.pointer),
      ];
}

/** The schemas that the item at this index is surely subject to. */
function itemAt(place: Place, index: number, targets: Targets): Schema[] {
  return place.schemas.flatMap((schema): readonly Schema[] => {
    const own = prefixOf(schema)[index];
    if (own !== undefined) return [own];
    const items = valueOf(schema, 'items');
    if (items !== undefined) return [items];
    const unevaluated = valueOf(schema, 'unevaluatedItems');
    const isAlone = inPlaceOf(schema, targets).length === 0 && schema['contains'] === undefined;
    return unevaluated !== undefined && isAlone ? [unevaluated] : [];
  });
}

function prefixOf(schema: SchemaObject): readonly Schema[] {
  return valueOf(schema, 'prefixItems') ?? [];
}

/** The greatest length that an array here may have. */
function maxItemsOf(place: Place, proof: Proof): number {
  const closed = place.schemas.flatMap((schema) => {
    const items = valueOf(schema, 'items');
    return items !== undefined && isImpossible(proof.place([items]))
      ? [prefixOf(schema).length]
      : [];
  });
  return Math.min(boundOf(place, 'maxItems'), ...closed);
}

export const proveMinItems: Prove = (question) => {
  const { place } = question;
  const least = minItemsOf(place);
  return !mayBe(place, 'array') || least >= (question.value as number)
    ? []
    : atKeyword(
        question,
        `The writer may send ${least} items; the reader wants at least ${String(question.value)}.`,
      );
};

function minItemsOf(place: Place): number {
  const contained = place.schemas.flatMap((schema) =>
    schema['contains'] === undefined ? [] : [valueOf(schema, 'minContains') ?? 1],
  );
  return Math.max(boundOf(place, 'minItems'), ...contained);
}

export const proveMaxItems: Prove = (question, proof) => {
  const { place } = question;
  const greatest = maxItemsOf(place, proof);
  return !mayBe(place, 'array') || greatest <= (question.value as number)
    ? []
    : atKeyword(
        question,
        `The writer may send ${most(greatest)} items; the reader takes at most ${String(question.value)}.`,
      );
};

export const proveUniqueItems: Prove = (question, proof) => {
  const { place } = question;
  if (question.value !== true || !mayBe(place, 'array') || maxItemsOf(place, proof) <= 1) return [];
  return place.schemas.some((schema) => schema['uniqueItems'] === true)
    ? []
    : atKeyword(question, 'The writer may send the same item twice.');
};

/** `contains` with its `minContains` and `maxContains`, which mean nothing alone. */
export const proveContains: Prove = (question, proof) => {
  const { place, reader } = question;
  if (!mayBe(place, 'array')) return [];
  const wanted = question.value as Schema;
  const least = valueOf(reader, 'minContains') ?? 1;
  const greatest = valueOf(reader, 'maxContains') ?? Infinity;
  return [
    ...(least === 0 || containsEnough(place, wanted, least, proof)
      ? []
      : atKeyword(question, `The writer is not held to ${least} item(s) of that kind.`)),
    ...(greatest === Infinity || containsFew(place, wanted, greatest, proof)
      ? []
      : atKeyword(question, `The writer may send more than ${greatest} item(s) of that kind.`)),
  ];
};

function containsEnough(place: Place, wanted: Schema, least: number, proof: Proof): boolean {
  const strict = proof.strict();
  const isPromised = place.schemas.some((schema) => {
    const contains = valueOf(schema, 'contains');
    const promised = valueOf(schema, 'minContains') ?? 1;
    return (
      contains !== undefined &&
      promised >= least &&
      strict.prove([contains], wanted, '').length === 0
    );
  });
  if (isPromised || minItemsOf(place) < least) return isPromised;
  return proveItemsFrom(place, 0, { reader: wanted, pointer: '' }, strict).length === 0;
}

function containsFew(place: Place, wanted: Schema, greatest: number, proof: Proof): boolean {
  if (maxItemsOf(place, proof) <= greatest) return true;
  return place.schemas.some((schema) => {
    const contains = valueOf(schema, 'contains');
    const promised = valueOf(schema, 'maxContains') ?? Infinity;
    return (
      contains !== undefined &&
      promised <= greatest &&
      proof.strict().prove([wanted], contains, '').length === 0
    );
  });
}
