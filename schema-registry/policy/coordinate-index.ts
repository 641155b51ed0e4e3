import type { Element } from './element.ts';

/** A stretch of the SDL that one element takes, and the element around it. */
interface Span {
  readonly coordinate: string;
  readonly start: Place;
  readonly end: Place;
  around: Span | null;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** From a place in the SDL to the innermost of these elements around it; null where there is none. */
export function coordinateIndex(
  elements: readonly Element[],
): (line: number, column: number) => string | null {
  const spans = spansOf(elements);
  const open: Span[] = [];
  for (const span of spans) {
    while (open.length > 0 && isBefore(open.at(-1)?.end, span.start)) open.pop();
    span.around = open.at(-1) ?? null;
    open.push(span);
  }
  return (line, column) => {
    const place = { line, column };
    let span = lastStartingBy(spans, place);
    while (span !== null && isBefore(span.end, place)) span = span.around;
    return span?.coordinate ?? null;
  };
}

function spansOf(elements: readonly Element[]): Span[] {
  const located = elements.flatMap(({ coordinate, node: { loc } }) =>
    loc === undefined ? [] : [{ coordinate, loc }],
  );
  return located
    .sort((a, b) => a.loc.start - b.loc.start || b.loc.end - a.loc.end)
    .map(({ coordinate, loc: { startToken, endToken } }) => ({
      coordinate,
      start: startToken,
      end: { line: endToken.line, column: endToken.column + endToken.end - endToken.start - 1 },
      around: null,
    }));
}

function isBefore(a: Place | undefined, b: Place): boolean {
  return a !== undefined && (a.line < b.line || (a.line === b.line && a.column < b.column));
}

function lastStartingBy(spans: readonly Span[], place: Place): Span | null {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const span = spans[middle];
    if (span !== undefined && !isBefore(place, span.start)) low = middle + 1;
    else high = middle;
  }
  return spans[low - 1] ?? null;
}
