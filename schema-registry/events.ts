import type { DomainEvent } from '#kernel/event.ts';

/** A target's graph has another version. */
export interface SchemaPublication {
  readonly graph: string;
  readonly target: string;
  readonly versionId: string;
  readonly number: number;
  /** Semantic version, computed from the diff. */
  readonly version: string;
  readonly cause: 'PUBLISH' | 'RETIRE' | 'PROMOTE' | 'ROLLBACK' | 'CONTRACTS';
  readonly supergraphSha256: string;
  readonly subgraphs: readonly { readonly subgraph: string; readonly version: string }[];
  readonly breakingChanges: number;
}

/** A coordinate goes on a day that was announced: 90, 30 or 7 days from now, or today. */
export interface SunsetReminder {
  readonly graph: string;
  readonly target: string;
  readonly coordinate: string;
  readonly sunsetOn: string;
  readonly daysBefore: 90 | 30 | 7 | 0;
  readonly replacement: string | null;
  readonly owner: string | null;
  /** Clients that used it within the usage window. */
  readonly clients: readonly string[];
}

/** Document types `Supergraph` and `Deprecation`. */
export type SchemaRegistryEvent =
  | DomainEvent<'concord.schema.published.v1', SchemaPublication>
  | DomainEvent<'concord.schema.sunset-approaching.v1', SunsetReminder>;
