import { withoutRules } from '../../schema-registry/core-world.ts';
import { HERE, ORDERS } from './registry-calls.ts';
import { createRegistryWorld } from './registry-world.ts';
import type { WorkshopLimits } from '../../schema-registry/composition/workshop.ts';
import type { RegistryWorld } from './registry-world.ts';

export const LINK = ORDERS.slice(0, ORDERS.indexOf('\n') + 1);
export const QUERY = `${LINK}type Query { a: Int } `;

export const PROBLEM = `... on Problem { code message } ... on InvalidInputProblem { fields { field code } }`;
const STEPS = `conclusion steps { name status findings { code } }`;
export const PUBLISH = `mutation ($input: ChangeSubgraphsInput!) { publishSubgraphs(input: $input) { __typename
  ... on Publication { changed } ... on CheckFailedProblem { result { ${STEPS} } } ${PROBLEM} } }`;
export const CHECK = `mutation ($input: ChangeSubgraphsInput!) { checkSubgraphs(input: $input) { __typename
  ... on SchemaCheck { result { ${STEPS} } } ${PROBLEM} } }`;

/** A registry with a published graph, and somebody who may do everything. */
export interface Shop extends AsyncDisposable {
  readonly world: RegistryWorld;
  readonly architect: string;
}

/** Without lint rules: what is tried here is not style. */
export async function openShop(limits?: WorkshopLimits): Promise<Shop> {
  const world = await createRegistryWorld(limits);
  await world.registry.ensureTarget({ graph: 'other', target: 'production' });
  const target = await world.registry.ensureTarget(HERE);
  await withoutRules(world.database, target);
  const { refusals } = await world.registry.publishAll(target, [
    { subgraph: 'orders', url: 'http://orders.example/graphql', sdl: ORDERS },
  ]);
  if (refusals.length > 0) throw new Error(refusals.join());
  const architect = await world.person('ada', 'architect');
  return { world, architect, [Symbol.asyncDispose]: world[Symbol.asyncDispose] };
}

/** A change of the subgraph `orders` to this. */
export const change = (sdl: string, more: object = {}): object => ({
  input: { target: HERE, subgraphs: [{ subgraph: 'orders', sdl }], ...more },
});

export const many = (count: number, one: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => one(index)).join(' ');
