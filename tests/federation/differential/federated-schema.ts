import type { Construct } from './construct.ts';

/** An object of the world: an entity, or a value below one. A member may be a function of its arguments. */
export type Thing = Readonly<Record<string, unknown>>;

/** A field that is computed: from what `@requires` brings in a subgraph, from the whole world in the monolith. */
export type Computed = (self: Thing, args: Thing) => unknown;

/** The truth that all subgraphs share, each through its own SDL. */
export interface World {
  /** Root fields: a value, or a function of the arguments. */
  readonly query: Thing;
  readonly mutation?: Thing;
  /** By type: what `_entities` finds. `__typename` is added to these; other objects of abstract types state theirs. */
  readonly entities: Readonly<Record<string, readonly Thing[]>>;
  readonly computed?: Readonly<Record<string, Readonly<Record<string, Computed>>>>;
}

/** A subgraph that misbehaves. Only `_entities` calls are hit where `on` says so. */
export interface Fault {
  readonly subgraph: string;
  readonly on: 'every call' | 'entity calls';
  readonly kind:
    /** No answer: data null and an error without a path, as the gateway's upstream gives it. */
    | 'call fails'
    /** Data null and no errors. */
    | 'answers null'
    /** The entities that `only` selects throw in `__resolveReference`. */
    | 'entity throws'
    /** They are unknown to this subgraph. */
    | 'entity unknown';
  readonly only?: (self: Thing) => boolean;
}

interface HandWritten {
  readonly shows?: readonly Construct[];
  readonly text: string;
  readonly operationName?: string;
  readonly variables?: Thing;
}

/** A small federated graph with all that is true in it. */
export interface FederatedSchema {
  readonly name: string;
  readonly constructs: readonly Construct[];
  /** SDL by name. Federation 2 is linked unless the text speaks of `@link` itself or says `# federation 1`. */
  readonly subgraphs: Readonly<Record<string, string>>;
  /** Made anew for every operation, so that mutations start from the same state. */
  readonly world: () => World;
  readonly faults?: readonly Fault[];
  /** For what generation hits rarely. */
  readonly queries?: readonly HandWritten[];
}
