import {
  isImpossible,
  lowerEdge,
  placeOf,
  requiredOf,
  typesOf,
  upperEdge,
  valueTexts,
} from './place.ts';
import { propertyAt } from './object-place.ts';
import type { Place, Targets } from './place.ts';

/** Properties within properties that may tell two objects apart; a discriminator lies at the first level. */
const DEPTH_MAX = 4;

/** Is there surely no value that fits both places? A false answer may be wrong, a true one never is. */
export function areDisjoint(
  a: Place,
  b: Place,
  search: {
    readonly targets: Targets;
    readonly within: <Answer>(work: () => Answer) => Answer;
  },
  depth = 0,
): boolean {
  if (isImpossible(a) || isImpossible(b)) return true;
  const common = [...typesOf(a)].filter((type) => typesOf(b).has(type));
  if (common.length === 0) return true;
  const [left, right] = [valueTexts(a), valueTexts(b)];
  if (left !== null && right !== null) {
    const texts = new Set(left);
    return right.every((text) => !texts.has(text));
  }
  if (common.every((type) => type === 'integer' || type === 'fraction')) return rangesApart(a, b);
  if (depth >= DEPTH_MAX || common.some((type) => type !== 'object')) return false;
  const { targets } = search;
  const required = [...requiredOf([...a.schemas, ...b.schemas])];
  return required.some((name) =>
    search.within(() =>
      areDisjoint(
        placeOf(propertyAt(a, name, targets), targets),
        placeOf(propertyAt(b, name, targets), targets),
        search,
        depth + 1,
      ),
    ),
  );
}

function rangesApart(a: Place, b: Place): boolean {
  return isBelow(a, b) || isBelow(b, a);
}

function isBelow(low: Place, high: Place): boolean {
  const upper = upperEdge(low);
  const lower = lowerEdge(high);
  return (
    upper.value < lower.value ||
    (upper.value === lower.value && (upper.exclusive || lower.exclusive))
  );
}
