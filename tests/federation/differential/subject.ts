import { GraphQLError } from 'graphql';
import { createEngine } from '../../../gateway/engine.ts';
import { WARM_UP_VIEWER } from '../../../gateway/operation-context.ts';
import { silentTrace } from '../../../gateway/telemetry/telemetry.ts';
import { newTraceparent } from '../../../gateway/telemetry/trace-context.ts';
import type { DocumentNode, ExecutionResult } from 'graphql';
import type { SubgraphCall } from '../hive-engine/subgraph-call.ts';

export interface GatewayOperation {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface Subject {
  execute(operation: GatewayOperation): Promise<ExecutionResult>;
}

const NEVER = new AbortController().signal;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {}

/** The gateway's upstream gives its errors as GraphQLErrors. */
function asErrors(result: ExecutionResult): ExecutionResult {
  if (result.errors === undefined) return result;
  const errors = result.errors.map(
    ({ message, path, extensions }) =>
      new GraphQLError(message, { path: path ?? null, extensions }),
  );
  return { ...result, errors };
}

/** The executor under test: the gateway's own engine, with `call` in place of HTTP. */
export async function createSubject(supergraphSdl: string, call: SubgraphCall): Promise<Subject> {
  const engine = await createEngine(supergraphSdl, {
    upstream: {
      call: async ({ subgraph, query, variables, operationName }) =>
        asErrors(
          await call(subgraph.name, { query, variables: JSON.parse(variables), operationName }),
        ),
      open: () => Promise.reject(new Error('There are no subscriptions here.')),
      close: nothing,
    },
    log: SILENT,
  });
  return {
    execute: (operation) =>
      engine.execute(operation, {
        viewer: WARM_UP_VIEWER,
        correlationId: 'differential',
        trace: silentTrace(newTraceparent()),
        gone: NEVER,
        endsAtMs: null,
      }),
  };
}
