import { readFileSync } from 'node:fs';
import { notThere } from './failure.ts';
import { EXPLANATIONS } from './explanations.ts';
import { EXIT_MEANINGS, exitCodeOf } from './exit-code.ts';
import type { Command } from './command.ts';

export interface Explanation {
  readonly code: string;
  readonly text: string;
  /** The page that it is told in, as a path in the repository; null when there is none. */
  readonly page: string | null;
}

const RULE = /^[a-z][a-z-]*$/;

/** What a code means and what to do about it; throws a `CommandFailure` for one that is not known. */
export function explain(word: string, commands: readonly Command[]): Explanation {
  const rule = word.toLowerCase().replaceAll('_', '-');
  const page = RULE.test(rule) ? readPage(`docs/policies/rules/${rule}.md`) : null;
  if (page !== null) return { code: rule, ...page };
  const code = word.toUpperCase().replaceAll('-', '_');
  const known = EXPLANATIONS[code];
  if (known !== undefined)
    return { code, text: `${code}\n\n${known.text}`, page: known.page ?? null };
  if (/^\d+$/.test(word)) return explainExit(word);
  throw notThere(
    `Nothing is known of "${word}". Findings of composition are explained at https://www.apollographql.com/docs/graphos/reference/errors; this program has ${commands.length} commands, see --help.`,
  );
}

function explainExit(word: string): Explanation {
  const meaning = EXIT_MEANINGS.find(([code]) => String(code) === word);
  if (meaning === undefined) throw notThere(`The program never ends with the code ${word}.`);
  const codes = Object.keys(EXPLANATIONS).filter((code) => String(exitCodeOf(code)) === word);
  const text = `Exit code ${word}: ${meaning[1]}.${codes.length === 0 || word === '1' ? '' : `\n\nSuch as ${codes.join(', ')}.`}`;
  return { code: word, text, page: null };
}

function readPage(path: string): { readonly text: string; readonly page: string } | null {
  try {
    return {
      text: readFileSync(new URL(`../${path}`, import.meta.url), 'utf8').trimEnd(),
      page: path,
    };
  } catch {
    return null;
  }
}
