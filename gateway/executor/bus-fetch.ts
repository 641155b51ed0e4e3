import { GraphQLError, Kind, getArgumentValues, parse, print, visit } from 'graphql';
import { isData } from './data.ts';
import { compileRootFetch } from './fetch.ts';
import type { FetchNode } from '@graphql-hive/router-query-planner';
import type { DocumentNode, ExecutionResult, FieldNode, OperationDefinitionNode } from 'graphql';
import type { BusFeed, BusField } from '../bus-field.ts';
import type { Compilation, Run, Step } from './fetch.ts';

/** A subscription that the plan would open at a subgraph, and the contract feeds from the bus. */
export interface BusSubscription {
  readonly node: FetchNode;
  readonly field: BusField;
  readonly root: FieldNode;
  readonly document: DocumentNode;
}

/** Null for what is fed by its subgraph. */
export function busSubscriptionOf(
  node: FetchNode,
  { busFields }: Compilation,
): BusSubscription | null {
  if (busFields.size === 0) return null;
  const document = parse(node.operation, { noLocation: true });
  const [root] = operationIn(document)?.selectionSet.selections ?? [];
  if (root?.kind !== Kind.FIELD) return null;
  const field = busFields.get(root.name.value);
  return field === undefined ? null : { node, field, root, document };
}

function operationIn({ definitions }: DocumentNode): OperationDefinitionNode | undefined {
  return definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
}

export function compileBusFeed({ field, root }: BusSubscription): (run: Run) => BusFeed {
  const { types, key, typeName, definition } = field;
  const responseKey = keyOf(root);
  return ({ variables }) => {
    const { id, after } = getArgumentValues(definition, root, variables);
    const feed = { kind: 'bus events' as const, types, key, typeName, responseKey };
    return { ...feed, id: textOf(id), after: textOf(after) };
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function keyOf(field: FieldNode): string {
  return field.alias?.value ?? field.name.value;
}

/**
 * In place of the event, what the subgraph that declares the field says of the entity, in the viewer's name. An entity that
 * it does not show is nothing, and so is one that it refuses: that it exists is not told either.
 */
export function compileBusFetch(subscription: BusSubscription, compilation: Compilation): Step {
  const { node, root } = subscription;
  const responseKey = keyOf(root);
  const answered = compileRootFetch(node, compilation, true);
  const subgraph = compilation.addressOf(node.serviceName);
  const { query, representations, usages } = entityOperation(subscription);
  const common = { subgraph, kind: 'query' as const, query, operationName: null };
  return async (run) => {
    const reference = run.event?.data?.[responseKey];
    if (!isData(reference)) return answered(run);
    const given = Object.fromEntries(usages.map((name) => [name, run.variables[name]]));
    const variables = JSON.stringify({ ...given, [representations]: [reference] });
    const answer = await run.call({ ...common, variables });
    const inPlace: Run = { ...run, event: fieldAnswer(answer, responseKey) };
    await answered(inPlace);
    run.data = inPlace.data;
  };
}

/** The selection of the field as one of an entity, with what it needs of the variables. */
function entityOperation({ node, field, root, document }: BusSubscription): {
  readonly query: string;
  readonly representations: string;
  readonly usages: readonly string[];
} {
  let representations = 'representations';
  while (node.operation.includes(`$${representations}`)) representations += '_';
  const fragments = document.definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION);
  const entity = parse(
    `query($${representations}: [_Any!]!) { _entities(representations: $${representations}) { ... on ${field.typeName} { __typename } } }`,
    { noLocation: true },
  );
  const used = new Set<string>();
  const noteVariables = {
    Variable: ({ name }: { name: { value: string } }) => void used.add(name.value),
  };
  for (const part of [root.selectionSet, ...fragments]) if (part) visit(part, noteVariables);
  const kept = (operationIn(document)?.variableDefinitions ?? []).filter(({ variable }) =>
    used.has(variable.name.value),
  );
  const filled = visit(entity, {
    InlineFragment: (one) => ({ ...one, selectionSet: root.selectionSet }),
    OperationDefinition: {
      leave: (one) => ({
        ...one,
        variableDefinitions: [...(one.variableDefinitions ?? []), ...kept],
      }),
    },
  });
  const query = print({ ...filled, definitions: [...filled.definitions, ...fragments] });
  return { query, representations, usages: [...used] };
}

/** The answer for one entity as the answer of the field. */
function fieldAnswer({ data, errors }: ExecutionResult, responseKey: string): ExecutionResult {
  const [entity] = isData(data) && Array.isArray(data['_entities']) ? data['_entities'] : [];
  const isShown = isData(entity);
  const told = (errors ?? []).filter((error) => isShown || !isRefusal(error));
  return {
    data: { [responseKey]: isShown ? entity : null },
    ...(told.length === 0 ? {} : { errors: told.map((error) => within(error, responseKey)) }),
  };
}

/** By what a subgraph keeps an entity to itself. Of a field of it the same would be no secret. */
const REFUSALS: readonly unknown[] = [
  'FORBIDDEN',
  'NOT_FOUND',
  'UNAUTHENTICATED',
  'UNAUTHORIZED_FIELD_OR_TYPE',
];

function isRefusal({ path, extensions }: GraphQLError): boolean {
  return (path?.length ?? 0) <= 2 && REFUSALS.includes(extensions['code']);
}

function within({ message, path, extensions }: GraphQLError, responseKey: string): GraphQLError {
  const ofField = path === undefined ? null : [responseKey, ...path.slice(2)];
  return new GraphQLError(message, { path: ofField, extensions });
}
