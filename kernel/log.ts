import { pino } from 'pino';

/**
 * Everything this project logs: one line per decision, never free text. Bank data, tokens and
 * documents do not occur in any of these fields, which is how they stay out of the logs.
 */
export type LogEvent =
  | { event: 'postgres.initialised'; cluster: string }
  | { event: 'postgres.orphan-stopped'; cluster: string; pid: number }
  | { event: 'postgres.started'; cluster: string; pid: number; port: number }
  | { event: 'postgres.stopped'; cluster: string }
  | { event: 'postgres.died'; cluster: string; log: string }
  | { event: 'process.started'; room: string; url: string }
  | { event: 'process.stopped'; room: string }
  | { event: 'process.failed'; room: string; error: string }
  | { event: 'shutdown.step-failed'; step: string; error: string }
  | { event: 'database.migrated'; schema: string; migrations: readonly string[] }
  | { event: 'database.connection-lost'; schema: string; error: string }
  | {
      event: 'http.request';
      room: string;
      method: string;
      path: string;
      status: number;
      durationMs: number;
      correlationId: string;
    }
  | { event: 'http.failed'; room: string; path: string; error: string; correlationId: string }
  | {
      event: 'graphql.operation';
      room: string;
      operation: string;
      kind: string;
      viewer: string;
      outcome: string;
      durationMs: number;
      correlationId: string;
    }
  | { event: 'graphql.error'; room: string; path: string; error: string; correlationId: string }
  | { event: 'access.refused'; room: string; reason: string; viewer: string; correlationId: string }
  | { event: 'relay.published'; schema: string; count: number }
  | { event: 'relay.failed'; schema: string; error: string }
  | { event: 'bus.degraded'; bus: string; error: string }
  | {
      event: 'consumer.failed';
      consumer: string;
      eventId: string;
      eventType: string;
      attempt: number;
      error: string;
    }
  | {
      event: 'consumer.parked';
      consumer: string;
      eventId: string;
      eventType: string;
      error: string;
    }
  | { event: 'consumer.missed'; consumer: string; after: string; oldest: string }
  | { event: 'event.ignored'; consumer: string; eventId: string; eventType: string; reason: string }
  | { event: 'peer.failed'; service: string; error: string; correlationId: string }
  | {
      event: 'delivery.sent';
      erp: string;
      action: string;
      documentId: string;
      outcome: string;
      attempt: number;
      correlationId: string;
    }
  | {
      event: 'delivery.failed';
      erp: string;
      action: string;
      documentId: string;
      kind: string;
      attempt: number;
      error: string;
      correlationId: string;
    }
  | { event: 'webhook.refused'; erp: string; reason: string }
  | { event: 'webhook.applied'; erp: string; eventType: string; outcome: string }
  | { event: 'erp.polled'; erp: string; changes: number }
  | {
      event: 'exception.raised';
      exceptionId: string;
      kind: string;
      code: string;
      correlationId: string;
    }
  | { event: 'exception.resolved'; exceptionId: string; by: string }
  | { event: 'supergraph.loaded'; version: string; source: string }
  /** Documents that were planned before the swap, and those that the new supergraph does not answer any more. */
  | { event: 'supergraph.taken-over'; version: string; documents: number; invalid: number }
  | { event: 'supergraph.refused'; version: string; error: string }
  | { event: 'supergraph.unreachable'; error: string; serving: string }
  | { event: 'supergraph.not-kept'; file: string; error: string }
  | { event: 'registry.published'; target: string; version: string; supergraph: string }
  | { event: 'registry.refused'; code: string }
  | { event: 'webhook.delivered'; webhook: string; eventType: string; attempt: number }
  | {
      event: 'webhook.undelivered';
      webhook: string;
      eventType: string;
      attempt: number;
      error: string;
    }
  | { event: 'sunset.reminded'; target: string; coordinate: string; daysBefore: number }
  | { event: 'subscription.opened'; operation: string; viewer: string; correlationId: string }
  | {
      event: 'subscription.closed';
      operation: string;
      viewer: string;
      reason: string;
      correlationId: string;
    }
  | { event: 'sweep.done'; name: string; count: number }
  | { event: 'sweep.failed'; name: string; error: string }
  | { event: 'sweep.failed'; name: string; error: string }
  | { event: 'seed.done'; what: string; count: number; durationMs: number };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface Log {
  debug(event: LogEvent): void;
  info(event: LogEvent): void;
  warn(event: LogEvent): void;
  error(event: LogEvent): void;
}

/** A log of JSON lines on standard output (or another stream). */
export function createLog(options: { level: LogLevel; destination?: NodeJS.WritableStream }): Log {
  const logger = pino(
    { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    options.destination ?? process.stdout,
  );
  return {
    debug: (event) => logger.debug(event),
    info: (event) => logger.info(event),
    warn: (event) => logger.warn(event),
    error: (event) => logger.error(event),
  };
}

export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** An error's text for a log line or a problem, without its stack. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function ignore(): void {
  // A silent log is for tests and for command-line programs whose output is data.
}
