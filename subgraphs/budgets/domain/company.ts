import { isCurrency } from '#kernel/money.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import type { FieldError, InvalidInput, Result } from '#kernel/problem.ts';

/** A legal entity with books of its own; budgets are in its currency. */
export interface Company {
  /** Two to ten capital letters and digits, such as `DE01`. */
  readonly code: string;
  /** ISO 4217. */
  readonly currency: string;
}

const CODE = /^[A-Z0-9]{2,10}$/;

/** A new company, unless its code is taken. */
export function registerCompany(
  input: Company,
  existing: Company | null,
): Result<Company, InvalidInput> {
  const fields: FieldError[] = [];
  if (!CODE.test(input.code)) {
    fields.push({
      field: 'code',
      code: 'BAD_CODE',
      message: 'Two to ten capital letters and digits are expected, such as "DE01".',
    });
  }
  if (!isCurrency(input.currency)) {
    fields.push({
      field: 'currency',
      code: 'UNKNOWN_CURRENCY',
      message: 'An ISO 4217 currency is expected, such as "EUR".',
    });
  }
  if (existing !== null) {
    fields.push({
      field: 'code',
      code: 'TAKEN',
      message: `Company ${existing.code} exists already, in ${existing.currency}.`,
    });
  }
  return fields.length === 0 ? accepted(input) : refused(invalidInput(fields));
}
