import { Kind, getNamedType, isCompositeType, isRequiredArgument, parse } from 'graphql';
import { newId } from '#kernel/id.ts';
import { createAdmissions } from './admission.ts';
import { createEngine } from './engine.ts';
import { listSizesOf } from './list-size.ts';
import { WARM_UP_VIEWER } from './operation-context.ts';
import { silentTrace } from './telemetry/telemetry.ts';
import { newTraceparent } from './telemetry/trace-context.ts';
import { trySupergraph } from './supergraph-trial.ts';
import type { GraphQLSchema } from 'graphql';
import type { Viewer } from '#kernel/identity.ts';
import type { Log } from '#kernel/log.ts';
import type { Admissions } from './admission.ts';
import type { Engine } from './engine.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { OperationContext } from './operation-context.ts';
import type { Upstream } from './upstream.ts';

/** One loaded supergraph with everything that must change together with it. */
export interface Generation {
  /** Tells it from every other, also from one of the same version. */
  readonly id: string;
  readonly version: string;
  readonly engine: Engine;
  readonly admissions: Admissions;
}

/** The supergraph that is served now. */
export interface Supergraph {
  /** Null until the first one is loaded. */
  readonly current: Generation | null;
  /** Builds the new generation beside the old one, then swaps. Rejects when it does not load; the old one stays. */
  swap(supergraphSdl: string, version: string): Promise<void>;
  /** Listeners run one after the other, in the order in which they came; the first ones before anything else happens. */
  onSwap(listener: (next: Generation) => Promise<void> | void): () => void;
}

export function createSupergraph(options: {
  readonly upstream: Upstream;
  readonly limits: GatewayLimits;
  readonly log: Log;
}): Supergraph {
  let current: Generation | null = null;
  const listeners = new Set<(next: Generation) => Promise<void> | void>();
  return {
    get current() {
      return current;
    },
    swap: async (supergraphSdl, version) => {
      const documents = current?.admissions.recent(TAKEN_OVER_MAX) ?? [];
      await trySupergraph(supergraphSdl, documents);
      const next = await createGeneration(supergraphSdl, version, options);
      if (documents.length > 0) await takeOver(documents, next, options.log);
      current = next;
      // One after the other: ten thousand subscriptions must not plan at the same moment.
      for (const listener of listeners) await listener(next);
    },
    onSwap: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Loads a supergraph in this process, as far as planning a first query. Rejects when it does not load. */
export async function createGeneration(
  supergraphSdl: string,
  version: string,
  options: Parameters<typeof createSupergraph>[0],
): Promise<Generation> {
  const engine = await createEngine(supergraphSdl, options);
  await planSomething(engine);
  const listSizes = listSizesOf(engine.supergraph);
  const { limits } = options;
  return {
    id: newId(),
    version,
    engine,
    admissions: createAdmissions({
      schema: engine.schema,
      weights: engine.weights,
      listSizes,
      limits,
    }),
  };
}

/** Documents of late that are planned on the new supergraph before it serves; the rest is planned when it is asked. */
const TAKEN_OVER_MAX = 500;

/** Plans what clients ask on the new supergraph, while the old one serves: else all would wait for the planner at once. */
async function takeOver(documents: readonly string[], to: Generation, log: Log): Promise<void> {
  const invalid = await planAll(to, documents.toReversed());
  const { version } = to;
  log.info({ event: 'supergraph.taken-over', version, documents: documents.length, invalid });
}

/** Admits and plans documents, and says how many of them the supergraph does not answer. */
export async function planAll(to: Generation, documents: readonly string[]): Promise<number> {
  let invalid = 0;
  for (const query of documents) {
    const applicant = { query, variables: null, viewer: TAKE_OVER_VIEWER };
    for (const operationName of operationNames(query)) {
      const admission = to.admissions.admit({ ...applicant, operationName });
      if (!admission.ok) {
        invalid += 1;
        break;
      }
      const operation = { document: admission.document, operationName, variables: {} };
      await to.engine.prepare(operation, TAKE_OVER_VIEWER).catch(() => (invalid += 1));
    }
  }
  return invalid;
}

/** Null for the only one of a document. */
function operationNames(query: string): readonly (string | null)[] {
  const names = parse(query, { noLocation: true }).definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION ? [node.name?.value ?? null] : [],
  );
  return names.length === 1 ? [null] : names;
}

/** Nothing is asked for it; it may only have any document looked at. */
const TAKE_OVER_VIEWER: Viewer = { ...WARM_UP_VIEWER, roles: ['architect'] };

/** Plans one query of the schema: what cannot be planned must not be served, and the first plan is the slow one. */
async function planSomething(engine: Engine): Promise<void> {
  const query = simplestQuery(engine.schema);
  if (query === null) return;
  const operation = { document: parse(query), operationName: null, variables: {} };
  await engine.prepare(operation, WARM_UP_VIEWER);
}

/** A query of the first root field that needs no argument; null when every one does. */
function simplestQuery(schema: GraphQLSchema): string | null {
  for (const field of Object.values(schema.getQueryType()?.getFields() ?? {})) {
    if (field.args.some(isRequiredArgument)) continue;
    const selection = isCompositeType(getNamedType(field.type)) ? '{ __typename }' : '';
    return `{ ${field.name} ${selection} }`;
  }
  return null;
}

/** Asks every subgraph for its query type's name; resolves to the names of those that answered. */
export async function warmUp(engine: Engine, upstream: Upstream): Promise<readonly string[]> {
  const answered = await Promise.all(
    engine.subgraphs.map(async (subgraph) => {
      const result = await upstream.call(
        { subgraph, kind: 'query', query: '{ __typename }', operationName: null, variables: '{}' },
        warmUpContext(),
      );
      return result.errors === undefined ? [subgraph.name] : [];
    }),
  );
  return answered.flat();
}

function warmUpContext(): OperationContext {
  return {
    viewer: WARM_UP_VIEWER,
    correlationId: newId(),
    trace: silentTrace(newTraceparent()),
    gone: new AbortController().signal,
    endsAtMs: null,
  };
}
