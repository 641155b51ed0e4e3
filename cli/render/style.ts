/** How words are made to stand out; without colour all of them are the words themselves. */
export interface Style {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

const plainly = (text: string): string => text;

export const PLAIN: Style = {
  good: plainly,
  bad: plainly,
  warn: plainly,
  strong: plainly,
  faint: plainly,
};

export const COLOURED: Style = {
  good: coloured(32),
  bad: coloured(31),
  warn: coloured(33),
  strong: coloured(1),
  faint: coloured(2),
};

function coloured(code: number): (text: string) => string {
  return (text) => (text === '' ? '' : `\u001B[${code}m${text}\u001B[0m`);
}

// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g;

/**
 * Text of others without what could steer a terminal, turn the reading direction or command a pipeline, which obeys lines that
 * begin with two colons; line breaks and tabs stay.
 */
export function harmless(text: string): string {
  return text
    .replace(/\r\n/g, '\n')
    .replace(CONTROL, '�')
    .replace(/^(\s*)::/gm, '$1: :')
    .replaceAll('##[', '# #[');
}

/** The same on one line. */
export function oneLine(text: string): string {
  return harmless(text).replace(/\s+/g, ' ').trim();
}

/** `1 subgraph`, `2 subgraphs`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
