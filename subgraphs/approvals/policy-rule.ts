import { compareDecimals, multiplyDecimals } from '#kernel/decimal.ts';
import { money, toDecimal, toWire } from '#kernel/money.ts';
import { accepted } from '#kernel/problem.ts';
import { unroutable } from './unroutable.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { Result } from '#kernel/problem.ts';
import type { DocumentType, DocumentUnderApproval } from './document.ts';
import type { Unroutable } from './unroutable.ts';

/** How the approvers of one stage share the decision: one after the other, all at once, or whoever comes first. */
export type StageMode = 'SEQUENTIAL' | 'PARALLEL_ALL' | 'PARALLEL_ANY';

/** Where a stage takes its approvers from. Roles are not a source: a task has a person's name on it. */
export type ApproverSource =
  | { readonly kind: 'USERS'; readonly userIds: readonly string[] }
  | { readonly kind: 'COST_CENTRE_MANAGER' };

export interface StageTemplate {
  readonly mode: StageMode;
  readonly approvers: readonly ApproverSource[];
}

/** One row of a policy: which documents it is for, and who approves them. Null means any. */
export interface PolicyRule {
  /** Place in the policy, from 1; the last tie-break. */
  readonly position: number;
  readonly name: string;
  readonly documentType: DocumentType;
  readonly companyCode: string | null;
  /** A cost centre id, or the beginning of one followed by `*`, such as `DE01-41*`. */
  readonly costCentre: string | null;
  readonly category: string | null;
  readonly currency: string;
  /** Inclusive: an amount exactly here belongs to this band. */
  readonly amountFromMinor: bigint;
  /** Exclusive: an amount exactly here belongs to the next band. Null: no upper end. */
  readonly amountToMinor: bigint | null;
  readonly stages: readonly StageTemplate[];
}

/** What the author of a policy writes. */
export interface PolicyContent {
  readonly name: string;
  /** First day on which it decides. */
  readonly effectiveFrom: string;
  /** Stand-ins for approvers who may not decide, in order of preference. */
  readonly fallbackApproverIds: readonly string[];
  readonly rules: readonly PolicyRule[];
}

/** What one unit of the document's currency is worth in each other currency, on the day of submission. */
export type Rates = ReadonlyMap<string, Decimal>;

/** A cost centre named in full outranks every prefix, whatever its length. */
const EXACT_RANK = 1000;
const PREFIX_MARK = '*';

/**
 * The most specific rule for a document. More specific is, in this order: the cost centre (exact, then the longer
 * prefix), the category, the company, the document's own currency; among equals the rule that stands first. A rule
 * in a currency without a rate cannot be tested; when it would outrank every other, the document is unroutable
 * rather than judged by a more general rule.
 */
export function findRule(
  rules: readonly PolicyRule[],
  document: DocumentUnderApproval,
  rates: Rates,
): Result<PolicyRule, Unroutable> {
  const [best] = rules
    .filter((rule) => coversScope(rule, document))
    .map((rule) => ({ rule, band: bandTest(rule, document, rates) }))
    .filter((candidate) => candidate.band !== 'outside')
    .map((candidate) => ({ ...candidate, rank: rankOf(candidate.rule, candidate.band, document) }))
    .sort((left, right) => compareRanks(right.rank, left.rank));
  if (best === undefined) return noMatchingRule(document);
  if (best.band === 'untestable') return noExchangeRate(best.rule, document);
  return accepted(best.rule);
}

function coversScope(rule: PolicyRule, document: DocumentUnderApproval): boolean {
  return (
    rule.documentType === document.documentType &&
    (rule.companyCode === null || rule.companyCode === document.companyCode) &&
    (rule.costCentre === null || coversCostCentre(rule.costCentre, document.costCentreId)) &&
    (rule.category === null || rule.category === document.category)
  );
}

function coversCostCentre(pattern: string, costCentreId: string): boolean {
  return isPrefix(pattern)
    ? costCentreId.startsWith(pattern.slice(0, -1))
    : costCentreId === pattern;
}

function isPrefix(pattern: string): boolean {
  return pattern.endsWith(PREFIX_MARK);
}

type Band = 'inside' | 'outside' | 'untestable';

/** The comparison is exact: the converted amount is not rounded, so no document slips over a boundary by rounding. */
function bandTest(rule: PolicyRule, document: DocumentUnderApproval, rates: Rates): Band {
  const { total } = document;
  const own = toDecimal(total);
  const rate = rates.get(rule.currency);
  if (rule.currency !== total.currency && rate === undefined) return 'untestable';
  const amount =
    rule.currency === total.currency || rate === undefined ? own : multiplyDecimals(own, rate);
  const from = toDecimal(money(rule.amountFromMinor, rule.currency));
  const isBelow = compareDecimals(amount, from) < 0;
  const isBeyond =
    rule.amountToMinor !== null &&
    compareDecimals(amount, toDecimal(money(rule.amountToMinor, rule.currency))) >= 0;
  return isBelow || isBeyond ? 'outside' : 'inside';
}

function rankOf(rule: PolicyRule, band: Band, document: DocumentUnderApproval): readonly number[] {
  return [
    rule.costCentre === null ? 0 : isPrefix(rule.costCentre) ? rule.costCentre.length : EXACT_RANK,
    rule.category === null ? 0 : 1,
    rule.companyCode === null ? 0 : 1,
    rule.currency === document.total.currency ? 1 : 0,
    band === 'untestable' ? 0 : 1,
    -rule.position,
  ];
}

function compareRanks(left: readonly number[], right: readonly number[]): number {
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function noMatchingRule(document: DocumentUnderApproval): Result<never, Unroutable> {
  const { amount, currency } = toWire(document.total);
  return unroutable(
    'NO_MATCHING_RULE',
    `No rule covers ${document.documentType} of ${amount} ${currency} in cost centre ${document.costCentreId}, category "${document.category}". Activate a policy with such a rule, then route again.`,
  );
}

function noExchangeRate(
  rule: PolicyRule,
  document: DocumentUnderApproval,
): Result<never, Unroutable> {
  return unroutable(
    'NO_EXCHANGE_RATE',
    `Rule "${rule.name}" is in ${rule.currency}, and no rate from ${document.total.currency} is known on ${document.submittedOn}. Activate a policy with a rule in ${document.total.currency}, then route again.`,
  );
}
