import { composeServices } from '@theguild/federation-composition';
import { Kind, buildASTSchema, parse, print } from 'graphql';
import { createInProcessSubgraph } from './in-process-subgraph.ts';
import { createMonolith } from './monolith.ts';
import { subgraphFacts } from './subgraph-facts.ts';
import { openWorld } from './world-view.ts';
import type { DocumentNode, ExecutionResult } from 'graphql';
import type { SubgraphCall, SubgraphRequest } from '../hive-engine/subgraph-call.ts';
import type { FederatedSchema } from './federated-schema.ts';
import type { SubgraphFacts } from './subgraph-facts.ts';
import type { InProcessSubgraph } from './in-process-subgraph.ts';
import type { Monolith } from './monolith.ts';
import type { GatewayOperation } from './subject.ts';

/** One federated schema, composed and ready to be asked. */
export interface Laboratory {
  readonly federated: FederatedSchema;
  readonly supergraphSdl: string;
  readonly publicSdl: string;
  readonly monolith: Monolith;
  readonly facts: ReadonlyMap<string, SubgraphFacts>;
  readonly call: SubgraphCall;
  /** Gives the subgraphs the world of a new operation and forgets the calls of the last one. */
  reset(): void;
  readonly calls: readonly { readonly subgraph: string; readonly request: SubgraphRequest }[];
  /** The right answer. */
  expected(operation: GatewayOperation): Promise<ExecutionResult>;
}

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key", "@requires", "@provides", "@external", "@shareable", "@override", "@inaccessible", "@interfaceObject",
  "@extends", "@tag"])`;

export function openLaboratory(federated: FederatedSchema): Laboratory {
  const documents = new Map(
    Object.entries(federated.subgraphs).map(([name, sdl]) => [
      name,
      parse(/@link|# federation 1/.test(sdl) ? sdl : `${LINK}\n${sdl}`, { noLocation: true }),
    ]),
  );
  const composed = composeServices(
    [...documents].map(([name, typeDefs]) => ({ name, url: `http://${name}.test`, typeDefs })),
  );
  if (composed.supergraphSdl === undefined) {
    const reasons = composed.errors.map(({ message }) => message).join('\n');
    throw new Error(`${federated.name} does not compose:\n${reasons}`);
  }
  const { supergraphSdl } = composed;
  const publicSdl = withoutHiddenMembers(composed.publicDocumentNode);
  const supergraph = buildASTSchema(parse(supergraphSdl), { assumeValidSDL: true });
  const facts = new Map([...documents].map(([name, document]) => [name, subgraphFacts(document)]));
  const subgraphs = new Map<string, InProcessSubgraph>();
  for (const [name, document] of documents) {
    const faults = (federated.faults ?? []).filter(({ subgraph }) => subgraph === name);
    const moved = movedFrom(name, facts);
    const own = facts.get(name) ?? new Map();
    subgraphs.set(
      name,
      createInProcessSubgraph({ name, document, facts: own, supergraph, faults, moved }),
    );
  }
  const monolith = createMonolith(publicSdl, { supergraph, facts, faults: federated.faults ?? [] });
  return {
    federated,
    supergraphSdl,
    publicSdl,
    monolith,
    facts,
    ...openCalls(federated, subgraphs, monolith),
  };
}

/** The composition leaves inaccessible types in the unions of its public schema, which is then no valid schema. */
function withoutHiddenMembers(document: DocumentNode): string {
  const names = new Set(
    document.definitions.map((node) => ('name' in node ? node.name?.value : undefined)),
  );
  const definitions = document.definitions.map((node) =>
    node.kind === Kind.UNION_TYPE_DEFINITION
      ? { ...node, types: node.types?.filter(({ name }) => names.has(name.value)) ?? [] }
      : node,
  );
  return print({ ...document, definitions });
}

function openCalls(
  federated: FederatedSchema,
  subgraphs: ReadonlyMap<string, InProcessSubgraph>,
  monolith: Monolith,
): Pick<Laboratory, 'call' | 'calls' | 'reset' | 'expected'> {
  let world = openWorld(federated.world);
  const calls: { subgraph: string; request: SubgraphRequest }[] = [];
  return {
    calls,
    reset: () => {
      world = openWorld(federated.world);
      calls.length = 0;
    },
    call: async (name, request) => {
      calls.push({ subgraph: name, request });
      await patience(calls.length);
      const subgraph = subgraphs.get(name);
      if (subgraph === undefined) throw new Error(`There is no subgraph ${name}.`);
      const failed = faultOf(federated, name, request);
      if (failed !== null) return failed;
      // As over the wire: errors are plain objects, and nothing is shared.
      return JSON.parse(JSON.stringify(await subgraph.execute(request, world)));
    },
    expected: (operation) => monolith.execute(operation, openWorld(federated.world)),
  };
}

/** Earlier calls take longer, so that calls which must be in order are seen when they are not. */
async function patience(call: number): Promise<void> {
  for (let turn = call; turn < 5; turn += 1)
    await new Promise((settle) => void setImmediate(settle));
}

function faultOf(
  { faults = [] }: FederatedSchema,
  name: string,
  { query }: SubgraphRequest,
): ExecutionResult | null {
  for (const { subgraph, on, kind } of faults) {
    if (subgraph !== name || (on === 'entity calls' && !query.includes('_entities'))) continue;
    if (kind === 'answers null') return { data: null };
    if (kind !== 'call fails') continue;
    const error = {
      message: `${name} did not answer.`,
      extensions: { code: 'UPSTREAM_UNAVAILABLE' },
    };
    return JSON.parse(JSON.stringify({ data: null, errors: [error] }));
  }
  return null;
}

function movedFrom(name: string, facts: ReadonlyMap<string, SubgraphFacts>): ReadonlySet<string> {
  const moved = new Set<string>();
  for (const subgraph of facts.values()) {
    for (const [type, { overrides }] of subgraph) {
      for (const [field, from] of overrides) if (from === name) moved.add(`${type}.${field}`);
    }
  }
  return moved;
}
