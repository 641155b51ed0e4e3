import { exceptionResolvers } from './resolvers/exception.ts';
import { subscriptionResolvers } from './resolvers/subscription.ts';
import { threadResolvers } from './resolvers/thread.ts';
import type { Resolvers } from './generated.ts';

export const resolvers: Resolvers = {
  ...subscriptionResolvers,
  ...exceptionResolvers,
  ...threadResolvers,
  Query: { ...exceptionResolvers.Query, ...threadResolvers.Query },
};
