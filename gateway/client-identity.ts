import { isRecord } from '#kernel/json.ts';

/** A program as it names itself. Nothing depends on it but who is told of a change: it is no identity. */
export interface ClientIdentity {
  readonly name: string;
  readonly version: string;
}

/** Spellings of the same two headers, in the order in which they count: our own and Hive's, Apollo's, Hive's older one. */
const HEADERS = [
  ['graphql-client-name', 'graphql-client-version'],
  ['apollographql-client-name', 'apollographql-client-version'],
  ['x-graphql-client-name', 'x-graphql-client-version'],
] as const;
/** Names are short; what is longer is cut, so that nobody fills the registry with them. */
const NAME_MAX_CHARACTERS = 100;
/** What a report says for a client that gives its name and no version: Hive's format wants both. */
const NO_VERSION = 'unknown';

/** The client of a request, by its headers; null when it does not say. */
export function clientOfHeaders(headers: Readonly<Record<string, unknown>>): ClientIdentity | null {
  for (const [name, version] of HEADERS) {
    const client = clientOf(headers[name], headers[version]);
    if (client !== null) return client;
  }
  return null;
}

/** The client of a WebSocket: `{"client": {"name", "version"}}` in `connection_init`, or the headers' names as keys there. */
export function clientOfParameters(
  parameters: Readonly<Record<string, unknown>> | undefined,
): ClientIdentity | null {
  if (parameters === undefined) return null;
  const { client } = parameters;
  const named = isRecord(client) ? clientOf(client['name'], client['version']) : null;
  return named ?? clientOfHeaders(parameters);
}

function clientOf(name: unknown, version: unknown): ClientIdentity | null {
  const cleanName = cleaned(name);
  if (cleanName === '') return null;
  const cleanVersion = cleaned(version);
  return { name: cleanName, version: cleanVersion === '' ? NO_VERSION : cleanVersion };
}

function cleaned(text: unknown): string {
  if (typeof text !== 'string') return '';
  // Control characters would be another name in every log and table that shows them.
  return text
    .replaceAll(/\p{Cc}/gu, '')
    .trim()
    .slice(0, NAME_MAX_CHARACTERS);
}
