import { Kind, parse } from 'graphql';
import { isInherited, ownValue } from './data.ts';
import { entityInputsOf, fetchesOf } from './plan-walk.ts';
import type { DirectiveNode, DocumentNode, SelectionSetNode } from 'graphql';
import type { PlanNode } from '@graphql-hive/router-query-planner';
import type { Data } from './data.ts';

/**
 * Under which key clients' fields are asked for. A client may call any field by the name of one that plans read
 * (`id: name`), and both would have to live in one object: the client's is then asked for under a key of ours.
 */
export interface AliasRule {
  planned(responseKey: string, fieldName: string): string;
}

const OURS = '_client_';

/** The names that keys, `@requires` and `@provides` of a supergraph read: aliases must keep away from them. */
export function aliasRuleOf(supergraph: DocumentNode): AliasRule {
  const read = new Set(['__typename']);
  const noteIn = (directives: readonly DirectiveNode[] = []): void => {
    for (const { name, arguments: given = [] } of directives) {
      if (!name.value.startsWith('join__')) continue;
      for (const { name: argument, value } of given) {
        const isFieldSet = /^(key|requires|provides)$/.test(argument.value);
        if (isFieldSet && value.kind === Kind.STRING) noteFields(value.value, read);
      }
    }
  };
  for (const node of supergraph.definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION)
      continue;
    noteIn(node.directives);
    for (const field of node.fields ?? []) noteIn(field.directives);
  }
  return {
    planned: (responseKey, fieldName) => {
      // The name of a type is known without its alias, and plans need it under its own.
      if (fieldName === '__typename') return '__typename';
      return responseKey !== fieldName && read.has(responseKey) ? OURS + responseKey : responseKey;
    },
  };
}

function noteFields(fieldSet: string, names: Set<string>): void {
  const visit = ({ selections }: SelectionSetNode): void => {
    for (const node of selections) {
      if (node.kind === Kind.FIELD) names.add(node.name.value);
      if (node.kind !== Kind.FRAGMENT_SPREAD && node.selectionSet) visit(node.selectionSet);
    }
  };
  for (const node of parse(`{ ${fieldSet} }`, { noLocation: true }).definitions) {
    if (node.kind === Kind.OPERATION_DEFINITION) visit(node.selectionSet);
  }
}

/** Under which key of the merged tree the value of a client's response key stands. */
export interface ResponseKeys {
  /** Where a client's field is found. */
  place(responseKey: string, fieldName: string): KeyPlace;
  /** The value of a key that a plan's path names: plans speak of the keys that were asked for. */
  read(data: Data, key: string): unknown;
  /** As `read`, for one key; null when it is simply there. */
  reader(key: string): KeyPlace['read'];
  /** Where a value is kept that the plan wants renamed to this key, since it may need what stands there. */
  renamed(key: string): string;
  /** The client's key for one of a path of a subgraph's error. */
  clientKey(key: string): string;
}

export interface KeyPlace {
  readonly key: string;
  /** Null when it is simply there: that is how nearly all are read. */
  readonly read: ((data: Data) => unknown) | null;
}

const MOVED = '_moved_';

/** Without a plan nothing is moved. */
export function responseKeysOf(plan: PlanNode | null, aliases: AliasRule): ResponseKeys {
  const movedTo = new Set<string>();
  const movedFrom = new Map<string, string>();
  for (const fetch of plan === null ? [] : fetchesOf(plan)) {
    for (const rewrite of entityInputsOf(fetch).flatMap((input) => input.outputRewrites)) {
      if (!('KeyRenamer' in rewrite)) continue;
      const { path, renameKeyTo } = rewrite.KeyRenamer;
      const last = path.at(-1);
      movedTo.add(renameKeyTo);
      if (last !== undefined && 'Key' in last) movedFrom.set(last.Key, renameKeyTo);
    }
  }
  const read = (data: Data, key: string): unknown => {
    const moved = movedTo.has(key) ? data[MOVED + key] : undefined;
    return moved ?? ownValue(data, key);
  };
  const reader = (key: string): KeyPlace['read'] => {
    const isPlain = !movedTo.has(key) && !isInherited(key);
    return isPlain ? null : (data) => read(data, key);
  };
  return {
    read,
    reader,
    renamed: (key) => MOVED + key,
    place: (responseKey, fieldName) => {
      const key = aliases.planned(responseKey, fieldName);
      return { key, read: reader(key) };
    },
    clientKey: (key) => {
      const planned = movedFrom.get(key) ?? key;
      return planned.startsWith(OURS) ? planned.slice(OURS.length) : planned;
    },
  };
}
