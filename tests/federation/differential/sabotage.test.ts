import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { operationsFor } from './query-generator.ts';
import { EVERY_SCHEMA } from './schemas/every-schema.ts';
import { createSubject } from './subject.ts';
import { deviations, openBench } from './trial.ts';
import { isThing } from './world-view.ts';
import type { ExecutionResult } from 'graphql';
import type { SubgraphCall, SubgraphRequest } from '../hive-engine/subgraph-call.ts';
import type { Subject } from './subject.ts';

type Change = (result: ExecutionResult) => ExecutionResult;

/** An executor's faults, planted between the subject and its subgraphs or behind it. */
const SABOTAGES: readonly {
  readonly name: string;
  readonly schema: string;
  readonly subgraph?: (
    request: SubgraphRequest,
    call: SubgraphCall,
    name: string,
  ) => Promise<ExecutionResult>;
  readonly answer?: Change;
}[] = [
  {
    name: 'entities given back in another order',
    schema: 'friends',
    subgraph: async (request, call, name) =>
      withEntities(await call(name, request), (entities) => entities.toReversed()),
  },
  {
    name: 'the last entity not merged',
    schema: 'prices',
    subgraph: async (request, call, name) =>
      withEntities(await call(name, request), (entities) => [...entities.slice(0, -1), null]),
  },
  {
    name: 'representations that share a key',
    schema: 'seats',
    subgraph: (request, call, name) =>
      call(name, { ...request, variables: withFirst(request.variables) }),
  },
  {
    name: 'variables that are not passed on',
    schema: 'echo',
    subgraph: (request, call, name) => {
      const { representations } = request.variables;
      return call(name, {
        ...request,
        variables: representations === undefined ? {} : { representations },
      });
    },
  },
  {
    name: 'a mutation that is sent twice',
    schema: 'transfers',
    subgraph: async (request, call, name) => {
      if (request.query.startsWith('mutation')) await call(name, request);
      return call(name, request);
    },
  },
  {
    name: 'errors that are lost',
    schema: 'trees',
    answer: ({ data }) => ({ data: data ?? null }),
  },
  {
    name: 'errors with the path of the parent',
    schema: 'stages',
    answer: ({ data, errors = [] }) => ({
      data: data ?? null,
      errors: errors.map((error) => Object.assign(error, { path: error.path?.slice(0, -1) })),
    }),
  },
  {
    name: 'keys in another order',
    schema: 'parcels',
    answer: ({ data, ...rest }) => ({
      ...rest,
      data: isThing(data) ? Object.fromEntries(Object.entries(data).toReversed()) : null,
    }),
  },
  {
    name: 'two aliases that are swapped',
    schema: 'books',
    answer: ({ data, ...rest }) => ({ ...rest, data: swapped(data ?? null) }),
  },
  {
    name: 'a null that stays where it may not be',
    schema: 'ships',
    answer: ({ data, ...rest }) => ({ ...rest, data: emptied(data ?? null) }),
  },
];

describe('the differential test notices', () => {
  it.each(SABOTAGES)('$name', async ({ schema, subgraph, answer = (result) => result }) => {
    const federated = EVERY_SCHEMA.find(({ name }) => name.startsWith(schema));
    if (federated === undefined) throw new Error(`There is no schema ${schema}.`);
    const sound = await openBench(federated, createSubject);
    const spoilt = await openBench(federated, async (sdl, call) => {
      const subject = await createSubject(sdl, (name, request) =>
        subgraph === undefined ? call(name, request) : subgraph(request, call, name),
      );
      return after(subject, answer);
    });
    const questions = [
      ...(federated.queries ?? []),
      ...fc.sample(operationsFor(spoilt.laboratory.monolith.schema), { seed: 7, numRuns: 20 }),
    ];
    let noticed = 0;
    for (const question of questions) {
      const right = await sound.ask(question);
      if (deviations(right, right.monolith, right.subject).length > 0) continue;
      const wrong = await spoilt.ask(question);
      if (deviations(wrong, wrong.monolith, wrong.subject).length > 0) noticed += 1;
    }
    expect(noticed).toBeGreaterThan(0);
  });
});

function after(subject: Subject, change: Change): Subject {
  return {
    execute: async (operation) => change(await subject.execute(operation)),
  };
}

function withEntities(
  result: ExecutionResult,
  change: (entities: readonly unknown[]) => unknown[],
): ExecutionResult {
  const entities = result.data?.['_entities'];
  if (!Array.isArray(entities)) return result;
  return { ...result, data: { ...result.data, _entities: change(entities) } };
}

function withFirst(variables: SubgraphRequest['variables']): SubgraphRequest['variables'] {
  const { representations } = variables;
  if (!Array.isArray(representations)) return variables;
  return { ...variables, representations: representations.map(() => representations[0]) };
}

/** The first two members of every object, each with the other's value. */
function swapped(value: unknown): Record<string, unknown> | null {
  const swap = (inner: unknown): unknown => {
    if (Array.isArray(inner)) return inner.map(swap);
    if (!isThing(inner)) return inner;
    const [first, second, ...others] = Object.entries(inner);
    if (first === undefined || second === undefined) return inner;
    return Object.fromEntries([[first[0], second[1]], [second[0], first[1]], ...others]);
  };
  return isThing(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, swap(inner)]))
    : null;
}

/** An empty object for every null in a list. */
function emptied(value: unknown): Record<string, unknown> | null {
  const empty = (inner: unknown): unknown => {
    if (Array.isArray(inner)) return inner.map((item) => (item === null ? {} : empty(item)));
    if (!isThing(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, one]) => [key, empty(one)]));
  };
  return isThing(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, empty(one)]))
    : null;
}
