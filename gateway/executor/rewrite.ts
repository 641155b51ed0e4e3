import type {
  FetchNodePathSegment,
  FetchRewrite,
  InputRewrite,
  OutputRewrite,
} from '@graphql-hive/router-query-planner';
import { isData } from './data.ts';
import type { Data } from './data.ts';
import type { ResponseKeys } from './response-key.ts';
import type { TypeGraph } from './type-graph.ts';

/** What the plan wants changed in a representation or in a subgraph's answer; both are changed in place. */
type Change = (owner: Data, key: string) => void;

export function rewriteInput(
  representation: unknown,
  rewrites: readonly InputRewrite[],
  types: TypeGraph,
): unknown {
  for (const rewrite of rewrites) {
    const { path, change } = changeOf(rewrite, (key) => key);
    visit(representation, path, change, types);
  }
  return representation;
}

export function rewriteOutput(
  answer: unknown,
  rewrites: readonly OutputRewrite[],
  { types, keys }: { readonly types: TypeGraph; readonly keys: ResponseKeys },
): void {
  for (const rewrite of rewrites) {
    const { path, change } = changeOf(rewrite, keys.renamed);
    visit(answer, path, change, types);
  }
}

function changeOf(
  rewrite: FetchRewrite,
  renamed: (key: string) => string,
): { path: readonly FetchNodePathSegment[]; change: Change } {
  if ('KeyRenamer' in rewrite) {
    const { path, renameKeyTo } = rewrite.KeyRenamer;
    const key = renamed(renameKeyTo);
    return {
      path,
      change: (owner, from) => {
        if (from in owner) owner[key] = owner[from];
      },
    };
  }
  const { path, setValueTo } = 'ValueSetter' in rewrite ? rewrite.ValueSetter : rewrite;
  return { path, change: (owner, key) => void (owner[key] = setValueTo) };
}

function visit(
  value: unknown,
  path: readonly FetchNodePathSegment[],
  change: Change,
  types: TypeGraph,
): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, path, change, types);
    return;
  }
  const [segment, ...rest] = path;
  if (segment === undefined || !isData(value)) return;
  if ('TypenameEquals' in segment) {
    const name = value['__typename'];
    const conditions = [segment.TypenameEquals].flat();
    if (name === undefined || conditions.some((condition) => types.satisfies(name, condition)))
      visit(value, rest, change, types);
  } else if (rest.length === 0) {
    change(value, segment.Key);
  } else {
    visit(value[segment.Key], rest, change, types);
  }
}
