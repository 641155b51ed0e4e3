import { parse, print, visit } from 'graphql';
import type {
  BatchFetchNode,
  FetchNode,
  FlattenNodePathSegment,
  PlanNode,
  RequiresSelection,
} from '@graphql-hive/router-query-planner';
import type { ASTNode, ValueNode } from 'graphql';

/**
 * A plan for people: nested as it is run, each fetch with its subgraph and what it sends. No literal's value is in it; a
 * fetch of entities shows what it tells of them before `=>`.
 */
export function planText(plan: PlanNode | null): string {
  const lines = plan === null ? [] : linesOf(plan);
  return ['QueryPlan {', ...lines.map(indented), '}'].join('\n');
}

function linesOf(node: PlanNode): string[] {
  switch (node.kind) {
    case 'Fetch':
      return fetchLines(node);
    case 'BatchFetch':
      return batchLines(node);
    case 'Sequence':
    case 'Parallel':
      return block(node.kind, node.nodes.flatMap(linesOf));
    case 'Flatten':
      return block(`Flatten(path: "${pathText(node.path)}")`, linesOf(node.node));
    case 'Subscription':
      // The planner leaves out what kind its primary is; it is a fetch.
      return block('Subscription', fetchLines({ ...node.primary, kind: 'Fetch' }));
    case 'Condition': {
      const { condition, ifClause, elseClause } = node;
      return [
        ...(ifClause ? block(`Include(if: $${condition})`, linesOf(ifClause)) : []),
        ...(elseClause ? block(`Skip(if: $${condition})`, linesOf(elseClause)) : []),
      ];
    }
    case 'Defer': {
      const { primary, deferred } = node;
      const parts = deferred.flatMap((part) =>
        part.node ? block(`Deferred(path: "${part.queryPath.join('.')}")`, linesOf(part.node)) : [],
      );
      return block('Defer', [...(primary.node ? linesOf(primary.node) : []), ...parts]);
    }
  }
}

function fetchLines(node: FetchNode): string[] {
  const told = node.requires === undefined ? [] : requirementLines(node.requires);
  return block(fetchTitle(node), [...told, ...operationLines(node.operation)]);
}

function batchLines(node: BatchFetchNode): string[] {
  const told = node.entityBatch.aliases.flatMap(({ alias, paths, requires }) =>
    block(`${alias}(paths: ${JSON.stringify(paths.map(pathText))})`, requirementLines(requires)),
  );
  return block(fetchTitle(node), [...told, ...operationLines(node.operation)]);
}

function fetchTitle({ kind, serviceName, operationKind }: FetchNode | BatchFetchNode): string {
  const writes =
    operationKind === undefined || operationKind === 'query' ? '' : `, ${operationKind}`;
  return `${kind}(service: ${JSON.stringify(serviceName)}${writes})`;
}

function requirementLines(requires: readonly RequiresSelection[]): string[] {
  const lines = block('', requires.flatMap(requirement));
  return lines.map((line, at) => (at === lines.length - 1 ? `${line} =>` : line));
}

function requirement(selection: RequiresSelection): string[] {
  switch (selection.kind) {
    case 'Field': {
      const { alias, name, selections = [] } = selection;
      const field = alias === undefined ? name : `${alias}: ${name}`;
      return selections.length === 0 ? [field] : block(field, selections.flatMap(requirement));
    }
    case 'InlineFragment':
      return block(`... on ${selection.typeCondition}`, selection.selections.flatMap(requirement));
    case 'FragmentSpread':
      return [`...${selection.value}`];
  }
}

function operationLines(operation: string): string[] {
  return print(withoutValues(parse(operation, { noLocation: true }))).split('\n');
}

/** Names of an enum's values stay: they are the schema's. */
function withoutValues(document: ASTNode): ASTNode {
  return visit(document, {
    IntValue: (node) => ({ ...node, value: '0' }),
    FloatValue: (node) => ({ ...node, value: '0' }),
    StringValue: (node) => ({ ...node, value: '', block: false }),
    ListValue: { leave: (node) => ({ ...node, values: distinct(node.values) }) },
  });
}

/** How many there were is the client's to know. */
function distinct(values: readonly ValueNode[]): readonly ValueNode[] {
  return [...new Map(values.map((value) => [print(value), value])).values()];
}

function pathText(path: readonly FlattenNodePathSegment[]): string {
  const segments = path.map((segment) => {
    if (segment === '@') return '@';
    return 'Field' in segment ? segment.Field : `|[${segment.TypeCondition.join('|')}]`;
  });
  return segments.join('.').replaceAll('.|[', '|[');
}

function block(title: string, lines: readonly string[]): string[] {
  return [title === '' ? '{' : `${title} {`, ...lines.map(indented), '}'];
}

function indented(line: string): string {
  return line === '' ? line : `  ${line}`;
}
