/** Words that some write before the number and others leave out. */
const PREFIX =
  /^(?:invoice|inv|rechnungsnummer|rechnung|rgnr|rg|re|facture|fact|fakturanummer|faktura|factuur|fattura|nummer|nr|no)(?=\d)/;

/**
 * The form of a supplier's invoice number in which two writings of one number are equal: without punctuation,
 * customary prefix and leading zeros, with O read as 0 and I as 1. Two invoices of one supplier with the same form are
 * one invoice (domain reference, section 1.5).
 */
export function normalisedInvoiceNumber(number: string): string {
  const bare = number
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
  const form = bare
    .replace(PREFIX, '')
    .replaceAll('o', '0')
    .replaceAll('i', '1')
    .replace(/^0+(?=.)/, '');
  // A number that is nothing but punctuation is still itself.
  return form === '' ? number.trim() : form;
}
