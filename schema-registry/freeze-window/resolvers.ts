import { answerOf } from '#kernel/subgraph.ts';
import { readTarget } from '../proposal/asking.ts';
import { cancelFreezeWindow, createFreezeWindow } from './freeze-window-command.ts';
import { freezeWindowsOf } from './freeze-window-store.ts';
import type { Resolvers } from '../generated.ts';

export const freezeWindowResolvers = {
  Query: {
    freezeWindows: async (_parent, args, context) => {
      const target = await readTarget(context, args.target);
      return freezeWindowsOf(context.database, target.id, {
        endingAfter: args.endingAfter ?? context.clock.now(),
        cancelled: args.includeCancelled,
      });
    },
  },
  Mutation: {
    createFreezeWindow: async (_parent, { input }, context) =>
      answerOf(await createFreezeWindow(context, input), 'FreezeWindow', context.correlationId),
    cancelFreezeWindow: async (_parent, { input }, context) =>
      answerOf(await cancelFreezeWindow(context, input), 'FreezeWindow', context.correlationId),
  },
} satisfies Resolvers;
