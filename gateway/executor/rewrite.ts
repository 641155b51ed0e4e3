import type {
  FetchNodePathSegment,
  FetchRewrite,
  InputRewrite,
  OutputRewrite,
} from '@graphql-hive/router-query-planner';
import { isData, ownValue } from './data.ts';
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
    visit(representation, path, { change, types, read: ownValue });
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
    visit(answer, path, { change, types, read: keys.read });
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

interface Visit {
  readonly change: Change;
  readonly types: TypeGraph;
  /** Keys on the way may stand under a key of ours. */
  readonly read: (data: Data, key: string) => unknown;
}

function visit(value: unknown, path: readonly FetchNodePathSegment[], visiting: Visit): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, path, visiting);
    return;
  }
  const [segment, ...rest] = path;
  if (segment === undefined || !isData(value)) return;
  if ('TypenameEquals' in segment) {
    const name = value['__typename'];
    const conditions = [segment.TypenameEquals].flat();
    if (
      name === undefined ||
      conditions.some((condition) => visiting.types.satisfies(name, condition))
    )
      visit(value, rest, visiting);
  } else if (rest.length === 0) {
    visiting.change(value, segment.Key);
  } else {
    visit(visiting.read(value, segment.Key), rest, visiting);
  }
}
