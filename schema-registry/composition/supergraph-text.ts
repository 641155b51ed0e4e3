import { transformSupergraphToPublicSchema } from '@theguild/federation-composition';
import { print } from 'graphql';
import type { DocumentNode } from 'graphql';

/** The schema that clients see of a supergraph: without what is `@inaccessible` and without federation's own names. */
export function apiOf(supergraph: DocumentNode): DocumentNode {
  return transformSupergraphToPublicSchema(supergraph);
}

export function printed(document: DocumentNode): string {
  return print(document);
}
