import { GraphQLError, Kind, getOperationAST, parse, specifiedRules, validate } from 'graphql';
import { may } from '#kernel/identity.ts';
import { exceededLimit, textTooLong, tooManyFragments, tooManyTokens } from './query-limits.ts';
import { valueAt } from './list-slice.ts';
import { measure } from './query-measure.ts';
import type { DocumentNode, GraphQLSchema, OperationTypeNode } from 'graphql';
import type { Viewer } from '#kernel/identity.ts';
import type { GatewayLimits, QueryLimits } from './gateway-limits.ts';
import type { CostWeights } from './cost-weight.ts';
import type { ListSizes } from './list-size.ts';
import type { Measured, Measures } from './query-measure.ts';

/** A query as it came, and who sent it. */
export interface Applicant {
  readonly query: string;
  /** Null when nobody asks, and the document is only looked at. */
  readonly variables: Readonly<Record<string, unknown>> | null;
  readonly operationName: string | null;
  readonly viewer: Viewer;
}

export type Admission =
  | {
      readonly ok: true;
      readonly document: DocumentNode;
      readonly kind: OperationTypeNode;
      /** Objects the answer may hold, see `QueryLimits.cost`. */
      readonly cost: number;
    }
  | { readonly ok: false; readonly errors: readonly GraphQLError[] };

/** The door before validation and planning: one for each supergraph, for HTTP and WebSocket together. */
export interface Admissions {
  admit(applicant: Applicant): Admission;
  /** Texts that were admitted of late, the latest first. */
  recent(most: number): readonly string[];
}

/** Clients send few distinct texts; whatever is compiled of them is kept with them. */
const DOCUMENTS_MAX = 12_000;
const DOCUMENT_CHARACTERS_MAX = 16 * 1024 * 1024;
/** Page sizes are few; a client that makes up new ones is measured each time. */
const MEASURES_MAX = 32;
/** A client that wants to learn the schema from its mistakes gets few of them at a time. */
const ERRORS_MAX = 10;
/** What a schema query may be: GraphiQL's own is 13 levels deep; its lists cannot be nested (MaxIntrospectionDepthRule). */
const INTROSPECTION_LIMITS = { depth: 16, cost: 200_000 } as const;

export function createAdmissions(options: {
  readonly schema: GraphQLSchema;
  readonly listSizes: ListSizes;
  readonly weights: CostWeights;
  readonly limits: GatewayLimits;
}): Admissions {
  const known = createKnownDocuments();
  return {
    recent: known.recent,
    admit: (applicant) => {
      try {
        const admitted = known.of(applicant.query);
        if (admitted !== undefined) return again(admitted, applicant, options);
        const bytes = Buffer.byteLength(applicant.query);
        const most = options.limits.queryTextBytes;
        if (bytes > most) return refused(textTooLong(most, bytes));
        const document = parseBounded(applicant.query, options.limits.query);
        const measured = measureBounded(document, applicant, options);
        if (!maySee(measured, applicant.viewer)) return refused(noSchema());
        const errors = validateBounded(options.schema, document);
        if (errors.length > 0) return { ok: false, errors };
        known.remember(applicant.query, document, measured);
        return chosen(document, applicant.operationName, measured);
      } catch (error) {
        if (error instanceof GraphQLError) return refused(error);
        throw error;
      }
    },
  };
}

/** A document that was admitted before is measured again only when a variable that gives a page size has a new value. */
function again(
  { document, measures, sizePaths }: KnownDocument,
  applicant: Applicant,
  options: Parameters<typeof createAdmissions>[0],
): Admission {
  const { variables } = applicant;
  const keyAt = (path: readonly string[]): string => sizeKey(valueAt(variables, path));
  const key = variables === null ? 'unknown' : sizePaths.map(keyAt).join(' ');
  let measured = measures.get(key);
  if (measured === undefined) {
    measured = measureBounded(document, applicant, options);
    if (measures.size >= MEASURES_MAX) measures.clear();
    measures.set(key, measured);
  }
  if (!maySee(measured, applicant.viewer)) return refused(noSchema());
  return chosen(document, applicant.operationName, measured);
}

/** Tells apart whatever is measured apart: a text with digits is no page size. */
function sizeKey(value: unknown): string {
  if (Array.isArray(value)) return `list ${value.length}`;
  return typeof value === 'number' ? String(value) : typeof value;
}

function maySee({ schemaFields }: Measures, viewer: Viewer): boolean {
  return schemaFields === 0 || may(viewer, 'introspect');
}

/** A document that passed every check that does not hang on its variables. */
interface KnownDocument {
  readonly document: DocumentNode;
  readonly sizePaths: readonly (readonly string[])[];
  /** By the values of those variables. */
  readonly measures: Map<string, Measured>;
}

/** The documents of late, by their text; the one that was not asked for the longest goes first. */
function createKnownDocuments() {
  const byText = new Map<string, KnownDocument>();
  let characters = 0;
  const forgetOldest = (): void => {
    for (const oldest of byText.keys()) {
      if (byText.size <= DOCUMENTS_MAX && characters <= DOCUMENT_CHARACTERS_MAX) return;
      byText.delete(oldest);
      characters -= oldest.length;
    }
  };
  return {
    of: (text: string): KnownDocument | undefined => {
      const found = byText.get(text);
      if (found === undefined) return undefined;
      byText.delete(text);
      byText.set(text, found);
      return found;
    },
    recent: (most: number): string[] => [...byText.keys()].slice(-most).toReversed(),
    remember: (text: string, document: DocumentNode, measured: Measured): void => {
      const { sizePaths } = measured;
      // What is first of its values is measured again at the next request, and kept then.
      byText.set(text, { document, sizePaths, measures: new Map() });
      characters += text.length;
      forgetOldest();
    },
  };
}

function parseBounded(query: string, { tokens }: QueryLimits): DocumentNode {
  try {
    return parse(query, { maxTokens: tokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    if (/more tha[nt] \d+ tokens/.test(error.message)) throw tooManyTokens(tokens);
    throw coded(error, 'GRAPHQL_PARSE_FAILED');
  }
}

function measureBounded(
  document: DocumentNode,
  { variables }: Applicant,
  options: Parameters<typeof createAdmissions>[0],
): Measured {
  const limits = options.limits.query;
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  if (fragments.length > limits.fragments)
    throw tooManyFragments(limits.fragments, fragments.length);
  const measures = measure(document, { ...options, variables });
  const isSchemaQuery = measures.schemaFields > 0;
  const exceeded = exceededLimit(
    measures,
    isSchemaQuery ? { ...limits, ...INTROSPECTION_LIMITS } : limits,
  );
  if (exceeded) throw exceeded;
  return measures;
}

function validateBounded(schema: GraphQLSchema, document: DocumentNode): GraphQLError[] {
  const options = { maxErrors: ERRORS_MAX, hideSuggestions: true };
  const errors = validate(schema, document, specifiedRules, options);
  return errors.map((error) => coded(error, 'GRAPHQL_VALIDATION_FAILED'));
}

function chosen(
  document: DocumentNode,
  operationName: string | null,
  { cost, unsliced }: Measured,
): Admission {
  const operation = getOperationAST(document, operationName);
  const flaw = unsliced.get(operation?.name?.value ?? '');
  if (operation && flaw !== undefined) return refused(flaw);
  if (operation) return { ok: true, document, kind: operation.operation, cost };
  const message =
    operationName === null
      ? 'The document has several operations: say which with "operationName".'
      : `The document has no operation "${operationName}".`;
  return refused(
    new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }),
  );
}

function noSchema(): GraphQLError {
  return new GraphQLError(
    'The schema is shown to those who may "introspect" only. Read it in the registry, or ask for the role architect.',
    { extensions: { code: 'INTROSPECTION_DISABLED' } },
  );
}

function refused(error: GraphQLError): Admission {
  return { ok: false, errors: [error] };
}

function coded(error: GraphQLError, code: string): GraphQLError {
  const { message, nodes, source, positions } = error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code },
  });
}
