import { DAY_MS, instantOf } from '#kernel/clock.ts';
import { compareDecimals, multiplyDecimals } from '#kernel/decimal.ts';
import { step } from '#kernel/lifecycle.ts';
import { toDecimal } from '#kernel/money.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { isInterested } from './document.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { Money } from '#kernel/money.ts';
import type {
  FieldError,
  IllegalTransition,
  InvalidInput,
  Problem,
  Result,
} from '#kernel/problem.ts';
import type { DocumentUnderApproval } from './document.ts';
import type { Rates } from './policy-rule.ts';

export type DelegationStatus = 'ACTIVE' | 'ENDED';
export type DelegationEvent = 'end';

/** Ending is final; whoever is away again makes a new one. */
export const DELEGATION_LIFECYCLE: Lifecycle<DelegationStatus, DelegationEvent> = {
  entity: 'delegation',
  initial: 'ACTIVE',
  transitions: { ACTIVE: { end: 'ENDED' }, ENDED: {} },
};

/** One person lets another decide in their name, between two days, up to an amount. */
export interface Delegation {
  readonly id: string;
  readonly fromId: string;
  readonly toId: string;
  /** Only documents of this company, or null for all. */
  readonly companyCode: string | null;
  /** Largest document total, inclusive, or null for no limit of its own. */
  readonly maxAmount: Money | null;
  /** First and last day, both included (UTC). */
  readonly startsOn: string;
  readonly endsOn: string;
  readonly reason: string;
  readonly status: DelegationStatus;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  readonly version: number;
}

/** A decides through B through C through D: a longer chain is nobody's intention any more (invariant A2). */
export const DELEGATION_HOPS_MAX = 3;
/** Longer absences are a change of office, which is a change of policy. */
const DELEGATION_DAYS_MAX = 366;
const REASON_LENGTH_MAX = 500;

/** The chain would come back to its start, or be too long. */
export interface DelegationChain extends Problem<'DELEGATION_CHAIN'> {
  /** The persons of the chain, from the one whose authority it would be. */
  readonly path: readonly string[];
  readonly hopsMax: number;
}

export type NewDelegation = Pick<
  Delegation,
  'fromId' | 'toId' | 'companyCode' | 'maxAmount' | 'startsOn' | 'endsOn' | 'reason'
>;

/** Accepts a delegation that fits its bounds and closes no circle with those that overlap it. */
export function createDelegation(
  wanted: NewDelegation,
  facts: {
    readonly id: string;
    readonly at: Date;
    readonly today: string;
    readonly overlapping: readonly Delegation[];
  },
): Result<Delegation, InvalidInput | DelegationChain> {
  const flaws = flawsOf(wanted, facts.today);
  if (flaws.length > 0) return refused(invalidInput(flaws));
  const before = longestPath(wanted.fromId, (person) =>
    partnersOf(facts.overlapping, person, 'toId', 'fromId'),
  );
  const onward = (person: string): string[] =>
    partnersOf(facts.overlapping, person, 'fromId', 'toId');
  const circle = pathTo(wanted.fromId, wanted.toId, onward);
  if (circle !== null) return refused(chainProblem([wanted.fromId, ...circle]));
  const path = [...before.toReversed(), ...longestPath(wanted.toId, onward)];
  if (path.length - 1 > DELEGATION_HOPS_MAX) return refused(chainProblem(path));
  return accepted({
    ...wanted,
    id: facts.id,
    status: 'ACTIVE',
    createdAt: facts.at,
    endedAt: null,
    version: 1,
  });
}

export function endDelegation(
  delegation: Delegation,
  at: Date,
): Result<Delegation, IllegalTransition> {
  const next = step(DELEGATION_LIFECYCLE, delegation.status, 'end');
  if (!next.ok) return next;
  return accepted({
    ...delegation,
    status: next.value,
    endedAt: at,
    version: delegation.version + 1,
  });
}

/** What a delegation is tested against when somebody acts under it. */
export interface DelegationUse {
  readonly document: DocumentUnderApproval;
  readonly today: string;
  readonly rates: Rates;
}

/**
 * May `actorId` act for `approverId`? Follows delegations that hold today for this document, at most
 * `DELEGATION_HOPS_MAX` of them. No chain leads through somebody who wants the document approved: they have no say to pass on.
 */
export function actsFor(
  delegations: readonly Delegation[],
  pair: { readonly actorId: string; readonly approverId: string },
  use: DelegationUse,
): boolean {
  const usable = delegations.filter((delegation) => holds(delegation, use));
  let reached = new Set([pair.approverId]);
  for (let hop = 0; hop < DELEGATION_HOPS_MAX; hop += 1) {
    const next = usable
      .filter((delegation) => reached.has(delegation.fromId))
      .map((delegation) => delegation.toId)
      .filter((personId) => personId === pair.actorId || !isInterested(use.document, personId));
    if (next.includes(pair.actorId)) return true;
    reached = new Set(next);
  }
  return false;
}

function holds(delegation: Delegation, use: DelegationUse): boolean {
  return (
    delegation.status === 'ACTIVE' &&
    delegation.startsOn <= use.today &&
    use.today <= delegation.endsOn &&
    (delegation.companyCode === null || delegation.companyCode === use.document.companyCode) &&
    (delegation.maxAmount === null || isWithin(use.document.total, delegation.maxAmount, use.rates))
  );
}

/** An amount that cannot be compared for lack of a rate is beyond the limit. */
function isWithin(total: Money, limit: Money, rates: Rates): boolean {
  if (total.currency === limit.currency) return total.amountMinor <= limit.amountMinor;
  const rate = rates.get(limit.currency);
  return (
    rate !== undefined &&
    compareDecimals(multiplyDecimals(toDecimal(total), rate), toDecimal(limit)) <= 0
  );
}

function flawsOf(wanted: NewDelegation, today: string): FieldError[] {
  const flaws: FieldError[] = [];
  const flaw = (field: string, code: string, message: string): void =>
    void flaws.push({ field, code, message });
  const days = (dayOf(wanted.endsOn) - dayOf(wanted.startsOn)) / DAY_MS + 1;
  if (wanted.toId.trim() === '') flaw('toId', 'REQUIRED', 'A person is expected.');
  if (wanted.toId === wanted.fromId)
    flaw('toId', 'SAME_PERSON', 'Another person than yourself is expected.');
  if (days < 1)
    flaw(
      'endsOn',
      'BEFORE_START',
      `A day on or after ${wanted.startsOn} is expected, not ${wanted.endsOn}.`,
    );
  if (days > DELEGATION_DAYS_MAX)
    flaw('endsOn', 'TOO_LONG', `At most ${DELEGATION_DAYS_MAX} days are possible.`);
  if (wanted.endsOn < today) flaw('endsOn', 'IN_THE_PAST', `A day from ${today} on is expected.`);
  if (wanted.reason.trim() === '')
    flaw('reason', 'REQUIRED', 'A reason is expected, such as "vacation".');
  if (wanted.reason.length > REASON_LENGTH_MAX)
    flaw('reason', 'TOO_LONG', `At most ${REASON_LENGTH_MAX} characters are possible.`);
  if (wanted.maxAmount !== null && wanted.maxAmount.amountMinor <= 0n) {
    flaw(
      'maxAmount',
      'NOT_POSITIVE',
      'An amount greater than zero is expected; leave it out for no limit.',
    );
  }
  return flaws;
}

type End = 'fromId' | 'toId';

function dayOf(date: string): number {
  return instantOf(`${date}T00:00:00Z`).getTime();
}

function partnersOf(
  delegations: readonly Delegation[],
  personId: string,
  own: End,
  other: End,
): string[] {
  return delegations
    .filter((delegation) => delegation[own] === personId)
    .map((delegation) => delegation[other]);
}

/** A path from `start` to `target`, or null; longer ones than are allowed are found as too long. */
function pathTo(
  target: string,
  start: string,
  nextOf: (person: string) => readonly string[],
  seen: readonly string[] = [],
): string[] | null {
  const path = [...seen, start];
  if (start === target) return path;
  if (path.length > DELEGATION_HOPS_MAX) return null;
  for (const person of nextOf(start)) {
    const found = path.includes(person) ? null : pathTo(target, person, nextOf, path);
    if (found !== null) return found;
  }
  return null;
}

/** The longest simple path from a person, cut off once it is too long to be allowed anyway. */
function longestPath(
  start: string,
  nextOf: (person: string) => readonly string[],
  seen: readonly string[] = [],
): string[] {
  const path = [...seen, start];
  if (path.length > DELEGATION_HOPS_MAX + 1) return [start];
  const branches = nextOf(start)
    .filter((person) => !path.includes(person))
    .map((person) => longestPath(person, nextOf, path));
  const [longest] = branches.sort((left, right) => right.length - left.length);
  return [start, ...(longest ?? [])];
}

function chainProblem(path: readonly string[]): DelegationChain {
  return {
    code: 'DELEGATION_CHAIN',
    message: `The delegations ${path.join(' → ')} would form a circle or more than ${DELEGATION_HOPS_MAX} steps. Delegate to somebody who does not pass it on, or end one of them first.`,
    retryable: false,
    path,
    hopsMax: DELEGATION_HOPS_MAX,
  };
}
