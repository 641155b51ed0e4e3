import { getOperationAST } from 'graphql';
import { sha256 } from '#kernel/id.ts';
import { reportedText } from '../usage-text.ts';
import type { DocumentNode, OperationTypeNode } from 'graphql';
import type { OperationStart } from './telemetry.ts';

/** What a span may say of an operation. */
export interface OperationText {
  /** `query Invoices`, or `query` when it has no name. */
  readonly spanName: string;
  readonly name: string | null;
  /** Without aliases and without any literal's value. */
  readonly redacted: string;
  /** The same for texts that ask for the same, in every gateway. */
  readonly hash: string;
}

/** A name is the client's to choose; what is longer is cut. */
const NAME_MAX_CHARACTERS = 100;
const HASH_CHARACTERS = 32;

type Asked = Pick<OperationStart, 'schema' | 'document' | 'operationName' | 'kind'>;

/** Texts of operations, each read once: they live as long as their document does, which belongs to one schema. */
export function createOperationTexts(): (asked: Asked) => OperationText {
  const known = new WeakMap<DocumentNode, Map<string, OperationText>>();
  return (asked) => {
    let texts = known.get(asked.document);
    if (texts === undefined) known.set(asked.document, (texts = new Map()));
    const key = asked.operationName ?? '';
    let text = texts.get(key);
    if (text === undefined) texts.set(key, (text = textOf(asked)));
    return text;
  };
}

function textOf({ schema, document, operationName, kind }: Asked): OperationText {
  const name = getOperationAST(document, operationName)?.name?.value ?? null;
  const redacted = reportedText(schema, document, name);
  return {
    spanName: spanName(kind, name),
    name: name?.slice(0, NAME_MAX_CHARACTERS) ?? null,
    redacted,
    hash: sha256(redacted).slice(0, HASH_CHARACTERS),
  };
}

function spanName(kind: OperationTypeNode, name: string | null): string {
  return name === null ? kind : `${kind} ${name.slice(0, NAME_MAX_CHARACTERS)}`;
}
