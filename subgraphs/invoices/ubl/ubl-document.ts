import { parseDecimal } from '#kernel/decimal.ts';
import { accepted, refused } from '#kernel/problem.ts';
import { documentRules } from '../domain/stated-invoice.ts';
import { readXml } from './xml-tree.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { Result } from '#kernel/problem.ts';
import type {
  DocumentRules,
  Party,
  RuleViolation,
  StatedAdjustment,
  StatedInvoice,
  StatedLine,
  StatedTaxTotal,
  StatedTotals,
} from '../domain/stated-invoice.ts';
import type { XmlElement, XmlProblem } from './xml-tree.ts';

const UBL = 'urn:oasis:names:specification:ubl:schema:xsd';
const AGGREGATE = `${UBL}:CommonAggregateComponents-2`;
const BASIC = `${UBL}:CommonBasicComponents-2`;
const ROOTS = { Invoice: `${UBL}:Invoice-2`, CreditNote: `${UBL}:CreditNote-2` };

/** Where Invoice and CreditNote say the same with different names. */
const NAMES = {
  Invoice: {
    kind: 'STANDARD',
    typeCode: 'InvoiceTypeCode',
    line: 'InvoiceLine',
    quantity: 'InvoicedQuantity',
  },
  CreditNote: {
    kind: 'CREDIT_MEMO',
    typeCode: 'CreditNoteTypeCode',
    line: 'CreditNoteLine',
    quantity: 'CreditedQuantity',
  },
} as const;

/** Reads a UBL 2.1 Invoice or CreditNote (OASIS, bound to EN 16931); what it states is not yet checked. */
export function readUbl(text: string): Result<StatedInvoice, XmlProblem | DocumentRules> {
  const xml = readXml(text, ROOTS);
  if (!xml.ok) return xml;
  const reader = new Reader();
  const stated = readInvoice(reader, xml.value);
  return reader.flaws.length === 0 ? accepted(stated) : refused(documentRules(reader.flaws));
}

/** Reads an XML element as if it were the root: the official unit tests of EN 16931 hold such parts. */
export function readUblPart(element: XmlElement): StatedInvoice {
  return readInvoice(new Reader(), element);
}

/** Collects what is no decimal or no date, so that one answer names all of them. */
class Reader {
  readonly flaws: RuleViolation[] = [];
  readonly currencies = new Set<string>();

  text(element: XmlElement | undefined, ...path: readonly string[]): string | null {
    const value = at(element, path)?.text.trim();
    return value === undefined || value === '' ? null : value;
  }

  amount(element: XmlElement | undefined, name: string): Decimal | null {
    const found = at(element, [name]);
    const currency = found?.attributes['currencyID'];
    if (currency !== undefined) this.currencies.add(currency);
    return this.decimal(element, name);
  }

  decimal(element: XmlElement | undefined, ...path: readonly string[]): Decimal | null {
    const text = this.text(element, ...path);
    const value = text === null ? null : parseDecimal(plain(text));
    if (text !== null && value === null) {
      this.flaws.push({
        rule: 'XSD-decimal',
        message: `${path.join('/')} is "${text.slice(0, 40)}", and a decimal number such as 12.50 is expected.`,
      });
    }
    return value;
  }

  date(element: XmlElement | undefined, ...path: readonly string[]): string | null {
    const text = this.text(element, ...path);
    if (text === null) return null;
    const day = text.slice(0, 10);
    const isDay = /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(`${day}T00:00:00Z`));
    if (isDay) return day;
    this.flaws.push({
      rule: 'XSD-date',
      message: `${path.join('/')} is "${text.slice(0, 40)}", and a date such as 2026-11-23 is expected.`,
    });
    return null;
  }
}

function readInvoice(reader: Reader, root: XmlElement): StatedInvoice {
  const names = root.name === 'CreditNote' ? NAMES.CreditNote : NAMES.Invoice;
  return {
    kind: names.kind,
    number: reader.text(root, 'ID'),
    issuedOn: reader.date(root, 'IssueDate'),
    dueOn:
      reader.date(root, 'DueDate') ?? reader.date(at(root, ['PaymentMeans']), 'PaymentDueDate'),
    typeCode: reader.text(root, names.typeCode),
    currency: reader.text(root, 'DocumentCurrencyCode'),
    taxCurrency: reader.text(root, 'TaxCurrencyCode'),
    orderReference: reader.text(root, 'OrderReference', 'ID'),
    contractReference: reader.text(root, 'ContractDocumentReference', 'ID'),
    precedingInvoices: all(root, 'BillingReference')
      .map((reference) => reader.text(reference, 'InvoiceDocumentReference', 'ID'))
      .filter((number) => number !== null),
    seller: readParty(reader, at(root, ['AccountingSupplierParty', 'Party'])),
    buyer: readParty(reader, at(root, ['AccountingCustomerParty', 'Party'])),
    paymentMeans: all(root, 'PaymentMeans').map((means) => ({
      code: reader.text(means, 'PaymentMeansCode'),
      maskedAccount: masked(reader.text(means, 'PayeeFinancialAccount', 'ID')),
    })),
    hasPaymentTerms: at(root, ['PaymentTerms']) !== undefined,
    lines: all(root, names.line).map((line) => readLine(reader, line, names.quantity)),
    adjustments: readAdjustments(reader, root),
    taxTotals: all(root, 'TaxTotal').map((total) => readTaxTotal(reader, total)),
    totals: readTotals(reader, at(root, ['LegalMonetaryTotal'])),
    // Read last: by now every amount has been looked at.
    amountCurrencies: [...reader.currencies],
  };
}

function readParty(reader: Reader, party: XmlElement | undefined): Party {
  const endpoint = at(party, ['EndpointID']);
  const value = endpoint?.text.trim() ?? '';
  return {
    tradingName: reader.text(party, 'PartyName', 'Name'),
    legalName: reader.text(party, 'PartyLegalEntity', 'RegistrationName'),
    countryCode: reader.text(party, 'PostalAddress', 'Country', 'IdentificationCode'),
    taxNumbers: all(party, 'PartyTaxScheme')
      .map((scheme) => reader.text(scheme, 'CompanyID'))
      .filter((number) => number !== null),
    legalRegistration:
      reader.text(party, 'PartyLegalEntity', 'CompanyID') ??
      reader.text(party, 'PartyIdentification', 'ID'),
    endpoint: value === '' ? null : { schemeId: endpoint?.attributes['schemeID'] ?? '', value },
  };
}

function readLine(reader: Reader, line: XmlElement, quantityName: string): StatedLine {
  const tax = at(line, ['Item', 'ClassifiedTaxCategory']);
  return {
    id: reader.text(line, 'ID'),
    description: reader.text(line, 'Item', 'Name'),
    quantity: reader.decimal(line, quantityName),
    unitCode: at(line, [quantityName])?.attributes['unitCode'] ?? null,
    unitPrice: reader.amount(at(line, ['Price']), 'PriceAmount'),
    priceQuantity: reader.decimal(line, 'Price', 'BaseQuantity'),
    netAmount: reader.amount(line, 'LineExtensionAmount'),
    adjustments: readAdjustments(reader, line),
    orderLineReference: reader.text(line, 'OrderLineReference', 'LineID'),
    taxCategory: reader.text(tax, 'ID'),
    taxPercent: reader.decimal(tax, 'Percent'),
  };
}

function readAdjustments(reader: Reader, parent: XmlElement): StatedAdjustment[] {
  return all(parent, 'AllowanceCharge').flatMap((adjustment) => {
    const amount = reader.amount(adjustment, 'Amount');
    if (amount === null) return [];
    const isCharge = reader.text(adjustment, 'ChargeIndicator') === 'true';
    return [{ isCharge, amount, reason: reader.text(adjustment, 'AllowanceChargeReason') }];
  });
}

function readTaxTotal(reader: Reader, total: XmlElement): StatedTaxTotal {
  return {
    currency: at(total, ['TaxAmount'])?.attributes['currencyID'] ?? null,
    // Not `reader.amount`: a second total in the accounting currency is meant to differ.
    amount: reader.decimal(total, 'TaxAmount'),
    subtotals: all(total, 'TaxSubtotal').map((subtotal) => ({
      category: reader.text(subtotal, 'TaxCategory', 'ID'),
      percent: reader.decimal(subtotal, 'TaxCategory', 'Percent'),
      taxableAmount: reader.decimal(subtotal, 'TaxableAmount'),
      taxAmount: reader.decimal(subtotal, 'TaxAmount'),
    })),
  };
}

function readTotals(reader: Reader, totals: XmlElement | undefined): StatedTotals {
  return {
    lineNet: reader.amount(totals, 'LineExtensionAmount'),
    allowances: reader.amount(totals, 'AllowanceTotalAmount'),
    charges: reader.amount(totals, 'ChargeTotalAmount'),
    taxExclusive: reader.amount(totals, 'TaxExclusiveAmount'),
    taxInclusive: reader.amount(totals, 'TaxInclusiveAmount'),
    prepaid: reader.amount(totals, 'PrepaidAmount'),
    rounding: reader.amount(totals, 'PayableRoundingAmount'),
    payable: reader.amount(totals, 'PayableAmount'),
  };
}

/** XML Schema allows a decimal point with digits on one side only. */
function plain(text: string): string {
  return text.replace(/^([+-]?)\./, '$10.').replace(/\.$/, '');
}

/** Only the last four characters, behind as many dots as hide its length. */
function masked(account: string | null): string | null {
  return account === null ? null : `••••${account.replaceAll(/\s/g, '').slice(-4)}`;
}

function at(element: XmlElement | undefined, path: readonly string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>(
    (parent, name) => parent?.children.find((child) => isNamed(child, name)),
    element,
  );
}

function all(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((child) => isNamed(child, name)) ?? [];
}

function isNamed(element: XmlElement, name: string): boolean {
  return element.name === name && (element.namespace === BASIC || element.namespace === AGGREGATE);
}
