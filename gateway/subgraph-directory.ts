import { Kind } from 'graphql';
import type { DirectiveNode, DocumentNode } from 'graphql';

/** A subgraph as the supergraph names it. */
export interface SubgraphAddress {
  /** Its real name, which is the audience of calls to it and stands in errors. */
  readonly name: string;
  readonly url: string;
}

/** The name in the supergraph (`PURCHASE_ORDERS`) → real name and address, as `@join__graph` states them. */
export function subgraphDirectory(supergraph: DocumentNode): ReadonlyMap<string, SubgraphAddress> {
  const found = new Map<string, SubgraphAddress>();
  for (const node of supergraph.definitions) {
    if (node.kind !== Kind.ENUM_TYPE_DEFINITION || node.name.value !== 'join__Graph') continue;
    for (const value of node.values ?? []) {
      const graph = value.directives?.find((directive) => directive.name.value === 'join__graph');
      const name = textArgument(graph, 'name') ?? value.name.value;
      found.set(value.name.value, { name, url: graphqlUrl(name, textArgument(graph, 'url')) });
    }
  }
  return found;
}

function textArgument(directive: DirectiveNode | undefined, name: string): string | null {
  const value = directive?.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : null;
}

/** Subgraphs publish their base address; what is already a GraphQL endpoint is taken as it is. */
function graphqlUrl(name: string, text: string | null): string {
  if (text === null || !URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new Error(`The subgraph ${name} needs an http address in the supergraph, not "${text}".`);
  }
  const url = new URL(text);
  if (!url.pathname.endsWith('/graphql')) {
    url.pathname = `${url.pathname.replace(/\/$/, '')}/graphql`;
  }
  return url.href;
}

/** The runtime speaks of a subgraph by its real name or by its name in the supergraph. */
export function addressOf(
  directory: ReadonlyMap<string, SubgraphAddress>,
  name: string,
): SubgraphAddress {
  const byRealName = [...directory.values()].find((address) => address.name === name);
  const address = byRealName ?? directory.get(name);
  if (address === undefined) throw new Error(`The supergraph names no address for ${name}.`);
  return address;
}
