import { deviations } from './trial.ts';
import type { Answer, Aspect } from './comparison.ts';
import type { Repair } from './hive-repairs.ts';
import type { Bench, Gateway, Trial } from './trial.ts';

export interface Pair {
  readonly expected: Answer;
  readonly actual: Answer;
}

/** Takes a known fault out of what is compared. */
export type Adjust = (pair: Pair, trial: Trial) => Pair;

/**
 * A fault that is known, and how to tell that a wrong answer is its doing: the answer is right once it is asked again
 * with the repair, or once the pair is adjusted, or it says itself that this is the reason.
 */
export interface KnownDifference {
  readonly name: string;
  /** Who is wrong, and why. */
  readonly explanation: string;
  readonly repairs?: readonly Repair[];
  /** With the default seed it explains no more answers than these; a repair might else explain away what broke today. */
  readonly atMost?: number;
  /** It touches nothing else; without this, anything but the order alone. */
  readonly touches?: readonly Aspect[];
  readonly adjust?: Adjust;
  readonly recognises?: (answer: Answer, trial: Trial) => boolean;
}

/** The names of the known differences that make this answer what it is; null where they do not. */
export async function explain(
  known: readonly KnownDifference[],
  { bench, trial, of }: { readonly bench: Bench; readonly trial: Trial; readonly of: Gateway },
): Promise<readonly string[] | null> {
  const recognised = (answer: Answer): string[] =>
    known.filter(({ recognises }) => recognises?.(answer, trial)).map(({ name }) => name);
  const own = recognised(trial[of]);
  if (own.length > 0) return own;
  const wrong = deviations(trial, trial.monolith, trial[of]);
  // Nothing that is known explains an order, and a repair would hide it, for it asks in another one.
  if (wrong.every((aspect) => aspect === 'order')) return null;
  const candidates = known.filter(
    ({ recognises, touches }) =>
      recognises === undefined && wrong.every((aspect) => touches?.includes(aspect) ?? true),
  );
  const answers = new Map<string, Answer>([['', trial[of]]]);
  const repaired = async (repairs: ReadonlySet<Repair>): Promise<Answer> => {
    const key = [...repairs].sort().join();
    const answer = answers.get(key) ?? (await bench.askRepaired(of, trial.operation, repairs));
    answers.set(key, answer);
    return answer;
  };
  const suffice = async (some: readonly KnownDifference[]): Promise<boolean> => {
    const repairs = new Set(some.flatMap((one) => one.repairs ?? []));
    // Fields can be merged only after it is known which of them are there.
    if (repairs.has('merged fields')) repairs.add('conditions');
    const answer = await repaired(repairs);
    const pair = some.reduce<Pair>((so, { adjust }) => adjust?.(so, trial) ?? so, {
      expected: trial.monolith,
      actual: answer,
    });
    if (repairs.size > 0 && recognised(answer).length > 0) return true;
    const left = deviations(trial, pair.expected, pair.actual);
    return left.every((aspect) => aspect === 'order' && repairs.size > 0);
  };
  for (const one of candidates) if (await suffice([one])) return [one.name];
  if (!(await suffice(candidates))) return null;
  let enough = candidates;
  for (const one of candidates.toReversed()) {
    const others = enough.filter((other) => other !== one);
    if (await suffice(others)) enough = others;
  }
  return enough.map(({ name }) => name);
}
