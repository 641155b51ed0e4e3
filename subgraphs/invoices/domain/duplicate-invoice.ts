import type { Problem } from '#kernel/problem.ts';

/** The supplier's number was captured before. */
export interface DuplicateInvoice extends Problem<'DUPLICATE_INVOICE'> {
  readonly supplierInvoiceNumber: string;
  readonly existingInvoiceId: string;
}

export function duplicateInvoice(
  supplierInvoiceNumber: string,
  existingInvoiceId: string,
): DuplicateInvoice {
  return {
    code: 'DUPLICATE_INVOICE',
    message: `An invoice of this supplier with the number "${supplierInvoiceNumber.slice(0, 80)}", or another writing of it, was captured before. Open the existing invoice; if that one is wrong, reject or cancel it first.`,
    retryable: false,
    supplierInvoiceNumber,
    existingInvoiceId,
  };
}
