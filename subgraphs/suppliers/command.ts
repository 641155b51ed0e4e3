import { once } from '#kernel/idempotency.ts';
import { accepted, notFound, refused, versionConflict } from '#kernel/problem.ts';
import { lockSupplier, updateSupplierRow } from './store.ts';
import { tellFacts } from './supplier-fact.ts';
import type { Transaction } from '#kernel/database.ts';
import type { Cause } from '#kernel/event.ts';
import type {
  IdempotencyKeyReused,
  NotFound,
  Problem,
  Result,
  VersionConflict,
} from '#kernel/problem.ts';
import type { Context } from './context.ts';
import type { Supplier } from './supplier.ts';
import type { SupplierFact } from './supplier-fact.ts';

/** A mutation's input as far as every command needs it. */
export interface CommandInput {
  readonly idempotencyKey: string;
}

/** A change that was decided and whose parts are written; the record itself, its version and its events follow. */
export interface SupplierChange<Value> {
  readonly supplier: Supplier;
  readonly facts: readonly SupplierFact[];
  /** What the mutation answers, given the record as it was stored. */
  readonly answer: (stored: Supplier) => Value;
}

/** Runs `work` once per idempotency key of this viewer. */
export function runOnce<Value, P extends Problem>(
  context: Context,
  command: { readonly operation: string; readonly input: CommandInput },
  work: (tx: Transaction) => Promise<Result<Value, P>>,
): Promise<Result<Value, P | IdempotencyKeyReused>> {
  const { idempotencyKey, ...input } = command.input;
  return once(
    context.database,
    { caller: context.viewer.id, idempotencyKey, operation: command.operation, input },
    work,
  );
}

/** Loads and locks a supplier, lets `change` decide and write its parts, then commits record, version and events together. */
export function changeSupplier<Value, P extends Problem>(
  context: Context,
  command: {
    readonly operation: string;
    readonly input: CommandInput;
    readonly supplierId: string;
    readonly expectedVersion?: number | null | undefined;
  },
  change: (tx: Transaction, supplier: Supplier) => Promise<Result<SupplierChange<Value>, P>>,
): Promise<Result<Value, P | NotFound | VersionConflict | IdempotencyKeyReused>> {
  return runOnce<Value, P | NotFound | VersionConflict>(context, command, async (tx) => {
    const supplier = await lockSupplier(tx, command.supplierId);
    if (supplier === null) return refused(notFound('Supplier', command.supplierId));
    const expected = command.expectedVersion ?? supplier.version;
    if (expected !== supplier.version)
      return refused(versionConflict('supplier', supplier.version));
    const changed = await change(tx, supplier);
    return changed.ok
      ? accepted(await commitChange(tx, context, command.input, changed.value))
      : changed;
  });
}

async function commitChange<Value>(
  tx: Transaction,
  context: Context,
  input: CommandInput,
  change: SupplierChange<Value>,
): Promise<Value> {
  const stored = {
    ...change.supplier,
    version: change.supplier.version + change.facts.length,
    updatedAt: context.clock.now(),
  };
  await updateSupplierRow(tx, stored);
  await tellFacts(
    tx,
    { event: context.event, cause: causeOf(context, input) },
    new Map([[stored.id, change.facts]]),
  );
  return change.answer(stored);
}

/** What caused the events of this request. */
export function causeOf(context: Context, input: CommandInput): Cause {
  return {
    correlationId: context.correlationId,
    causationId: input.idempotencyKey,
    traceparent: context.traceparent,
    actorId: context.viewer.id,
  };
}
