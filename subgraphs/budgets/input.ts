import { formatDecimal } from '#kernel/decimal.ts';
import { parseMoney, zero } from '#kernel/money.ts';
import { invalidInput } from '#kernel/problem.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { Money, MoneyFlaw } from '#kernel/money.ts';
import type { FieldError, InvalidInput } from '#kernel/problem.ts';

/** Reads the fields of an input and collects everything that is wrong with them. */
export interface InputReader {
  amount(
    field: string,
    value: { readonly amount: Decimal; readonly currency: string },
    sign: keyof typeof SIGNS,
  ): Money;
  text(field: string, value: string, lengthMax: number): string;
  /** The problem with all flaws, or null when the values read can be used. */
  flaw(): InvalidInput | null;
}

export const KEY_LENGTH_MAX = 128;
export const REASON_LENGTH_MAX = 500;

const FLAW_TEXTS: Readonly<Record<MoneyFlaw, string>> = {
  UNKNOWN_CURRENCY: 'An ISO 4217 currency with a minor unit is expected, such as EUR.',
  NOT_A_DECIMAL: 'A decimal number is expected, such as "12.50".',
  TOO_MANY_DECIMALS: 'No more decimals than the currency has are expected.',
  TOO_LARGE: 'The amount is beyond what a ledger holds.',
};

const SIGNS = {
  positive: {
    accepts: (amountMinor: bigint) => amountMinor > 0n,
    expected: 'An amount greater than zero is expected.',
  },
  notNegative: {
    accepts: (amountMinor: bigint) => amountMinor >= 0n,
    expected: 'An amount that is not negative is expected.',
  },
  notZero: {
    accepts: (amountMinor: bigint) => amountMinor !== 0n,
    expected: 'An amount other than zero is expected.',
  },
} as const;

/** PostgreSQL's text holds no NUL, and no other control character belongs into a key, a code or a reason. */
// oxlint-disable-next-line no-control-regex
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

export function createInputReader(): InputReader {
  const fields: FieldError[] = [];
  return {
    amount: (field, value, sign) => {
      const amount = parseMoney({ amount: formatDecimal(value.amount), currency: value.currency });
      if (typeof amount === 'string') {
        fields.push({ field, code: amount, message: FLAW_TEXTS[amount] });
        return zero(value.currency);
      }
      const rule = SIGNS[sign];
      if (!rule.accepts(amount.amountMinor))
        fields.push({ field, code: 'OUT_OF_RANGE', message: rule.expected });
      return amount;
    },
    text: (field, value, lengthMax) => {
      if (
        value.trim() === '' ||
        value.length > lengthMax ||
        CONTROL_CHARACTER.test(value) ||
        !value.isWellFormed()
      ) {
        fields.push({
          field,
          code: 'BAD_TEXT',
          message: `1 to ${lengthMax} printable characters are expected.`,
        });
      }
      return value;
    },
    flaw: () => (fields.length === 0 ? null : invalidInput(fields)),
  };
}
