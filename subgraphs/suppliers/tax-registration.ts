import { stdnum, euVat } from 'stdnum';
import type { FieldCheck } from './field-check.ts';
import type { Validator } from 'stdnum';

/** A tax number of a supplier; unique over all suppliers by country, scheme and number. */
export interface TaxRegistration {
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string;
  /** `VAT`, `EIN`, `GSTIN`, …; a country's own name for its VAT number is `VAT`. */
  readonly scheme: string;
  /** Upper case without spaces and punctuation; a VAT number carries its country's prefix, as EN 16931 BT-31 does. */
  readonly number: string;
  /** Whether format and check digit were checked: false only where no rule is known. */
  readonly checked: boolean;
}

/** The longest number that any country prints, with room for its punctuation. */
const NUMBER_LENGTH_MAX = 40;
const SCHEME = /^[A-Z][A-Z0-9_]{1,19}$/;

/** Reads a tax number as people write it; `field` is the path of the input object. */
export function parseTaxRegistration(
  input: { readonly countryCode: string; readonly scheme: string; readonly number: string },
  field: string,
  check: FieldCheck,
): TaxRegistration {
  const countryCode = check.countryCode(`${field}.countryCode`, input.countryCode);
  const given = input.scheme.trim().toUpperCase();
  if (!SCHEME.test(given))
    check.refuse(
      `${field}.scheme`,
      'UNKNOWN_SCHEME',
      'A kind of tax number is expected, such as "VAT" or "EIN".',
    );
  const written = check.text(`${field}.number`, input.number, { min: 2, max: NUMBER_LENGTH_MAX });
  const validator = validatorOf(countryCode, given);
  const scheme = validator !== null && validator === vatValidator(countryCode) ? 'VAT' : given;
  const number = normalizeTaxNumber({ countryCode, scheme, number: written, validator });
  if (validator === null && number.length < 2) {
    check.refuse(`${field}.number`, 'BAD_TAX_NUMBER', 'Letters and digits are expected.');
  }
  if (validator !== null)
    refuseInvalid({ validator, written, field, name: `${countryCode} ${scheme}` }, check);
  return { countryCode, scheme, number, checked: validator !== null };
}

function refuseInvalid(
  tax: { validator: Validator; written: string; field: string; name: string },
  check: FieldCheck,
): void {
  const verdict = tax.validator.validate(tax.written);
  if (verdict.isValid) return;
  const why = verdict.error.message.replace(/\.?$/, '.');
  check.refuse(
    `${tax.field}.number`,
    'BAD_TAX_NUMBER',
    `This is no valid ${tax.name} number: ${why} Check it against the supplier's own document.`,
  );
}

/** Greece writes EL, and Switzerland's number begins with CHE itself; all others write their country's code. */
const VAT_PREFIX: Readonly<Record<string, string>> = { GR: 'EL', CH: '' };
/** The same Swiss number is printed with the word for VAT in any of the country's languages. */
const SWISS_VAT_WORD = /(MWST|TVA|IVA|TPV)$/;

function normalizeTaxNumber(tax: {
  countryCode: string;
  scheme: string;
  number: string;
  validator: Validator | null;
}): string {
  const bare = compact(tax.number, tax.validator);
  if (tax.scheme !== 'VAT') return bare;
  if (tax.countryCode === 'CH') return bare.replace(SWISS_VAT_WORD, '');
  const prefix = VAT_PREFIX[tax.countryCode] ?? tax.countryCode;
  return tax.validator === null && bare.startsWith(prefix) ? bare : `${prefix}${bare}`;
}

function compact(number: string, validator: Validator | null): string {
  const verdict = validator?.validate(number);
  return (verdict?.isValid === true ? verdict.compact : number)
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '');
}

/** VAT numbers of countries outside the European Union, by the name that the library gives them. */
const OTHER_VAT: Readonly<Record<string, string>> = {
  CH: 'vat',
  GB: 'vat',
  IS: 'vsk',
  MC: 'tva',
  NO: 'mva',
  ZA: 'vat',
};
/** The same number under another name. */
const ALIASES: Readonly<Record<string, string>> = {
  ES_CIF: 'VAT',
  IT_PIVA: 'VAT',
  DE_USTID: 'VAT',
  AT_UST: 'VAT',
};

function validatorOf(countryCode: string, scheme: string): Validator | null {
  const known = ALIASES[`${countryCode}_${scheme}`] ?? scheme;
  return known === 'VAT'
    ? vatValidator(countryCode)
    : (stdnum[countryCode]?.[known.toLowerCase()] ?? null);
}

function vatValidator(countryCode: string): Validator | null {
  const other = OTHER_VAT[countryCode];
  return (other === undefined ? euVat[countryCode]?.[0] : stdnum[countryCode]?.[other]) ?? null;
}
