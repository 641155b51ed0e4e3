import { Kind, parse, print, stripIgnoredCharacters, visit } from 'graphql';
import type { DocumentNode, ValueNode } from 'graphql';

export type OperationKind = 'QUERY' | 'MUTATION' | 'SUBSCRIPTION' | 'UNKNOWN';

export interface OperationText {
  readonly kind: OperationKind;
  /** Without literals, aliases and comments, which is where data would be; empty when it could not be read. */
  readonly body: string;
}

/** A report's operations were executed, so none is this large but one that means harm to the parser. */
const TOKENS_MAX = 20_000;

const KINDS: Readonly<Record<string, OperationKind>> = {
  query: 'QUERY',
  mutation: 'MUTATION',
  subscription: 'SUBSCRIPTION',
};

/** The operation cleared of everything that could be somebody's data. A text that does not parse is not kept at all. */
export function clearedOperation(text: string, operationName: string): OperationText {
  const document = parsed(text);
  if (document === null) return { kind: 'UNKNOWN', body: '' };
  const operations = document.definitions.filter(
    (definition) => definition.kind === Kind.OPERATION_DEFINITION,
  );
  const operation =
    operations.find((candidate) => candidate.name?.value === operationName) ?? operations[0];
  return {
    kind: KINDS[operation?.operation ?? ''] ?? 'UNKNOWN',
    body: stripIgnoredCharacters(print(cleared(document))),
  };
}

function parsed(text: string): DocumentNode | null {
  try {
    return parse(text, { noLocation: true, maxTokens: TOKENS_MAX });
  } catch {
    return null;
  }
}

function cleared(document: DocumentNode): DocumentNode {
  return visit(document, {
    IntValue: (node) => ({ ...node, value: '0' }),
    FloatValue: (node) => ({ ...node, value: '0' }),
    StringValue: (node) => ({ ...node, value: '', block: false }),
    // A list's length tells of the data too, and would make one operation many.
    ListValue: { leave: (node) => ({ ...node, values: node.values.filter(isNoLiteral) }) },
    Field: { leave: ({ alias: _alias, ...node }) => node },
  });
}

function isNoLiteral(value: ValueNode): boolean {
  return (
    value.kind === Kind.VARIABLE ||
    value.kind === Kind.ENUM ||
    value.kind === Kind.OBJECT ||
    value.kind === Kind.LIST
  );
}
