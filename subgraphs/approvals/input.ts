import { formatDecimal } from '#kernel/decimal.ts';
import { parseMoney } from '#kernel/money.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { Command } from '#kernel/idempotency.ts';
import type { Money, MoneyFlaw } from '#kernel/money.ts';
import type { FieldError, InvalidInput, Result } from '#kernel/problem.ts';
import type {
  ApprovalPolicyRuleInput,
  ApproverSourceInput,
  CreateApprovalPolicyInput,
  MoneyInput,
} from './generated.ts';
import type { ApproverSource, PolicyContent, PolicyRule } from './policy-rule.ts';

/** A mutation's input as the command that is done once. */
export function commandOf(
  callerId: string,
  operation: string,
  input: { readonly idempotencyKey: string },
): Command {
  const { idempotencyKey, ...rest } = input;
  return { caller: callerId, idempotencyKey, operation, input: rest };
}

const FLAW_MESSAGES: Readonly<Record<MoneyFlaw, string>> = {
  UNKNOWN_CURRENCY: 'An ISO 4217 currency is expected, such as "EUR".',
  NOT_A_DECIMAL: 'A decimal number is expected, such as "12.50".',
  TOO_MANY_DECIMALS: 'No more decimals than the currency has are possible.',
  TOO_LARGE: 'A smaller amount is expected.',
};

/** Reads an amount, or says what is wrong with the field. */
export function readMoney(input: MoneyInput, field: string): Result<Money, InvalidInput> {
  const value = amountIn(input.amount, input.currency);
  return typeof value === 'string'
    ? refused(invalidInput([fieldError(field, value)]))
    : accepted(value);
}

/** Reads a policy; amounts that are none are all reported together. */
export function readPolicy(input: CreateApprovalPolicyInput): Result<PolicyContent, InvalidInput> {
  const flaws: FieldError[] = [];
  const rules = input.rules.map((rule, index) => readRule(rule, index, flaws));
  if (flaws.length > 0) return refused(invalidInput(flaws));
  return accepted({
    name: input.name,
    effectiveFrom: input.effectiveFrom,
    fallbackApproverIds: input.fallbackApproverIds,
    rules,
  });
}

function readRule(rule: ApprovalPolicyRuleInput, index: number, flaws: FieldError[]): PolicyRule {
  const amountMinor = (amount: Decimal, field: string): bigint => {
    const value = amountIn(amount, rule.currency);
    if (typeof value !== 'string') return value.amountMinor;
    flaws.push(fieldError(`rules.${index}.${field}`, value));
    return 0n;
  };
  return {
    position: index + 1,
    name: rule.name,
    documentType: rule.documentType,
    companyCode: rule.companyCode ?? null,
    costCentre: rule.costCentre ?? null,
    category: rule.category ?? null,
    currency: rule.currency,
    amountFromMinor: amountMinor(rule.amountFrom, 'amountFrom'),
    amountToMinor: rule.amountTo ? amountMinor(rule.amountTo, 'amountTo') : null,
    stages: rule.stages.map((stage) => ({
      mode: stage.mode,
      approvers: stage.approvers.map(readSource),
    })),
  };
}

function readSource(source: ApproverSourceInput): ApproverSource {
  return source.kind === 'USERS'
    ? { kind: source.kind, userIds: source.userIds }
    : { kind: source.kind };
}

function amountIn(amount: Decimal, currency: string): Money | MoneyFlaw {
  return parseMoney({ amount: formatDecimal(amount, amount.scale), currency });
}

function fieldError(field: string, flaw: MoneyFlaw): FieldError {
  return { field, code: flaw, message: FLAW_MESSAGES[flaw] };
}
