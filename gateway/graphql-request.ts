import { isRecord } from '#kernel/json.ts';
import { errorText } from '#kernel/log.ts';
import { may } from '#kernel/identity.ts';
import { refusal } from './graphql-refusal.ts';
import type { GraphQLError } from 'graphql';
import type { Viewer } from '#kernel/identity.ts';
import type { ClientIdentity } from './client-identity.ts';
import type { PersistedDocuments, PersistedMode } from './persisted-document.ts';

/** One operation as a client sends it, by its text or by the id of a persisted document. */
export interface GraphqlRequest {
  readonly query: string | null;
  readonly documentId: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | null;
}

export type Refused = { readonly refused: GraphQLError };

/**
 * Reads the parsed JSON of a request. Apollo's clients send only a hash, in `extensions.persistedQuery`: the app and its
 * version are then the client's name and version. Beside a text the hash says nothing.
 */
export function readGraphqlRequest(
  value: unknown,
  client: ClientIdentity | null,
): GraphqlRequest | Refused {
  const bad = (message: string, code = 'BAD_REQUEST'): Refused => ({
    refused: refusal(code, message),
  });
  if (Array.isArray(value))
    return bad('One operation per request is answered; send several requests.', 'BATCHING_REFUSED');
  if (!isRecord(value)) return bad('A JSON object with "query" is expected as the body.');
  const { query = null, variables = null, operationName = null, extensions = null } = value;
  const documentId = value['documentId'] ?? (query === null ? hashedId(extensions, client) : null);
  if (query === null && documentId === null)
    return bad('"query" must be the text of the operation.');
  if (query !== null && typeof query !== 'string')
    return bad('"query" must be the text of the operation.');
  if (documentId !== null && typeof documentId !== 'string')
    return bad('"documentId" must be a text: app~version~hash.');
  if (variables !== null && !isRecord(variables)) return bad('"variables" must be an object.');
  if (operationName !== null && typeof operationName !== 'string')
    return bad('"operationName" must be a text.');
  if (extensions !== null && !isRecord(extensions)) return bad('"extensions" must be an object.');
  return { query, documentId, variables: variables ?? {}, operationName };
}

function hashedId(extensions: unknown, client: ClientIdentity | null): string | null {
  const persisted = isRecord(extensions) ? extensions['persistedQuery'] : null;
  const hash = isRecord(persisted) ? persisted['sha256Hash'] : null;
  return typeof hash === 'string' && client !== null
    ? `${client.name}~${client.version}~${hash}`
    : null;
}

/** How operations may be named, and where the texts are. */
export interface DocumentPolicy {
  readonly mode: PersistedMode;
  readonly documents: PersistedDocuments | null;
}

/** The text of the operation that the viewer asks for, or why it gets none. */
export async function documentOf(
  { query, documentId }: GraphqlRequest,
  viewer: Viewer,
  { mode, documents }: DocumentPolicy,
): Promise<string | Refused> {
  const refuse = (code: string, message: string, more = {}): Refused => ({
    refused: refusal(code, message, more),
  });
  if (documentId === null) {
    if (query === null) return refuse('BAD_REQUEST', '"query" must be the text of the operation.');
    if (mode !== 'required' || may(viewer, 'introspect')) return query;
    return refuse(
      'PERSISTED_DOCUMENT_REQUIRED',
      'Operations are taken by "documentId" here: publish them with your app, and send the id without "query".',
    );
  }
  if (mode === 'off' || documents === null)
    return refuse('PERSISTED_DOCUMENTS_OFF', 'Documents are not known by ids here; send "query".');
  if (query !== null)
    return refuse('PERSISTED_DOCUMENT_AND_QUERY', 'Send "documentId" or "query", not both.');
  try {
    const text = await documents.find(documentId);
    if (text !== null) return text;
    const message = `No active version of an app has the document "${documentId.slice(0, 400)}".`;
    return refuse('PERSISTED_DOCUMENT_NOT_FOUND', message);
  } catch (error) {
    const message = `The document cannot be fetched from the registry now (${errorText(error)}). Try again.`;
    return refuse('PERSISTED_DOCUMENTS_UNAVAILABLE', message, { retryable: true });
  }
}
