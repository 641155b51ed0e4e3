import { GraphQLError } from 'graphql';
import type { SubscriptionResolvers } from '../generated.ts';

/** Its events come off the bus, where the gateway reads them (`@busEvents`); this room is only asked for the orders. */
export const Subscription: SubscriptionResolvers = {
  purchaseOrderChanged: {
    subscribe: () => {
      throw new GraphQLError(
        'This field is fed by the gateway from the bus: subscribe to it there. Here "_entities" tells what an order is now.',
        { extensions: { code: 'FED_FROM_BUS' } },
      );
    },
  },
};
