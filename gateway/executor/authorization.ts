import { Kind, getNamedType, isAbstractType, isInterfaceType, isObjectType } from 'graphql';
import type {
  ConstDirectiveNode,
  ConstValueNode,
  DocumentNode,
  GraphQLNamedType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'graphql';

/** What the contract asks of whoever reads a field or meets a type: all of it must hold. */
export interface Requirement {
  readonly authenticated: boolean;
  /** `@requiresScopes`: every scope of one of the lists; null when none are asked for. */
  readonly scopes: readonly (readonly string[])[] | null;
  /** `@policy`, in the same form. */
  readonly policies: readonly (readonly string[])[] | null;
}

/** What a viewer brings, as far as the contract asks for it. */
export interface Grants {
  readonly authenticated: boolean;
  readonly scope: (name: string) => boolean;
  readonly policy: (name: string) => boolean;
}

/** The requirements of a supergraph, by `Type` and `Type.field`; null when it has none. */
export type Requirements = ReadonlyMap<string, Requirement> | null;

/** Says for one viewer what an operation must not touch. */
export interface Guard {
  readonly deniesField: (typeName: string, fieldName: string) => boolean;
  readonly deniesType: (typeName: string) => boolean;
}

/** The directives by the ends of their names: a link may have given them a prefix. */
const DIRECTIVE = /^(?:.+__)?(authenticated|requiresScopes|policy)$/;

export function requirementsOf(supergraph: DocumentNode): Requirements {
  const found = new Map<string, Requirement>();
  const note = (coordinate: string, directives: readonly ConstDirectiveNode[] = []): void => {
    const requirement = requirementIn(directives);
    if (requirement !== null) found.set(coordinate, requirement);
  };
  for (const node of supergraph.definitions) {
    if (node.kind === Kind.SCALAR_TYPE_DEFINITION || node.kind === Kind.ENUM_TYPE_DEFINITION) {
      note(node.name.value, node.directives);
    } else if (
      node.kind === Kind.OBJECT_TYPE_DEFINITION ||
      node.kind === Kind.INTERFACE_TYPE_DEFINITION
    ) {
      note(node.name.value, node.directives);
      for (const field of node.fields ?? [])
        note(`${node.name.value}.${field.name.value}`, field.directives);
    }
  }
  return found.size === 0 ? null : found;
}

function requirementIn(directives: readonly ConstDirectiveNode[]): Requirement | null {
  const byName = new Map(
    directives.map((directive) => [DIRECTIVE.exec(directive.name.value)?.[1], directive]),
  );
  const authenticated = byName.has('authenticated');
  const scopes = listsOf(byName.get('requiresScopes'));
  const policies = listsOf(byName.get('policy'));
  if (!authenticated && scopes === null && policies === null) return null;
  return { authenticated, scopes, policies };
}

/** The one argument of the directive: a list of lists of texts. */
function listsOf(directive: ConstDirectiveNode | undefined): string[][] | null {
  if (directive === undefined) return null;
  const value = directive.arguments?.[0]?.value;
  return itemsOf(value).map((list) =>
    itemsOf(list).flatMap((item) => (item.kind === Kind.STRING ? [item.value] : [])),
  );
}

function itemsOf(value: ConstValueNode | undefined): readonly ConstValueNode[] {
  if (value === undefined) return [];
  return value.kind === Kind.LIST ? value.values : [value];
}

export function isMet({ authenticated, scopes, policies }: Requirement, grants: Grants): boolean {
  const holds = (
    lists: readonly (readonly string[])[] | null,
    has: (name: string) => boolean,
  ): boolean => lists === null || lists.some((list) => list.every(has));
  return (
    (!authenticated || grants.authenticated) &&
    holds(scopes, grants.scope) &&
    holds(policies, grants.policy)
  );
}

/** Coordinates with a requirement that an operation can touch, whatever types its objects turn out to have. */
export function guardedCoordinates(
  schema: GraphQLSchema,
  requirements: Requirements,
  operation: OperationDefinitionNode,
): readonly string[] {
  if (requirements === null) return [];
  const touched = new Set<string>();
  const touch = (coordinate: string): void => {
    if (requirements.has(coordinate)) touched.add(coordinate);
  };
  const visit = (set: SelectionSetNode, type: GraphQLNamedType | null): void => {
    const types = typesAt(schema, type);
    for (const { name } of types) touch(name);
    for (const node of set.selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) {
        const condition = node.typeCondition?.name.value;
        visit(
          node.selectionSet,
          condition === undefined ? type : (schema.getType(condition) ?? null),
        );
      } else if (node.kind === Kind.FIELD) {
        for (const { name } of types) touch(`${name}.${node.name.value}`);
        const fields = isObjectType(type) || isInterfaceType(type) ? type.getFields() : {};
        const field = fields[node.name.value];
        if (field === undefined) continue;
        const named = getNamedType(field.type);
        touch(named.name);
        if (node.selectionSet) visit(node.selectionSet, named);
      }
    }
  };
  visit(operation.selectionSet, schema.getRootType(operation.operation) ?? null);
  return [...touched];
}

function typesAt(schema: GraphQLSchema, type: GraphQLNamedType | null): GraphQLNamedType[] {
  if (type === null) return [];
  return isAbstractType(type) ? [type, ...schema.getPossibleTypes(type)] : [type];
}

export function guardOf(denied: ReadonlySet<string>): Guard {
  return {
    deniesType: (typeName) => denied.has(typeName),
    deniesField: (typeName, fieldName) => denied.has(`${typeName}.${fieldName}`),
  };
}
