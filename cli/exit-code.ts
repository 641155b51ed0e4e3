/** What the program's exit code says; pipelines tell "breaking" from "registry down" by it. */
export const EXIT_CODES = {
  OK: 0,
  CHECK_FAILED: 1,
  USAGE: 2,
  CONFIGURATION: 3,
  AUTHENTICATION: 4,
  UNREACHABLE: 5,
  /** A bug of this program; nothing can be said of what was asked for. */
  BUG: 70,
  INTERRUPTED: 130,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** What each code means, for the help. */
export const EXIT_MEANINGS: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [EXIT_CODES.OK, 'done, or checked and passed'],
  [EXIT_CODES.CHECK_FAILED, 'the check failed, or the registry refused the change'],
  [EXIT_CODES.USAGE, 'the command line, or a file that it names, cannot be used'],
  [EXIT_CODES.CONFIGURATION, 'the configuration is incomplete or names what is not there'],
  [EXIT_CODES.AUTHENTICATION, 'no token, a wrong one, or one that may not do this'],
  [EXIT_CODES.UNREACHABLE, 'the registry does not answer, fails, or takes too long'],
  [EXIT_CODES.BUG, 'the program itself failed'],
  [EXIT_CODES.INTERRUPTED, 'interrupted'],
];

/** Codes of the registry's refusals and errors that do not mean that it refused the change. */
const EXIT_BY_CODE: Readonly<Record<string, ExitCode>> = {
  INVALID_INPUT: EXIT_CODES.USAGE,
  BAD_USER_INPUT: EXIT_CODES.USAGE,
  INVALID_DOCUMENT: EXIT_CODES.USAGE,
  GRAPHQL_VALIDATION_FAILED: EXIT_CODES.CONFIGURATION,
  GRAPHQL_PARSE_FAILED: EXIT_CODES.CONFIGURATION,
  NOT_FOUND: EXIT_CODES.CONFIGURATION,
  MAJOR_VERSION_ENDED: EXIT_CODES.CONFIGURATION,
  UNAUTHENTICATED: EXIT_CODES.AUTHENTICATION,
  FORBIDDEN: EXIT_CODES.AUTHENTICATION,
  SEGREGATION_OF_DUTIES: EXIT_CODES.AUTHENTICATION,
  TOKEN_MISSING: EXIT_CODES.AUTHENTICATION,
  TOKEN_INVALID: EXIT_CODES.AUTHENTICATION,
  TOKEN_EXPIRED: EXIT_CODES.AUTHENTICATION,
  TOKEN_REVOKED: EXIT_CODES.AUTHENTICATION,
  TOKEN_OF_ANOTHER_GRAPH: EXIT_CODES.AUTHENTICATION,
  MISSING_AUTH_KEY: EXIT_CODES.AUTHENTICATION,
  INVALID_AUTH_KEY: EXIT_CODES.AUTHENTICATION,
  IDENTITY_UNAVAILABLE: EXIT_CODES.UNREACHABLE,
  UNAVAILABLE: EXIT_CODES.UNREACHABLE,
  INTERNAL_SERVER_ERROR: EXIT_CODES.UNREACHABLE,
};

/** The exit code of a refusal or error with this code. */
export function exitCodeOf(code: string): ExitCode {
  return EXIT_BY_CODE[code] ?? EXIT_CODES.CHECK_FAILED;
}
