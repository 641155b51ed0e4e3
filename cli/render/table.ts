import Table from 'cli-table3';
import { oneLine } from './style.ts';
import type { Style } from './style.ts';

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Rows under headings, as wide as they need; `none` when there are no rows. */
export function table(
  style: Style,
  {
    heads,
    rows,
    none,
  }: {
    readonly heads: readonly string[];
    readonly rows: readonly (readonly (string | null)[])[];
    readonly none: string;
  },
): string {
  if (rows.length === 0) return style.faint(none);
  const drawn = new Table({
    head: heads.map((head) => style.faint(head)),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  drawn.push(...rows.map((row) => row.map((cell) => cellOf(cell))));
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A cell that is coloured already is not looked at again. */
function cellOf(cell: string | null): string {
  if (cell === null || cell === '') return '–';
  return cell.startsWith('\u001B[') ? cell : oneLine(cell);
}

/** Names with their values, one a line. */
export function pairs(
  style: Style,
  entries: readonly (readonly [name: string, value: string | null])[],
): string {
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries
    .map(([name, value]) => `${style.faint(name.padEnd(width))}  ${cellOf(value)}`)
    .join('\n');
}

/** Parts with an empty line between them; empty ones are left out. */
export function blocks(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}
