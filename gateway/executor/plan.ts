import { busSubscriptionOf, compileBusFeed, compileBusFetch } from './bus-fetch.ts';
import {
  compileBatchFetch,
  compileEntityFetch,
  compileRootFetch,
  compileRootOperation,
} from './fetch.ts';
import { fetchesOf } from './plan-walk.ts';
import { targetPaths } from './target-path.ts';
import type {
  FetchNode,
  FlattenNodePathSegment,
  PlanNode,
} from '@graphql-hive/router-query-planner';
import type { Feed } from '../bus-field.ts';
import type { Compilation, Run, Step } from './fetch.ts';

/** A plan, ready to be run any number of times. */
export interface CompiledPlan {
  readonly run: Step;
  /** What a subscription's source is opened with; null for queries and mutations. */
  readonly feed: ((run: Run) => Feed) | null;
}

export function compilePlan(
  plan: PlanNode,
  options: Omit<Compilation, 'targetPath'>,
): CompiledPlan {
  const compilation = { ...options, targetPath: targetPaths(options) };
  const [first] = fetchesOf(plan);
  const isFed = first?.kind !== 'BatchFetch' && first?.operationKind === 'subscription';
  return {
    run: compileNode(plan, [], compilation),
    feed: isFed ? compileFeed(first, compilation) : null,
  };
}

function compileFeed(node: FetchNode, compilation: Compilation): (run: Run) => Feed {
  const subscription = busSubscriptionOf(node, compilation);
  return subscription === null
    ? compileRootOperation(node, compilation)
    : compileBusFeed(subscription);
}

/** What an event is answered with. */
function compileEvent(node: FetchNode, compilation: Compilation): Step {
  const subscription = busSubscriptionOf(node, compilation);
  return subscription === null
    ? compileRootFetch(node, compilation, true)
    : compileBusFetch(subscription, compilation);
}

function compileNode(
  node: PlanNode,
  path: readonly FlattenNodePathSegment[],
  compilation: Compilation,
): Step {
  switch (node.kind) {
    case 'Sequence':
      return inSequence(node.nodes.map((child) => compileNode(child, path, compilation)));
    case 'Parallel':
      return compileParallel(node.nodes, path, compilation);
    case 'Flatten':
      return compileNode(node.node, [...path, ...node.path], compilation);
    case 'Fetch':
      return path.length === 0
        ? compileRootFetch(node, compilation)
        : compileEntityFetch(node, path, compilation);
    case 'BatchFetch':
      return compileBatchFetch(node, compilation);
    case 'Condition': {
      const held = compileOptional(node.ifClause, path, compilation);
      const unheld = compileOptional(node.elseClause, path, compilation);
      return (run) => (run.variables[node.condition] === true ? held(run) : unheld(run));
    }
    case 'Subscription':
      return compileEvent(node.primary, compilation);
    case 'Defer': {
      // The answer is whole when it is sent, as the specification allows.
      const parts = [node.primary.node, ...node.deferred.map((later) => later.node)];
      return inSequence(parts.map((part) => compileOptional(part, path, compilation)));
    }
  }
}

function compileOptional(
  node: PlanNode | null | undefined,
  path: readonly FlattenNodePathSegment[],
  compilation: Compilation,
): Step {
  return node ? compileNode(node, path, compilation) : () => undefined;
}

/** Mutations run one after the other, each with all that belongs to it: the planner would start the next one earlier. */
function compileParallel(
  nodes: readonly PlanNode[],
  path: readonly FlattenNodePathSegment[],
  compilation: Compilation,
): Step {
  const isWriting = (node: PlanNode): boolean =>
    fetchesOf(node).some(({ operationKind }) => operationKind === 'mutation');
  const compiled = (some: readonly PlanNode[]): Step[] =>
    some.map((node) => compileNode(node, path, compilation));
  const writes = compiled(nodes.filter(isWriting));
  const reads = compiled(nodes.filter((node) => !isWriting(node)));
  return writes.length === 0 ? inParallel(reads) : inSequence([inParallel(reads), ...writes]);
}

function inSequence(steps: readonly Step[]): Step {
  const [only] = steps;
  if (steps.length === 1 && only !== undefined) return only;
  return async (run) => {
    for (const step of steps) {
      const pending = step(run);
      if (pending !== undefined) await pending;
    }
  };
}

function inParallel(steps: readonly Step[]): Step {
  const [only] = steps;
  if (steps.length === 1 && only !== undefined) return only;
  return (run) => {
    const pending = steps.flatMap((step) => step(run) ?? []);
    return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined);
  };
}
