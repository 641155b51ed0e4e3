import { standardBehaviour } from './behaviour.ts';
import type {
  Behaviour,
  Chance,
  CommitThenTimeout,
  FailureRule,
  RefusalRule,
  RequestMatch,
} from './behaviour.ts';

/** The behaviour in force, with what is left of its counted rules. */
export type FaultPlan = {
  readonly behaviour: () => Behaviour;
  /** Replaces the behaviour, refills all counts, and starts the random numbers at its seed. */
  readonly set: (behaviour: Behaviour) => void;
  /** The failure to answer this request with, counted as used. */
  readonly failureOf: (request: Addressed) => FailureRule | undefined;
  readonly refusalOf: (resource: string) => RefusalRule | undefined;
  readonly cutOf: (request: Addressed) => CommitThenTimeout | undefined;
  readonly returnReason: () => string | undefined;
  readonly losesWebhook: () => boolean;
  /** What is left of each counted rule, in the order of the rules. */
  readonly remaining: () => object;
};

type Addressed = { readonly method: string; readonly path: string };

export function faultPlan(start: Behaviour = standardBehaviour): FaultPlan {
  let behaviour = start;
  let random = randomNumbers(start.seed);
  let used = new Map<Chance, number>();

  const left = (rule: Chance): number => (rule.count ?? Infinity) - (used.get(rule) ?? 0);
  const strikes = (rule: Chance): boolean => {
    if (left(rule) <= 0) return false;
    if (rule.probability !== undefined && random() >= rule.probability) return false;
    used.set(rule, (used.get(rule) ?? 0) + 1);
    return true;
  };

  return {
    behaviour: () => behaviour,
    set: (next) => {
      behaviour = next;
      random = randomNumbers(next.seed);
      used = new Map();
    },
    failureOf: (request) =>
      behaviour.failures.find((rule) => matches(rule.match, request) && strikes(rule)),
    refusalOf: (resource) =>
      behaviour.refuse.find((rule) => rule.resource === resource && strikes(rule)),
    cutOf: (request) => {
      const rule = behaviour.commitThenTimeout;
      return rule !== null && matches(rule.match, request) && strikes(rule) ? rule : undefined;
    },
    returnReason: () => {
      const rule = behaviour.returnPayments;
      return rule !== null && strikes(rule) ? rule.reason : undefined;
    },
    losesWebhook: () => random() < behaviour.webhookLossProbability,
    remaining: () => ({
      failures: behaviour.failures.map(left).map(countOrNull),
      refuse: behaviour.refuse.map(left).map(countOrNull),
      commitThenTimeout:
        behaviour.commitThenTimeout === null
          ? null
          : countOrNull(left(behaviour.commitThenTimeout)),
    }),
  };
}

/** JSON has no infinity: null stands for an uncounted rule. */
function countOrNull(count: number): number | null {
  return Number.isFinite(count) ? count : null;
}

function matches(match: RequestMatch, request: Addressed): boolean {
  const methodFits = match.method === undefined || match.method === request.method;
  return methodFits && (match.path === undefined || request.path.startsWith(match.path));
}

/** mulberry32: a small repeatable generator; faults need repeatability, not secrecy. */
function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
