import { OperationTypeNode } from 'graphql';
import { sha256 } from '#kernel/id.ts';
import { usesOf } from './usage-coordinates.ts';
import { reportedText } from './usage-text.ts';
import { fixedCoordinates, variableUse } from './usage-variables.ts';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import type { DocumentUse } from './usage-coordinates.ts';
import type { VariableUse } from './usage-variables.ts';

/** An operation as reports name it: its text, and the coordinates that it uses with variables of one shape. */
export interface ReportedOperation {
  /** The same for the same text, name and coordinates, in every gateway and after every restart. */
  readonly key: string;
  readonly operation: string;
  readonly operationName: string;
  readonly fields: readonly string[];
}

/** What an operation uses, read from its document once. */
export interface UsagePlan {
  readonly isSubscription: boolean;
  /** What it uses with these variables; the same object for variables of the same shape. */
  reported(variables: Readonly<Record<string, unknown>>): ReportedOperation;
}

/** The plans of all documents, found by the identity of schema and document; null for pure introspection. */
export interface UsagePlans {
  of(schema: GraphQLSchema, document: DocumentNode, operationName: string | null): UsagePlan | null;
}

/** Shapes of variables that are told apart for one document; optional filters make many, and few are in use. */
const SHAPES_MAX = 100;
/** What Hive's clients write for an operation without a name. */
const ANONYMOUS = 'anonymous';

/** Plans live as long as their schema and document do: the documents' cache is the gateway's own (admission.ts). */
export function createUsagePlans(): UsagePlans {
  const schemas = new WeakMap<
    GraphQLSchema,
    WeakMap<DocumentNode, Map<string, UsagePlan | null>>
  >();
  return {
    of: (schema, document, operationName) => {
      let documents = schemas.get(schema);
      if (documents === undefined) schemas.set(schema, (documents = new WeakMap()));
      let plans = documents.get(document);
      if (plans === undefined) documents.set(document, (plans = new Map()));
      const name = operationName ?? '';
      let plan = plans.get(name);
      if (plan === undefined) plans.set(name, (plan = planOf(schema, document, operationName)));
      return plan;
    },
  };
}

function planOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null,
): UsagePlan | null {
  const use = usesOf(schema, document, operationName);
  if (use === null) return null;
  const operation = reportedText(schema, document, use.name);
  const withFields = (fields: readonly string[]): ReportedOperation => {
    const name = use.name ?? ANONYMOUS;
    const key = sha256([operation, name, ...fields].join('\n')).slice(0, 32);
    return { key, operation, operationName: name, fields };
  };
  return {
    isSubscription: use.kind === OperationTypeNode.SUBSCRIPTION,
    reported: reportedBy(use, withFields),
  };
}

function reportedBy(
  use: DocumentUse,
  withFields: (fields: readonly string[]) => ReportedOperation,
): UsagePlan['reported'] {
  const variables = variableUse(use);
  if (variables !== null) return byShape(variables, withFields);
  const only = withFields(fixedCoordinates(use));
  return () => only;
}

function byShape(
  use: VariableUse,
  withFields: (fields: readonly string[]) => ReportedOperation,
): UsagePlan['reported'] {
  const shapes = new Map<string, ReportedOperation>();
  const shapeOf = (state: Uint8Array): ReportedOperation => {
    const shape = Buffer.from(state.buffer, state.byteOffset, state.length).toString('latin1');
    const known = shapes.get(shape);
    if (known !== undefined) return known;
    // One more than the most is kept for everything together.
    if (shapes.size >= SHAPES_MAX && state !== use.everything) return shapeOf(use.everything);
    const made = withFields(use.coordinatesOf(state));
    shapes.set(shape, made);
    return made;
  };
  return (variables) => shapeOf(use.observe(variables));
}
