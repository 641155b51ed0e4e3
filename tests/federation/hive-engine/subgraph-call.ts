import type { ExecutionResult } from 'graphql';

/** What a gateway's executor asks of a subgraph. */
export interface SubgraphRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | null;
}

/** Reaches a subgraph by its real name. A subgraph that fails answers with errors; the call itself does not reject. */
export type SubgraphCall = (subgraph: string, request: SubgraphRequest) => Promise<ExecutionResult>;
