import { blocks, pairs } from './table.ts';
import { oneLine } from './style.ts';
import type { HistoryVerdict } from '#kernel/history-verification.ts';
import type { Style } from './style.ts';

/** After the first, further problems mostly follow from it. */
const PROBLEMS_TOLD = 10;

/** What the verification of an export found, the first problem first. */
export function verdictText(style: Style, verdict: HistoryVerdict): string {
  const { ok, problems, from, to, withheld, signedTo, signedAt, origin, graphId } = verdict;
  // A checkpoint that no longer fits says only that something before it was changed; what names it comes first.
  const told = problems
    .toSorted((a, b) => Number(a.code === 'ROOT_DIFFERS') - Number(b.code === 'ROOT_DIFFERS'))
    .slice(0, PROBLEMS_TOLD)
    .map(({ code, line, message }) => `line ${line}: ${style.bad(code)} ${oneLine(message)}`);
  const hidden = problems.length - told.length;
  return blocks(
    ok
      ? style.good('The history is whole: nothing was edited, removed, reordered or cut off.')
      : style.bad('The history was tampered with, or cannot be verified.'),
    [...told, ...(hidden > 0 ? [`${hidden} more problems.`] : [])].join('\n'),
    pairs(style, [
      ['log', origin],
      ['of', graphId === null ? 'the whole registry' : `graph ${graphId}`],
      [
        'entries',
        `${from} to ${to}${withheld === 0 ? '' : `, ${withheld} of other graphs withheld`}`,
      ],
      [
        'signed up to',
        signedTo === 0 ? null : `${signedTo}${signedAt === null ? '' : `, at ${signedAt}`}`,
      ],
    ]),
  );
}
