import { buildASTSchema, print } from 'graphql';
import { errorText } from '#kernel/log.ts';
import { apiOf } from './api-schema.ts';
import { hiddenBy } from './contract-filter.ts';
import { graphView } from './graph-view.ts';
import { hiddenSupergraph, prunedApi } from './hidden-schema.ts';
import { inaccessibilityErrors } from './inaccessible.ts';
import { definitionsOf } from './schema-diff.ts';
import type { DocumentNode } from 'graphql';
import type { ComposedGraph, CompositionError } from './compose.ts';
import type { TagFilter } from './contract-filter.ts';
import type { SchemaView } from './schema-diff.ts';

/** A composed graph in every form in which it is asked; each is made when it is first asked for, and once. */
export interface ComposedView {
  readonly ok: true;
  readonly supergraph: DocumentNode;
  /** Every tag that occurs in it. */
  readonly tags: ReadonlySet<string>;
  /** What clients see. */
  readonly api: SchemaView;
  readonly texts: () => SchemaTexts;
  readonly contract: (filter: TagFilter) => ContractView | Refused;
}

export interface ContractView {
  readonly ok: true;
  readonly api: SchemaView;
  readonly texts: () => SchemaTexts;
}

export interface SchemaTexts {
  readonly supergraphSdl: string;
  readonly apiSdl: string;
}

export interface Refused {
  readonly ok: false;
  readonly errors: readonly CompositionError[];
}

export function composedView(composed: ComposedGraph): ComposedView | Refused {
  const { supergraph } = composed;
  const graph = graphView(supergraph);
  // Composition does not ask about unions of which every member is hidden, nor about what inputs refer to.
  const errors = inaccessibilityErrors(graph, graph.inaccessible);
  if (errors.length > 0) return { ok: false, errors };
  const api = apiOf(supergraph);
  const view = buildable(api);
  if (!view.ok) return view;
  const contracts = new Map<string, ContractView | Refused>();
  const cut = (filter: TagFilter): ContractView | Refused => {
    const hides = hiddenBy(graph, filter);
    if (!hides.ok) return hides;
    const pruned = prunedApi(api, hides.hidden);
    const view = buildable(pruned);
    if (!view.ok) return view;
    return {
      ok: true,
      api: view.value,
      texts: once(() => ({
        supergraphSdl: print(hiddenSupergraph(supergraph, hides.hidden)),
        apiSdl: print(pruned),
      })),
    };
  };
  return {
    ok: true,
    supergraph,
    tags: new Set([...graph.tags.values()].flat()),
    api: view.value,
    texts: once(() => ({ supergraphSdl: composed.supergraphSdl(), apiSdl: print(api) })),
    contract: (filter) => {
      const key = JSON.stringify(filter);
      const view = contracts.get(key) ?? cut(filter);
      contracts.set(key, view);
      return view;
    },
  };
}

/** A schema that composes by the rules and cannot be built all the same is a refusal with a name, and not our failure. */
function buildable(
  document: DocumentNode,
): { readonly ok: true; readonly value: SchemaView } | Refused {
  try {
    return { ok: true, value: viewOf(document) };
  } catch (error) {
    const message = `The API schema cannot be built: ${errorText(error)}`;
    return { ok: false, errors: [{ code: 'INVALID_API_SCHEMA', message }] };
  }
}

/** A schema in the forms in which it is asked. */
export function viewOf(document: DocumentNode): SchemaView {
  return {
    document,
    schema: buildASTSchema(document, { assumeValid: true, assumeValidSDL: true }),
    definitions: definitionsOf(document),
  };
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | null = null;
  return () => (made ??= { value: make() }).value;
}
