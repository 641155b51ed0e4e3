import { budgetMutations } from './resolvers/budget-mutations.ts';
import { entities } from './resolvers/entity.ts';
import { fundsMutations } from './resolvers/funds-mutations.ts';
import { Query } from './resolvers/query.ts';
import type { Resolvers } from './generated.ts';

export const resolvers: Resolvers = {
  Query,
  Mutation: { ...budgetMutations, ...fundsMutations },
  ...entities,
};
