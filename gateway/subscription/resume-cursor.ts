import {
  Kind,
  getOperationAST,
  isObjectType,
  parseType,
  print,
  valueFromASTUntyped,
  visit,
} from 'graphql';
import { isRecord } from '#kernel/json.ts';
import type {
  DocumentNode,
  ExecutionResult,
  FieldNode,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'graphql';
import type { ClientOperation } from '../engine.ts';

/** The argument by which a subscription goes on behind an event that its reader has. */
const CURSOR_ARGUMENT = 'after';
/** The fields of an event that hold what is given as `after` to go on behind it, the first that is selected counts. */
const CURSOR_FIELDS: readonly string[] = ['sequence', 'cursor', 'resumeAfter'];

export type Cursor = string | number;

/** The cursor that the client gave; null when it wants what happens from now on. */
export function givenCursor(operation: ClientOperation): Cursor | null {
  const field = rootFieldOf(operation);
  const argument = field?.arguments?.find(({ name }) => name.value === CURSOR_ARGUMENT);
  if (argument === undefined) return null;
  const value: unknown = valueFromASTUntyped(argument.value, { ...operation.variables });
  const given = value ?? defaultOf(operation, argument.value);
  return typeof given === 'string' || typeof given === 'number' ? given : null;
}

/** The default of a variable that the client left out. */
function defaultOf(operation: ClientOperation, value: { readonly kind: Kind }): unknown {
  if (value.kind !== Kind.VARIABLE || !('name' in value)) return null;
  const name = (value.name as { readonly value: string }).value;
  if (operation.variables[name] === null) return null;
  const definition = definitionOf(operation)?.variableDefinitions?.find(
    ({ variable }) => variable.name.value === name,
  );
  return definition?.defaultValue ? valueFromASTUntyped(definition.defaultValue) : null;
}

/** Where the reader stands who has this result; null when the result does not say. */
export function cursorOf(operation: ClientOperation, result: ExecutionResult): Cursor | null {
  const field = rootFieldOf(operation);
  const event = field && result.data?.[field.alias?.value ?? field.name.value];
  if (!isRecord(event)) return null;
  const selected = fieldsOf(operation.document, field?.selectionSet);
  for (const name of CURSOR_FIELDS) {
    for (const node of selected) {
      if (node.name.value !== name) continue;
      const value = event[node.alias?.value ?? name];
      if (typeof value === 'string' || typeof value === 'number') return value;
    }
  }
  return null;
}

/** The same operation behind a cursor; null when its field does not take one. */
export function resumedAfter(
  operation: ClientOperation,
  cursor: Cursor,
  schema: GraphQLSchema,
): ClientOperation | null {
  const type = cursorTypeOf(operation, schema);
  const definition = definitionOf(operation);
  const field = rootFieldOf(operation);
  if (type === null || definition === null || field === null) return null;
  const resumed = resumedDocument(operation.document, { definition, field, type });
  return {
    document: resumed.document,
    operationName: operation.operationName,
    variables: { ...operation.variables, [resumed.variable]: cursor },
  };
}

function cursorTypeOf(operation: ClientOperation, schema: GraphQLSchema): string | null {
  const root = schema.getSubscriptionType();
  const field = rootFieldOf(operation);
  if (!isObjectType(root) || field === null) return null;
  const definition = root.getFields()[field.name.value];
  const argument = definition?.args.find(({ name }) => name === CURSOR_ARGUMENT);
  return argument === undefined ? null : String(argument.type);
}

interface Resumption {
  readonly definition: OperationDefinitionNode;
  readonly field: FieldNode;
  readonly type: string;
}

/** One resumed document for one document, whatever the cursor: what is compiled of it is kept by its identity. */
const resumedDocuments = new WeakMap<
  DocumentNode,
  Map<OperationDefinitionNode, { readonly document: DocumentNode; readonly variable: string }>
>();

function resumedDocument(document: DocumentNode, resumption: Resumption) {
  const known = resumedDocuments.get(document) ?? new Map();
  resumedDocuments.set(document, known);
  const resumed = known.get(resumption.definition) ?? withCursorVariable(document, resumption);
  known.set(resumption.definition, resumed);
  return resumed;
}

function withCursorVariable(document: DocumentNode, { definition, field, type }: Resumption) {
  const variable = freeName(definition);
  const name = { kind: Kind.NAME, value: variable } as const;
  const reference = { kind: Kind.VARIABLE, name } as const;
  const others = (field.arguments ?? []).filter((one) => one.name.value !== CURSOR_ARGUMENT);
  const after = {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: CURSOR_ARGUMENT },
    value: reference,
  } as const;
  const declared = { kind: Kind.VARIABLE_DEFINITION, variable: reference, type: parseType(type) };
  const resumed = visit(document, {
    Field: (node) => (node === field ? { ...node, arguments: [...others, after] } : undefined),
    OperationDefinition: {
      leave: (node, _key, _parent, path) => {
        if (document.definitions[Number(path.at(-1))] !== definition) return undefined;
        const kept = node.variableDefinitions ?? [];
        return { ...node, variableDefinitions: [...kept, declared] };
      },
    },
  });
  return { document: withoutUnusedVariables(resumed), variable };
}

/** What `after` was given by is not asked for any more. */
function withoutUnusedVariables(document: DocumentNode): DocumentNode {
  const used = new Set<string>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: (node) => void used.add(node.name.value),
  });
  return visit(document, {
    VariableDefinition: (node) => (used.has(node.variable.name.value) ? undefined : null),
  });
}

function freeName(definition: OperationDefinitionNode): string {
  const text = print(definition);
  let name = 'resumeAfter';
  while (text.includes(`$${name}`)) name += '_';
  return name;
}

function definitionOf({ document, operationName }: ClientOperation) {
  return getOperationAST(document, operationName) ?? null;
}

/** A subscription has exactly one root field; validation has seen to it. */
function rootFieldOf(operation: ClientOperation): FieldNode | null {
  const [field] = fieldsOf(operation.document, definitionOf(operation)?.selectionSet);
  return field ?? null;
}

/** The fields of a selection, those in fragments too. Valid documents have no circles of fragments. */
function fieldsOf(document: DocumentNode, set: SelectionSetNode | undefined): FieldNode[] {
  return (set?.selections ?? []).flatMap((node) => {
    if (node.kind === Kind.FIELD) return [node];
    if (node.kind === Kind.INLINE_FRAGMENT) return fieldsOf(document, node.selectionSet);
    const fragment = document.definitions.find(
      (one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === node.name.value,
    );
    return fragment && 'selectionSet' in fragment ? fieldsOf(document, fragment.selectionSet) : [];
  });
}
