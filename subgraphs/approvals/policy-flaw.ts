import { isCurrency } from '#kernel/money.ts';
import type { FieldError } from '#kernel/problem.ts';
import type { PolicyContent, PolicyRule, StageTemplate } from './policy-rule.ts';

/** Bounds of one policy: enough for a large group, few enough to be read by a person and matched in memory. */
const RULES_MAX = 500;
const STAGES_MAX = 10;
const APPROVERS_PER_STAGE_MAX = 20;
const FALLBACK_APPROVERS_MAX = 20;
const NAME_LENGTH_MAX = 200;
const COST_CENTRE_PATTERN = /^[A-Z0-9]{2,10}-[A-Za-z0-9-]*\*?$/;

/** Everything that is wrong with a policy, by field; empty when it is sound. */
export function policyFlaws(policy: PolicyContent): FieldError[] {
  const flaws: FieldError[] = [];
  if (!isName(policy.name))
    flaws.push(
      flaw('name', 'REQUIRED', `A name of at most ${NAME_LENGTH_MAX} characters is expected.`),
    );
  if (policy.rules.length === 0 || policy.rules.length > RULES_MAX) {
    flaws.push(
      flaw(
        'rules',
        'OUT_OF_BOUNDS',
        `From 1 to ${RULES_MAX} rules are expected, not ${policy.rules.length}.`,
      ),
    );
  }
  if (
    policy.fallbackApproverIds.length > FALLBACK_APPROVERS_MAX ||
    policy.fallbackApproverIds.some(isBlank)
  ) {
    flaws.push(
      flaw(
        'fallbackApproverIds',
        'OUT_OF_BOUNDS',
        `At most ${FALLBACK_APPROVERS_MAX} persons are possible, none of them blank.`,
      ),
    );
  }
  return [...flaws, ...policy.rules.flatMap(ruleFlaws), ...overlaps(policy.rules)];
}

function ruleFlaws(rule: PolicyRule, index: number): FieldError[] {
  const at = `rules.${index}`;
  const flaws: FieldError[] = [];
  if (!isName(rule.name))
    flaws.push(
      flaw(
        `${at}.name`,
        'REQUIRED',
        `A name of at most ${NAME_LENGTH_MAX} characters is expected.`,
      ),
    );
  if (!isCurrency(rule.currency))
    flaws.push(
      flaw(
        `${at}.currency`,
        'UNKNOWN_CURRENCY',
        `An ISO 4217 currency is expected, not "${rule.currency}".`,
      ),
    );
  if (rule.amountFromMinor < 0n)
    flaws.push(flaw(`${at}.amountFrom`, 'NEGATIVE', 'An amount from zero on is expected.'));
  if (rule.amountToMinor !== null && rule.amountToMinor <= rule.amountFromMinor) {
    flaws.push(
      flaw(
        `${at}.amountTo`,
        'EMPTY_BAND',
        'An amount greater than amountFrom is expected; leave it out for no upper end.',
      ),
    );
  }
  if (rule.costCentre !== null && !isCostCentreOf(rule.costCentre, rule.companyCode)) {
    flaws.push(
      flaw(
        `${at}.costCentre`,
        'BAD_PATTERN',
        `A cost centre id of the rule's company, or its beginning with "*", is expected, such as "DE01-41*"; not "${rule.costCentre}".`,
      ),
    );
  }
  if (rule.stages.length === 0 || rule.stages.length > STAGES_MAX) {
    flaws.push(
      flaw(
        `${at}.stages`,
        'OUT_OF_BOUNDS',
        `From 1 to ${STAGES_MAX} stages are expected: a rule without one would approve by itself.`,
      ),
    );
  }
  return [
    ...flaws,
    ...rule.stages.flatMap((stage, place) => stageFlaws(stage, `${at}.stages.${place}`)),
  ];
}

function stageFlaws(stage: StageTemplate, at: string): FieldError[] {
  const count = stage.approvers.reduce(
    (sum, source) => sum + (source.kind === 'USERS' ? source.userIds.length : 1),
    0,
  );
  const hasBlank = stage.approvers.some(
    (source) =>
      source.kind === 'USERS' && (source.userIds.length === 0 || source.userIds.some(isBlank)),
  );
  if (count >= 1 && count <= APPROVERS_PER_STAGE_MAX && !hasBlank) return [];
  return [
    flaw(
      `${at}.approvers`,
      'OUT_OF_BOUNDS',
      `From 1 to ${APPROVERS_PER_STAGE_MAX} approvers are expected, none of them blank.`,
    ),
  ];
}

/** Two rules with the same scope and currency must not both claim an amount, or the order of rows would decide about money. */
function overlaps(rules: readonly PolicyRule[]): FieldError[] {
  const indexed = rules.map((rule, index) => ({ rule, index }));
  const byScope = Map.groupBy(indexed, ({ rule }) =>
    JSON.stringify([
      rule.documentType,
      rule.companyCode,
      rule.costCentre,
      rule.category,
      rule.currency,
    ]),
  );
  return [...byScope.values()].flatMap((same) => {
    const sorted = same.toSorted((a, b) =>
      a.rule.amountFromMinor < b.rule.amountFromMinor ? -1 : 1,
    );
    return sorted.slice(1).flatMap(({ rule, index }, before) => {
      const lower = sorted[before];
      const isApart =
        lower !== undefined &&
        lower.rule.amountToMinor !== null &&
        lower.rule.amountToMinor <= rule.amountFromMinor;
      return isApart
        ? []
        : [
            flaw(
              `rules.${index}.amountFrom`,
              'OVERLAPPING_BANDS',
              `The band overlaps that of rule "${lower?.rule.name ?? ''}", which has the same scope.`,
            ),
          ];
    });
  });
}

function isCostCentreOf(pattern: string, companyCode: string | null): boolean {
  return (
    COST_CENTRE_PATTERN.test(pattern) &&
    (companyCode === null || pattern.startsWith(`${companyCode}-`))
  );
}

function isName(text: string): boolean {
  return !isBlank(text) && text.length <= NAME_LENGTH_MAX;
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

function flaw(field: string, code: string, message: string): FieldError {
  return { field, code, message };
}
