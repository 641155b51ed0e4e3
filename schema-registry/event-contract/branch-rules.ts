import { pointerTo, valueOf } from './schema-vocabulary.ts';
import { atKeyword } from './value-rules.ts';
import type { Place } from './place.ts';
import type { Proof, Prove } from './proof.ts';
import type { Schema } from './schema-vocabulary.ts';

export const proveReference: Prove = ({ place, reader, pointer }, proof) =>
  proof.targets(reader).flatMap((target) => proof.proveHere(place, target, pointer));

export const proveAllOf: Prove = ({ place, value, pointer }, proof) =>
  (value as readonly Schema[]).flatMap((part, index) =>
    proof.proveHere(place, part, pointerTo(pointer, 'allOf', String(index))),
  );

export const proveAnyOf: Prove = (question, proof) => {
  const { place, pointer } = question;
  const branches = question.value as readonly Schema[];
  const isTaken = branches.some(
    (branch, index) =>
      proof.proveHere(place, branch, pointerTo(pointer, 'anyOf', String(index))).length === 0,
  );
  return isTaken
    ? []
    : atKeyword(
        question,
        `None of the reader's ${branches.length} branches takes all that the writer may send.`,
      );
};

export const proveOneOf: Prove = (question, proof) => {
  const { place, pointer } = question;
  const branches = question.value as readonly Schema[];
  if (place.schemas.some((schema) => sayTheSame(valueOf(schema, 'oneOf'), branches, proof)))
    return [];
  const taking = branches.findIndex(
    (branch, index) =>
      proof.proveHere(place, branch, pointerTo(pointer, 'oneOf', String(index))).length === 0,
  );
  if (taking === -1)
    return atKeyword(
      question,
      `None of the reader's ${branches.length} branches takes all that the writer may send.`,
    );
  const taken = proof.narrowed(place, [branches[taking] ?? true]);
  const isOnlyOne = branches.every(
    (branch, index) => index === taking || proof.disjoint(taken, proof.place([branch])),
  );
  return isOnlyOne
    ? []
    : atKeyword(
        question,
        'It is not proven that only one branch takes each value. A property with a different "const" in every branch would tell them apart.',
      );
};

function sayTheSame(writer: unknown, reader: readonly Schema[], proof: Proof): boolean {
  if (!Array.isArray(writer) || writer.length !== reader.length) return false;
  const rest: Schema[] = [...writer];
  return reader.every((branch) => {
    const index = rest.findIndex((candidate) => proof.same(candidate, branch));
    if (index === -1) return false;
    rest.splice(index, 1);
    return true;
  });
}

export const proveNot: Prove = (question, proof) => {
  const excluded = question.value as Schema;
  return isExcluded(question.place, excluded, proof)
    ? []
    : atKeyword(question, 'It is not proven that the writer never sends what the reader excludes.');
};

/** Nothing here is valid under the schema: it has no value in common with the place, or the writer excludes as much. */
function isExcluded(place: Place, excluded: Schema, proof: Proof): boolean {
  if (proof.disjoint(place, proof.place([excluded]))) return true;
  return place.schemas.some((schema) => {
    const not = valueOf(schema, 'not');
    return not !== undefined && proof.strict().prove([excluded], not, '').length === 0;
  });
}

/** `if` with its `then` and `else`: what meets the condition must meet the one, all the rest the other. */
export const proveIf: Prove = (question, proof) => {
  const { place, reader, pointer } = question;
  const condition = question.value as Schema;
  const then = valueOf(reader, 'then') ?? true;
  const otherwise = valueOf(reader, 'else') ?? true;
  const fulfilled = isExcluded(place, condition, proof)
    ? []
    : proof.proveHere(proof.narrowed(place, [condition]), then, pointerTo(pointer, 'then'));
  const isAlways =
    otherwise === true || proof.strict().proveHere(place, condition, '').length === 0;
  const unfulfilled = isAlways ? [] : proof.proveHere(place, otherwise, pointerTo(pointer, 'else'));
  return [...fulfilled, ...unfulfilled];
};
