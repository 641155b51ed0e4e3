import { CommandFailure, notThere } from './failure.ts';
import type { TargetName } from './configuration.ts';

interface Member {
  readonly __typename: string;
}

type ProblemName = { readonly __typename: `${string}Problem` };

/** The answer of a mutation, unless it is a problem: then the command ends with it. */
export function accepted<Answered extends Member>(
  answered: Answered,
): Exclude<Answered, ProblemName> {
  const failure = refusalOf(answered);
  if (failure !== null) throw failure;
  return answered as Exclude<Answered, ProblemName>;
}

function refusalOf(answered: object): CommandFailure | null {
  if (!('code' in answered) || !('message' in answered)) return null;
  const correlationId = 'correlationId' in answered ? String(answered.correlationId) : null;
  return new CommandFailure(String(answered.code), String(answered.message), { correlationId });
}

/** What was looked for, unless it is not there: then the command ends with that. */
export function found<Value>(value: Value | null | undefined, what: string): Value {
  if (value !== null && value !== undefined) return value;
  throw notThere(`There is no ${what} that this token may see.`);
}

/** `finance@production`. */
export function nameOf({ graph, target }: TargetName): string {
  return `${graph}@${target}`;
}

/** `finance@production`, as something that was not found. */
export function targetText(target: TargetName): string {
  return `target ${nameOf(target)}`;
}
