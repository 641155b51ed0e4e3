import { PRODUCTS, REVIEWS } from './shop.ts';
import { PIPELINE } from './world.ts';
import type { Outcome } from './program.ts';
import type { ClientWorld, TestGraph } from './world.ts';

/** Who publishes, as pipelines say. */
export const MADE = '--author Ada --commit c0ffee';

/** A graph with a pipeline that runs the Hive CLI on its `staging`, where breaking changes fail. */
export interface HiveShop extends TestGraph {
  readonly pipeline: string;
  hive(line: string): Promise<Outcome>;
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
