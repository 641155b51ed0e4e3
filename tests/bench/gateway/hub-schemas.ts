import { buildSubgraphSchema } from '@apollo/subgraph';
import { transformSupergraphToPublicSchema } from '@theguild/federation-composition';
import { Kind, buildASTSchema, execute, parse } from 'graphql';
import { readSubgraphSdl } from '#kernel/subgraph.ts';
import { entitiesOf, readRequisitions } from './hub-recording.ts';
import { compose } from './served-graph.ts';
import type { GraphQLSchema } from 'graphql';
import type { FindEntity, RecordedEntity } from './hub-recording.ts';
import type { ServedGraph } from './served-graph.ts';
import type { Operation } from './shop-operations.ts';

/** The subgraphs of the hub, each with the folder of its contract. */
const FOLDERS: Readonly<Record<string, string>> = {
  suppliers: 'subgraphs/suppliers',
  budgets: 'subgraphs/budgets',
  approvals: 'subgraphs/approvals',
  'purchase-orders': 'subgraphs/purchase-orders',
  invoices: 'subgraphs/invoices',
  integration: 'integration',
};

/** The hub's own contracts over what a hub answered once. Whatever an engine asks of the recorded things is answered. */
export async function hubGraph(): Promise<ServedGraph> {
  const requisitions = await readRequisitions();
  const contracts: Record<string, string> = {};
  for (const [name, folder] of Object.entries(FOLDERS)) {
    const file = new URL(`../../../${folder}/schema.graphql`, import.meta.url);
    contracts[name] = await readSubgraphSdl(file);
  }
  const pageOf: PageOf = ({ first }) => ({ nodes: requisitions.slice(0, first) });
  const find = entitiesOf(requisitions);
  const schemas = Object.entries(contracts).map(
    ([name, sdl]) => [name, subgraphSchema(sdl, { pageOf, find })] as const,
  );
  return {
    contracts,
    schemas: Object.fromEntries(schemas),
    answerTo: answersOf(compose({ contracts }, ''), pageOf),
    feed: null,
  };
}

interface First {
  readonly first: number;
}

/** As the deep query asks: what it filters by is what was recorded. */
type PageOf = (page: First) => { readonly nodes: readonly RecordedEntity[] };

type Resolvers = Record<
  string,
  { __resolveReference: FindEntity } | { requisitions: (root: unknown, page: First) => object }
>;

/** Fields are read from the recorded things as they are; scalars were written by the hub. */
function subgraphSchema(
  sdl: string,
  { pageOf, find }: { readonly pageOf: PageOf; readonly find: FindEntity },
): GraphQLSchema {
  const contract = parse(sdl);
  const resolvers: Resolvers = {};
  for (const node of contract.definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    const isEntity = node.directives?.some(({ name }) => name.value === 'key') === true;
    if (isEntity) resolvers[node.name.value] = { __resolveReference: find };
    const hasRequisitions = node.fields?.some(({ name }) => name.value === 'requisitions') === true;
    if (node.name.value === 'Query' && hasRequisitions) {
      resolvers['Query'] = { requisitions: (_, page) => pageOf(page) };
    }
  }
  return buildSubgraphSchema([{ typeDefs: contract, resolvers }]);
}

/** The same by one schema, which no engine has a part in. */
function answersOf(supergraphSdl: string, requisitions: PageOf): ServedGraph['answerTo'] {
  const publicSchema = transformSupergraphToPublicSchema(parse(supergraphSdl));
  const schema = buildASTSchema(publicSchema, { assumeValidSDL: true });
  const rootValue = { requisitions };
  return ({ query, variables }: Operation) => {
    const result = execute({
      schema,
      document: parse(query),
      rootValue,
      variableValues: variables,
    });
    if (result instanceof Promise) throw new Error('nothing here waits');
    if (result.errors !== undefined) throw new AggregateError(result.errors);
    return JSON.parse(JSON.stringify(result.data));
  };
}
