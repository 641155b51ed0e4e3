import type { SchemaRegistry } from '../schema-registry/main.ts';

/** What is about persons, what says where money goes, and what is for few eyes. */
const CLASSIFIED = ['pii', 'bank', 'restricted'];

/**
 * The parts of the finance graph for its three kinds of readers. A type that carries `portal` shows all of itself in the
 * portal but what is classified or `internal`; a partner sees single fields only, so that a new one is hidden until
 * somebody tags it.
 */
export const HOUSE_CONTRACTS: Parameters<SchemaRegistry['govern']>[1]['contracts'] = [
  {
    name: 'portal',
    includeTags: ['portal'],
    excludeTags: [...CLASSIFIED, 'internal'],
    forbiddenTags: CLASSIFIED,
    removeUnreachable: true,
  },
  {
    name: 'partner',
    includeTags: ['partner'],
    excludeTags: [],
    forbiddenTags: CLASSIFIED,
    removeUnreachable: true,
  },
  {
    name: 'internal',
    includeTags: [],
    excludeTags: ['restricted'],
    forbiddenTags: ['bank'],
    removeUnreachable: true,
  },
];
