import { Kind, parse, visit } from 'graphql';
import type {
  ConstDirectiveNode,
  DefinitionNode,
  DirectiveDefinitionNode,
  DocumentNode,
  NamedTypeNode,
  ObjectValueNode,
  ValueNode,
} from 'graphql';

/**
 * The directives that a subgraph may use without defining them: composition knows them. Types are those of the Federation
 * specification (2.0 to 2.12), with its scalars under their full names.
 */
const FEDERATION = definitionsIn(`
  scalar federation__FieldSet
  scalar federation__Scope
  scalar federation__Policy
  scalar federation__ContextFieldValue
  scalar link__Import
  enum link__Purpose { SECURITY EXECUTION }
  directive @key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
  directive @requires(fields: federation__FieldSet!) on FIELD_DEFINITION
  directive @provides(fields: federation__FieldSet!) on FIELD_DEFINITION
  directive @external(reason: String) on OBJECT | FIELD_DEFINITION
  directive @extends on OBJECT | INTERFACE
  directive @shareable repeatable on OBJECT | FIELD_DEFINITION
  directive @override(from: String!, label: String) on FIELD_DEFINITION
  directive @interfaceObject on OBJECT
  directive @composeDirective(name: String!) repeatable on SCHEMA
  directive @tag(name: String!) repeatable on SCALAR | OBJECT | FIELD_DEFINITION | ARGUMENT_DEFINITION | INTERFACE | UNION
    | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA
  directive @inaccessible on SCALAR | OBJECT | FIELD_DEFINITION | ARGUMENT_DEFINITION | INTERFACE | UNION | ENUM
    | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
  directive @authenticated on SCALAR | OBJECT | FIELD_DEFINITION | INTERFACE | ENUM
  directive @requiresScopes(scopes: [[federation__Scope!]!]!) on SCALAR | OBJECT | FIELD_DEFINITION | INTERFACE | ENUM
  directive @policy(policies: [[federation__Policy!]!]!) on SCALAR | OBJECT | FIELD_DEFINITION | INTERFACE | ENUM
  directive @context(name: String!) repeatable on OBJECT | INTERFACE | UNION
  directive @fromContext(field: federation__ContextFieldValue) on ARGUMENT_DEFINITION
  directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
  directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],
    requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
  directive @cacheTag(format: String!) repeatable on OBJECT | INTERFACE | FIELD_DEFINITION
  directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
`);

/** Ours; contracts that carry it define it, and parts of them that are looked at alone need not. */
const SUNSET = definitionsIn(
  'directive @sunset(on: Date!, replacement: String, owner: String!) on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE',
);

function definitionsIn(sdl: string): DocumentNode {
  return parse(sdl, { noLocation: true });
}

/** Under which names a document uses what has an official name, since a link may rename what it imports. */
export interface DirectiveNames {
  /** The names that stand for that directive of the Federation specification (or for one that is not renamed, such as `sunset`). */
  readonly of: (official: string) => ReadonlySet<string>;
  /** Name in this document → official name, for what a link renames. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Names that come from elsewhere: imported from other specifications, or composed. */
  readonly foreign: ReadonlySet<string>;
}

export function directiveNames(document: DocumentNode): DirectiveNames {
  const renamed = new Map<string, string>();
  const foreign = new Set<string>();
  for (const directive of schemaDirectives(document)) {
    if (directive.name.value === 'link') readLink(directive, renamed, foreign);
    if (directive.name.value.endsWith('composeDirective')) {
      const name = argument(directive, 'name');
      if (name?.kind === Kind.STRING) foreign.add(name.value.replace(/^@/, ''));
    }
  }
  return {
    renamed,
    foreign,
    of: (official) =>
      new Set([
        official,
        `federation__${official}`,
        ...[...renamed].filter(([, meant]) => meant === official).map(([name]) => name),
      ]),
  };
}

function* schemaDirectives(document: DocumentNode): Generator<ConstDirectiveNode> {
  for (const node of document.definitions)
    if (node.kind === Kind.SCHEMA_DEFINITION || node.kind === Kind.SCHEMA_EXTENSION)
      yield* node.directives ?? [];
}

function readLink(
  link: ConstDirectiveNode,
  renamed: Map<string, string>,
  foreign: Set<string>,
): void {
  const url = argument(link, 'url');
  const imports = argument(link, 'import');
  if (url?.kind !== Kind.STRING || imports?.kind !== Kind.LIST) return;
  const federation = url.value.includes('specs.apollo.dev/');
  for (const item of imports.values) {
    const { name, as } = importOf(item);
    if (name === null || !name.startsWith('@')) continue;
    const local = (as ?? name).replace(/^@/, '');
    if (federation) renamed.set(local, name.slice(1));
    else foreign.add(local);
  }
}

function importOf(item: ValueNode): { name: string | null; as: string | null } {
  if (item.kind === Kind.STRING) return { name: item.value, as: null };
  if (item.kind !== Kind.OBJECT) return { name: null, as: null };
  return { name: textField(item, 'name'), as: textField(item, 'as') };
}

function textField(object: ObjectValueNode, name: string): string | null {
  const value = object.fields.find((field) => field.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : null;
}

function argument(directive: ConstDirectiveNode, name: string): ValueNode | null {
  return directive.arguments?.find((given) => given.name.value === name)?.value ?? null;
}

/**
 * Definitions of every directive that the document uses and leaves to composition: federation's under the names it has
 * here, and permissive ones for what comes from elsewhere. What is left undefined nobody knows.
 */
export function borrowedDefinitions(
  document: DocumentNode,
  names: DirectiveNames,
): readonly DefinitionNode[] {
  const own = new Set(document.definitions.map(keyOf));
  const borrowed = [...FEDERATION.definitions, ...SUNSET.definitions].flatMap(
    (node): DefinitionNode[] =>
      node.kind === Kind.DIRECTIVE_DEFINITION
        ? [...names.of(node.name.value)].map((name) => named(node, name))
        : [node],
  );
  const known = new Set(borrowed.map(keyOf));
  const permissive = [...names.foreign]
    .filter((name) => !known.has(`@${name}`))
    .map((name) => permissiveDefinition(name, document));
  return [...borrowed, ...permissive].filter((node) => !own.has(keyOf(node)));
}

function keyOf(node: DefinitionNode): string {
  const name = 'name' in node ? (node.name?.value ?? '') : '';
  return node.kind === Kind.DIRECTIVE_DEFINITION ? `@${name}` : name;
}

function named(node: DirectiveDefinitionNode, name: string): DirectiveDefinitionNode {
  return { ...node, name: { ...node.name, value: name } };
}

const EVERYWHERE = [
  'SCHEMA',
  'SCALAR',
  'OBJECT',
  'FIELD_DEFINITION',
  'ARGUMENT_DEFINITION',
  'INTERFACE',
  'UNION',
  'ENUM',
  'ENUM_VALUE',
  'INPUT_OBJECT',
  'INPUT_FIELD_DEFINITION',
];
const ANYTHING: NamedTypeNode = {
  kind: Kind.NAMED_TYPE,
  name: { kind: Kind.NAME, value: 'link__Import' },
};

/** Takes every argument that the document gives it, anywhere: its real definition is in another specification. */
function permissiveDefinition(name: string, document: DocumentNode): DirectiveDefinitionNode {
  const given = new Set<string>();
  visit(document, {
    Directive(node) {
      if (node.name.value !== name) return;
      for (const { name: argumentName } of node.arguments ?? []) given.add(argumentName.value);
    },
  });
  return {
    kind: Kind.DIRECTIVE_DEFINITION,
    name: { kind: Kind.NAME, value: name },
    repeatable: true,
    locations: EVERYWHERE.map((value) => ({ kind: Kind.NAME, value })),
    arguments: [...given].map((value) => ({
      kind: Kind.INPUT_VALUE_DEFINITION,
      name: { kind: Kind.NAME, value },
      type: ANYTHING,
    })),
  };
}
