import {
  PRODUCTS,
  PRODUCTS_THAT_DO_NOT_COMPOSE,
  PRODUCTS_WITH_COLOUR,
  PRODUCTS_WITHOUT_NAME,
  REVIEWS,
  TOO_LONG,
} from './shop.ts';
import { createClientWorld, PIPELINE } from './world.ts';
import type { Outcome } from './program.ts';
import type { ClientWorld, TestGraph } from './world.ts';

/** Who publishes, as pipelines say. */
export const MADE = '--author Ada --commit c0ffee';

/** A graph with a pipeline that runs the Hive CLI on its `staging`, where breaking changes fail. */
export interface HiveShop extends TestGraph {
  readonly pipeline: string;
  hive(line: string): Promise<Outcome>;
}

/** The world with the contracts as files. */
export async function createHiveWorld(): Promise<ClientWorld> {
  const world = await createClientWorld();
  await world.file('products.graphql', PRODUCTS);
  await world.file('coloured.graphql', PRODUCTS_WITH_COLOUR);
  await world.file('nameless.graphql', PRODUCTS_WITHOUT_NAME);
  await world.file('broken.graphql', PRODUCTS_THAT_DO_NOT_COMPOSE);
  await world.file('reviews.graphql', REVIEWS);
  await world.file('long.graphql', TOO_LONG);
  return world;
}

export async function createHiveShop(
  world: ClientWorld,
  published: readonly ('products' | 'reviews')[] = [],
): Promise<HiveShop> {
  const graph = await world.graph();
  const pipeline = await graph.token(PIPELINE);
  const target = graph.hiveTarget('staging');
  const texts = { products: PRODUCTS, reviews: REVIEWS };
  for (const service of published) {
    const url = `http://${service}.example/graphql`;
    await world.publish(pipeline, { target, service, sdl: texts[service], url });
  }
  return {
    ...graph,
    pipeline,
    hive: (line) => world.hive(pipeline, `${line} --target ${target}`),
  };
}
