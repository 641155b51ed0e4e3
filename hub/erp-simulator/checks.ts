import { parseDecimal, unitsAtScale } from './decimal.ts';
import type { Facts } from './document.ts';
import { companyCodes, currencies } from './master-data.ts';
import { refuse } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/** Business checks that several documents share. Each answers the refusals it has; empty fields were refused earlier. */

export function companyRefusals(companyCode: string): Refusal[] {
  if (companyCode === '' || companyCodes.has(companyCode)) return [];
  const known = [...companyCodes.keys()].join(', ');
  const text = `Company code ${companyCode} does not exist; known are ${known}.`;
  return [refuse('companyCodeUnknown', text, 'CompanyCode')];
}

export function currencyRefusals(currency: string): Refusal[] {
  if (currency === '' || currencies.has(currency)) return [];
  const text = `Currency ${currency} is not known here; send an ISO 4217 code that is in use.`;
  return [refuse('currencyUnknown', text, 'DocumentCurrency')];
}

export function supplierRefusals(supplier: string, facts: Facts, target: string): Refusal[] {
  if (!facts.blockedSuppliers.includes(supplier)) return [];
  return [refuse('supplierBlocked', `Supplier ${supplier} is blocked for posting.`, target)];
}

/** A posting date in a closed period is refused; the caller may repeat with a date in an open one. */
export function periodRefusals(companyCode: string, postingDate: string, facts: Facts): Refusal[] {
  const period = postingDate.slice(0, 6);
  const closed = [period, `${companyCode}/${period}`];
  if (!facts.closedPeriods.some((entry) => closed.includes(entry))) return [];
  const text = `Posting period ${period.slice(4)} ${period.slice(0, 4)} is not open in ${companyCode}.`;
  return [refuse('periodClosed', text, 'PostingDate')];
}

/** Refuses amounts with more decimals than the currency has: 10.005 EUR, 1.5 JPY. */
export function precisionRefusals(amount: string, currency: string, target: string): Refusal[] {
  const scale = currencies.get(currency);
  if (scale === undefined || parseDecimal(amount) === undefined) return [];
  if (unitsAtScale(amount, scale) !== undefined) return [];
  const text = `${amount} has more than the ${scale} decimals of ${currency}.`;
  return [refuse('amountPrecision', text, target)];
}

export function positiveRefusals(quantity: string, target: string): Refusal[] {
  const decimal = parseDecimal(quantity);
  if (decimal === undefined || decimal.units > 0n) return [];
  return [refuse('quantityNotPositive', `Enter a quantity above zero, got ${quantity}.`, target)];
}
