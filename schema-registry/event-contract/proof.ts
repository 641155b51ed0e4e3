import type { Place, Targets } from './place.ts';
import type { Keyword, Schema, SchemaObject } from './schema-vocabulary.ts';

/** One reason why a reader may meet a value that it does not take. */
export interface Incompatibility {
  /** Where in the reader's schema, references followed, such as `/properties/total/type`. */
  readonly pointer: string;
  readonly keyword: string;
  /** The rule of the keyword table that was broken, such as `REQUIRED_ADDED`. */
  readonly rule: string;
  /** What differs, with the values concerned. */
  readonly message: string;
  /** Why that is incompatible: the rule's reason. */
  readonly reason: string;
}

/** What a rule found; what it leaves out is filled in from its row in the table. */
export type Found = Pick<Incompatibility, 'pointer' | 'message'> & Partial<Incompatibility>;

/** Is every value of this place taken by the reader's keyword? */
export interface Question {
  readonly place: Place;
  /** The reader's schema, in which the keyword stands. */
  readonly reader: SchemaObject;
  readonly keyword: Keyword;
  readonly value: unknown;
  /** The reader's schema's own pointer. */
  readonly pointer: string;
}

/** A rule: the answer is a proof when it is empty. It must never be empty without one. */
export type Prove = (question: Question, proof: Proof) => readonly Found[];

/** What rules may ask of the proof that they are a part of. */
export interface Proof {
  /** LENIENT: writers are taken to send only properties that their schema declares. */
  readonly openness: 'STRICT' | 'LENIENT';
  readonly targets: Targets;
  /** Do the two say the same, whatever the words? False is always safe. */
  same(a: Schema, b: Schema): boolean;
  /** The proof without leniency, for what is proven the other way round. */
  strict(): Proof;
  place(schemas: readonly Schema[]): Place;
  /** The part of a place that these schemas hold for, too. */
  narrowed(place: Place, schemas: readonly Schema[]): Place;
  /** Values as canonical JSON, by which they are compared; a list is written out only once. */
  textsOf(values: readonly unknown[]): ReadonlySet<string>;
  /** Is there surely no value in both? */
  disjoint(a: Place, b: Place): boolean;
  /** What a reader may not take of a part of the instance that the writer's schemas describe. */
  prove(writer: readonly Schema[], reader: Schema, pointer: string): readonly Incompatibility[];
  /** The same for the instance itself. */
  proveHere(place: Place, reader: Schema, pointer: string): readonly Incompatibility[];
}
