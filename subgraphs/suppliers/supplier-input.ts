import { invalidInput, accepted, refused } from '#kernel/problem.ts';
import { accountKey, parseBankAccount } from './bank-account.ts';
import { createFieldCheck } from './field-check.ts';
import { parseTaxRegistration } from './tax-registration.ts';
import type { InvalidInput, Result } from '#kernel/problem.ts';
import type { FieldCheck } from './field-check.ts';
import type {
  CreateSupplierInput,
  ElectronicEndpointInput,
  SupplierExternalReferenceInput,
  SupplierSiteInput,
  TaxRegistrationInput,
  UpdateSupplierInput,
} from './generated.ts';
import type {
  ElectronicEndpoint,
  ExternalReference,
  SiteDraft,
  SupplierDraft,
  SupplierTerms,
} from './supplier.ts';
import type { TaxRegistration } from './tax-registration.ts';

/** More names than any register of companies lists for one firm. */
const TRADE_NAMES_MAX = 20;
/** A supplier's parts are read whole with it, so each list stays short. */
export const SITES_MAX = 50;
export const TAX_REGISTRATIONS_MAX = 20;
export const ENDPOINTS_MAX = 20;
const BANK_ACCOUNTS_MAX = 10;
const EXTERNAL_REFS_MAX = 20;
const NAME = { min: 1, max: 200 };

/** Reads one part of an input with `parse`; all that is wrong with it comes back at once. */
export function parsed<Value>(parse: (check: FieldCheck) => Value): Result<Value, InvalidInput> {
  const check = createFieldCheck();
  const value = parse(check);
  return check.errors.length === 0 ? accepted(value) : refused(invalidInput(check.errors));
}

/** Reads a new supplier. */
export function parseSupplier(input: CreateSupplierInput): Result<SupplierDraft, InvalidInput> {
  return parsed((check) => {
    const common = {
      legalName: check.text('legalName', input.legalName, NAME),
      tradeNames: parseTradeNames(input.tradeNames, check),
      legalForm: check.optionalText('legalForm', input.legalForm, 60),
      countryCode: check.countryCode('countryCode', input.countryCode),
      currency: check.currency('currency', input.currency),
      paymentTermsDays: check.paymentTermsDays('paymentTermsDays', input.paymentTermsDays),
      externalRefs: parseExternalRefs(input.externalRefs, check),
    };
    const accounts = check.list('bankAccounts', input.bankAccounts, BANK_ACCOUNTS_MAX);
    const bankAccounts = accounts.map((account, index) =>
      parseBankAccount(account, `bankAccounts.${index}`, check),
    );
    check.distinct('bankAccounts', bankAccounts, accountKey);
    return {
      ...common,
      bankAccounts,
      sites: check
        .list('sites', input.sites, SITES_MAX)
        .map((site, index) => parseSite(site, `sites.${index}`, common, check)),
      taxRegistrations: parseTaxRegistrations(input.taxRegistrations, 'taxRegistrations', check),
      endpoints: parseEndpoints(input.endpoints, 'endpoints', check),
    };
  });
}

/** What an update changes and adds. */
export interface SupplierUpdate {
  readonly terms: Partial<SupplierTerms>;
  readonly taxRegistrations: readonly TaxRegistration[];
  readonly endpoints: readonly ElectronicEndpoint[];
}

/** Reads an update: a field that is absent does not occur in `terms`. */
export function parseUpdate(input: UpdateSupplierInput): Result<SupplierUpdate, InvalidInput> {
  return parsed((check) => ({
    terms: {
      ...ifGiven(input.legalName, (value) => ({ legalName: check.text('legalName', value, NAME) })),
      ...ifGiven(input.tradeNames, (value) => ({ tradeNames: parseTradeNames(value, check) })),
      ...(input.legalForm === undefined
        ? {}
        : { legalForm: check.optionalText('legalForm', input.legalForm, 60) }),
      ...ifGiven(input.currency, (value) => ({ currency: check.currency('currency', value) })),
      ...ifGiven(input.paymentTermsDays, (value) => ({
        paymentTermsDays: check.paymentTermsDays('paymentTermsDays', value),
      })),
      ...ifGiven(input.externalRefs, (value) => ({
        externalRefs: parseExternalRefs(value, check),
      })),
    },
    taxRegistrations: parseTaxRegistrations(
      input.addTaxRegistrations,
      'addTaxRegistrations',
      check,
    ),
    endpoints: parseEndpoints(input.addEndpoints, 'addEndpoints', check),
  }));
}

function ifGiven<Value, Part extends object>(
  value: Value | null | undefined,
  part: (value: Value) => Part,
): Partial<Part> {
  return value === null || value === undefined ? {} : part(value);
}

/** Reads a location; what it does not say is as with its supplier. */
export function parseSite(
  input: SupplierSiteInput,
  field: string,
  supplier: {
    readonly countryCode: string;
    readonly currency: string;
    readonly paymentTermsDays: number;
  },
  check: FieldCheck,
): SiteDraft {
  const lines = check.list(`${field}.addressLines`, input.addressLines, 5);
  if (lines.length === 0)
    check.refuse(`${field}.addressLines`, 'MISSING', 'At least one line is expected.');
  return {
    name: check.text(`${field}.name`, input.name, { min: 1, max: 100 }),
    purpose: input.purpose,
    address: {
      lines: lines.map((line, index) =>
        check.text(`${field}.addressLines.${index}`, line, { min: 1, max: 100 }),
      ),
      city: check.text(`${field}.city`, input.city, { min: 1, max: 100 }),
      postalCode: check.optionalText(`${field}.postalCode`, input.postalCode, 20),
      region: check.optionalText(`${field}.region`, input.region, 60),
      countryCode: check.countryCode(
        `${field}.countryCode`,
        input.countryCode ?? supplier.countryCode,
      ),
    },
    currency: check.currency(`${field}.currency`, input.currency ?? supplier.currency),
    paymentTermsDays: check.paymentTermsDays(
      `${field}.paymentTermsDays`,
      input.paymentTermsDays ?? supplier.paymentTermsDays,
    ),
  };
}

function parseTradeNames(names: readonly string[], check: FieldCheck): string[] {
  return check
    .list('tradeNames', names, TRADE_NAMES_MAX)
    .map((name, index) => check.text(`tradeNames.${index}`, name, NAME));
}

function parseTaxRegistrations(
  inputs: readonly TaxRegistrationInput[],
  field: string,
  check: FieldCheck,
): TaxRegistration[] {
  const listed = check.list(field, inputs, TAX_REGISTRATIONS_MAX);
  const registrations = listed.map((input, index) =>
    parseTaxRegistration(input, `${field}.${index}`, check),
  );
  check.distinct(field, registrations, (tax) => `${tax.countryCode} ${tax.scheme} ${tax.number}`);
  return registrations;
}

const ENDPOINT_SCHEME = /^[0-9A-Z]{2,10}$/;

function parseEndpoints(
  inputs: readonly ElectronicEndpointInput[],
  field: string,
  check: FieldCheck,
): ElectronicEndpoint[] {
  const endpoints = check.list(field, inputs, ENDPOINTS_MAX).map((input, index) => {
    const schemeId = input.schemeId.trim().toUpperCase();
    if (!ENDPOINT_SCHEME.test(schemeId)) {
      check.refuse(
        `${field}.${index}.schemeId`,
        'UNKNOWN_SCHEME',
        'An electronic address scheme is expected, such as "0204" or "EM".',
      );
    }
    return { schemeId, value: check.text(`${field}.${index}.value`, input.value, NAME) };
  });
  check.distinct(field, endpoints, (endpoint) => `${endpoint.schemeId} ${endpoint.value}`);
  return endpoints;
}

function parseExternalRefs(
  inputs: readonly SupplierExternalReferenceInput[],
  check: FieldCheck,
): ExternalReference[] {
  const field = 'externalRefs';
  const references = check.list(field, inputs, EXTERNAL_REFS_MAX).map((input, index) => ({
    system: check.text(`${field}.${index}.system`, input.system, { min: 1, max: 60 }),
    type: check.text(`${field}.${index}.type`, input.type, { min: 1, max: 60 }),
    id: check.text(`${field}.${index}.id`, input.id, { min: 1, max: 120 }),
    version: check.optionalText(`${field}.${index}.version`, input.version, 60),
  }));
  check.distinct(
    field,
    references,
    (reference) => `${reference.system} ${reference.type} ${reference.id}`,
  );
  return references;
}
