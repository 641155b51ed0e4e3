import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  TypeInfo,
  getIntrospectionQuery,
  isObjectType,
  parse,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { errorPaths } from './comparison.ts';
import { CONSTRUCTS } from './construct.ts';
import { HIVE_DIFFERENCES } from './hive-differences.ts';
import { explain } from './known-differences.ts';
import { openLaboratory } from './laboratory.ts';
import { operationsFor } from './query-generator.ts';
import { EVERY_SCHEMA } from './schemas/every-schema.ts';
import { SUBJECT_DIFFERENCES } from './subject-differences.ts';
import { createSubject } from './subject.ts';
import { deviations, openBench } from './trial.ts';
import type { GraphQLSchema } from 'graphql';
import type { Bench, Gateway, Question, Trial } from './trial.ts';

const DEFAULT_SEED = 20_260_725;
const DEFAULT_RUNS = 60;
const SEED = Number(process.env['DIFFERENTIAL_SEED'] ?? DEFAULT_SEED);
const RUNS = Number(process.env['DIFFERENTIAL_RUNS'] ?? DEFAULT_RUNS);
/** What is seen over the whole file is known only of the questions that everybody asks. */
const IS_DEFAULT = SEED === DEFAULT_SEED && RUNS === DEFAULT_RUNS;
const TIMEOUT_MS = 5_000 + RUNS * 500;

const KNOWN = { hive: HIVE_DIFFERENCES, subject: SUBJECT_DIFFERENCES };
/** How often each known difference explained an answer. */
const seen = { hive: new Map<string, number>(), subject: new Map<string, number>() };

describe.each(EVERY_SCHEMA)('$name', (federated) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(federated, createSubject);
  });

  const queries: readonly Question[] = [
    { text: getIntrospectionQuery() },
    ...(federated.queries ?? []),
  ];
  it.each(queries.map((question) => ({ question, text: question.text.slice(0, 60) })))(
    'answers rightly: $text',
    async ({ question }) => {
      await expectRightAnswers(bench, question);
    },
  );

  it(
    `answers ${RUNS} generated operations rightly`,
    async () => {
      const property = fc.asyncProperty(
        operationsFor(bench.laboratory.monolith.schema),
        async (question) => {
          await expectRightAnswers(bench, question);
        },
      );
      await fc.assert(property, {
        seed: SEED,
        numRuns: RUNS,
        // A failure is shrunk no longer than the test may take.
        skipAllAfterTimeLimit: TIMEOUT_MS / 2,
      });
    },
    TIMEOUT_MS,
  );
});

describe('the differential test', () => {
  it('has at least forty schemas, each under its own name', () => {
    const names = new Set(EVERY_SCHEMA.map(({ name }) => name));
    expect(names.size).toBe(EVERY_SCHEMA.length);
    expect(names.size).toBeGreaterThanOrEqual(40);
  });

  it('has a schema or a query for every construct', () => {
    const shown = new Set(
      EVERY_SCHEMA.flatMap(({ constructs, queries = [] }) => [
        ...constructs,
        ...queries.flatMap(({ shows = [] }) => shows),
      ]),
    );
    expect(CONSTRUCTS.filter((construct) => !shown.has(construct))).toEqual([]);
  });

  it.each(EVERY_SCHEMA)('generates every field of $name', (federated) => {
    const { schema } = openLaboratory(federated).monolith;
    const asked = new Set<string>();
    for (const { text } of fc.sample(operationsFor(schema), { seed: SEED, numRuns: 200 })) {
      for (const coordinate of coordinatesIn(schema, text)) asked.add(coordinate);
    }
    expect(coordinatesOf(schema).filter((coordinate) => !asked.has(coordinate))).toEqual([]);
  });

  it.each(['hive', 'subject'] as const)('still finds every known difference of %s', (of) => {
    if (!IS_DEFAULT) return;
    const stale = KNOWN[of].map(({ name }) => name).filter((name) => !seen[of].has(name));
    expect(stale).toEqual([]);
  });

  it.each(['hive', 'subject'] as const)(
    'explains with no difference of %s more than it should',
    (of) => {
      if (!IS_DEFAULT) return;
      const greedy = KNOWN[of].filter(
        ({ name, atMost = Infinity }) => (seen[of].get(name) ?? 0) > atMost,
      );
      expect(greedy.map(({ name }) => `${name}: ${seen[of].get(name)}`)).toEqual([]);
    },
  );
});

/** Asks all three; a difference that is not known fails. */
async function expectRightAnswers(bench: Bench, question: Question): Promise<void> {
  const trial = await bench.ask(question);
  for (const gateway of ['subject', 'hive'] as const) {
    if (deviations(trial, trial.monolith, trial[gateway]).length === 0) continue;
    const names = await explain(KNOWN[gateway], { bench, trial, of: gateway });
    if (names === null) throw new Error(report(trial, gateway));
    for (const name of names) seen[gateway].set(name, (seen[gateway].get(name) ?? 0) + 1);
  }
}

function report(trial: Trial, of: Gateway): string {
  const { text, operation, monolith } = trial;
  const shown = (answer: Trial['monolith']): string =>
    `${JSON.stringify(answer.data)}\n  errors at: ${errorPaths(answer).join(' ') || 'none'}\n  ${answer.errors.map(({ message }) => message).join('\n  ')}`;
  return [
    `${of} answers wrongly (${deviations(trial, monolith, trial[of]).join(', ')}):`,
    text,
    `variables ${JSON.stringify(operation.variables)}, operation ${operation.operationName}`,
    `right: ${shown(monolith)}`,
    `${of}: ${shown(trial[of])}`,
  ].join('\n');
}

function coordinatesOf(schema: GraphQLSchema): string[] {
  return Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
    .flatMap((type) =>
      isObjectType(type)
        ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)
        : [],
    );
}

/** The fields that an operation asks for; a field of an interface counts for its members. */
function coordinatesIn(schema: GraphQLSchema, text: string): string[] {
  const found: string[] = [];
  const types = new TypeInfo(schema);
  visit(
    parse(text),
    visitWithTypeInfo(types, {
      Field: ({ name }) => {
        const parent = types.getParentType();
        if (!parent) return;
        const members = isObjectType(parent) ? [parent] : schema.getPossibleTypes(parent);
        found.push(...members.map((type) => `${type.name}.${name.value}`));
      },
    }),
  );
  return found;
}
