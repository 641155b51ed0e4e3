import { parse, validate, buildSchema } from 'graphql';
import { announce } from './announce.ts';
import { listenForQueries } from './query-door.ts';
import { MONOLITH_CONTRACT } from './shop-contracts.ts';
import { createMonolith } from './shop-schemas.ts';
import type { DocumentNode } from 'graphql';

/** What one service would need for the same answer: graphql-js, no hop, each text parsed and validated once. */
const schema = buildSchema(MONOLITH_CONTRACT);
const executed = createMonolith();
const documents = new Map<string, DocumentNode>();

function documentOf(query: string): DocumentNode {
  const known = documents.get(query);
  if (known !== undefined) return known;
  const document = parse(query);
  const [error] = validate(schema, document);
  if (error !== undefined) throw error;
  documents.set(query, document);
  return document;
}

announce({
  url: await listenForQueries(({ query, variables = {} }) =>
    JSON.stringify(executed(documentOf(query), variables)),
  ),
});
