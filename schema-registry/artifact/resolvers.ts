import { instantOf } from '#kernel/clock.ts';
import { accepted } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import type { PublishedKey } from '#kernel/signature.ts';
import type { Context } from '../context.ts';
import type { Resolvers, SigningKey as SigningKeyAnswer } from '../generated.ts';
import type { SigningKeys } from './signing-key.ts';

interface KeyContext extends Context {
  readonly keys: SigningKeys;
}

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
} satisfies Resolvers<KeyContext>;

function keyAnswer(key: PublishedKey): SigningKeyAnswer {
  const { kid, x, state, createdAt, endorsedBy, endorsement } = key;
  return { kid, x, state, createdAt: instantOf(createdAt), endorsedBy, endorsement };
}
