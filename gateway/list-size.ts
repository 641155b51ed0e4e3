import { Kind } from 'graphql';
import type { ConstDirectiveNode, ConstValueNode, DocumentNode } from 'graphql';

/** How long a list is, as the contract says with `@listSize`. */
export interface ListSize {
  /** Arguments that give the page size. */
  readonly slicingArguments: readonly string[];
  /** Exactly one of them must be given, by the query or by its default. */
  readonly requiresSlicing: boolean;
  /** Size of a list that has none of them, or null when nothing is said. */
  readonly assumedSize: number | null;
  /** The lists of the object that have this size, such as a connection's; null for all that stand directly below. */
  readonly sizedFields: readonly string[] | null;
}

/** `Type.field` → what the supergraph says of its length. */
export type ListSizes = ReadonlyMap<string, ListSize>;

/** Reads every `@listSize` of a supergraph, also where a link gave it a prefix. */
export function listSizesOf(supergraph: DocumentNode): ListSizes {
  const found = new Map<string, ListSize>();
  for (const node of supergraph.definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) {
      continue;
    }
    for (const field of node.fields ?? []) {
      const directive = field.directives?.find(({ name }) => /^(.+__)?listSize$/.test(name.value));
      if (directive) found.set(`${node.name.value}.${field.name.value}`, readListSize(directive));
    }
  }
  return found;
}

function readListSize(directive: ConstDirectiveNode): ListSize {
  const values = new Map(
    (directive.arguments ?? []).map((argument) => [argument.name.value, argument.value]),
  );
  const assumed = values.get('assumedSize');
  const required = values.get('requireOneSlicingArgument');
  const slicingArguments = textsOf(values.get('slicingArguments')) ?? [];
  return {
    slicingArguments,
    requiresSlicing:
      slicingArguments.length > 0 && !(required?.kind === Kind.BOOLEAN && !required.value),
    assumedSize: assumed?.kind === Kind.INT ? Number(assumed.value) : null,
    sizedFields: textsOf(values.get('sizedFields')),
  };
}

function textsOf(value: ConstValueNode | undefined): readonly string[] | null {
  if (value?.kind !== Kind.LIST) return null;
  return value.values.flatMap((one) => (one.kind === Kind.STRING ? [one.value] : []));
}
