import { GraphQLError, execute, parse, validate } from 'graphql';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { Viewer } from '#kernel/identity.ts';

/** One call as a subgraph in this process gets it: nothing is signed, since nobody stands between. */
export interface InProcessCall {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly viewer: Viewer;
  readonly correlationId: string;
  readonly signal: AbortSignal;
}

/**
 * Answers the calls of a subgraph that lives in this process. What it answers becomes part of the client's answer and is
 * merged with others: its objects must be nobody else's.
 */
export type InProcessSubgraph = (call: InProcessCall) => Promise<ExecutionResult>;

/** Operations of one subgraph are few: they come from plans. */
const DOCUMENTS_MAX = 2_000;

/** A subgraph that is executed by graphql-js, with a context made for each call. */
export function subgraphOfSchema(
  schema: GraphQLSchema,
  contextOf: (call: InProcessCall) => unknown = () => undefined,
): InProcessSubgraph {
  const documents = new Map<string, DocumentNode | readonly GraphQLError[]>();
  const documentOf = (query: string): DocumentNode | readonly GraphQLError[] => {
    const known = documents.get(query) ?? parsed(schema, query);
    const [oldest] = documents.keys();
    if (documents.size >= DOCUMENTS_MAX && oldest !== undefined) documents.delete(oldest);
    documents.set(query, known);
    return known;
  };
  return async (call) => {
    const document = documentOf(call.query);
    if (!('kind' in document)) return { errors: document };
    const { operationName, variables: variableValues } = call;
    return execute({
      schema,
      document,
      operationName,
      variableValues,
      contextValue: contextOf(call),
    });
  };
}

function parsed(schema: GraphQLSchema, query: string): DocumentNode | readonly GraphQLError[] {
  try {
    const document = parse(query, { noLocation: true });
    const errors = validate(schema, document);
    return errors.length === 0 ? document : errors;
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}
