import { canonicalJson } from '#kernel/json.ts';
import { isKeyword, isSilent, VOCABULARY } from './schema-vocabulary.ts';
import type { Targets } from './place.ts';
import type { Schema, SchemaObject } from './schema-vocabulary.ts';

const UNORDERED: ReadonlySet<string> = new Set(['required', 'enum', 'type']);

/**
 * Whether two schemas say the same: annotations apart, references followed, order where order means nothing. Two
 * recursive schemas are the same when no walk through both finds a difference.
 */
export function createSameness(targets: Targets): (a: Schema, b: Schema) => boolean {
  const known = new Map<Schema, Map<Schema, boolean>>();
  return (a, b) => {
    const before = known.get(a)?.get(b);
    if (before !== undefined) return before;
    const answer = areSame(a, b, { targets, met: new Map() });
    const answers = known.get(a) ?? new Map<Schema, boolean>();
    known.set(a, answers.set(b, answer));
    return answer;
  };
}

interface Walk {
  readonly targets: Targets;
  readonly met: Map<SchemaObject, Set<SchemaObject>>;
}

function areSame(first: Schema, second: Schema, walk: Walk): boolean {
  const a = unwrapped(first, walk.targets);
  const b = unwrapped(second, walk.targets);
  if (a === b) return true;
  if (typeof a === 'boolean' || typeof b === 'boolean') return false;
  const partners = walk.met.get(a) ?? new Set();
  if (partners.has(b)) return true;
  walk.met.set(a, partners.add(b));
  const keywords = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keywords].every((keyword) => {
    if (isSilent(keyword)) return true;
    if (!(keyword in a) || !(keyword in b)) return false;
    return keyword === '$ref' || keyword === '$dynamicRef'
      ? lists(walk.targets(a), walk.targets(b), walk)
      : sameUnder(keyword, [a[keyword], b[keyword]], walk);
  });
}

function sameUnder(keyword: string, [a, b]: readonly [unknown, unknown], walk: Walk): boolean {
  const holds = isKeyword(keyword) ? VOCABULARY[keyword].holds : 'value';
  switch (holds) {
    case 'schema':
      return areSame(a as Schema, b as Schema, walk);
    case 'schemas':
      return lists(a as readonly Schema[], b as readonly Schema[], walk);
    case 'named-schemas':
      return maps(a as Record<string, Schema>, b as Record<string, Schema>, walk);
    case 'value':
      return valueText(keyword, a) === valueText(keyword, b);
  }
}

function lists(a: readonly Schema[], b: readonly Schema[], walk: Walk): boolean {
  return (
    a.length === b.length && a.every((schema, index) => areSame(schema, b[index] ?? false, walk))
  );
}

function maps(a: Record<string, Schema>, b: Record<string, Schema>, walk: Walk): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every(
    (name) => Object.hasOwn(b, name) && areSame(a[name] ?? false, b[name] ?? false, walk),
  );
}

function valueText(keyword: string, value: unknown): string {
  if (!UNORDERED.has(keyword)) return canonicalJson(value);
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return [...new Set(list.map(canonicalJson))].sort().join(',');
}

/** What a schema comes to that says nothing but a reference, or nothing at all. */
function unwrapped(schema: Schema, targets: Targets): Schema {
  if (typeof schema === 'boolean') return schema;
  const saying = Object.keys(schema).filter((keyword) => !isSilent(keyword));
  if (saying.length === 0) return true;
  const [target] = targets(schema);
  const isReferenceOnly =
    saying.length === 1 && (saying[0] === '$ref' || saying[0] === '$dynamicRef');
  return isReferenceOnly && target !== undefined ? unwrapped(target, targets) : schema;
}
