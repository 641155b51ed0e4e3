/**
 * A refusal: an expected outcome that changed nothing. It names what happened, to what, and what
 * to do next. Fields beyond `code`, `message` and `retryable` say what the caller needs to act.
 */
export interface Problem<Code extends string = string> {
  readonly code: Code;
  readonly message: string;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
}

/** A decision's outcome: a value, or the problem that refuses it. */
export type Result<Value, P extends Problem = Problem> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: P };

export function accepted<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

export function refused<P extends Problem>(
  problem: P,
): { readonly ok: false; readonly problem: P } {
  return { ok: false, problem };
}

export interface NotFound extends Problem<'NOT_FOUND'> {
  readonly entity: string;
  readonly id: string;
}

/** The thing does not exist, or the viewer may not know that it does: both look the same. */
export function notFound(entity: string, id: string): NotFound {
  return {
    code: 'NOT_FOUND',
    message: `No ${entity} with id "${id}" is visible to you. Check the id, or ask for access to its company and cost centre.`,
    retryable: false,
    entity,
    id,
  };
}

export interface FieldError {
  /** Path of the input field, such as `lines.0.quantity`. */
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

export interface InvalidInput extends Problem<'INVALID_INPUT'> {
  readonly fields: readonly FieldError[];
}

export function invalidInput(fields: readonly FieldError[]): InvalidInput {
  const list = fields.map((error) => `${error.field}: ${error.message}`).join(' ');
  return {
    code: 'INVALID_INPUT',
    message: `The input was not accepted; nothing was changed. ${list}`,
    retryable: false,
    fields,
  };
}

export interface VersionConflict extends Problem<'VERSION_CONFLICT'> {
  readonly currentVersion: number;
}

/** Somebody else changed the aggregate since it was read. */
export function versionConflict(entity: string, currentVersion: number): VersionConflict {
  return {
    code: 'VERSION_CONFLICT',
    message: `The ${entity} was changed meanwhile and is now at version ${currentVersion}. Read it again, then repeat the request with that version.`,
    retryable: true,
    currentVersion,
  };
}

export interface IdempotencyKeyReused extends Problem<'IDEMPOTENCY_KEY_REUSED'> {
  readonly idempotencyKey: string;
}

export function idempotencyKeyReused(idempotencyKey: string): IdempotencyKeyReused {
  return {
    code: 'IDEMPOTENCY_KEY_REUSED',
    message: `The idempotency key "${idempotencyKey}" was already used with another input. Use a new key for a new request.`,
    retryable: false,
    idempotencyKey,
  };
}

export interface SegregationOfDuties extends Problem<'SEGREGATION_OF_DUTIES'> {
  /** Which rule was broken, such as `requester-is-not-approver`. */
  readonly rule: string;
}

export function segregationOfDuties(rule: string, message: string): SegregationOfDuties {
  return { code: 'SEGREGATION_OF_DUTIES', message, retryable: false, rule };
}

export interface IllegalTransition extends Problem<'ILLEGAL_TRANSITION'> {
  readonly entity: string;
  readonly state: string;
  readonly event: string;
  /** The events that are legal in this state. */
  readonly legalEvents: readonly string[];
}

export function illegalTransition(
  details: Omit<IllegalTransition, keyof Problem>,
): IllegalTransition {
  const legal =
    details.legalEvents.length === 0
      ? 'nothing; the state is final'
      : details.legalEvents.join(', ');
  return {
    code: 'ILLEGAL_TRANSITION',
    message: `A ${details.entity} in state ${details.state} does not accept "${details.event}". Legal now: ${legal}.`,
    retryable: false,
    ...details,
  };
}

/** The current value cannot be had from the service that owns it; nothing was changed. */
export interface Unavailable extends Problem<'UNAVAILABLE'> {
  readonly service: string;
}

export function unavailable(service: string, detail: string): Unavailable {
  return {
    code: 'UNAVAILABLE',
    message: `${service} did not answer (${detail}); nothing was changed. Repeat the request with the same idempotency key.`,
    retryable: true,
    service,
  };
}
