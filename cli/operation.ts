/** A GraphQL operation of ours, together with what it answers and takes; the types are generated from its text. */
export interface Operation<Data, Variables> {
  readonly text: string;
  /** Never there: only the type is. */
  readonly answers?: Data;
  readonly takes?: Variables;
}

export function operation<Data, Variables>(text: string): Operation<Data, Variables> {
  return { text };
}
