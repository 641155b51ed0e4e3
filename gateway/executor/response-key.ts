import { Kind, parse, print, visit } from 'graphql';
import type { PlanNode, RequiresSelection } from '@graphql-hive/router-query-planner';
import { isInherited, ownValue } from './data.ts';
import { entityInputsOf, fetchesOf } from './plan-walk.ts';
import type { Data } from './data.ts';

/**
 * Under which key of the merged tree the value of a client's response key stands. A client may give any field the name
 * that another fetch's representation reads (`id: name`), and both must live in one object: the client's then stands
 * under a key of ours.
 */
export interface ResponseKeys {
  /** Where a client's field is found. */
  place(responseKey: string, fieldName: string): KeyPlace;
  /** As `place`, when it is not known which field the key stands for. */
  read(data: Data, responseKey: string): unknown;
  /** Where a value is kept that the plan wants renamed to this key. */
  renamed(responseKey: string): string;
  /** A subgraph's operation with aliases that no representation reads by mistake. */
  safeOperation(operation: string): string;
}

export interface KeyPlace {
  readonly key: string;
  /** Null when it is simply there: that is how nearly all are read. */
  readonly read: ((data: Data) => unknown) | null;
}

const OURS = '_client_';
/** The planner's own aliases are what representations are to read. */
const PLANNERS = '_internal_qp_alias_';

/** Without a plan every key is the client's own. */
export function responseKeysOf(plan: PlanNode | null): ResponseKeys {
  const needed = new Set<string>();
  const moved = new Set<string>();
  for (const fetch of plan === null ? [] : fetchesOf(plan)) {
    for (const input of entityInputsOf(fetch)) {
      collectNames(input.requires, needed);
      for (const rewrite of input.outputRewrites ?? []) {
        if ('KeyRenamer' in rewrite) moved.add(rewrite.KeyRenamer.renameKeyTo);
      }
    }
  }
  const isShared = (key: string): boolean => needed.has(key) || moved.has(key);
  return {
    place: (key, fieldName) => {
      if (!isShared(key)) {
        return { key, read: isInherited(key) ? (data) => ownValue(data, key) : null };
      }
      const ours = OURS + key;
      if (key !== fieldName && needed.has(key)) return { key: ours, read: null };
      return { key: ours, read: (data) => data[ours] ?? ownValue(data, key) };
    },
    read: (data, key) => {
      const ours = isShared(key) ? data[OURS + key] : undefined;
      return ours ?? ownValue(data, key);
    },
    renamed: (key) => OURS + key,
    safeOperation: (operation) => withSafeAliases(operation, needed),
  };
}

function collectNames(selections: readonly RequiresSelection[], names: Set<string>): void {
  for (const selection of selections) {
    if (selection.kind === 'Field') names.add(selection.name);
    if (selection.kind === 'FragmentSpread') continue;
    collectNames(selection.selections ?? [], names);
  }
}

function withSafeAliases(operation: string, needed: ReadonlySet<string>): string {
  let isChanged = false;
  const document = visit(parse(operation, { noLocation: true }), {
    [Kind.FIELD]: (node) => {
      const alias = node.alias?.value;
      if (alias === undefined || alias === node.name.value || !needed.has(alias)) return undefined;
      if (alias.startsWith(PLANNERS)) return undefined;
      isChanged = true;
      return { ...node, alias: { kind: Kind.NAME, value: OURS + alias } };
    },
  });
  return isChanged ? print(document) : operation;
}
