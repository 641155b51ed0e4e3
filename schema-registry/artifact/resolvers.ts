import { instantOf } from '#kernel/clock.ts';
import { accepted } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import type { PublishedKey } from '#kernel/signature.ts';
import type { Resolvers, SigningKey as SigningKeyAnswer } from '../generated.ts';

export const artifactResolvers = {
  Query: {
    signingKeys: async (_parent, _args, { keys }) => (await keys.published()).keys.map(keyAnswer),
  },
  Mutation: {
    rotateSigningKey: async (_parent, { input }, { keys, principal, correlationId }) => {
      const result = await keys.rotate(principal, input.reason);
      return answerOf(
        result.ok ? accepted(keyAnswer(result.value)) : result,
        'SigningKey',
        correlationId,
      );
    },
  },
} satisfies Resolvers;

function keyAnswer(key: PublishedKey): SigningKeyAnswer {
  const { kid, x, state, createdAt, endorsedBy, endorsement } = key;
  return { kid, x, state, createdAt: instantOf(createdAt), endorsedBy, endorsement };
}
