/** What a code means to the person who works it. */
export interface ExceptionCode {
  readonly kind: 'BUSINESS' | 'TECHNICAL';
  /** In plain words, for somebody who does not know the ERP's message catalogue. */
  readonly title: string;
  readonly suggestedAction: string;
  /** The role that usually can mend it. */
  readonly ownerRole: string;
}

const RETRY = 'Then retry the exception; it resolves itself when the ERP confirms.';

/** Every code that an exception can carry. An unknown one is technical and asks to be classified. */
export const EXCEPTION_CODES: Readonly<Record<string, ExceptionCode>> = {
  SUPPLIER_BLOCKED: business(
    'The supplier is blocked at the ERP',
    `Ask the supplier steward why, and have the block lifted at the ERP. ${RETRY}`,
    'supplier-steward',
  ),
  PERIOD_CLOSED: business(
    'The posting period is closed at the ERP',
    `Have the period opened, or wait for the next one. ${RETRY}`,
    'finance-operations',
  ),
  COMPANY_UNKNOWN: business(
    'The ERP does not know the company code',
    `Have the company set up at the ERP. ${RETRY}`,
    'finance-operations',
  ),
  CURRENCY_MISMATCH: business(
    'The currency does not fit at the ERP',
    'Compare the currency of the invoice with that of its order; correct the document in its own room.',
    'ap-clerk',
  ),
  COMPANY_MISMATCH: business(
    'The order belongs to another company at the ERP',
    'Compare the company of the document with that of its order; correct the document in its own room.',
    'ap-clerk',
  ),
  AMOUNT_INVALID: business(
    'The ERP does not accept an amount',
    'Compare the amounts of the document with its lines; correct the document in its own room.',
    'ap-clerk',
  ),
  BALANCE_NOT_ZERO: business(
    'The invoice does not balance at the ERP',
    'Gross must equal net plus tax; correct the invoice in its own room.',
    'ap-clerk',
  ),
  QUANTITY_INVALID: business(
    'The ERP does not accept a quantity',
    'Correct the quantity in the document’s own room.',
    'buyer',
  ),
  PRICE_INVALID: business(
    'The ERP does not accept a price',
    'Correct the price in the document’s own room.',
    'buyer',
  ),
  ORDER_NOT_FOUND: business(
    'The ERP does not know the purchase order or its line',
    `Look at the order’s own deliveries first. ${RETRY}`,
    'buyer',
  ),
  ORDER_CANCELLED: business(
    'The order is cancelled at the ERP',
    'Agree with the buyer whether a new order is needed; then resolve this with a comment.',
    'buyer',
  ),
  HAS_FOLLOW_ON: business(
    'The ERP keeps the document, because later documents refer to it',
    `Cancel receipts and invoices of the order first. ${RETRY}`,
    'buyer',
  ),
  IN_PAYMENT: business(
    'The invoice is scheduled or paid at the ERP',
    'It cannot be cancelled any more: ask the supplier for a credit memo, then resolve this with a comment.',
    'ap-clerk',
  ),
  CANCELLED_AT_ERP: business(
    'Somebody cancelled the document at the ERP',
    'Find out why. Cancel it here too, or have it entered again; then resolve this with a comment.',
    'finance-operations',
  ),
  ERP_VALIDATION: business(
    'The ERP refused the document',
    `Read the ERP’s words below, correct what they name. ${RETRY}`,
    'finance-operations',
  ),
  APPROVAL_UNROUTABLE: business(
    'No approval rule fits the document',
    'Add a rule to the approval policy; this resolves itself when the approval is requested.',
    'finance-operations',
  ),
  FUNDS_OVERRUN: business(
    'The document went beyond the budget after it could not be refused any more',
    'Supplement the budget or transfer from another line, then close this with what was done.',
    'controller',
  ),
  SUPPLIER_UNKNOWN: business(
    'The supplier of the invoice is not known',
    'Create the supplier or resolve the invoice to one; this then resolves itself.',
    'ap-clerk',
  ),

  ERP_UNAVAILABLE: technical(
    'The ERP does not answer',
    'Check the connection to the ERP (runbook erp-outage); retry when it is back.',
  ),
  OUTCOME_UNKNOWN: technical(
    'The ERP’s answer was lost',
    'Retry: the document is looked up by its reference before anything is sent again.',
  ),
  RATE_LIMITED: technical(
    'The ERP asks us to slow down',
    'Retry later, or have the ERP’s limit raised.',
  ),
  ERP_AUTHENTICATION: technical(
    'The ERP does not accept our key',
    'Have the key replaced in the configuration, then retry.',
  ),
  MAPPING: technical(
    'The ERP cannot read our message',
    'The translation must be mended; retry after the fix is out.',
  ),
  VERSION_CONFLICT: technical(
    'The document kept changing at the ERP',
    'Retry: the newest version is read first.',
  ),
  NOT_APPLIED: technical(
    'The ERP took the command and changed nothing',
    'Look at the document at the ERP; retry.',
  ),
  DUPLICATE_AT_ERP: technical(
    'The ERP holds the document more than once',
    'Cancel the surplus document at the ERP, then retry: the remaining one is taken over.',
  ),
  CONTRACT_CHANGED: technical(
    'The ERP sends messages of an unknown shape',
    'Nothing of them was applied. Retry after the fix is out: the messages kept are then applied.',
  ),
  DEPENDENCY_MISSING: technical(
    'A document that must come first did not come',
    'Look at the earlier document’s exceptions; retry after it is through.',
  ),
  EVENT_PARKED: technical(
    'A room could not take an event',
    'Later events of the same document wait. Retry after the cause is mended.',
  ),
  NO_ERP_FOR_COMPANY: technical(
    'No ERP is configured for the company',
    'Add the company to an ERP’s configuration, then retry.',
  ),
  UNCLASSIFIED: technical(
    'Something failed that has no code yet',
    'Read the error, mend the cause, retry; and have the code added.',
  ),
};

/** The meaning of a code; one that is not in the table is treated as unclassified. */
export function exceptionCode(code: string): ExceptionCode {
  return (
    EXCEPTION_CODES[code] ??
    technical(
      'Something failed that has no code yet',
      'Read the error, mend the cause, retry; and have the code added.',
    )
  );
}

function business(title: string, suggestedAction: string, ownerRole: string): ExceptionCode {
  return { kind: 'BUSINESS', title, suggestedAction, ownerRole };
}

function technical(title: string, suggestedAction: string): ExceptionCode {
  return { kind: 'TECHNICAL', title, suggestedAction, ownerRole: 'finance-operations' };
}
