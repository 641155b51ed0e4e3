import { appendEvents } from '#kernel/outbox.ts';
import { readPublicStates } from './store.ts';
import type { Transaction } from '#kernel/database.ts';
import type { Cause, DomainEvent, createEventFactory } from '#kernel/event.ts';
import type { BankChangeSnapshot, SupplierEvent, SupplierSnapshot } from './events.ts';
import type { SupplierPublicState } from './store.ts';

type BankChangeEventType = Extract<SupplierEvent, DomainEvent<string, BankChangeSnapshot>>['type'];

/** What happened to a supplier, before it becomes an event: facts of the record tell its whole public state. */
export type SupplierFact =
  | { readonly type: Exclude<SupplierEvent['type'], BankChangeEventType> }
  | { readonly type: BankChangeEventType; readonly data: BankChangeSnapshot };

/** Suppliers belong to no company: their events are for everybody who may read suppliers. */
const AUDIENCE = { companyCode: '*', costCentreId: null, ownerId: null };

/**
 * Tells what happened to suppliers whose rows are already written in this transaction. Each fact counts one version
 * up, so the row's version is the last fact's sequence.
 */
export async function tellFacts(
  tx: Transaction,
  telling: { readonly event: ReturnType<typeof createEventFactory>; readonly cause: Cause },
  factsBySupplier: ReadonlyMap<string, readonly SupplierFact[]>,
): Promise<void> {
  const states = await readPublicStates(tx, [...factsBySupplier.keys()]);
  const events = states.flatMap((state) => {
    const facts = factsBySupplier.get(state.id) ?? [];
    return facts.map((fact, index) =>
      telling.event<SupplierEvent['type'], SupplierSnapshot | BankChangeSnapshot>(telling.cause, {
        type: fact.type,
        document: { type: 'Supplier', id: state.id, number: state.number, status: state.status },
        sequence: state.version - facts.length + 1 + index,
        audience: AUDIENCE,
        data: 'data' in fact ? fact.data : snapshotOf(state),
      }),
    );
  });
  await appendEvents(tx, events);
}

function snapshotOf(state: SupplierPublicState): SupplierSnapshot {
  return {
    supplierId: state.id,
    number: state.number,
    legalName: state.legalName,
    countryCode: state.countryCode,
    currency: state.currency,
    status: state.status,
    blocks: state.blocks,
    taxRegistrations: state.taxRegistrations,
    endpoints: state.endpoints,
  };
}
