import { buildSubgraphSchema } from '@apollo/subgraph';
import { composeServices } from '@theguild/federation-composition';
import { parse, validate } from 'graphql';
import { silentLog } from '#kernel/log.ts';
import { createEngine } from '../engine.ts';
import { subgraphOfSchema } from '../in-process-subgraph.ts';
import { WARM_UP_VIEWER } from '../operation-context.ts';
import { silentTrace } from '../telemetry/telemetry.ts';
import { newTraceparent } from '../telemetry/trace-context.ts';
import { createUpstream } from '../upstream.ts';
import type { DocumentNode, ExecutionResult } from 'graphql';
import type { Viewer } from '#kernel/identity.ts';
import type { Engine } from '../engine.ts';
import type { InProcessSubgraph } from '../in-process-subgraph.ts';

type Module = Exclude<
  Extract<Parameters<typeof buildSubgraphSchema>[0], readonly unknown[]>[number],
  DocumentNode
>;
/** As `@apollo/subgraph` takes them; what is wrong in them fails when it is asked for. */
type Resolvers = Readonly<Record<string, object>>;

/** A graph of subgraphs in this process, behind the engine and nothing else. */
export interface TestGraph {
  readonly engine: Engine;
  ask(
    query: string,
    options?: {
      readonly viewer?: Viewer;
      readonly variables?: Readonly<Record<string, unknown>>;
      readonly operationName?: string;
    },
  ): Promise<ExecutionResult & { readonly calls: readonly Call[] }>;
}

interface Call {
  readonly subgraph: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const FEDERATION =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible", "@interfaceObject", "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize"])\n';

/** Composes and loads it; the same text is the same document at every turn, as at the gateway's door. */
export async function startGraph(
  subgraphs: Readonly<Record<string, { readonly sdl: string; readonly resolvers: Resolvers }>>,
): Promise<TestGraph> {
  const services = Object.entries(subgraphs).map(([name, { sdl }]) => ({
    name,
    url: `http://127.0.0.1/${name}`,
    typeDefs: parse(FEDERATION + sdl),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors?.map(String).join('\n'));
  const calls: Call[] = [];
  const inProcess = new Map(
    services.map(({ name, typeDefs }): [string, InProcessSubgraph] => {
      const resolvers = subgraphs[name]?.resolvers ?? {};
      const answer = subgraphOfSchema(
        buildSubgraphSchema([
          { typeDefs, resolvers: resolvers as NonNullable<Module['resolvers']> },
        ]),
      );
      return [
        name,
        (call) => {
          calls.push({ subgraph: name, query: call.query, variables: call.variables });
          return answer(call);
        },
      ];
    }),
  );
  const upstream = createUpstream({ sign: null, log: silentLog, callTimeoutMs: 1_000, inProcess });
  const engine = await createEngine(supergraphSdl, { upstream, log: silentLog });
  const documents = new Map<string, DocumentNode>();
  return {
    engine,
    ask: async (query, options = {}) => {
      const document = documents.get(query) ?? parse(query);
      documents.set(query, document);
      const [invalid] = validate(engine.schema, document);
      if (invalid !== undefined) throw invalid;
      calls.length = 0;
      const { variables = {}, operationName = null, viewer = WARM_UP_VIEWER } = options;
      const result = await engine.execute(
        { document, variables, operationName },
        {
          viewer,
          correlationId: 'test',
          trace: silentTrace(newTraceparent()),
          gone: new AbortController().signal,
          endsAtMs: null,
        },
      );
      return { ...result, calls: [...calls] };
    },
  };
}
