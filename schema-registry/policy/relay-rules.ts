import { Kind } from 'graphql';
import { fieldsOf, isList, namedType } from './element.ts';
import type { FieldDefinitionNode } from 'graphql';
import type { TypeParts } from './element.ts';
import type { LintContext, Report } from './lint-context.ts';

// Both rules are graphql-eslint's by name and meaning. Its own (4.4.1) remember the first schema that a process lints, and judge
// every later one by it.

/** What `edges` of a connection lists is an object named `…Edge` with `node` and `cursor`. */
export function* relayEdgeTypes(context: LintContext): Generator<Report> {
  for (const [edge, connection] of edgesOf(context)) {
    const type = context.types.get(edge);
    const moved = !context.isChanged(edge) && context.isChanged(`${connection.name}.edges`);
    const part = moved ? connection.parts[0] : type?.parts[0];
    if (part === undefined) continue;
    const coordinate = moved ? `${connection.name}.edges` : edge;
    for (const message of edgeFaults(edge, type, context))
      yield { coordinate, node: part, message };
  }
}

/** Edge type → the connection that lists it. */
function edgesOf({ types }: LintContext): ReadonlyMap<string, TypeParts> {
  const edges = new Map<string, TypeParts>();
  for (const type of types.values()) {
    if (!isConnection(type)) continue;
    const field = fieldsByName(type).get('edges');
    if (field !== undefined) edges.set(namedType(field.type), type);
  }
  return edges;
}

function* edgeFaults(
  name: string,
  type: TypeParts | undefined,
  { types }: LintContext,
): Generator<string> {
  if (type?.base !== 'OBJECT') {
    yield `The edge type \`${name}\` must be an object type.`;
    return;
  }
  if (!name.endsWith('Edge'))
    yield `The edge type \`${name}\` must have a name that ends in "Edge".`;
  const fields = fieldsByName(type);
  const node = fields.get('node');
  if (node === undefined || isList(node.type))
    yield `The edge type \`${name}\` must have a field \`node\` that is the item, not a list.`;
  const cursor = fields.get('cursor');
  if (cursor === undefined || isList(cursor.type) || !isScalar(namedType(cursor.type), types))
    yield `The edge type \`${name}\` must have a field \`cursor\` that is a String or another scalar.`;
}

const PAGE_INFO_FIELDS: readonly (readonly [field: string, flag: boolean])[] = [
  ['hasPreviousPage', true],
  ['hasNextPage', true],
  ['startCursor', false],
  ['endCursor', false],
];

/** Where there is a connection there is `PageInfo`, with the four fields that clients page by. */
export function* relayPageInfo(context: LintContext): Generator<Report> {
  const pageInfo = context.types.get('PageInfo');
  if (pageInfo === undefined) {
    for (const element of context.elements)
      if (element.kind === 'TYPE' && isConnection(element.type))
        yield {
          coordinate: element.coordinate,
          node: element.node,
          message: `\`${element.coordinate}\` is a connection, and there is no \`PageInfo\` type to page by.`,
        };
    return;
  }
  const [part] = pageInfo.parts;
  if (part === undefined || !context.elements.some(({ coordinate }) => coordinate === 'PageInfo'))
    return;
  for (const message of pageInfoFaults(pageInfo, context))
    yield { coordinate: 'PageInfo', node: part, message };
}

function* pageInfoFaults(type: TypeParts, { types }: LintContext): Generator<string> {
  if (type.base !== 'OBJECT') {
    yield '`PageInfo` must be an object type.';
    return;
  }
  const fields = fieldsByName(type);
  for (const [name, flag] of PAGE_INFO_FIELDS) {
    const found = fields.get(name)?.type;
    const fits =
      found !== undefined &&
      (flag
        ? found.kind === Kind.NON_NULL_TYPE && !isList(found) && namedType(found) === 'Boolean'
        : found.kind === Kind.NAMED_TYPE && isScalar(found.name.value, types));
    if (!fits)
      yield `\`PageInfo\` must have a field \`${name}\` of ${flag ? '`Boolean!`' : 'a nullable String or another scalar'}.`;
  }
}

function isConnection(type: TypeParts): boolean {
  return type.base === 'OBJECT' && type.name.endsWith('Connection');
}

function fieldsByName(type: TypeParts): ReadonlyMap<string, FieldDefinitionNode> {
  return new Map(fieldsOf(type.parts).map((field) => [field.name.value, field]));
}

function isScalar(name: string, types: ReadonlyMap<string, TypeParts>): boolean {
  return ['String', 'ID', 'Int'].includes(name) || types.get(name)?.base === 'SCALAR';
}
