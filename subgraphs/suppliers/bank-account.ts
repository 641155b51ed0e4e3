import { electronicFormatIBAN, isValidBIC, validateIBAN } from 'ibantools';
import type { FieldCheck } from './field-check.ts';

/** How an account is written: as an IBAN, or as a bank's routing number with an account number. */
export type BankAccountKind = 'IBAN' | 'ROUTING';

/** An account as everybody may see it: the whole number is read apart, and each reading is recorded. */
export interface BankAccount {
  readonly id: string;
  readonly supplierId: string;
  readonly kind: BankAccountKind;
  readonly holderName: string;
  /** Country of the bank, ISO 3166-1 alpha-2. */
  readonly countryCode: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly bic: string | null;
  readonly routingNumber: string | null;
  /** `••••` and the last four characters. */
  readonly maskedNumber: string;
  /** Null while the account is only proposed. */
  readonly validFrom: Date | null;
  /** Null while it is in force or was never. */
  readonly validTo: Date | null;
}

/** An account with its whole number, on its way into the store. It is never answered, logged or put into an event. */
export interface BankAccountDraft {
  readonly kind: BankAccountKind;
  readonly holderName: string;
  readonly countryCode: string;
  readonly currency: string;
  readonly bic: string | null;
  readonly routingNumber: string | null;
  /** The IBAN, or the account number beside a routing number. */
  readonly accountNumber: string;
}

/** An account as its sender writes it. */
interface BankAccountInput {
  readonly holderName: string;
  readonly currency: string;
  readonly iban?: string | null;
  readonly routingNumber?: string | null;
  readonly accountNumber?: string | null;
  readonly countryCode?: string | null;
  readonly bic?: string | null;
}

/** What makes two accounts the same one. */
export function accountKey(account: BankAccountDraft): string {
  if (account.kind === 'IBAN') return `IBAN:${account.accountNumber}`;
  return `${account.countryCode}:${account.routingNumber ?? ''}:${account.accountNumber}`;
}

/** Reads an account: either an IBAN whose check digits hold, or a routing number with an account number. */
export function parseBankAccount(
  input: BankAccountInput,
  field: string,
  check: FieldCheck,
): BankAccountDraft {
  const { iban, routingNumber, accountNumber } = input;
  const common = {
    holderName: check.text(`${field}.holderName`, input.holderName, { min: 1, max: 200 }),
    currency: check.currency(`${field}.currency`, input.currency),
    bic: parseBic(input.bic, `${field}.bic`, check),
  };
  const hasRouting = Boolean(routingNumber) || Boolean(accountNumber);
  if (Boolean(iban) === hasRouting) {
    check.refuse(
      field,
      'ACCOUNT_NUMBER_MISSING',
      'Either "iban" is expected, or "routingNumber" with "accountNumber".',
    );
  }
  const number = iban ? parseIban(iban, `${field}.iban`, check) : parseRouting(input, field, check);
  return { ...common, ...number };
}

type AccountNumber = Pick<
  BankAccountDraft,
  'kind' | 'countryCode' | 'routingNumber' | 'accountNumber'
>;

function parseIban(written: string, field: string, check: FieldCheck): AccountNumber {
  const iban = electronicFormatIBAN(written) ?? '';
  if (!validateIBAN(iban).valid) {
    check.refuse(
      field,
      'BAD_IBAN',
      "This is no valid IBAN: country, length or check digits do not fit. Compare it with the supplier's own document.",
    );
  }
  return { kind: 'IBAN', countryCode: iban.slice(0, 2), routingNumber: null, accountNumber: iban };
}

const ROUTING_NUMBER = /^[A-Z0-9]{3,12}$/;
const ACCOUNT_NUMBER = /^[A-Z0-9]{4,34}$/;

function parseRouting(input: BankAccountInput, field: string, check: FieldCheck): AccountNumber {
  const countryCode = check.countryCode(`${field}.countryCode`, input.countryCode ?? '');
  const routingNumber = bare(input.routingNumber);
  const accountNumber = bare(input.accountNumber);
  if (
    !ROUTING_NUMBER.test(routingNumber) ||
    (countryCode === 'US' && !isAbaNumber(routingNumber))
  ) {
    check.refuse(
      `${field}.routingNumber`,
      'BAD_ROUTING_NUMBER',
      'A routing number of 3–12 letters and digits is expected; in the United States nine digits whose check digit holds.',
    );
  }
  if (!ACCOUNT_NUMBER.test(accountNumber)) {
    check.refuse(
      `${field}.accountNumber`,
      'BAD_ACCOUNT_NUMBER',
      'An account number of 4–34 letters and digits is expected.',
    );
  }
  return { kind: 'ROUTING', countryCode, routingNumber, accountNumber };
}

/** The weights of the American Bankers Association's check digit. */
const ABA_WEIGHTS = [3, 7, 1, 3, 7, 1, 3, 7, 1];

function isAbaNumber(digits: string): boolean {
  if (!/^\d{9}$/.test(digits) || digits === '000000000') return false;
  const total = ABA_WEIGHTS.reduce((sum, weight, index) => sum + weight * Number(digits[index]), 0);
  return total % 10 === 0;
}

function parseBic(
  written: string | null | undefined,
  field: string,
  check: FieldCheck,
): string | null {
  const bic = bare(written);
  if (bic === '') return null;
  if (!isValidBIC(bic))
    check.refuse(field, 'BAD_BIC', 'A BIC of ISO 9362 is expected: 8 or 11 letters and digits.');
  return bic;
}

function bare(written: string | null | undefined): string {
  return (written ?? '').replace(/[\s-]/g, '').toUpperCase();
}
