import {
  proveAllOf,
  proveAnyOf,
  proveIf,
  proveNot,
  proveOneOf,
  proveReference,
} from './branch-rules.ts';
import {
  proveContains,
  proveItems,
  proveMaxItems,
  proveMinItems,
  provePrefixItems,
  proveUnevaluatedItems,
  proveUniqueItems,
} from './array-rules.ts';
import {
  proveAdditionalProperties,
  proveDependentRequired,
  proveDependentSchemas,
  provePatternProperties,
  proveProperties,
  provePropertyNames,
  proveRequired,
  proveUnevaluatedProperties,
} from './object-rules.ts';
import {
  proveConst,
  proveEnum,
  proveFormat,
  proveMaximum,
  proveMaxLength,
  proveMaxProperties,
  proveMinimum,
  proveMinLength,
  proveMinProperties,
  proveMultipleOf,
  provePattern,
  proveType,
} from './value-rules.ts';
import type { Keyword } from './schema-vocabulary.ts';
import type { Prove } from './proof.ts';

/** How one keyword is compared, and why so. The checker runs on these rows; nothing is compared elsewhere. */
export type KeywordEntry =
  | {
      readonly decided: 'by proof';
      readonly rule: string;
      readonly reason: string;
      readonly prove: Prove;
    }
  /** Any difference is incompatible, because what it means for a reader cannot be known. */
  | { readonly decided: 'by being the same'; readonly rule: string; readonly reason: string }
  | {
      readonly decided: 'with';
      readonly keyword: Keyword;
      readonly rule: string;
      readonly reason: string;
    }
  /** Differences are no changes. */
  | { readonly decided: 'never'; readonly rule: string; readonly reason: string };

/** The row of a keyword that is in no vocabulary of ours. */
export const UNKNOWN_KEYWORD: KeywordEntry = {
  decided: 'by being the same',
  rule: 'UNKNOWN_KEYWORD_CHANGED',
  reason: 'What an unknown keyword asks of readers is not known, so any difference may break them.',
};

function proven(rule: string, reason: string, prove: Prove): KeywordEntry {
  return { decided: 'by proof', rule, reason, prove };
}
function together(keyword: Keyword, rule: string, reason: string): KeywordEntry {
  return { decided: 'with', keyword, rule, reason };
}
function exactly(rule: string, reason: string): KeywordEntry {
  return { decided: 'by being the same', rule, reason };
}
function ignored(reason: string): KeywordEntry {
  return { decided: 'never', rule: 'IGNORED', reason };
}

const NARROWED =
  'The reader sets a tighter limit than the writer keeps, so it refuses values that the writer may send.';
const NAMES_ONLY = 'It names a place; what matters is what stands there.';

/**
 * Every keyword of JSON Schema 2020-12 and how it is compared. "Writer" is whoever made the data, "reader" whoever validates
 * it: for BACKWARD the older schema writes and the newer reads, for FORWARD the other way round.
 */
export const KEYWORD_TABLE: Readonly<Record<Keyword, KeywordEntry>> = {
  type: proven(
    'TYPE_NARROWED',
    'A value of a type that the reader does not list is refused. Every integer is a number, not the other way round.',
    proveType,
  ),
  enum: proven(
    'ENUM_NARROWED',
    'A value that the reader does not list is refused: adding one breaks old readers, removing one breaks old data.',
    proveEnum,
  ),
  const: proven('CONST_CHANGED', 'The reader takes this one value only.', proveConst),
  multipleOf: proven(
    'MULTIPLE_OF_NARROWED',
    "The reader takes multiples only; the writer keeps to them when its own step is a multiple of the reader's.",
    proveMultipleOf,
  ),
  minimum: proven('MINIMUM_RAISED', NARROWED, proveMinimum),
  exclusiveMinimum: proven('MINIMUM_RAISED', NARROWED, proveMinimum),
  maximum: proven('MAXIMUM_LOWERED', NARROWED, proveMaximum),
  exclusiveMaximum: proven('MAXIMUM_LOWERED', NARROWED, proveMaximum),
  minLength: proven('MIN_LENGTH_RAISED', NARROWED, proveMinLength),
  maxLength: proven('MAX_LENGTH_LOWERED', NARROWED, proveMaxLength),
  pattern: proven(
    'PATTERN_CHANGED',
    'Whether one pattern contains another is not decided here: the same pattern passes, as do listed values that all match.',
    provePattern,
  ),
  format: proven(
    'FORMAT_CHANGED',
    'Formats are asserted. None is taken to contain another, so only the same format, or none at the reader, passes.',
    proveFormat,
  ),
  properties: proven(
    'PROPERTY_INCOMPATIBLE',
    'What the writer may send under the name must be taken by the reader. A name that the writer does not declare, in an open object, may already carry anything: LENIENT leaves that out.',
    proveProperties,
  ),
  patternProperties: proven(
    'PATTERN_PROPERTY_INCOMPATIBLE',
    'Every property whose name may match must be taken. Names are matched only where that is safe and quick; elsewhere "may match" is assumed.',
    provePatternProperties,
  ),
  additionalProperties: proven(
    'CONTENT_MODEL_NARROWED',
    'Properties that the reader does not name must be taken by its additionalProperties; `false` takes none.',
    proveAdditionalProperties,
  ),
  unevaluatedProperties: proven(
    'CONTENT_MODEL_NARROWED',
    'As additionalProperties, where allOf and $ref of the same schema count as naming, and branches do not because they may not apply.',
    proveUnevaluatedProperties,
  ),
  propertyNames: proven(
    'PROPERTY_NAMES_NARROWED',
    'A name that the reader refuses makes the whole object invalid.',
    provePropertyNames,
  ),
  required: proven(
    'REQUIRED_ADDED',
    'The reader needs a property that the writer may leave out. A default does not help: validators do not fill it in.',
    proveRequired,
  ),
  minProperties: proven('MIN_PROPERTIES_RAISED', NARROWED, proveMinProperties),
  maxProperties: proven('MAX_PROPERTIES_LOWERED', NARROWED, proveMaxProperties),
  dependentRequired: proven(
    'DEPENDENT_REQUIRED_ADDED',
    'With one property the reader needs another that the writer may leave out.',
    proveDependentRequired,
  ),
  dependentSchemas: proven(
    'DEPENDENT_SCHEMA_INCOMPATIBLE',
    'Where the property is present, the schema must take the whole object.',
    proveDependentSchemas,
  ),
  prefixItems: proven(
    'ITEM_INCOMPATIBLE',
    "Each position must be taken, unless the writer's arrays end before it.",
    provePrefixItems,
  ),
  items: proven(
    'ITEM_INCOMPATIBLE',
    'Every item after the positions must be taken; `false` closes the array.',
    proveItems,
  ),
  unevaluatedItems: proven(
    'ITEM_INCOMPATIBLE',
    'Decided where nothing else at the place takes items; otherwise it must be the same.',
    proveUnevaluatedItems,
  ),
  contains: proven(
    'CONTAINS_NARROWED',
    'The writer must promise as many items of the kind, and no more, than the reader wants.',
    proveContains,
  ),
  minContains: together('contains', 'CONTAINS_NARROWED', 'It means nothing without contains.'),
  maxContains: together('contains', 'CONTAINS_NARROWED', 'It means nothing without contains.'),
  minItems: proven('MIN_ITEMS_RAISED', NARROWED, proveMinItems),
  maxItems: proven('MAX_ITEMS_LOWERED', NARROWED, proveMaxItems),
  uniqueItems: proven(
    'UNIQUE_ITEMS_ADDED',
    'The writer may send an item twice, the reader refuses that.',
    proveUniqueItems,
  ),
  allOf: proven('ALL_OF_INCOMPATIBLE', 'Every part must take the value.', proveAllOf),
  anyOf: proven(
    'ANY_OF_NARROWED',
    'For each branch of the writer one branch of the reader must take everything.',
    proveAnyOf,
  ),
  oneOf: proven(
    'ONE_OF_NARROWED',
    'One branch must take everything and every other surely nothing of it, since two that match refuse.',
    proveOneOf,
  ),
  not: proven(
    'NOT_WIDENED',
    'The writer must surely never send what the reader excludes: no value in common, or excluded by the writer as well.',
    proveNot,
  ),
  if: proven(
    'CONDITION_INCOMPATIBLE',
    'What may meet the condition must be taken by then, what may miss it by else.',
    proveIf,
  ),
  then: together('if', 'CONDITION_INCOMPATIBLE', 'It means nothing without if.'),
  else: together('if', 'CONDITION_INCOMPATIBLE', 'It means nothing without if.'),
  $ref: proven(
    'REFERENCE_INCOMPATIBLE',
    'What the reference names must take the value; moving a schema under $defs is no change.',
    proveReference,
  ),
  $dynamicRef: proven(
    'REFERENCE_INCOMPATIBLE',
    'A document is one schema resource here, so a dynamic reference has one target, as $ref has.',
    proveReference,
  ),
  contentEncoding: exactly(
    'CONTENT_CHANGED',
    'Validators do not look at it, readers decode by it: any difference makes them read something else.',
  ),
  contentMediaType: exactly(
    'CONTENT_CHANGED',
    'Validators do not look at it, readers parse by it: any difference makes them read something else.',
  ),
  contentSchema: exactly(
    'CONTENT_CHANGED',
    'It describes what is inside a text, which no validator opens; whether a difference matters is not decided.',
  ),
  $schema: ignored('Both drafts are compared in the words of 2020-12.'),
  $id: ignored(NAMES_ONLY),
  $anchor: ignored(NAMES_ONLY),
  $dynamicAnchor: ignored(NAMES_ONLY),
  $defs: ignored('Only what is referred to counts, and it is compared where it is referred to.'),
  definitions: ignored(
    'Only what is referred to counts, and it is compared where it is referred to.',
  ),
  $vocabulary: ignored('It speaks of metaschemas.'),
  $comment: ignored('A note for people.'),
  title: ignored('A note for people.'),
  description: ignored('A note for people.'),
  examples: ignored('Notes for people.'),
  default: ignored(
    'A note for readers: validators neither check nor insert it, so it changes no instance.',
  ),
  deprecated: ignored('A note for people; the value goes on being valid.'),
  readOnly: ignored('It speaks of who may change the value, not of which values there are.'),
  writeOnly: ignored('It speaks of who may see the value, not of which values there are.'),
};
