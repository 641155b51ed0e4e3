import {
  PRODUCTS,
  PRODUCTS_THAT_DO_NOT_COMPOSE,
  PRODUCTS_WITH_COLOUR,
  PRODUCTS_WITHOUT_NAME,
  REVIEWS,
  TOO_LONG,
} from './shop.ts';
import { createClientWorld } from './world.ts';
import type { ClientWorld } from './world.ts';

/** The world with the contracts as files. */
export async function createShopWorld(): Promise<ClientWorld> {
  const world = await createClientWorld();
  await world.file('products.graphql', PRODUCTS);
  await world.file('coloured.graphql', PRODUCTS_WITH_COLOUR);
  await world.file('nameless.graphql', PRODUCTS_WITHOUT_NAME);
  await world.file('broken.graphql', PRODUCTS_THAT_DO_NOT_COMPOSE);
  await world.file('reviews.graphql', REVIEWS);
  await world.file('long.graphql', TOO_LONG);
  return world;
}
