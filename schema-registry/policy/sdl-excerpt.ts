import { Kind, TokenKind } from 'graphql';
import { isTypePart } from './element.ts';
import type { DefinitionNode, DocumentNode, Token } from 'graphql';

/** The text of some definitions, put together, and the way back to where they stood. */
export interface SdlExcerpt {
  readonly sdl: string;
  /** From a place in the excerpt to the place in the SDL as it was sent; both counted from 1. */
  readonly placeOf: (
    line: number,
    column: number,
  ) => { readonly line: number; readonly column: number };
}

interface Segment {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Only the definitions of these types and directives, and on request whatever speaks of the schema as a whole. A linter's
 * work grows with its text, so it is given the part that changed; every definition keeps its own line breaks, and starts a
 * line.
 */
export function excerptOf(
  document: DocumentNode,
  definitions: ReadonlySet<string>,
  withSchema: boolean,
): SdlExcerpt {
  const segments = document.definitions
    .filter((node) => {
      const name = definitionName(node);
      return name === null ? withSchema : definitions.has(name);
    })
    .map(segmentOf);
  const starts: number[] = [];
  let line = 1;
  for (const segment of segments) {
    starts.push(line);
    line += segment.text.split(LINE_BREAK).length;
  }
  return {
    sdl: segments.map((segment) => segment.text).join('\n'),
    placeOf: (line, column) => {
      const index = starts.findLastIndex((start) => start <= line);
      const segment = segments[index];
      const start = starts[index];
      if (segment === undefined || start === undefined) return { line, column };
      return {
        line: segment.line + line - start,
        column: line === start ? segment.column + column - 1 : column,
      };
    },
  };
}

/** What GraphQL counts as the end of a line. */
const LINE_BREAK = /\r\n|\n|\r/;

/** A type by its name, a directive with `@`; null for what speaks of the schema as a whole. */
export function definitionName(node: DefinitionNode): string | null {
  if (node.kind === Kind.DIRECTIVE_DEFINITION) return `@${node.name.value}`;
  return isTypePart(node) ? node.name.value : null;
}

function segmentOf(node: DefinitionNode): Segment {
  const { loc } = node;
  if (loc === undefined) throw new Error('The document is expected to be parsed with locations.');
  const first = firstComment(loc.startToken);
  return {
    text: loc.source.body.slice(first.start, loc.end),
    line: first.line,
    column: first.column,
  };
}

/** The first of the comments directly before a definition, because a rule reads them; else the definition's own start. */
function firstComment(start: Token): Token {
  let first = start;
  for (
    let token = start.prev;
    token !== null && token.kind === TokenKind.COMMENT;
    token = token.prev
  ) {
    const before = token.prev;
    if (before !== null && before.kind !== TokenKind.SOF && before.line === token.line) break;
    first = token;
  }
  return first;
}
