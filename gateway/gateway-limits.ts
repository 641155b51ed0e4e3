/** Everything the gateway bounds, in one object, so that an operator can read and change it. */
export interface GatewayLimits {
  readonly query: QueryLimits;
  /** Longest query text in bytes. */
  readonly queryTextBytes: number;
  /** Longest body of a query. */
  readonly queryBodyBytes: number;
  /** Longest body of a mutation. */
  readonly mutationBodyBytes: number;
  /** One query or mutation in total. */
  readonly operationMs: number;
  /** One call of a subgraph. */
  readonly upstreamMs: number;
  /** A reader that takes nothing for this long is cut off. */
  readonly stallMs: number;
  /** A WebSocket that has not sent its token by then is closed. */
  readonly connectionInitMs: number;
  readonly connections: number;
  readonly connectionsPerViewer: number;
  readonly operationsPerConnection: number;
  /** How often the registry is asked for a newer supergraph. */
  readonly pollMs: number;
}

/** What one operation may ask for. Checked before validation and planning, which are not linear in the query's size. */
export interface QueryLimits {
  /** Lexical tokens of the text; the parser stops there. */
  readonly tokens: number;
  /** Nested fields. */
  readonly depth: number;
  /** Fields of the root, after fragments are expanded. */
  readonly rootFields: number;
  /** Aliased fields, after fragments are expanded. */
  readonly aliases: number;
  /** Directives, after fragments are expanded. */
  readonly directives: number;
  /** How often one answer key may stand in one selection set. */
  readonly repeats: number;
  /** Fragment definitions. */
  readonly fragments: number;
  /** Fields and spreads, after fragments are expanded. */
  readonly fields: number;
  /** `first` or `last`. */
  readonly pageSize: number;
  /** Objects the answer may hold, lists counted by their page size. */
  readonly cost: number;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  query: {
    // The deepest screen of the console has about 700.
    tokens: 1_500,
    // Three connections written with edges and node, from a root field down to an amount of money (1 + 3 × 3 + 2):
    // cost centre → requisitions → purchase orders → invoices → total → amount.
    depth: 12,
    // A dashboard of twenty tiles; each is a call of a subgraph.
    rootFields: 20,
    // Aliases are the cheapest way to repeat an expensive field.
    aliases: 30,
    // Every validation rule looks at each of them.
    directives: 30,
    // Validation compares fields of one key pairwise.
    repeats: 10,
    // Validation compares fragments of one selection set pairwise.
    fragments: 40,
    // The planner walks the expanded query; a full requisition to payment query has about 200.
    fields: 1_000,
    // As the subgraphs' own pages (kernel/paging.ts).
    pageSize: 100,
    // The full requisition to payment query over a page of 100 documents is about half of this.
    cost: 50_000,
  },
  // Tokens bound the structure; this bounds long strings and comments.
  queryTextBytes: 64 * 1024,
  // Filters and ids; also what a whole WebSocket message is far below.
  queryBodyBytes: 128 * 1024,
  // An invoice document of 5 MB as a JSON string, with its escapes.
  mutationBodyBytes: 8 * 1024 * 1024,
  operationMs: 15_000,
  upstreamMs: 10_000,
  stallMs: 20_000,
  connectionInitMs: 3_000,
  connections: 10_000,
  // A person's tabs and devices; a service shares one connection between its subscriptions.
  connectionsPerViewer: 20,
  // One console tab has about ten live widgets.
  operationsPerConnection: 50,
  pollMs: 1_000,
};
