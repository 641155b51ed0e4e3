import { step } from '#kernel/lifecycle.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { exceptionCode } from './exception-code.ts';
import type { Audience } from '#kernel/event.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { IllegalTransition, InvalidInput, Problem, Result } from '#kernel/problem.ts';

export type ExceptionStatus = 'OPEN' | 'ASSIGNED' | 'RETRYING' | 'RESOLVED';
export type ExceptionEvent = 'assign' | 'retry' | 'recur' | 'recur-assigned' | 'resolve' | 'reopen';
export type ExceptionKind = 'BUSINESS' | 'TECHNICAL';
export type ResolutionCode = 'CONFIRMED' | 'DONE_BY_HAND' | 'NOT_NEEDED' | 'DUPLICATE' | 'OTHER';

/** Something that a person must look at: a refusal for business reasons, or a failure that retries did not mend. */
export interface IntegrationException {
  readonly id: string;
  /** Human number, such as `EXC-000042`. */
  readonly number: string;
  /** What is wrong, as a key: the same trouble is one exception however often it occurs. */
  readonly subject: string;
  readonly kind: ExceptionKind;
  readonly code: string;
  readonly message: string;
  readonly suggestedAction: string;
  readonly ownerRole: string;
  readonly documentType: string;
  readonly documentId: string;
  readonly documentNumber: string;
  readonly deliveryId: string | null;
  readonly erp: string | null;
  readonly correlationId: string;
  readonly audience: Audience;
  readonly status: ExceptionStatus;
  readonly version: number;
  /** How often it has occurred. */
  readonly attempts: number;
  readonly lastError: string;
  readonly assigneeId: string | null;
  readonly resolutionCode: ResolutionCode | null;
  readonly resolutionComment: string | null;
  readonly raisedAt: Date;
  readonly updatedAt: Date;
  readonly resolvedAt: Date | null;
  readonly resolvedBy: string | null;
}

/** One line of an exception's history: who did what. */
export interface ExceptionHistoryEntry {
  readonly exceptionId: string;
  readonly event: string;
  readonly status: ExceptionStatus;
  readonly actorId: string;
  readonly detail: string;
  readonly occurredAt: Date;
}

/** A retry that fails gives the exception back to whoever had it; a resolved one that recurs is opened again. */
export const EXCEPTION_LIFECYCLE: Lifecycle<ExceptionStatus, ExceptionEvent> = {
  entity: 'integration exception',
  initial: 'OPEN',
  transitions: {
    OPEN: { assign: 'ASSIGNED', retry: 'RETRYING', recur: 'OPEN', resolve: 'RESOLVED' },
    ASSIGNED: {
      assign: 'ASSIGNED',
      retry: 'RETRYING',
      'recur-assigned': 'ASSIGNED',
      resolve: 'RESOLVED',
    },
    RETRYING: { recur: 'OPEN', 'recur-assigned': 'ASSIGNED', resolve: 'RESOLVED' },
    RESOLVED: { reopen: 'OPEN' },
  },
};

/** What has gone wrong, before it is known whether it did so already. */
export interface Trouble {
  readonly subject: string;
  readonly code: string;
  /** The words of whoever failed or refused. */
  readonly detail: string;
  readonly documentType: string;
  readonly documentId: string;
  readonly documentNumber: string;
  readonly deliveryId: string | null;
  readonly erp: string | null;
  readonly correlationId: string;
  readonly audience: Audience;
}

/** A new exception for the trouble. */
export function raised(
  trouble: Trouble,
  facts: { id: string; number: string; now: Date },
): IntegrationException {
  const meaning = exceptionCode(trouble.code);
  return {
    id: facts.id,
    number: facts.number,
    subject: trouble.subject,
    kind: meaning.kind,
    code: trouble.code,
    message: messageOf(trouble),
    suggestedAction: meaning.suggestedAction,
    ownerRole: meaning.ownerRole,
    documentType: trouble.documentType,
    documentId: trouble.documentId,
    documentNumber: trouble.documentNumber,
    deliveryId: trouble.deliveryId,
    erp: trouble.erp,
    correlationId: trouble.correlationId,
    audience: trouble.audience,
    status: 'OPEN',
    version: 1,
    attempts: 1,
    lastError: trouble.detail,
    assigneeId: null,
    resolutionCode: null,
    resolutionComment: null,
    raisedAt: facts.now,
    updatedAt: facts.now,
    resolvedAt: null,
    resolvedBy: null,
  };
}

/** The exception after the trouble has come again, perhaps for another reason. */
export function recurred(
  exception: IntegrationException,
  trouble: Trouble,
  now: Date,
): IntegrationException {
  const event =
    exception.status === 'RESOLVED'
      ? 'reopen'
      : exception.assigneeId === null
        ? 'recur'
        : 'recur-assigned';
  const next = step(EXCEPTION_LIFECYCLE, exception.status, event);
  const meaning = exceptionCode(trouble.code);
  return {
    ...exception,
    kind: meaning.kind,
    code: trouble.code,
    message: messageOf(trouble),
    suggestedAction: meaning.suggestedAction,
    ownerRole: meaning.ownerRole,
    status: next.ok ? next.value : exception.status,
    assigneeId: event === 'reopen' ? null : exception.assigneeId,
    attempts: exception.attempts + 1,
    lastError: trouble.detail,
    version: exception.version + 1,
    resolutionCode: null,
    resolutionComment: null,
    resolvedAt: null,
    resolvedBy: null,
    updatedAt: now,
  };
}

export function assigned(
  exception: IntegrationException,
  command: { readonly assigneeId: string; readonly now: Date },
): Result<IntegrationException, IllegalTransition> {
  const next = step(EXCEPTION_LIFECYCLE, exception.status, 'assign');
  if (!next.ok) return next;
  return accepted(
    touched(exception, { status: next.value, assigneeId: command.assigneeId }, command.now),
  );
}

export interface NotRetryable extends Problem<'NOT_RETRYABLE'> {
  readonly exceptionNumber: string;
}

/** Subjects that a retry can do something for; the others resolve themselves when their cause is gone. */
export type SubjectKind =
  | 'delivery'
  | 'parked'
  | 'quarantine'
  | 'approval'
  | 'supplier'
  | 'erp-cancelled';

export function subjectKind(exception: IntegrationException): SubjectKind {
  return exception.subject.slice(0, exception.subject.indexOf(':')) as SubjectKind;
}

const RETRYABLE: ReadonlySet<SubjectKind> = new Set(['delivery', 'parked', 'quarantine']);

export function retried(
  exception: IntegrationException,
  now: Date,
): Result<IntegrationException, IllegalTransition | NotRetryable> {
  const next = step(EXCEPTION_LIFECYCLE, exception.status, 'retry');
  if (!next.ok) return next;
  if (!RETRYABLE.has(subjectKind(exception))) {
    return refused({
      code: 'NOT_RETRYABLE',
      message: `There is nothing to send again for ${exception.number}. ${exception.suggestedAction}`,
      retryable: false,
      exceptionNumber: exception.number,
    });
  }
  return accepted(touched(exception, { status: next.value }, now));
}

/** Longest comment kept. */
const COMMENT_LENGTH_MAX = 2000;

/** A person says that it is done with. A business exception needs a word why. */
export function resolved(
  exception: IntegrationException,
  command: {
    readonly code: ResolutionCode;
    readonly comment: string;
    readonly actorId: string;
    readonly now: Date;
  },
): Result<IntegrationException, IllegalTransition | InvalidInput> {
  const next = step(EXCEPTION_LIFECYCLE, exception.status, 'resolve');
  if (!next.ok) return next;
  const comment = command.comment.trim();
  if (exception.kind === 'BUSINESS' && comment === '' && command.code !== 'CONFIRMED')
    return refused(
      commentProblem(
        'COMMENT_MISSING',
        'Say why a business exception is resolved without a retry.',
      ),
    );
  if (comment.length > COMMENT_LENGTH_MAX)
    return refused(
      commentProblem(
        'TOO_LONG',
        `At most ${COMMENT_LENGTH_MAX} characters are kept, not ${comment.length}.`,
      ),
    );
  return accepted(
    touched(
      exception,
      {
        status: next.value,
        resolutionCode: command.code,
        resolutionComment: comment,
        resolvedAt: command.now,
        resolvedBy: command.actorId,
      },
      command.now,
    ),
  );
}

function commentProblem(code: string, message: string): InvalidInput {
  return invalidInput([{ field: 'comment', code, message }]);
}

function touched(
  exception: IntegrationException,
  change: Partial<IntegrationException>,
  now: Date,
): IntegrationException {
  return { ...exception, ...change, version: exception.version + 1, updatedAt: now };
}

function messageOf(trouble: Trouble): string {
  const { title } = exceptionCode(trouble.code);
  const name = trouble.documentNumber === '' ? trouble.documentId : trouble.documentNumber;
  return `${title}: ${name}.`;
}
