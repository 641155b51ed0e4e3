/** Longer names are not matched: what they cost grows with their length. */
const NAME_LENGTH_MAX = 200;
const QUANTIFIERS_MAX = 2;
const GROUPS_OR_BACKREFERENCES = /[()]|\\[1-9kpP]/;
const QUANTIFIER = /[*+?]|\{\d*,?\d*\}/g;

/**
 * Whether a pattern of a published schema matches a text, or null when running it could take too long: a pattern with
 * groups, or with more than two quantifiers, may back-track without end, and whoever publishes schemas must not be able to
 * stop the registry with one. Callers treat null as "perhaps".
 */
export function patternMatches(pattern: string, text: string): boolean | null {
  if (text.length > NAME_LENGTH_MAX || GROUPS_OR_BACKREFERENCES.test(pattern)) return null;
  if ((pattern.match(QUANTIFIER) ?? []).length > QUANTIFIERS_MAX) return null;
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return null;
  }
}
