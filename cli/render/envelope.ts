/** The version of the envelope; fields are only added without raising it. */
const SCHEMA_VERSION = 1;

export interface EnvelopeError {
  readonly code: string;
  readonly message: string;
  readonly correlationId: string | null;
}

/** What every command answers in the format `json`. */
export function envelope(said: {
  readonly ok: boolean;
  readonly data: unknown;
  readonly error: EnvelopeError | null;
}): string {
  const { ok, data, error } = said;
  return JSON.stringify(
    {
      schemaVersion: SCHEMA_VERSION,
      ok,
      data: data ?? null,
      error:
        error === null
          ? null
          : {
              code: error.code,
              message: error.message,
              docs: `concord explain ${error.code}`,
              correlationId: error.correlationId,
            },
    },
    null,
    2,
  );
}
