import type { DocumentNode, Location } from 'graphql';

/** A place in a file, counted from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Finds where a coordinate is written in files of schema language. */
export type PlaceFinder = (coordinate: string) => Place | null;

/** Where findings lie: the file of each subgraph, and where a coordinate is written in them. */
export interface Places {
  readonly fileOf: ReadonlyMap<string, string>;
  readonly find: PlaceFinder;
}

export const NO_PLACES: Places = { fileOf: new Map(), find: () => null };

/**
 * Finds coordinates in the texts that were sent: the element itself, or what it was taken from when it is gone. The registry
 * gives a place to what it finds in one subgraph's text; what it finds in the composed graph has none.
 */
export async function createPlaceFinder(
  files: readonly { readonly file: string; readonly sdl: string }[],
): Promise<PlaceFinder> {
  const { parse } = await import('graphql');
  const documents = files.flatMap(({ file, sdl }) => {
    try {
      return [{ file, document: parse(sdl) }];
    } catch {
      // Where the text cannot be read, the registry's own finding says so.
      return [];
    }
  });
  return (coordinate) => {
    const found = documents
      .map(({ file, document }) => ({ file, ...nearest(document, stepsOf(coordinate)) }))
      .sort((a, b) => b.depth - a.depth)[0];
    if (found?.at === undefined) return null;
    return { file: found.file, line: found.at.startToken.line, column: found.at.startToken.column };
  };
}

/** `Query.invoice(id:)` is the type, its field and the argument. */
function stepsOf(coordinate: string): readonly string[] {
  return coordinate
    .replace(/^@/, '')
    .split(/[.(]/)
    .map((step) => step.replace(/:?\)$/, ''));
}

interface Nearest {
  /** How many of the steps are there. */
  readonly depth: number;
  readonly at: Location | undefined;
}

/** The innermost element that is there; of several parts of a type the one that has most. */
function nearest(document: DocumentNode, [name, ...inner]: readonly string[]): Nearest {
  let best: Nearest = { depth: 0, at: undefined };
  for (const definition of document.definitions) {
    if (!('name' in definition) || definition.name?.value !== name) continue;
    const found = within(definition, inner, 1);
    if (found.depth > best.depth) best = found;
  }
  return best;
}

/** Whatever has a name and may hold others: types, fields, arguments, values, directives. */
interface Element {
  readonly name?: { readonly value: string; readonly loc?: Location | undefined } | undefined;
  readonly fields?: readonly Element[] | undefined;
  readonly values?: readonly Element[] | undefined;
  readonly arguments?: readonly Element[] | undefined;
}

function within(element: Element, [step, ...rest]: readonly string[], depth: number): Nearest {
  const { fields = [], values = [], arguments: taken = [] } = element;
  const child =
    step === undefined
      ? undefined
      : [...fields, ...values, ...taken].find((one) => one.name?.value === step);
  return child === undefined ? { depth, at: element.name?.loc } : within(child, rest, depth + 1);
}
