import { GraphQLError, Kind, getOperationAST, parse, specifiedRules, validate } from 'graphql';
import { sha256 } from '#kernel/id.ts';
import { may } from '#kernel/identity.ts';
import { exceededLimit, textTooLong, tooManyFragments, tooManyTokens } from './query-limits.ts';
import { measure } from './query-measure.ts';
import type { DocumentNode, GraphQLSchema, OperationTypeNode } from 'graphql';
import type { Viewer } from '#kernel/identity.ts';
import type { GatewayLimits, QueryLimits } from './gateway-limits.ts';
import type { ListSizes } from './list-size.ts';
import type { Measures } from './query-measure.ts';

/** A query as it came, and who sent it. */
export interface Applicant {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
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
}

/** Clients send few distinct texts; beyond this the oldest go. */
const DOCUMENTS_MAX = 2_000;
/** A client that wants to learn the schema from its mistakes gets few of them at a time. */
const ERRORS_MAX = 10;
/** What a schema query may be: GraphiQL's own is 13 levels deep; its lists cannot be nested (MaxIntrospectionDepthRule). */
const INTROSPECTION_LIMITS = { depth: 16, cost: 200_000 } as const;

export function createAdmissions(options: {
  readonly schema: GraphQLSchema;
  readonly listSizes: ListSizes;
  readonly limits: GatewayLimits;
}): Admissions {
  const documents = new Map<string, DocumentNode>();
  const remember = (key: string, document: DocumentNode): void => {
    const [oldest] = documents.keys();
    if (documents.size >= DOCUMENTS_MAX && oldest !== undefined) documents.delete(oldest);
    documents.set(key, document);
  };
  return {
    admit: (applicant) => {
      try {
        const bytes = Buffer.byteLength(applicant.query);
        const most = options.limits.queryTextBytes;
        if (bytes > most) return refused(textTooLong(most, bytes));
        const key = sha256(applicant.query);
        const known = documents.get(key);
        const document = known ?? parseBounded(applicant.query, options.limits.query);
        // Known documents are measured again: their variables carry page sizes.
        const measures = measureBounded(document, applicant, options);
        if (measures.schemaFields > 0 && !may(applicant.viewer, 'introspect'))
          return refused(noSchema());
        const errors = known === undefined ? validateBounded(options.schema, document) : [];
        if (errors.length > 0) return { ok: false, errors };
        remember(key, document);
        return chosen(document, applicant.operationName, measures.cost);
      } catch (error) {
        if (error instanceof GraphQLError) return refused(error);
        throw error;
      }
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
): Measures {
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

function chosen(document: DocumentNode, operationName: string | null, cost: number): Admission {
  const operation = getOperationAST(document, operationName);
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
