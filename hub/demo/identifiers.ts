/** Numbers that satisfy their check digits, so that the demo's suppliers pass the checks that real ones do. */

/** A German VAT number's nine digits: ISO 7064 mod 11,10. */
export function germanVatNumber(serial: number): string {
  const digits = String(10_000_000 + serial);
  let product = 10;
  for (const digit of digits) {
    const sum = (Number(digit) + product) % 10 || 10;
    product = (2 * sum) % 11;
  }
  return `DE${digits}${(11 - product) % 10}`;
}

/** A Polish NIP: weighted sum modulo 11, numbers whose remainder is 10 are left out. */
export function polishTaxNumber(serial: number): string {
  const weights = [6, 5, 7, 2, 3, 4, 5, 6, 7];
  for (let number = 526_000_000 + serial * 7; ; number += 1) {
    const digits = String(number);
    const check =
      Array.from(digits).reduce(
        (sum, digit, index) => sum + Number(digit) * (weights[index] ?? 0),
        0,
      ) % 11;
    if (check < 10) return `PL${digits}${check}`;
  }
}

/** An employer identification number of the United States; it has a prefix, no check digit. */
export function employerNumber(serial: number): string {
  return `12-${String(3_400_000 + serial)}`;
}

/** A Japanese corporate number: one check digit, then twelve digits. */
export function japaneseCorporateNumber(serial: number): string {
  const digits = String(700_110_000_000 + serial);
  const sum = Array.from(digits)
    .toReversed()
    .reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 2), 0);
  return `${9 - (sum % 9)}${digits}`;
}

/** An IBAN with its check digits (ISO 13616, mod 97). */
export function ibanOf(countryCode: string, accountNumber: string): string {
  const letters = Array.from(`${accountNumber}${countryCode}00`)
    .map((character) => Number.parseInt(character, 36))
    .join('');
  const check = 98n - (BigInt(letters) % 97n);
  return `${countryCode}${String(check).padStart(2, '0')}${accountNumber}`;
}
