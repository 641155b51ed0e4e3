/** What this ERP was customised with. Suppliers need no master record here: any id is taken unless it is blocked. */

/** Company code to its own currency; documents may be in any known currency. */
export const companyCodes: ReadonlyMap<string, string> = new Map([
  ['DE01', 'EUR'],
  ['US01', 'USD'],
  ['PL01', 'PLN'],
  ['JP01', 'JPY'],
]);

/** ISO 4217 code to its number of decimals. */
export const currencies: ReadonlyMap<string, number> = new Map([
  ...['EUR', 'USD', 'PLN', 'GBP', 'CHF', 'SEK', 'NOK', 'DKK', 'CZK', 'HUF', 'RON'].map(twoDecimals),
  ...['CAD', 'AUD', 'NZD', 'CNY', 'HKD', 'SGD', 'INR', 'BRL', 'MXN', 'ZAR', 'TRY'].map(twoDecimals),
  ['JPY', 0],
  ['KRW', 0],
  ['ISK', 0],
  ['CLP', 0],
  ['KWD', 3],
  ['BHD', 3],
  ['TND', 3],
]);

function twoDecimals(currency: string): [string, number] {
  return [currency, 2];
}
