import { Kind, OperationTypeNode } from 'graphql';
import { textArgument } from '../composition/coordinates.ts';
import {
  directivesOf,
  fieldsOf,
  interfacesOf,
  isList,
  namedType,
  unionMembersOf,
} from './element.ts';
import { floatForMoney, floats } from './float-rules.ts';
import { relayEdgeTypes, relayPageInfo } from './relay-rules.ts';
import type { FieldDefinitionNode } from 'graphql';
import type { Element, TypeParts } from './element.ts';
import type { Check, LintContext, Report } from './lint-context.ts';

/** Rule id → its check, for every rule of ours that looks at a subgraph. */
export const OWN_CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['described', described],
  ['owned', owned],
  ['no-float-for-money', floatForMoney],
  ['no-float', floats],
  ['lists-paged', listsPaged],
  ['mutation-result', mutationResult],
  ['auth-on-leaf', authOnLeaf],
  ['deprecation-reason', deprecationReason],
  ['sunset-without-deprecation', sunsetWithoutDeprecation],
  ['relay-edge-types', relayEdgeTypes],
  ['relay-page-info', relayPageInfo],
]);

const DEFINED_AS: Readonly<Record<Element['kind'], string>> = {
  TYPE: 'The type',
  FIELD: 'The field',
  INPUT_FIELD: 'The input field',
  ARGUMENT: 'The argument',
  VALUE: 'The enum value',
  DIRECTIVE: 'The directive',
  DIRECTIVE_ARGUMENT: 'The argument',
};

function* described(context: LintContext): Generator<Report> {
  const external = context.directives.of('external');
  for (const element of context.elements) {
    const { coordinate, node, kind } = element;
    if (!('description' in node) && isExtension(element)) continue;
    if ('description' in node && (node.description?.value ?? '').trim() !== '') continue;
    if (kind === 'TYPE' && describedElsewhere(element.type, context)) continue;
    if (
      kind === 'FIELD' &&
      (directivesOf(node, external).length > 0 || isStub(element.type, context))
    )
      continue;
    yield {
      coordinate,
      node,
      message: `${DEFINED_AS[kind]} \`${coordinate}\` has no description. Say in a sentence what it means to a client.`,
    };
  }
}

/** Extensions cannot be described. */
function isExtension({ node }: Element): boolean {
  return node.kind.endsWith('Extension');
}

/** A type is described once, in one of its parts, or by the subgraph that it comes from; a root by its name. */
function describedElsewhere(type: TypeParts, context: LintContext): boolean {
  const definitions = type.parts.filter((part) => part.kind.endsWith('Definition'));
  return (
    context.roots.has(type.name) ||
    definitions.length === 0 ||
    definitions.some(
      (part) => 'description' in part && (part.description?.value ?? '').trim() !== '',
    ) ||
    isStub(type, context)
  );
}

/** A reference to another subgraph's entity: it has a key that cannot be resolved here. */
function isStub(type: TypeParts, { directives }: LintContext): boolean {
  const keys = type.parts.flatMap((part) => directivesOf(part, directives.of('key')));
  return keys.some((key) =>
    key.arguments?.some(
      ({ name, value }) =>
        name.value === 'resolvable' && value.kind === Kind.BOOLEAN && !value.value,
    ),
  );
}

function* owned(context: LintContext): Generator<Report> {
  const { owners, subgraph } = context;
  if (owners.subgraph !== null) return;
  for (const element of context.elements) {
    if (element.kind !== 'TYPE' || Object.hasOwn(owners.types, element.coordinate)) continue;
    yield {
      coordinate: element.coordinate,
      node: element.node,
      message: `The type \`${element.coordinate}\` has no owner, and neither has the subgraph "${subgraph}". Name who answers for it.`,
    };
  }
}

const PAGING_ARGUMENTS = new Set(['first', 'last']);

function* listsPaged(context: LintContext): Generator<Report> {
  const { directives, types } = context;
  const bounded = new Set([...directives.of('listSize'), ...directives.of('external')]);
  for (const element of context.elements) {
    if (element.kind !== 'FIELD' || !isList(element.node.type)) continue;
    if (!isEntry(element.type, context) || !isComposite(types.get(namedType(element.node.type))))
      continue;
    const { node, coordinate } = element;
    if (node.arguments?.some(({ name }) => PAGING_ARGUMENTS.has(name.value))) continue;
    if (directivesOf(node, bounded).length > 0) continue;
    yield {
      coordinate,
      node,
      message: `The list \`${coordinate}\` has no bound. Take \`first\` or \`last\`, answer a connection, or state its size with \`@listSize\`.`,
    };
  }
}

/** Where clients start to read: queries, subscriptions and entities. */
function isEntry(type: TypeParts, { roots, directives }: LintContext): boolean {
  const operation = roots.get(type.name);
  if (operation !== undefined) return operation !== OperationTypeNode.MUTATION;
  return type.parts.some((part) => directivesOf(part, directives.of('key')).length > 0);
}

function isComposite(type: TypeParts | undefined): boolean {
  return type?.base === 'OBJECT' || type?.base === 'INTERFACE' || type?.base === 'UNION';
}

function* mutationResult(context: LintContext): Generator<Report> {
  for (const [root, operation] of context.roots) {
    if (operation !== OperationTypeNode.MUTATION) continue;
    for (const field of fieldsOf(context.types.get(root)?.parts ?? []))
      yield* resultFault(root, field, context);
  }
}

/** Reported on the field, or on the union when that is what changed. */
function* resultFault(
  root: string,
  field: FieldDefinitionNode,
  context: LintContext,
): Generator<Report> {
  const coordinate = `${root}.${field.name.value}`;
  const name = namedType(field.type);
  const result = context.types.get(name);
  const part = result?.parts[0];
  const moved = !context.isChanged(coordinate) && context.isChanged(name) && part !== undefined;
  const place = moved ? { coordinate: name, node: part } : { coordinate, node: field };
  const fault = faultOf(result, field, context);
  if (fault !== null)
    yield {
      ...place,
      message: `The mutation \`${coordinate}\` ${fault}. Answer a union of one success and the problems that it can have, each \`implements Problem\`.`,
    };
}

function faultOf(
  result: TypeParts | undefined,
  field: FieldDefinitionNode,
  { types }: LintContext,
): string | null {
  if (isList(field.type) || result?.base !== 'UNION') return 'does not answer a result union';
  const members = unionMembersOf(result);
  const problems = members.filter((member) => implementsProblem(types.get(member)));
  const nameless = members.find(
    (member) => member.endsWith('Problem') && !problems.includes(member),
  );
  if (nameless !== undefined)
    return `can answer \`${nameless}\`, which does not implement \`Problem\``;
  if (problems.length === 0) return 'has no problem among its results';
  return problems.length === members.length ? 'has no success among its results' : null;
}

function implementsProblem(type: TypeParts | undefined): boolean {
  return type !== undefined && interfacesOf(type).includes('Problem');
}

function* authOnLeaf(context: LintContext): Generator<Report> {
  const names = new Set(
    ['authenticated', 'requiresScopes', 'policy'].flatMap((name) => [
      ...context.directives.of(name),
    ]),
  );
  for (const element of context.elements) {
    if (element.kind !== 'TYPE') continue;
    const { type, node, coordinate } = element;
    if (type.base !== 'SCALAR' && type.base !== 'ENUM') continue;
    for (const directive of directivesOf(node, names))
      yield {
        coordinate,
        node: directive,
        message: `\`@${directive.name.value}\` on the ${type.base.toLowerCase()} \`${coordinate}\` protects nothing behind gateways that look at fields, objects and interfaces only, as most do. Put it on every field that answers \`${coordinate}\`.`,
      };
  }
}

const DEPRECATED = new Set(['deprecated']);
/** What the specification fills in when no reason is given. */
const NO_REASON = /^(no longer supported\.?)?$/i;

function* deprecationReason(context: LintContext): Generator<Report> {
  for (const { coordinate, node } of context.elements) {
    if (!('directives' in node)) continue;
    for (const directive of directivesOf(node, DEPRECATED)) {
      if (!NO_REASON.test((textArgument(directive, 'reason') ?? '').trim())) continue;
      yield {
        coordinate,
        node: directive,
        message: `\`${coordinate}\` is deprecated without a reason. Say why, and what to use instead.`,
      };
    }
  }
}

function* sunsetWithoutDeprecation(context: LintContext): Generator<Report> {
  const sunset = context.directives.of('sunset');
  for (const { coordinate, node } of context.elements) {
    if (!('directives' in node) || directivesOf(node, DEPRECATED).length > 0) continue;
    for (const directive of directivesOf(node, sunset))
      yield {
        coordinate,
        node: directive,
        message: `\`${coordinate}\` has \`@sunset\` but is not deprecated, so no tool warns of it. Add \`@deprecated(reason:)\`.`,
      };
  }
}
