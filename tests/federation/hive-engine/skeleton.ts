import { Kind, OperationTypeNode, buildASTSchema, isEnumType, parse, print } from 'graphql';
import type { DefinitionNode, DirectiveDefinitionNode, DocumentNode, GraphQLSchema } from 'graphql';

/**
 * A supergraph with the same subgraphs and nothing in them. Hive's runtime builds stitched subgraph schemas only to look
 * for transforms, which federation has none of; on this they cost nothing instead of hundreds of milliseconds a swap.
 */
export function skeletonOf(supergraph: DocumentNode): GraphQLSchema {
  const names = graphNames(supergraph);
  const marks = names.map((name) => `@join__type(graph: ${name})`).join(' ');
  const fields = names.map((name, index) => `field${index}: Int @join__field(graph: ${name})`);
  const query = parse(`type Query ${marks} { ${fields.join('\n')} }`, { noLocation: true });
  const built = buildASTSchema(
    { kind: Kind.DOCUMENT, definitions: [...frameOf(supergraph), ...query.definitions] },
    { assumeValidSDL: true },
  );
  if (!isEnumType(built.getType('join__Graph'))) {
    throw new Error('A supergraph with the join specification is expected (enum join__Graph).');
  }
  return built;
}

function graphNames(supergraph: DocumentNode): string[] {
  for (const node of supergraph.definitions) {
    if (node.kind === Kind.ENUM_TYPE_DEFINITION && node.name.value === 'join__Graph') {
      return (node.values ?? []).map((value) => value.name.value);
    }
  }
  throw new Error('A supergraph with the join specification is expected (enum join__Graph).');
}

/** Does a directive need no type of the graph's own, as composed ones like `@sunset(on: Date!)` do? */
function standsAlone({ arguments: inputs = [] }: DirectiveDefinitionNode): boolean {
  return inputs.every(({ type }) =>
    /^(ID|Int|Float|String|Boolean|(join|link)__\w+)$/.test(print(type).replaceAll(/[[\]!]/g, '')),
  );
}

/** The schema definition (queries only), directives and the join and link types. */
function frameOf(supergraph: DocumentNode): DefinitionNode[] {
  const kept = supergraph.definitions.filter(
    (node) =>
      node.kind === Kind.SCHEMA_DEFINITION ||
      (node.kind === Kind.DIRECTIVE_DEFINITION && standsAlone(node)) ||
      ('name' in node && /^(join|link)__/.test(node.name?.value ?? '')),
  );
  return kept.map((node) =>
    node.kind === Kind.SCHEMA_DEFINITION
      ? {
          ...node,
          operationTypes: node.operationTypes.filter(
            (type) => type.operation === OperationTypeNode.QUERY,
          ),
        }
      : node,
  );
}
