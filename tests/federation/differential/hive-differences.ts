import {
  completeSilentNulls,
  dropErrorsWithoutIndex,
  dropUnaskedErrors,
  forgiveInaccessible,
  forgiveMissingMembers,
  nameFailedRoot,
  says,
  spreadCallErrors,
} from './adjustments.ts';
import type { KnownDifference } from './known-differences.ts';

/** Where Hive's planner, its executor and the corrections that the gateway had for it are not right. */
export const HIVE_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: 'no path to a member of an interface object',
    explanation:
      'Hive is wrong: from a field that gives an interface object it finds no way to the fields of the members, although the interface has a key in their subgraph.',
    recognises: ({ errors }, { federated }) =>
      federated.constructs.includes('@interfaceObject') &&
      says(errors, /^Failed to plan query: walker failed to locate path: No paths found/),
  },
  {
    name: 'no path beside what is provided',
    explanation:
      'Hive is wrong: behind an object that `@provides` brought it finds no way to the other fields of an entity, although its key is there.',
    recognises: ({ errors }, { federated }) =>
      federated.constructs.includes('nested @provides') &&
      says(errors, /^Failed to plan query: walker failed to locate path: No paths found/),
  },
  {
    name: 'step with several parents',
    explanation:
      'Hive is wrong: it fails to plan a field that is required and selected on the way to a third subgraph ("Expected a single parent, but the FetchStep has many").',
    recognises: ({ errors }) =>
      says(errors, /^Failed to plan query: failed to build fetch graph: Expected a single parent/),
  },
  {
    name: 'lost path of a fragment',
    explanation:
      'Hive is wrong: it looks for a fragment of the root where it has put it no longer ("cannot be found in selection set of type Query").',
    recognises: ({ errors }) =>
      says(errors, /^Failed to plan query: failed to build fetch graph: Path .* cannot be found/),
  },
  {
    name: 'provided elsewhere',
    explanation:
      'Hive is wrong: a field that `@provides` adds at one depth is asked of that subgraph at another, where it is external.',
    recognises: ({ errors }, { federated }) =>
      federated.constructs.includes('nested @provides') && says(errors, /^makers does not know/),
  },
  {
    name: 'schema and data together',
    explanation:
      'Hive is wrong: it answers nulls where an operation asks for the schema and for data; the gateway refused such operations.',
    recognises: ({ errors }) => says(errors, /^Ask for the schema and for data/),
  },
  {
    name: 'conditions on one field',
    explanation:
      'Hive is wrong: selections of one response key under different conditions are not merged, and constant conditions are not planned.',
    repairs: ['conditions'],
  },
  {
    name: 'list asked for twice',
    explanation:
      'Hive is wrong: a list under one response key that is selected twice is answered twice, the items of the second selection behind those of the first.',
    repairs: ['merged fields'],
  },
  {
    name: 'alias in the way of a key',
    explanation:
      'Hive is wrong: an alias that is the name of a key or of a required field is taken for that field, so that representations are wrong or missing and plans and subgraph operations fail.',
    repairs: ['distinct keys'],
  },
  {
    name: 'null in a representation',
    explanation:
      'Hive is wrong: a required field that is null is left out of the representation, where the subgraph expects the null.',
    repairs: ['nulls'],
  },
  {
    name: 'null below an abstract type',
    explanation:
      'The correction is wrong: an object of an abstract type without `__typename` in the answer keeps its shape although a strict field of it failed.',
    repairs: ['distinct keys', 'typenames'],
  },
  {
    name: 'members of an interface object left out',
    explanation:
      'Hive is wrong: it asks the subgraph of the interface object for no type name, so that fragments on members select nothing and their fields are missing.',
    adjust: forgiveMissingMembers,
  },
  {
    name: 'null without an error',
    explanation:
      'Hive is wrong: a null that a subgraph gives without an error stays where it is, even at a non-null position, and what was not answered at all is missing.',
    adjust: completeSilentNulls,
  },
  {
    name: 'error of a call at one place',
    explanation:
      'Hive is wrong: where a call fails, its error has no path, or the path of one of the fields that it was made for.',
    adjust: spreadCallErrors,
  },
  {
    name: 'type name of a failed root',
    explanation:
      'Hive is wrong: where every other root field fails it leaves out the `__typename` of the root.',
    adjust: nameFailedRoot,
  },
  {
    name: 'inaccessible value without an error',
    explanation:
      'Hive is wrong: an enum value or an object that the public schema does not have becomes null without the error that the specification demands.',
    adjust: forgiveInaccessible,
  },
  {
    name: 'error of a field that was not asked for',
    explanation:
      'Hive is wrong: it asks an interface object for the fields of all members and reports the error of a field that the client did not select for this one.',
    adjust: dropUnaskedErrors,
  },
  {
    name: 'error path without an index',
    explanation:
      'Hive is wrong: the path of an error in a list of lists lacks the inner index, so that it leads to no field.',
    adjust: dropErrorsWithoutIndex,
  },
];
