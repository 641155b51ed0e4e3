import { answerOf } from '#kernel/subgraph.ts';
import { targetFor } from '../proposal/asking.ts';
import { contractsOf } from './contract.ts';
import { removeContract, setContract } from './contract-command.ts';
import type { Result } from '#kernel/problem.ts';
import type { Resolvers } from '../generated.ts';

export const contractResolvers = {
  Mutation: {
    setContract: async (_parent, { input }, context) => {
      const target = await targetFor(context, input.target, 'schema:govern');
      const done = target.ok
        ? await setContract(context, { ...context, target: target.value }, input)
        : target;
      return answerOf(known(done), 'Contract', context.correlationId);
    },
    removeContract: async (_parent, { input }, context) => {
      const target = await targetFor(context, input.target, 'schema:govern');
      const done = target.ok
        ? await removeContract(context, { ...context, target: target.value }, input.name)
        : target;
      return answerOf(known(done), 'Contract', context.correlationId);
    },
  },
  Target: {
    contractDefinitions: ({ id }, _args, { database }) => contractsOf(database, id),
  },
} satisfies Pick<Resolvers, 'Mutation' | 'Target'>;

function known<Value>(result: Result<Value>): Result<Value, never> {
  return result as Result<Value, never>;
}
