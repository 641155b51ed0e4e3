import { setImmediate } from 'node:timers/promises';
import { GraphQLError, Kind, parse, validate } from 'graphql';
import { monotonicMs } from '#kernel/clock.ts';
import { errorText } from '#kernel/log.ts';
import { coordinatesOf } from '../usage/document-coordinates.ts';
import type { DefinitionNode, DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { DocumentFault } from './app.ts';

/** A document as it is sent: any key that its app knows it by, usually a hash, and its text. */
export interface DocumentInput {
  readonly hash: string;
  readonly body: string;
}

export interface CheckedDocument extends DocumentInput {
  readonly operationName: string | null;
  /** What it needs of the schema. */
  readonly coordinates: readonly string[];
}

export type CheckedDocuments =
  | { readonly ok: true; readonly documents: readonly CheckedDocument[] }
  | { readonly ok: false; readonly faults: readonly [DocumentFault, ...DocumentFault[]] };

/** The key becomes a part of a path and of a document id, `app~version~key`. */
const HASH = /^[A-Za-z0-9_-]{1,128}$/;
/** Generated documents with many fragments have some 20 kB. */
const BODY_LENGTH_MAX = 100_000;
/** Bounds what validating one document can cost: two of its rules compare every pair of fields. */
const TOKENS_MAX = 10_000;
/** Validating all documents of a call takes a hundredth of it; what takes longer was made to. */
const BUDGET_MS = 10_000;

/** Checks documents against a schema, all of them or up to the time that a call may take. Others get their turn in between. */
export async function checkDocuments(
  schema: GraphQLSchema,
  documents: readonly DocumentInput[],
): Promise<CheckedDocuments> {
  const startedMs = monotonicMs();
  const faults: DocumentFault[] = [];
  const checked: CheckedDocument[] = [];
  const bodies = new Map<string, string>();
  for (const [index, document] of documents.entries()) {
    const result =
      (bodies.get(document.hash) ?? document.body) === document.body
        ? checkDocument(schema, document)
        : 'it is in the list twice, with different texts.';
    if (typeof result === 'string') faults.push({ index, hash: document.hash, message: result });
    else if (!bodies.has(document.hash)) checked.push(result);
    bodies.set(document.hash, document.body);
    await setImmediate();
    if (monotonicMs() - startedMs > BUDGET_MS) {
      const message = `the documents up to here took longer than ${BUDGET_MS} ms to validate. Send fewer at once, and simpler ones.`;
      faults.push({ index, hash: document.hash, message });
      break;
    }
  }
  const [first, ...others] = faults;
  return first === undefined
    ? { ok: true, documents: checked }
    : { ok: false, faults: [first, ...others] };
}

/** The document with what it needs of the schema, or what is wrong with it. */
function checkDocument(schema: GraphQLSchema, input: DocumentInput): CheckedDocument | string {
  if (!HASH.test(input.hash))
    return 'its key must be of letters, digits, "_" and "-", at most 128 of them.';
  if (input.body.length > BODY_LENGTH_MAX || input.body.includes('\0'))
    return `its text must have at most ${BODY_LENGTH_MAX} characters, and none of them the character 0.`;
  const document = parsed(input.body);
  if (typeof document === 'string') return document;
  const [operation, ...others] = document.definitions.filter(isOperation);
  if (operation === undefined || others.length > 0) {
    return `it must hold exactly one operation, not ${operation === undefined ? 0 : others.length + 1}.`;
  }
  const [error] = validate(schema, document, undefined, { maxErrors: 1 });
  if (error !== undefined) return withPlace(error);
  return {
    ...input,
    operationName: operation.name?.value ?? null,
    coordinates: coordinatesOf(schema, document),
  };
}

function parsed(body: string): DocumentNode | string {
  try {
    return parse(body, { maxTokens: TOKENS_MAX });
  } catch (error) {
    return error instanceof GraphQLError ? withPlace(error) : errorText(error);
  }
}

function withPlace({ message, locations }: GraphQLError): string {
  const [place] = locations ?? [];
  return place === undefined ? message : `${message} (line ${place.line}, column ${place.column})`;
}

function isOperation(definition: DefinitionNode): definition is OperationDefinitionNode {
  return definition.kind === Kind.OPERATION_DEFINITION;
}
