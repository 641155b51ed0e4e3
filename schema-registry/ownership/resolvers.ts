import { answerOf } from '#kernel/subgraph.ts';
import { readTarget } from '../proposal/asking.ts';
import { removeOwner, setOwner } from './owner-command.ts';
import { ownersOfCoordinate } from './owner.ts';
import { ownersOf } from './owner-store.ts';
import type { Resolvers } from '../generated.ts';

export const ownershipResolvers = {
  Query: {
    owners: async (_parent, args, context) => {
      const target = await readTarget(context, args.target);
      return ownersOf(context.database, target.id);
    },
    ownersOfCoordinate: async (_parent, args, context) => {
      const target = await readTarget(context, args.target);
      const owners = await ownersOf(context.database, target.id);
      return ownersOfCoordinate(owners, args.coordinate, args.subgraph ?? null);
    },
  },
  Mutation: {
    setOwner: async (_parent, { input }, context) =>
      answerOf(await setOwner(context, input), 'Owner', context.correlationId),
    removeOwner: async (_parent, { input }, context) =>
      answerOf(await removeOwner(context, input), 'Owner', context.correlationId),
  },
} satisfies Resolvers;
