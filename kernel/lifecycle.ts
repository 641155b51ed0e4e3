import { accepted, illegalTransition, refused } from './problem.ts';
import type { IllegalTransition, Result } from './problem.ts';

/**
 * A state machine as data: for each state, the events it accepts and the state each leads to.
 * The table is the documentation, the test plan and the list of a screen's buttons.
 */
export interface Lifecycle<State extends string, Event extends string> {
  /** The noun whose life this is, such as "purchase order". */
  readonly entity: string;
  readonly initial: State;
  readonly transitions: Readonly<Record<State, Readonly<Partial<Record<Event, State>>>>>;
}

/** The next state, or the problem that lists what would be legal. */
export function step<State extends string, Event extends string>(
  lifecycle: Lifecycle<State, Event>,
  state: State,
  event: Event,
): Result<State, IllegalTransition> {
  const next = lifecycle.transitions[state][event];
  if (next !== undefined) return accepted<State>(next);
  return refused(
    illegalTransition({
      entity: lifecycle.entity,
      state,
      event,
      legalEvents: legalEvents(lifecycle, state),
    }),
  );
}

/** The events that `state` accepts, in the table's order. */
export function legalEvents<State extends string, Event extends string>(
  lifecycle: Lifecycle<State, Event>,
  state: State,
): Event[] {
  return Object.keys(lifecycle.transitions[state]) as Event[];
}

/** All states of the table. */
export function statesOf<State extends string, Event extends string>(
  lifecycle: Lifecycle<State, Event>,
): State[] {
  return Object.keys(lifecycle.transitions) as State[];
}

/** All events that occur anywhere in the table, each once. */
export function eventsOf<State extends string, Event extends string>(
  lifecycle: Lifecycle<State, Event>,
): Event[] {
  return [...new Set(statesOf(lifecycle).flatMap((state) => legalEvents(lifecycle, state)))];
}

/** Every pair of state and event with what the table says of it: the exhaustive test walks this. */
export function* walk<State extends string, Event extends string>(
  lifecycle: Lifecycle<State, Event>,
): Generator<{ state: State; event: Event; next: State | undefined }> {
  const events = eventsOf(lifecycle);
  for (const state of statesOf(lifecycle)) {
    for (const event of events) yield { state, event, next: lifecycle.transitions[state][event] };
  }
}

/** What is wrong with a table itself: targets that are no state, states that cannot be reached. Empty when sound. */
export function flawsOf<State extends string, Event extends string>(
  lifecycle: Lifecycle<State, Event>,
): string[] {
  const known = new Set<string>(statesOf(lifecycle));
  const reached = new Set<string>([lifecycle.initial]);
  const queue: State[] = [lifecycle.initial];
  const flaws: string[] = [];
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    for (const next of Object.values<State | undefined>(lifecycle.transitions[state])) {
      if (next === undefined || reached.has(next)) continue;
      reached.add(next);
      if (known.has(next)) queue.push(next);
      else
        flaws.push(`${lifecycle.entity}: "${state}" leads to "${next}", which is not in the table`);
    }
  }
  for (const state of known)
    if (!reached.has(state)) flaws.push(`${lifecycle.entity}: "${state}" cannot be reached`);
  return flaws;
}

/** The table as a Mermaid state diagram, for the documentation. */
export function toMermaid<State extends string, Event extends string>(
  lifecycle: Lifecycle<State, Event>,
): string {
  const arrows = statesOf(lifecycle).flatMap((state) =>
    Object.entries<State | undefined>(lifecycle.transitions[state]).map(
      ([event, next]) => `  ${state} --> ${next ?? state}: ${event}`,
    ),
  );
  return ['stateDiagram-v2', `  [*] --> ${lifecycle.initial}`, ...arrows].join('\n');
}
