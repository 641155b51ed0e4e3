import { GraphQLError } from 'graphql';

/** Largest page: bounds what one request can cost. */
const PAGE_SIZE_MAX = 100;

/** The paging arguments of a Relay connection, as GraphQL gives them. */
export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/**
 * A page to be read: `limit` rows beyond the cursor. Rows have one ascending order by a unique sort key
 * (a number or a time-ordered id); `backward` reads from the end and the connection turns it round.
 */
export interface Page {
  readonly limit: number;
  /** Sort key that rows must lie beyond, or null for the first page. */
  readonly cursor: string | null;
  readonly backward: boolean;
}

export interface Connection<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly nodes: readonly Node[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** Reads paging arguments; exactly one of `first` and `last` is required, from 1 to 100. */
export function parsePage(args: PageArguments): Page {
  const { first, last } = args;
  const isForward = typeof first === 'number';
  if (isForward === (typeof last === 'number')) {
    throw badPage(
      'Exactly one of "first" and "last" is required, so that every list has a known size.',
    );
  }
  const limit = isForward ? first : (last ?? 0);
  if (limit < 1 || limit > PAGE_SIZE_MAX) {
    throw badPage(
      `"${isForward ? 'first' : 'last'}" must be from 1 to ${PAGE_SIZE_MAX}, not ${limit}. Ask for the next page with the cursor instead.`,
    );
  }
  if (isForward ? args.before : args.after) {
    throw badPage('"after" goes with "first", and "before" with "last".');
  }
  const cursor = isForward ? args.after : args.before;
  return { limit, cursor: cursor ? decodeCursor(cursor) : null, backward: !isForward };
}

/**
 * The `where` and `order by … limit` of a page in SQL. `column` is an expression of the statement, never input;
 * the cursor is parameter `$<parameter>` and must be cast by the statement's column type.
 */
export function pageSql(
  page: Page,
  column: string,
  parameter: number,
): { readonly where: string; readonly orderLimit: string } {
  const comparison = page.backward ? '<' : '>';
  const direction = page.backward ? 'desc' : 'asc';
  return {
    where: `($${parameter}::text is null or ${column} ${comparison} $${parameter})`,
    orderLimit: `order by ${column} ${direction} limit ${page.limit + 1}`,
  };
}

/** Builds the connection from the rows that `pageSql` asked for: one more than the page tells whether there is a next one. */
export function connectionOf<Node>(
  page: Page,
  rows: readonly Node[],
  sortKey: (node: Node) => string,
): Connection<Node> {
  const more = rows.length > page.limit;
  const kept = rows.slice(0, page.limit);
  const nodes = page.backward ? kept.toReversed() : kept;
  const edges = nodes.map((node) => ({ cursor: encodeCursor(sortKey(node)), node }));
  return {
    edges,
    nodes,
    pageInfo: {
      hasNextPage: page.backward ? page.cursor !== null : more,
      hasPreviousPage: page.backward ? more : page.cursor !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** Connections of many parents from one statement: rows carry the parent they belong to. */
export function connectionsOf<Node>(
  page: Page,
  rows: readonly Node[],
  keys: { readonly parent: (node: Node) => string; readonly sort: (node: Node) => string },
): Map<string, Connection<Node>> {
  const grouped = Map.groupBy(rows, keys.parent);
  return new Map([...grouped].map(([parent, own]) => [parent, connectionOf(page, own, keys.sort)]));
}

function encodeCursor(sortKey: string): string {
  return Buffer.from(`k:${sortKey}`).toString('base64url');
}

function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!text.startsWith('k:') || encodeCursor(text.slice(2)) !== cursor) {
    throw badPage(
      `The cursor "${cursor.slice(0, 40)}" is not one that this graph gave out. Start again without it.`,
    );
  }
  return text.slice(2);
}

function badPage(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}
