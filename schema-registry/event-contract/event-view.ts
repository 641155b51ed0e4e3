import type { EventRules, EventType, EventVersion } from './event-type.ts';

/** A version with its schema's text, as the graph answers it. */
export type EventContractVersionView = EventVersion & { readonly schema: string };

/** An event contract as the graph answers it. */
export interface EventContractView {
  readonly type: EventType;
  readonly rules: EventRules;
  /** The current versions of this contract and of those that are answered beside it, by subject. */
  readonly loadCurrent: () => Promise<ReadonlyMap<string, EventContractVersionView>>;
}
