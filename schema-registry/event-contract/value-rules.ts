import { canonicalJson } from '#kernel/json.ts';
import {
  allowedTypes,
  boundOf,
  lowerEdge,
  mayBe,
  namedSchemas,
  requiredOf,
  typesOf,
  upperEdge,
  valuesOf,
  valueTexts,
} from './place.ts';
import { patternMatches } from './name-pattern.ts';
import { valueOf } from './schema-vocabulary.ts';
import type { Place } from './place.ts';
import type { Found, Prove, Question } from './proof.ts';

const SHOWN_MAX = 5;

/** A finding at the keyword itself. */
export function atKeyword({ pointer, keyword }: Question, message: string): readonly Found[] {
  return [{ pointer: `${pointer}/${keyword}`, message }];
}

export const proveType: Prove = (question) => {
  const taken = new Set(allowedTypes(question.value));
  const missing = [...typesOf(question.place)].filter((type) => !taken.has(type));
  const names = missing.map((type) => (type === 'fraction' ? 'a number that is no integer' : type));
  return missing.length === 0
    ? []
    : atKeyword(
        question,
        `The writer may send ${names.join(', ')}; the reader does not take that.`,
      );
};

export const proveEnum: Prove = (question, proof) =>
  listed(question, proof.textsOf(question.value as readonly unknown[]));

export const proveConst: Prove = (question) =>
  listed(question, new Set([canonicalJson(question.value)]));

function listed(question: Question, taken: ReadonlySet<string>): readonly Found[] {
  const sent = valueTexts(question.place);
  if (sent === null)
    return atKeyword(
      question,
      'The writer is not held to a list of values; the reader takes listed ones only.',
    );
  const missing = sent.filter((text) => !taken.has(text));
  return missing.length === 0
    ? []
    : atKeyword(question, `The reader does not take ${shown(missing)}.`);
}

export function shown(texts: readonly string[]): string {
  const more = texts.length > SHOWN_MAX ? ` and ${texts.length - SHOWN_MAX} more` : '';
  return `${texts.slice(0, SHOWN_MAX).join(', ')}${more}`;
}

export const proveMinimum: Prove = (question) => {
  const limit = question.value as number;
  const edge = lowerEdge(question.place);
  const inside =
    question.keyword === 'minimum'
      ? edge.value >= limit
      : edge.value > limit || (edge.value === limit && edge.exclusive);
  return inside || !isNumeric(question.place)
    ? []
    : atKeyword(
        question,
        `The writer may go down to ${edge.value}; the reader takes ${limit} as its ${question.keyword}.`,
      );
};

export const proveMaximum: Prove = (question) => {
  const limit = question.value as number;
  const edge = upperEdge(question.place);
  const inside =
    question.keyword === 'maximum'
      ? edge.value <= limit
      : edge.value < limit || (edge.value === limit && edge.exclusive);
  return inside || !isNumeric(question.place)
    ? []
    : atKeyword(
        question,
        `The writer may go up to ${edge.value}; the reader takes ${limit} as its ${question.keyword}.`,
      );
};

function isNumeric(place: Place): boolean {
  return mayBe(place, 'integer', 'fraction');
}

export const proveMultipleOf: Prove = (question) => {
  const step = question.value as number;
  if (!isNumeric(question.place)) return [];
  const steps = question.place.schemas.flatMap((schema) => [
    valueOf(schema, 'multipleOf') ?? [],
    typeof schema['const'] === 'number' ? schema['const'] : [],
  ]);
  const whole = mayBe(question.place, 'fraction') ? [] : [1];
  return [...steps.flat(), ...whole].some((candidate) => isMultiple(candidate, step))
    ? []
    : atKeyword(question, `The writer is not held to multiples of ${step}.`);
};

/** In decimal arithmetic, since 0.3 is a multiple of 0.1 whatever binary fractions say. */
function isMultiple(value: number, step: number): boolean {
  const [a, b] = [decimalParts(value), decimalParts(step)];
  if (a === null || b === null) return value === step;
  const scale = Math.max(a.scale, b.scale);
  const raised = (part: { units: bigint; scale: number }) =>
    part.units * 10n ** BigInt(scale - part.scale);
  return raised(a) % raised(b) === 0n;
}

function decimalParts(value: number): { units: bigint; scale: number } | null {
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(String(value));
  if (match === null) return null;
  const fraction = match[2] ?? '';
  return { units: BigInt(`${match[1] ?? '0'}${fraction}`), scale: fraction.length };
}

export const proveMinLength: Prove = (question) =>
  mayBe(question.place, 'string') &&
  boundOf(question.place, 'minLength') < (question.value as number)
    ? atKeyword(
        question,
        `The writer may send ${boundOf(question.place, 'minLength')} characters; the reader wants at least ${String(question.value)}.`,
      )
    : [];

export const proveMaxLength: Prove = (question) =>
  mayBe(question.place, 'string') &&
  boundOf(question.place, 'maxLength') > (question.value as number)
    ? atKeyword(
        question,
        `The writer may send ${most(boundOf(question.place, 'maxLength'))} characters; the reader takes at most ${String(question.value)}.`,
      )
    : [];

export function most(count: number): string {
  return count === Infinity ? 'any number of' : `up to ${count}`;
}

export const provePattern: Prove = (question) => {
  const pattern = question.value as string;
  if (!mayBe(question.place, 'string')) return [];
  if (question.place.schemas.some((schema) => schema['pattern'] === pattern)) return [];
  const values = valuesOf(question.place);
  const texts = values?.filter((value) => typeof value === 'string') ?? null;
  return texts?.every((text) => patternMatches(pattern, text) === true) === true
    ? []
    : atKeyword(question, `The writer is not held to the pattern "${pattern}".`);
};

/** Formats speak of strings, and a few of numbers; other types they let through. */
export const proveFormat: Prove = (question) =>
  !mayBe(question.place, 'string', 'integer', 'fraction') ||
  question.place.schemas.some((schema) => schema['format'] === question.value)
    ? []
    : atKeyword(question, `The writer is not held to the format "${String(question.value)}".`);

export const proveMinProperties: Prove = (question) => {
  const { place } = question;
  const least = Math.max(boundOf(place, 'minProperties'), requiredOf(place.schemas).size);
  return !mayBe(place, 'object') || least >= (question.value as number)
    ? []
    : atKeyword(
        question,
        `The writer may send ${least} properties; the reader wants at least ${String(question.value)}.`,
      );
};

export const proveMaxProperties: Prove = (question) => {
  const { place } = question;
  const closed = place.schemas.flatMap((schema) =>
    schema['additionalProperties'] === false && schema['patternProperties'] === undefined
      ? [Object.keys(namedSchemas(schema, 'properties')).length]
      : [],
  );
  const greatest = Math.min(boundOf(place, 'maxProperties'), ...closed);
  return !mayBe(place, 'object') || greatest <= (question.value as number)
    ? []
    : atKeyword(
        question,
        `The writer may send ${most(greatest)} properties; the reader takes at most ${String(question.value)}.`,
      );
};
