import { isCurrency } from '#kernel/money.ts';
import type { FieldError } from '#kernel/problem.ts';

/** Collects what is wrong with an input, so that its sender hears of everything at once. */
export interface FieldCheck {
  readonly errors: readonly FieldError[];
  /** Notes an error; messages never repeat the value, because it may be bank data. */
  refuse(field: string, code: string, message: string): void;
  /** The trimmed text, refused when it is shorter or longer than allowed. */
  text(
    field: string,
    value: string,
    length: { readonly min: number; readonly max: number },
  ): string;
  /** As `text`, but absent or empty is null. */
  optionalText(field: string, value: string | null | undefined, max: number): string | null;
  countryCode(field: string, value: string): string;
  currency(field: string, value: string): string;
  paymentTermsDays(field: string, value: number): number;
  /** Refuses a list that is longer than allowed; returns the part that will be looked at. */
  list<Item>(field: string, items: readonly Item[], max: number): readonly Item[];
  /** Refuses entries whose key came before in the same list. */
  distinct<Item>(field: string, items: readonly Item[], keyOf: (item: Item) => string): void;
}

/** A year: longer terms are a loan, not payment terms. */
const PAYMENT_TERMS_DAYS_MAX = 365;

// Control characters have no place in names and addresses, and PostgreSQL refuses the NUL among them.
const CONTROL_CHARACTERS = /\p{Cc}/u;

export function createFieldCheck(): FieldCheck {
  const errors: FieldError[] = [];
  const refuse: FieldCheck['refuse'] = (field, code, message) =>
    void errors.push({ field, code, message });
  return { errors, refuse, ...textChecks(refuse), ...codeChecks(refuse), ...listChecks(refuse) };
}

type Refuse = FieldCheck['refuse'];

function textChecks(refuse: Refuse): Pick<FieldCheck, 'text' | 'optionalText'> {
  const text: FieldCheck['text'] = (field, value, { min, max }) => {
    const trimmed = value.trim();
    if (trimmed.length < min || trimmed.length > max) {
      refuse(
        field,
        'BAD_LENGTH',
        `From ${min} to ${max} characters are expected, not ${trimmed.length}.`,
      );
    }
    if (CONTROL_CHARACTERS.test(trimmed)) {
      refuse(field, 'CONTROL_CHARACTER', 'One line without control characters is expected.');
    }
    return trimmed;
  };
  const optionalText: FieldCheck['optionalText'] = (field, value, max) => {
    const trimmed = value?.trim() ?? '';
    return trimmed === '' ? null : text(field, trimmed, { min: 1, max });
  };
  return { text, optionalText };
}

function codeChecks(
  refuse: Refuse,
): Pick<FieldCheck, 'countryCode' | 'currency' | 'paymentTermsDays'> {
  return {
    countryCode: (field, value) => {
      const code = value.trim().toUpperCase();
      if (!isCountryCode(code)) {
        refuse(
          field,
          'UNKNOWN_COUNTRY',
          'A country code of ISO 3166-1 alpha-2 is expected, such as "DE".',
        );
      }
      return code;
    },
    currency: (field, value) => {
      const code = value.trim().toUpperCase();
      if (!isCurrency(code))
        refuse(
          field,
          'UNKNOWN_CURRENCY',
          'A currency code of ISO 4217 is expected, such as "EUR".',
        );
      return code;
    },
    paymentTermsDays: (field, value) => {
      if (value < 0 || value > PAYMENT_TERMS_DAYS_MAX) {
        refuse(
          field,
          'OUT_OF_RANGE',
          `From 0 to ${PAYMENT_TERMS_DAYS_MAX} days are expected, not ${value}.`,
        );
      }
      return value;
    },
  };
}

function listChecks(refuse: Refuse): Pick<FieldCheck, 'list' | 'distinct'> {
  return {
    list: (field, items, max) => {
      if (items.length > max)
        refuse(field, 'TOO_MANY', `At most ${max} entries are expected, not ${items.length}.`);
      return items.slice(0, max);
    },
    distinct: (field, items, keyOf) => {
      const seen = new Set<string>();
      for (const [index, item] of items.entries()) {
        const key = keyOf(item);
        if (seen.has(key))
          refuse(`${field}.${index}`, 'REPEATED', 'This entry occurs twice in the same list.');
        seen.add(key);
      }
    },
  };
}

const countryNames = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
/** Codes that CLDR names as regions although ISO 3166-1 gives them to no country. */
const NOT_COUNTRIES = new Set(['EU', 'EZ', 'QO', 'UN', 'XA', 'XB', 'ZZ']);

function isCountryCode(code: string): boolean {
  return /^[A-Z]{2}$/.test(code) && !NOT_COUNTRIES.has(code) && countryNames.of(code) !== undefined;
}
