/**
 * A coordinate as usage is reported by it. Hive's clients write an argument as `Type.field.argument`; we keep the form of the
 * GraphQL specification, `Type.field(argument:)`, and take both. A trailing `!` says that a value other than null was given.
 */
const NAME = '[_A-Za-z][_0-9A-Za-z]*';
const REPORTED = new RegExp(`^(${NAME})(?:\\.(${NAME})(?:\\.(${NAME})|\\((${NAME}):\\))?)?(!)?$`);
const DIRECTIVE = new RegExp(`^@${NAME}(?:\\(${NAME}:\\))?$`);

/** The coordinate in the specification's form, or null when it is none. */
export function readCoordinate(text: string): string | null {
  if (DIRECTIVE.test(text)) return text;
  const match = REPORTED.exec(text);
  if (match === null) return null;
  const [, type = '', member, dotted, parenthesised, provided = ''] = match;
  const argument = dotted ?? parenthesised;
  if (member === undefined) return `${type}${provided}`;
  return argument === undefined
    ? `${type}.${member}${provided}`
    : `${type}.${member}(${argument}:)${provided}`;
}

/** `Invoice.total(currency:)!` → `Invoice.total(currency:)`. */
export function withoutProvided(coordinate: string): string {
  return coordinate.endsWith('!') ? coordinate.slice(0, -1) : coordinate;
}

/** The type or field that a coordinate is a part of: of an argument its field, of a member its type; null for a type. */
export function parentOf(coordinate: string): string | null {
  const plain = withoutProvided(coordinate);
  const parenthesis = plain.indexOf('(');
  if (parenthesis > 0) return plain.slice(0, parenthesis);
  const dot = plain.indexOf('.');
  return dot > 0 ? plain.slice(0, dot) : null;
}

/**
 * Every coordinate with all that it is a part of, sorted and each once: whoever uses a field uses its type. What belongs to
 * introspection is left out, because no change of a contract can touch it.
 */
export function withParents(coordinates: Iterable<string>): string[] {
  const all = new Set<string>();
  for (const coordinate of coordinates) {
    if (coordinate.startsWith('__')) continue;
    if (!/\.__/.test(coordinate)) all.add(coordinate);
    for (let part = parentOf(coordinate); part !== null; part = parentOf(part)) all.add(part);
  }
  return [...all].sort();
}
