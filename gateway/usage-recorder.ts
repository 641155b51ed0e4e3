import { createUsagePlans } from './usage-plan.ts';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import type { Clock } from '#kernel/clock.ts';
import type { ClientIdentity } from './client-identity.ts';
import type { ReportedOperation } from './usage-plan.ts';
import type { OperationEntry, SubscriptionEntry, UsageReport } from './usage-report.ts';

/** An operation that was answered, or a subscription that was opened. */
export interface AnsweredOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Of a persisted document, by which it was asked; null for a text. */
  readonly documentId?: string | null;
  readonly client: ClientIdentity | null;
  readonly durationMs: number;
  readonly errors: number;
}

/** Takes note of what was used; quick, and never throws. */
export type RecordUsage = (operation: AnsweredOperation) => void;

/** Collects one report at a time, in memory. */
export interface UsageRecorder {
  /** Returns how many operations the report holds by now. */
  record(operation: AnsweredOperation): number;
  /** The report so far, and begins the next; null when there is none. */
  take(): UsageReport | null;
}

const NANOSECONDS_PER_MS = 1_000_000;

export function createUsageRecorder(clock: Clock): UsageRecorder {
  const plans = createUsagePlans();
  let map = new Map<string, ReportedOperation>();
  let operations: OperationEntry[] = [];
  let subscriptionOperations: SubscriptionEntry[] = [];
  const size = (): number => operations.length + subscriptionOperations.length;
  return {
    record: ({
      schema,
      document,
      operationName,
      variables,
      client,
      durationMs,
      errors,
      documentId = null,
    }) => {
      const plan = plans.of(schema, document, operationName);
      if (plan === null) return size();
      const reported = plan.reported(variables);
      map.set(reported.key, reported);
      const entry: SubscriptionEntry = {
        operationMapKey: reported.key,
        timestamp: clock.now().getTime(),
        metadata: client === null ? {} : { client },
        ...(documentId === null ? {} : { persistedDocumentHash: documentId }),
      };
      if (plan.isSubscription) return subscriptionOperations.push(entry) + operations.length;
      const duration = Math.round(durationMs * NANOSECONDS_PER_MS);
      const execution = { ok: errors === 0, duration, errorsTotal: errors };
      return operations.push({ ...entry, execution }) + subscriptionOperations.length;
    },
    take: () => {
      if (size() === 0) return null;
      const entries = [...map].map(
        ([key, { operation, operationName, fields }]) =>
          [key, { operation, operationName, fields }] as const,
      );
      const report = {
        size: size(),
        map: Object.fromEntries(entries),
        operations,
        subscriptionOperations,
      };
      map = new Map();
      operations = [];
      subscriptionOperations = [];
      return report;
    },
  };
}
