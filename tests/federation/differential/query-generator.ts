import fc from 'fast-check';
import { doTypesOverlap, getNamedType, isCompositeType, isLeafType, isUnionType } from 'graphql';
import { createArgumentWriter } from './argument-writer.ts';
import { readChoices } from './choices.ts';
import type { GraphQLCompositeType, GraphQLField, GraphQLSchema } from 'graphql';
import type { ArgumentWriter } from './argument-writer.ts';
import type { Choices } from './choices.ts';

export interface GeneratedOperation {
  readonly text: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Below the root field; longer chains of objects are cut off. */
const DEPTH_LIMIT = 4;
/** Fields of one document. */
const SIZE_LIMIT = 40;
const TAPE_LIMIT = 500;

/** Valid operations for a schema, of all that the language has but subscriptions. */
export function operationsFor(schema: GraphQLSchema): fc.Arbitrary<GeneratedOperation> {
  const decision = fc.noBias(fc.nat({ max: 9999 }));
  return fc
    .array(decision, { minLength: 60, maxLength: TAPE_LIMIT, size: 'max' })
    .map((tape) => writeDocument(schema, readChoices(tape)));
}

function writeDocument(schema: GraphQLSchema, choices: Choices): GeneratedOperation {
  const writer = createArgumentWriter(choices);
  const fragments = new Map<string, Fragment>();
  const document: Writing = {
    schema,
    choices,
    writer,
    fragments,
    responseKeys: new Map(),
    size: { left: SIZE_LIMIT },
  };
  const names = choices.chance(12) ? ['First', 'Second'] : choices.of([[''], ['Only']]);
  const operations = names.map((name) => writeOperation(document, name));
  const used = [...fragments.values()].map(
    ({ name, type, body }) => `fragment ${name} on ${type.name} ${body}`,
  );
  const operationName = choices.of(names);
  return {
    text: [...operations, ...used].join('\n'),
    operationName: operationName === '' ? null : operationName,
    variables: writer.values,
  };
}

interface Fragment {
  readonly name: string;
  readonly type: GraphQLCompositeType;
  readonly depth: number;
  readonly body: string;
}

interface Writing {
  readonly schema: GraphQLSchema;
  readonly choices: Choices;
  readonly writer: ArgumentWriter;
  readonly fragments: Map<string, Fragment>;
  /** A key stands for the same field, arguments and type in the whole document, so that selections always merge. */
  readonly responseKeys: Map<string, string>;
  readonly size: { left: number };
}

function writeOperation(document: Writing, name: string): string {
  const { schema, choices, writer, fragments } = document;
  const mutation = schema.getMutationType();
  const isMutation = mutation && choices.chance(50);
  const root = isMutation ? mutation : schema.getQueryType();
  if (!root) throw new Error('A schema has a query type.');
  const body = writeSelection(document, root, 1 + choices.below(DEPTH_LIMIT + 1));
  const used = new Set(variablesIn(body, fragments));
  const declared = [...writer.variables.values()]
    .filter((variable) => used.has(variable.name))
    .map(({ name: variable, type, initial }) => `$${variable}: ${type}${initial}`);
  const list = declared.length > 0 ? `(${declared.join(', ')})` : '';
  if (name === '' && list === '' && !isMutation) return body;
  return `${isMutation ? 'mutation' : 'query'} ${name}${list} ${body}`;
}

function* variablesIn(text: string, fragments: ReadonlyMap<string, Fragment>): Generator<string> {
  for (const [, name] of text.matchAll(/\$(\w+)/g)) if (name !== undefined) yield name;
  for (const [, name] of text.matchAll(/\.\.\.(\w+)/g)) {
    const fragment = fragments.get(name ?? '');
    if (fragment) yield* variablesIn(fragment.body, fragments);
  }
}

function writeSelection(document: Writing, type: GraphQLCompositeType, depth: number): string {
  const count = 1 + document.choices.below(4);
  const nodes = Array.from({ length: count }, () => writeNode(document, type, depth));
  return `{ ${nodes.join(' ')} }`;
}

function writeNode(document: Writing, type: GraphQLCompositeType, depth: number): string {
  const { choices, size } = document;
  const kind = size.left <= 0 ? 0 : choices.below(12);
  if (kind === 11) return writeSpread(document, type, depth);
  if (kind === 10 || (isUnionType(type) && kind < 7)) return writeInline(document, type, depth);
  if (kind === 9 || isUnionType(type)) return writeTypename(document);
  return writeField(document, type, depth);
}

function writeTypename(document: Writing): string {
  const alias = document.choices.chance(25) ? 'kind' : '__typename';
  return `${keyed(document, alias, '__typename', '__typename')}${writeConditions(document)}`;
}

function writeField(
  document: Writing,
  type: Exclude<GraphQLCompositeType, { getTypes: unknown }>,
  depth: number,
): string {
  const { choices, size, writer } = document;
  size.left -= 1;
  const all: GraphQLField<unknown, unknown>[] = Object.values(type.getFields());
  const leaves = all.filter((field) => isLeafType(getNamedType(field.type)));
  const parents = all.filter((field) => !leaves.includes(field));
  // What leads on is worth more, for it is between subgraphs that executors err.
  const candidates = depth <= 1 || size.left <= 0 ? leaves : [...leaves, ...parents, ...parents];
  if (candidates.length === 0) return writeTypename(document);
  const field = choices.of(candidates);
  const args = writer.argumentsOf(field.args);
  const alias = choices.chance(25)
    ? choices.of(['one', 'two', ...all.map(({ name }) => name)])
    : field.name;
  const key = keyed(document, alias, field.name, `${field.name}${args}: ${String(field.type)}`);
  const conditions = writeConditions(document);
  const named = getNamedType(field.type);
  const body = isCompositeType(named) ? ` ${writeSelection(document, named, depth - 1)}` : '';
  return `${key}${args}${conditions}${body}`;
}

/** `alias: field`, or only the field, with a key that means nothing else in this document. */
function keyed(document: Writing, alias: string, field: string, meaning: string): string {
  const { responseKeys } = document;
  const known = responseKeys.get(alias) ?? meaning;
  const key = known === meaning ? alias : freshKey(responseKeys, meaning);
  responseKeys.set(key, meaning);
  return key === field ? field : `${key}: ${field}`;
}

function freshKey(responseKeys: ReadonlyMap<string, string>, meaning: string): string {
  for (const [key, other] of responseKeys) if (other === meaning) return key;
  return `key${responseKeys.size}`;
}

function writeInline(document: Writing, type: GraphQLCompositeType, depth: number): string {
  const { choices } = document;
  const condition = choices.below(6) === 5 ? null : choices.of(overlapping(document, type));
  const on = condition === null ? '' : ` on ${condition.name}`;
  return `...${on}${writeConditions(document)} ${writeSelection(document, condition ?? type, depth)}`;
}

function writeSpread(document: Writing, type: GraphQLCompositeType, depth: number): string {
  const { choices, fragments, schema } = document;
  const known = [...fragments.values()].filter(
    (fragment) => fragment.depth <= depth && doTypesOverlap(schema, fragment.type, type),
  );
  if (known.length > 0 && choices.chance(60))
    return `...${choices.of(known).name}${writeConditions(document)}`;
  const condition = choices.of(overlapping(document, type));
  const body = writeSelection(document, condition, depth);
  const name = `F${fragments.size + 1}`;
  fragments.set(name, { name, type: condition, depth, body });
  return `...${name}${writeConditions(document)}`;
}

function overlapping({ schema }: Writing, type: GraphQLCompositeType): GraphQLCompositeType[] {
  const others = Object.values(schema.getTypeMap()).filter(
    (other): other is GraphQLCompositeType =>
      isCompositeType(other) &&
      !other.name.startsWith('__') &&
      other !== type &&
      doTypesOverlap(schema, type, other),
  );
  return [...others, type];
}

function writeConditions({ choices, writer }: Writing): string {
  return choices.chance(12) ? writer.conditions() : '';
}
