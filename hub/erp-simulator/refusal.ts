/**
 * What the ERP says when it does not do as asked. 400 is a message it cannot read (a mapping fault of the caller), 422 is a
 * business refusal, 404/409/412/428 speak of the document addressed. Nothing is ever written with a refusal.
 */
export type Refusal = {
  readonly status: 400 | 401 | 404 | 405 | 412 | 413 | 422 | 428;
  readonly code: string;
  readonly message: string;
  /** The field or path at fault, for example `PurchaseOrderItem[0]/OrderQuantity`; empty when none is. */
  readonly target: string;
};

/** Message class and number of each refusal, in the manner of SAP's message catalogue. Part of the wire: never reuse one. */
export const messageCodes = {
  fieldMissing: 'ME/083',
  fieldMalformed: 'SY/530',
  propertyUnknown: 'SY/005',
  bodyUnreadable: 'SY/002',
  bodyTooLarge: 'SY/413',
  routeUnknown: 'SY/404',
  methodNotAllowed: 'SY/405',
  apiKeyInvalid: 'SY/401',
  documentUnknown: 'ME/019',
  versionMissing: 'SY/428',
  versionStale: 'SY/412',
  companyCodeUnknown: 'F5/165',
  periodClosed: 'F5/201',
  currencyUnknown: 'SG/105',
  amountPrecision: 'F5/286',
  quantityNotPositive: 'ME/060',
  priceNegative: 'ME/061',
  itemNumberTwice: 'ME/046',
  supplierBlocked: 'ME/027',
  fieldNotChangeable: 'ME/664',
  orderCancelled: 'ME/011',
  orderHasFollowOn: 'ME/162',
  orderUnknown: 'M8/321',
  orderItemUnknown: 'M8/322',
  orderNotReleased: 'ME/390',
  orderOtherCompany: 'M8/081',
  orderOtherCurrency: 'M8/286',
  balanceNotZero: 'M8/534',
  amountNotPositive: 'F5/702',
  invoiceCancelled: 'M8/414',
  invoiceInPayment: 'M8/442',
  invoiceNotBlocked: 'MR/088',
  receiptCancelled: 'M7/061',
  receiptInvoiced: 'M7/062',
  paymentNotCleared: 'FZ/031',
} as const;

export type MessageName = keyof typeof messageCodes;

/** A business refusal (422). */
export function refuse(name: MessageName, message: string, target = ''): Refusal {
  return { status: 422, code: messageCodes[name], message, target };
}

/** A message this ERP cannot read (400). */
export function malformed(name: MessageName, message: string, target = ''): Refusal {
  return { status: 400, code: messageCodes[name], message, target };
}

/** The error envelope. Of several refusals the first unreadable one decides the status, else the first business one. */
export function errorBody(
  refusals: readonly Refusal[],
  inner: { transactionId: string; timestamp: string },
): { status: number; body: object } {
  const leading = refusals.find((refusal) => refusal.status === 400) ?? refusals[0];
  if (leading === undefined) throw new Error('Expected at least one refusal, got none.');
  const details = refusals.map(({ code, message, target }) => ({ code, message, target }));
  return {
    status: leading.status,
    body: {
      error: {
        code: leading.code,
        message: leading.message,
        target: leading.target,
        innererror: { ...inner, errordetails: details },
      },
    },
  };
}
