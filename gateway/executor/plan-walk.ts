import type {
  BatchFetchNode,
  FetchNode,
  OutputRewrite,
  PlanNode,
  RequiresSelection,
} from '@graphql-hive/router-query-planner';

/** Every fetch of a plan, wherever it stands. */
export function* fetchesOf(node: PlanNode): Generator<FetchNode | BatchFetchNode> {
  if (node.kind === 'Fetch' || node.kind === 'BatchFetch') yield node;
  else if (node.kind === 'Subscription') yield node.primary;
  else for (const child of childrenOf(node)) yield* fetchesOf(child);
}

function childrenOf(
  node: Exclude<PlanNode, { kind: 'Fetch' | 'BatchFetch' | 'Subscription' }>,
): PlanNode[] {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return node.nodes;
    case 'Flatten':
      return [node.node];
    case 'Condition':
      return [node.ifClause, node.elseClause].flatMap((child) => child ?? []);
    case 'Defer':
      return [node.primary.node, ...node.deferred.map((later) => later.node)].flatMap(
        (child) => child ?? [],
      );
  }
}

/** What a fetch reads of the tree, and how its answer is rewritten; a batch has several such inputs. */
export function entityInputsOf(fetch: FetchNode | BatchFetchNode): readonly {
  readonly requires: readonly RequiresSelection[];
  readonly outputRewrites: readonly OutputRewrite[];
}[] {
  const inputs = fetch.kind === 'BatchFetch' ? fetch.entityBatch.aliases : [fetch];
  return inputs.map(({ requires, outputRewrites }) => ({
    requires: requires ?? [],
    outputRewrites: outputRewrites ?? [],
  }));
}
