import { isRecord } from '#kernel/json.ts';
import { failure } from '../connector.ts';
import type { ErpFailure, FailureKind } from '../connector.ts';

/** The ERP's message code → what it means here. What is not listed is a refusal that a person reads. */
const MESSAGES: Readonly<Record<string, readonly [FailureKind, string]>> = {
  'ME/390': ['WAIT', 'DEPENDENCY_MISSING'],
  'ME/027': ['BUSINESS', 'SUPPLIER_BLOCKED'],
  'F5/201': ['BUSINESS', 'PERIOD_CLOSED'],
  'F5/165': ['BUSINESS', 'COMPANY_UNKNOWN'],
  'SG/105': ['BUSINESS', 'CURRENCY_MISMATCH'],
  'M8/286': ['BUSINESS', 'CURRENCY_MISMATCH'],
  'M8/081': ['BUSINESS', 'COMPANY_MISMATCH'],
  'F5/286': ['BUSINESS', 'AMOUNT_INVALID'],
  'F5/702': ['BUSINESS', 'AMOUNT_INVALID'],
  'M8/534': ['BUSINESS', 'BALANCE_NOT_ZERO'],
  'ME/060': ['BUSINESS', 'QUANTITY_INVALID'],
  'ME/061': ['BUSINESS', 'PRICE_INVALID'],
  'M8/321': ['BUSINESS', 'ORDER_NOT_FOUND'],
  'M8/322': ['BUSINESS', 'ORDER_NOT_FOUND'],
  'ME/011': ['BUSINESS', 'ORDER_CANCELLED'],
  'ME/162': ['BUSINESS', 'HAS_FOLLOW_ON'],
  'M7/062': ['BUSINESS', 'HAS_FOLLOW_ON'],
  'M8/442': ['BUSINESS', 'IN_PAYMENT'],
  'ME/083': ['MAPPING', 'MAPPING'],
  'ME/664': ['MAPPING', 'MAPPING'],
};

/** HTTP status → meaning, where no message code says more. A 500 or 504 may have written before it failed. */
const STATUSES: Readonly<Record<number, readonly [FailureKind, string]>> = {
  400: ['MAPPING', 'MAPPING'],
  401: ['AUTHENTICATION', 'ERP_AUTHENTICATION'],
  403: ['AUTHENTICATION', 'ERP_AUTHENTICATION'],
  404: ['NOT_APPLIED', 'NOT_APPLIED'],
  405: ['MAPPING', 'MAPPING'],
  409: ['CONFLICT', 'VERSION_CONFLICT'],
  412: ['CONFLICT', 'VERSION_CONFLICT'],
  413: ['MAPPING', 'MAPPING'],
  422: ['BUSINESS', 'ERP_VALIDATION'],
  428: ['CONFLICT', 'VERSION_CONFLICT'],
  429: ['RATE_LIMIT', 'RATE_LIMITED'],
  500: ['UNKNOWN_OUTCOME', 'OUTCOME_UNKNOWN'],
  502: ['UNKNOWN_OUTCOME', 'OUTCOME_UNKNOWN'],
  503: ['UNAVAILABLE', 'ERP_UNAVAILABLE'],
  504: ['UNKNOWN_OUTCOME', 'OUTCOME_UNKNOWN'],
};

/** Network errors after which it is certain that nothing was sent. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
/** A Retry-After beyond this is taken as this: an exception should not wait for days unseen. */
const RETRY_AFTER_MAX_MS = 3_600_000;

/** Reads an answer that is not a success. `writes`: whether the call could have changed anything. */
export function failureOfAnswer(
  status: number,
  answer: { readonly body: unknown; readonly retryAfter: string | null; readonly writes: boolean },
): ErpFailure {
  const error = isRecord(answer.body) && isRecord(answer.body['error']) ? answer.body['error'] : {};
  const erpCode = typeof error['code'] === 'string' ? error['code'] : '';
  const text = typeof error['message'] === 'string' ? error['message'] : `HTTP status ${status}`;
  const byCode = status === 422 ? MESSAGES[erpCode] : undefined;
  const [kind, code] = byCode ?? STATUSES[status] ?? ['UNKNOWN_OUTCOME', 'OUTCOME_UNKNOWN'];
  const known = kind === 'UNKNOWN_OUTCOME' && !answer.writes ? 'UNAVAILABLE' : kind;
  const message = erpCode === '' ? text : `${erpCode}: ${text}`;
  return failure(known, code, message, retryAfterMs(answer.retryAfter));
}

/** Reads an error of the network or of the time limit. */
export function failureOfError(error: unknown, writes: boolean): ErpFailure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const text = cause instanceof Error ? cause.message : String(cause);
  const message = `${code === '' ? 'no answer' : code}: ${text}`;
  if (!writes || NOT_SENT.has(code)) return failure('UNAVAILABLE', 'ERP_UNAVAILABLE', message);
  return failure('UNKNOWN_OUTCOME', 'OUTCOME_UNKNOWN', message);
}

function retryAfterMs(header: string | null): number | null {
  const seconds = Number(header ?? '');
  if (header === null || header === '' || !Number.isFinite(seconds) || seconds < 0) return null;
  return Math.min(seconds * 1000, RETRY_AFTER_MAX_MS);
}
