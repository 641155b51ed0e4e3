import { EXIT_CODES, exitCodeOf } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';

/** Ends the command: with a stable code, what happened and what to do next, and the exit code that says so. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly code: string;
  readonly exitCode: ExitCode;
  /** Finds every trace of the request in the registry's log; null when none was sent. */
  readonly correlationId: string | null;

  constructor(
    code: string,
    message: string,
    more: { readonly exitCode?: ExitCode; readonly correlationId?: string | null } = {},
  ) {
    super(message);
    this.code = code;
    this.exitCode = more.exitCode ?? exitCodeOf(code);
    this.correlationId = more.correlationId ?? null;
  }
}

/** The command line, or a file that it names, cannot be used. */
export function usageFailure(message: string): CommandFailure {
  return new CommandFailure('USAGE', message, { exitCode: EXIT_CODES.USAGE });
}

/** The configuration is incomplete or wrong. */
export function configurationFailure(message: string): CommandFailure {
  return new CommandFailure('CONFIGURATION', message, { exitCode: EXIT_CODES.CONFIGURATION });
}

/** Somebody or something is not there by that name. */
export function notThere(message: string): CommandFailure {
  return new CommandFailure('NOT_FOUND', message);
}
