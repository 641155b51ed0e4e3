import { says, spreadCallErrors } from './adjustments.ts';
import type { KnownDifference } from './known-differences.ts';

/**
 * Where our own executor is not right. The first come with the plans of Hive's planner; the rest is ours, and an entry
 * goes when its fault does: the test fails for an entry that explains nothing any more.
 */
export const SUBJECT_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: 'not planned',
    explanation:
      'Ours is wrong with Hive: the planner fails, as the list of its own differences tells; in graphs with interface objects or nested `@provides` also where it does not fail on the text as the client wrote it.',
    // Under Jest the planner's errors are of another realm, and the engine takes them for a fault of its own.
    recognises: ({ errors }, { hive, federated }) =>
      says(errors, /cannot be planned|^The gateway failed to answer/) &&
      (says(hive.errors, /^Failed to plan query/) ||
        federated.constructs.includes('@interfaceObject') ||
        federated.constructs.includes('nested @provides')),
    atMost: 70,
  },
  {
    name: 'provided elsewhere',
    explanation:
      'Ours is wrong with Hive: the planner asks for a field that `@provides` adds at one depth at another, where it is external.',
    recognises: ({ errors }, { federated }) =>
      federated.constructs.includes('nested @provides') && says(errors, /^makers does not know/),
    atMost: 25,
  },
  {
    name: 'alias in the way of a key',
    explanation:
      'Ours is wrong with Hive: a field with arguments that `@requires` needs, and that the client asks for with the same arguments under an alias, is not asked for again, and then not found under its own name.',
    repairs: ['distinct keys'],
    atMost: 20,
  },
  {
    name: 'error of a call at one place',
    explanation:
      'Ours is wrong: where a call for the entities of several places fails, its error has the path of one of them.',
    adjust: spreadCallErrors,
  },
];
