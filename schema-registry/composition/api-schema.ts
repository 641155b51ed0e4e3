import { transformSupergraphToPublicSchema } from '@theguild/federation-composition';
import { Kind } from 'graphql';
import { isTypeNode } from './coordinates.ts';
import type { DocumentNode } from 'graphql';

/**
 * The schema that clients see of a supergraph: without what is `@inaccessible` and without federation's own names. The
 * library leaves hidden types in unions, which makes a schema that nobody can build; they are taken out here.
 */
export function apiOf(supergraph: DocumentNode): DocumentNode {
  const api = transformSupergraphToPublicSchema(supergraph);
  const known = new Set(api.definitions.filter(isTypeNode).map(({ name }) => name.value));
  return {
    ...api,
    definitions: api.definitions.map((definition) =>
      definition.kind === Kind.UNION_TYPE_DEFINITION
        ? {
            ...definition,
            types: definition.types?.filter(({ name }) => known.has(name.value)) ?? [],
          }
        : definition,
    ),
  };
}
