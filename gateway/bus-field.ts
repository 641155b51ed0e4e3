import { Kind, OperationTypeNode } from 'graphql';
import type {
  ConstDirectiveNode,
  ConstValueNode,
  DocumentNode,
  FieldDefinitionNode,
  GraphQLField,
  GraphQLSchema,
  InputValueDefinitionNode,
  ObjectTypeDefinitionNode,
} from 'graphql';
import type { UpstreamOperation } from './upstream.ts';

/**
 * A field of the subscription type that the contract feeds from the bus, by `@busEvents`: an event names an entity, and the
 * plan asks the subgraph that declares the field for it.
 */
export interface BusField {
  /** Types of events that count; one that ends in `.*` stands for all that begin so. */
  readonly types: readonly string[];
  /** Where in an event the entity's id is. */
  readonly key: EventKey;
  /** The entity. */
  readonly typeName: string;
  readonly definition: GraphQLField<unknown, unknown>;
}

/** The document that the event is about, if it is of the entity's type; or a field of the event's data. */
export type EventKey =
  | { readonly of: 'document' }
  | { readonly of: 'data'; readonly field: string };

/** What a source on the bus is opened with. */
export interface BusFeed extends Pick<BusField, 'types' | 'key' | 'typeName'> {
  readonly kind: 'bus events';
  /** Under which the plan expects the entity. */
  readonly responseKey: string;
  /** Of the one entity that is followed; null for all. */
  readonly id: string | null;
  readonly after: string | null;
}

/** What a subscription's source is opened with. */
export type Feed = UpstreamOperation | BusFeed;

/** Such fields by name. */
export type BusFields = ReadonlyMap<string, BusField>;

const ID_ARGUMENT = 'id';
const AFTER_ARGUMENT = 'after';
const EVENT_TYPES = /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*(\.\*)?$/;
const DEFAULT_KEY = 'document.id';

/** Reads every `@busEvents`, also where a link gave it a prefix. Throws where one says what cannot be kept. */
export function busFieldsOf(supergraph: DocumentNode, schema: GraphQLSchema): BusFields {
  const found = new Map<string, BusField>();
  const types = new Map(
    supergraph.definitions.flatMap((node) =>
      node.kind === Kind.OBJECT_TYPE_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const root = schema.getSubscriptionType();
  for (const type of types.values()) {
    for (const field of type.fields ?? []) {
      const directive = field.directives?.find(({ name }) => /^(.+__)?busEvents$/.test(name.value));
      if (directive === undefined) continue;
      const coordinate = `${type.name.value}.${field.name.value}`;
      if (type.name.value !== subscriptionName(supergraph))
        throw malformed(coordinate, 'it stands on a field of the subscription type only');
      const read = readField({ coordinate, root: type, field, directive, types });
      const definition = root?.getFields()[field.name.value];
      // What clients do not see nobody subscribes to.
      if (definition !== undefined) found.set(field.name.value, { ...read, definition });
    }
  }
  return found;
}

function subscriptionName(supergraph: DocumentNode): string {
  for (const node of supergraph.definitions) {
    if (node.kind !== Kind.SCHEMA_DEFINITION) continue;
    const root = node.operationTypes.find(
      ({ operation }) => operation === OperationTypeNode.SUBSCRIPTION,
    );
    if (root !== undefined) return root.type.name.value;
  }
  return 'Subscription';
}

function malformed(coordinate: string, what: string): Error {
  return new Error(`@busEvents of ${coordinate} cannot be kept: ${what}.`);
}

interface Declaration {
  readonly coordinate: string;
  readonly root: ObjectTypeDefinitionNode;
  readonly field: FieldDefinitionNode;
  readonly directive: ConstDirectiveNode;
  readonly types: ReadonlyMap<string, ObjectTypeDefinitionNode>;
}

function readField(declaration: Declaration): Omit<BusField, 'definition'> {
  const { coordinate, field, directive } = declaration;
  const types = textsOf(argumentOf(directive, 'types'));
  const isNamed = types.length > 0 && types.every((type) => EVENT_TYPES.test(type));
  if (!isNamed)
    throw malformed(coordinate, '`types` are types of events, such as "concord.invoice.*"');
  const key = keyOf(argumentOf(directive, 'key'));
  if (key === null)
    throw malformed(coordinate, '`key` is "document.id" or a field of the data, "data.invoiceId"');
  for (const argument of field.arguments ?? []) {
    if (isKnownArgument(argument)) continue;
    const what = `"${argument.name.value}" says nothing to it; it takes \`id: ID\` and \`after: String\``;
    throw malformed(coordinate, what);
  }
  return { types, key, typeName: entityOf(declaration) };
}

function argumentOf(directive: ConstDirectiveNode, name: string): ConstValueNode | undefined {
  return directive.arguments?.find((argument) => argument.name.value === name)?.value;
}

/** One text stands for a list of one, as everywhere in GraphQL. */
function textsOf(value: ConstValueNode | undefined): readonly string[] {
  const values = value?.kind === Kind.LIST ? value.values : value === undefined ? [] : [value];
  // What is no text is no type of an event either.
  return values.map((one) => (one.kind === Kind.STRING ? one.value : ''));
}

function keyOf(value: ConstValueNode | undefined): EventKey | null {
  const text = value === undefined ? DEFAULT_KEY : value.kind === Kind.STRING ? value.value : '';
  if (text === DEFAULT_KEY) return { of: 'document' };
  const field = /^data\.(\w+)$/.exec(text)?.[1];
  return field === undefined ? null : { of: 'data', field };
}

/** `after` may be left out: who subscribes the first time has nothing to go on behind. */
function isKnownArgument({ name, type }: InputValueDefinitionNode): boolean {
  const inner = type.kind === Kind.NON_NULL_TYPE ? type.type : type;
  if (inner.kind !== Kind.NAMED_TYPE) return false;
  if (name.value === ID_ARGUMENT) return inner.name.value === 'ID';
  return name.value === AFTER_ARGUMENT && type === inner && /^(String|ID)$/.test(inner.name.value);
}

/** The name of the field's type: an entity that whoever declares the field finds by its `id`, and may keep to itself. */
function entityOf({ coordinate, root, field, types }: Declaration): string {
  const name = field.type.kind === Kind.NAMED_TYPE ? field.type.name.value : null;
  if (name === null) throw malformed(coordinate, 'its type is one entity that may be null');
  const ofField = graphsIn(field.directives, 'join__field');
  const graphs = ofField.length > 0 ? ofField : graphsIn(root.directives, 'join__type');
  const keyed = graphsIn(
    types.get(name)?.directives?.filter((directive) => {
      const resolvable = argumentOf(directive, 'resolvable');
      const isResolvable = resolvable?.kind !== Kind.BOOLEAN || resolvable.value;
      return isResolvable && textsOf(argumentOf(directive, 'key'))[0]?.trim() === ID_ARGUMENT;
    }),
    'join__type',
  );
  if (graphs.length > 0 && graphs.every((graph) => keyed.includes(graph))) return name;
  throw malformed(coordinate, `${name} is no entity that its own subgraph finds by \`id\``);
}

function graphsIn(
  directives: readonly ConstDirectiveNode[] | undefined,
  name: string,
): readonly string[] {
  return (directives ?? []).flatMap((directive) => {
    const graph = argumentOf(directive, 'graph');
    return directive.name.value === name && graph?.kind === Kind.ENUM ? [graph.value] : [];
  });
}
