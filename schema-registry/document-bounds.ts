import { isRecord } from '#kernel/json.ts';
import { GraphQLError, Kind, parse, visit } from 'graphql';
import type { DocumentNode, FragmentDefinitionNode, SelectionSetNode } from 'graphql';

/** How much a document may ask for. */
export interface DocumentBounds {
  /** What the parser reads at the most. */
  readonly tokens: number;
  /** Levels of fields. */
  readonly depth: number;
  /** Fields and fragments after fragments are spread. */
  readonly fields: number;
  readonly rootFields: number;
}

/**
 * What the registry's own API answers. Introspection is the largest document that is in use, with some 160 tokens, 15 levels
 * and 220 fields; a page of a console asks for several things at once.
 */
const API_BOUNDS: DocumentBounds = { tokens: 4_000, depth: 20, fields: 1_000, rootFields: 20 };

/** Which bound a document exceeds, as an error with a code; null when it keeps to all. */
export function excessOf(document: DocumentNode, bounds: DocumentBounds): GraphQLError | null {
  const { depth, fields, rootFields } = measured(document, bounds);
  if (depth > bounds.depth)
    return excess('QUERY_TOO_DEEP', `At most ${bounds.depth} levels of fields are answered here.`);
  if (fields > bounds.fields)
    return excess('TOO_MANY_FIELDS', `At most ${bounds.fields} fields are answered here.`);
  if (rootFields > bounds.rootFields)
    return excess(
      'TOO_MANY_ROOT_FIELDS',
      `At most ${bounds.rootFields} root fields are answered here.`,
    );
  return null;
}

/**
 * Why a call of the registry's own API is not listened to: its document is out of proportion, or a text in it cannot be kept.
 * Null for everything else, also for what is no GraphQL at all, which the server has its own words for.
 */
export function excessOfCall(body: Buffer): GraphQLError | null {
  const call = readCall(body);
  if (call === null) return null;
  try {
    const document = parse(call.query, { maxTokens: API_BOUNDS.tokens, noLocation: true });
    return excessOf(document, API_BOUNDS) ?? unkeptText(document, call.variables);
  } catch (error) {
    // The parser goes down its stack with every bracket.
    if (error instanceof RangeError)
      return excess('QUERY_TOO_DEEP', 'The document is nested further than can be read.');
    if (error instanceof GraphQLError && error.message.includes('tokens. Parsing aborted'))
      return excess('TOO_MANY_TOKENS', `At most ${API_BOUNDS.tokens} tokens are read here.`);
    if (error instanceof GraphQLError) return null;
    throw error;
  }
}

/** PostgreSQL keeps no NUL, so no name and no text has one; refused here once instead of in every place that takes a text. */
export function unkeptText(document: DocumentNode, variables: unknown): GraphQLError | null {
  let found = hasNul(variables);
  visit(document, {
    StringValue: ({ value }) => {
      found ||= value.includes('\0');
    },
  });
  if (!found) return null;
  return new GraphQLError('Text without the character U+0000 is expected; nothing was changed.', {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}

/** Without recursion: variables are nested as deeply as their sender likes. */
function hasNul(value: unknown): boolean {
  const left = [value];
  while (left.length > 0) {
    const one = left.pop();
    if (typeof one === 'string' && one.includes('\0')) return true;
    if (typeof one === 'object' && one !== null)
      for (const part of Object.values(one)) left.push(part);
  }
  return false;
}

function readCall(body: Buffer): { readonly query: string; readonly variables: unknown } | null {
  try {
    const call: unknown = JSON.parse(body.toString('utf8'));
    if (!isRecord(call) || typeof call['query'] !== 'string') return null;
    return { query: call['query'], variables: call['variables'] };
  } catch {
    return null;
  }
}

/** Fragments are followed, so that what they hide is counted; counting ends as soon as a bound is passed. */
function measured(
  document: DocumentNode,
  bounds: DocumentBounds,
): Pick<DocumentBounds, 'depth' | 'fields' | 'rootFields'> {
  const fragments = fragmentsOf(document);
  // A fragment within itself would be followed for ever; validation refuses it by its name.
  const following = new Set<FragmentDefinitionNode>();
  const seen = { depth: 0, fields: 0, rootFields: 0 };
  const walk = (set: SelectionSetNode, depth: number): void => {
    seen.depth = Math.max(seen.depth, depth);
    for (const selection of set.selections) {
      if (seen.fields > bounds.fields || depth > bounds.depth) return;
      seen.fields += 1;
      if (selection.kind === Kind.FIELD) {
        if (depth === 1) seen.rootFields += 1;
        if (selection.selectionSet !== undefined) walk(selection.selectionSet, depth + 1);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        walk(selection.selectionSet, depth);
      } else {
        const fragment = fragments.get(selection.name.value);
        if (fragment === undefined || following.has(fragment)) continue;
        following.add(fragment);
        walk(fragment.selectionSet, depth);
        following.delete(fragment);
      }
    }
  };
  for (const definition of document.definitions)
    if (definition.kind === Kind.OPERATION_DEFINITION) walk(definition.selectionSet, 1);
  return seen;
}

function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION
        ? [[definition.name.value, definition] as const]
        : [],
    ),
  );
}

function excess(code: string, message: string): GraphQLError {
  return new GraphQLError(`${message} Send several operations, or ask for less.`, {
    extensions: { code },
  });
}
