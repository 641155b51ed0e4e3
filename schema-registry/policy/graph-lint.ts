import { Kind } from 'graphql';
import { classificationsOf } from './classification.ts';
import {
  definitionOf,
  fieldsOf,
  implementationsOf,
  inputFieldsOf,
  interfacesOf,
  namedType,
  unionMembersOf,
} from './element.ts';
import { lintSource } from './lint-context.ts';
import { activeRules } from './rules.ts';
import type { DirectiveDefinitionNode, DocumentNode, FieldDefinitionNode } from 'graphql';
import type { Finding } from '../check/result.ts';
import type { TypeParts } from './element.ts';
import type { LintSource } from './lint-schema.ts';
import type { TargetPolicy } from './target-policy.ts';

type Policy = Pick<TargetPolicy, 'rules'>;

/**
 * Rules that only the whole graph can be held against. Findings have no place in any SDL: what one subgraph defines, another
 * leads to.
 */
export function lintSupergraph(input: {
  /** The supergraph, or its API schema. */
  readonly document: DocumentNode;
  /** Only these are held against the policy; null holds all. */
  readonly changedCoordinates: ReadonlySet<string> | null;
  readonly policy: Policy;
}): Finding[] {
  const { document, changedCoordinates: changed, policy } = input;
  const severity = activeRules('SUPERGRAPH', policy.rules).get('no-unreachable-types');
  if (severity === undefined || changed?.size === 0) return [];
  const touched = changed === null ? null : new Set([...changed].map(definitionOf));
  const source = lintSource(document);
  const reachable = reachableTypes(source);
  return [...source.types.keys()]
    .filter((name) => !reachable.has(name) && !MACHINERY.test(name) && (touched?.has(name) ?? true))
    .map((name) => ({
      ...NOWHERE,
      severity,
      code: 'no-unreachable-types',
      message: `No operation leads to the type \`${name}\`. Let a field answer or take it, or remove it.`,
      coordinate: name,
    }));
}

const NOWHERE = { subgraph: null, line: null, column: null, contract: null } as const;
/** Types of the supergraph's own specifications. */
const MACHINERY = /^_|__/;

/** From the roots along fields, arguments, members and implementations, and from the arguments of directives. */
function reachableTypes({ document, types, roots }: LintSource): ReadonlySet<string> {
  const implementations = implementationsOf(types);
  const reached = new Set<string>();
  const left = [...roots.keys(), ...document.definitions.flatMap(directiveTypes)];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    const type = types.get(name);
    if (type !== undefined) left.push(...neighboursOf(type), ...(implementations.get(name) ?? []));
  }
  return reached;
}

function directiveTypes(node: DocumentNode['definitions'][number]): string[] {
  return node.kind === Kind.DIRECTIVE_DEFINITION ? argumentTypes(node) : [];
}

function argumentTypes(node: DirectiveDefinitionNode | FieldDefinitionNode): string[] {
  return (node.arguments ?? []).map(({ type }) => namedType(type));
}

function neighboursOf(type: TypeParts): string[] {
  const fields = fieldsOf(type.parts);
  return [
    ...[...fields, ...inputFieldsOf(type.parts)].map((field) => namedType(field.type)),
    ...fields.flatMap(argumentTypes),
    ...interfacesOf(type),
    ...unionMembersOf(type),
  ];
}

/**
 * What a contract shows although it forbids it: every visible coordinate that carries a forbidden classification itself or by
 * inheritance. Not limited to what changed, because a contract's own change exposes what has not.
 */
export function lintContract(input: {
  readonly contract: string;
  /** The whole supergraph, with `@tag` applied. */
  readonly supergraph: DocumentNode;
  /** What clients of the contract can see: `coordinatesOf` its API schema. */
  readonly visible: ReadonlySet<string>;
  readonly forbiddenTags: readonly string[];
  readonly policy: Policy;
}): Finding[] {
  const { contract, supergraph, visible, forbiddenTags, policy } = input;
  const severity = activeRules('CONTRACT', policy.rules).get('classification-exposed');
  if (severity === undefined || forbiddenTags.length === 0) return [];
  return [...classificationsOf(supergraph, forbiddenTags)]
    .filter(([coordinate]) => visible.has(coordinate))
    .flatMap(([coordinate, classifications]) =>
      classifications.map(({ tag, from }) => ({
        ...NOWHERE,
        severity,
        code: 'classification-exposed',
        message: `The contract "${contract}" forbids what is classified \`${tag}\`, and shows \`${coordinate}\`${inherited(coordinate, from)}. Tag it so that the contract leaves it out, or take the classification away.`,
        coordinate,
        contract,
      })),
    );
}

function inherited(coordinate: string, from: string): string {
  return coordinate === from ? '' : `, which is so by \`${from}\``;
}
