import { GraphQLError, parse, validate } from 'graphql';
import { createHiveEngine } from '../hive-engine/engine.ts';
import { answerOf, differences, errorPaths } from './comparison.ts';
import { repairOperation, restoreNulls } from './hive-repairs.ts';
import { openLaboratory } from './laboratory.ts';
import type { GraphQLSchema } from 'graphql';
import type { SubgraphCall } from '../hive-engine/subgraph-call.ts';
import type { Answer, Aspect } from './comparison.ts';
import type { FederatedSchema } from './federated-schema.ts';
import type { Repair } from './hive-repairs.ts';
import type { Laboratory } from './laboratory.ts';
import type { GatewayOperation, Subject } from './subject.ts';

/** An operation as text, generated or written by hand. */
export interface Question {
  readonly text: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
}

export type Gateway = 'hive' | 'subject';

/** One question and its answers. */
export interface Trial {
  readonly federated: FederatedSchema;
  /** As clients see it. */
  readonly schema: GraphQLSchema;
  readonly operation: GatewayOperation;
  readonly text: string;
  readonly monolith: Answer;
  readonly hive: Answer;
  readonly subject: Answer;
}

export interface Bench {
  readonly laboratory: Laboratory;
  ask(question: Question): Promise<Trial>;
  /** The answer of one of the two with known faults out of its way. */
  askRepaired(
    of: Gateway,
    operation: GatewayOperation,
    repairs: ReadonlySet<Repair>,
  ): Promise<Answer>;
}

/** Sets the three up over one federated schema. */
export async function openBench(
  federated: FederatedSchema,
  createSubject: (supergraphSdl: string, call: SubgraphCall) => Promise<Subject>,
): Promise<Bench> {
  const laboratory = openLaboratory(federated);
  const { supergraphSdl, call, monolith, facts } = laboratory;
  const create = { hive: createHiveEngine, subject: createSubject };
  const plain = {
    hive: await orRefusal(createHiveEngine(supergraphSdl, call)),
    subject: await orRefusal(createSubject(supergraphSdl, call)),
  };
  const withNulls: Partial<Record<Gateway, Subject>> = {};
  const answer = async (executor: Subject, operation: GatewayOperation): Promise<Answer> => {
    laboratory.reset();
    return answerOf(await executor.execute(operation));
  };
  return {
    laboratory,
    askRepaired: async (of, operation, repairs) => {
      const repaired = repairOperation(monolith.schema, operation, repairs);
      if (!repairs.has('nulls'))
        return repaired.restore(await answer(plain[of], repaired.operation));
      const executor =
        withNulls[of] ?? (await orRefusal(create[of](supergraphSdl, restoreNulls(call, facts))));
      withNulls[of] = executor;
      return repaired.restore(await answer(executor, repaired.operation));
    },
    ask: async ({ text, operationName = null, variables = {} }) => {
      const document = parse(text, { noLocation: true });
      const [invalid] = validate(monolith.schema, document);
      if (invalid !== undefined) throw new Error(`${text}\nis not valid: ${invalid.message}`);
      const operation = { document, operationName, variables };
      return {
        federated,
        schema: monolith.schema,
        operation,
        text,
        monolith: answerOf(await laboratory.expected(operation)),
        hive: await answer(plain.hive, operation),
        subject: await answer(plain.subject, operation),
      };
    },
  };
}

/** A gateway that does not load its supergraph answers that. */
async function orRefusal(starting: Promise<Subject>): Promise<Subject> {
  try {
    return await starting;
  } catch (error) {
    const message = `The supergraph does not load: ${error instanceof Error ? error.message : ''}`;
    return { execute: async () => ({ errors: [new GraphQLError(message)] }) };
  }
}

/**
 * What an answer differs in from the right one. Under a fault the monolith knows the data and not where a gateway puts
 * the errors: every loss must then have an error at it, above it or below it.
 */
export function deviations({ federated }: Trial, expected: Answer, actual: Answer): Aspect[] {
  const all = differences(expected, actual);
  if ((federated.faults ?? []).length === 0) return all;
  const others = all.filter((aspect) => aspect !== 'errors');
  return isExplained(expected, actual) ? others : [...others, 'errors'];
}

/** Does every error that is expected have one in its line? */
function isExplained(expected: Answer, actual: Answer): boolean {
  const given = errorPaths(actual);
  return errorPaths(expected).every((path) =>
    given.some((one) => isAbove(one, path) || isAbove(path, one)),
  );
}

function isAbove(path: string, other: string): boolean {
  return path === '/' || other === path || other.startsWith(`${path}/`);
}
