import { beforeAll, describe, expect, it } from '@jest/globals';
import { QueryPlanner } from '@graphql-hive/router-query-planner';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { planText } from './plan-text.ts';

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires"])`;
const SERVICES = {
  orders: `${LINK}
    type Query { order(id: ID!, note: String, tags: [String!]): Order }
    type Mutation { rename(id: ID!): Order }
    type Subscription { renamed: Order }
    type Order @key(fields: "id") { id: ID! total: Int! supplier: Supplier lines: [Line!]! }
    type Line { supplier: Supplier }
    type Supplier @key(fields: "id", resolvable: false) { id: ID! }`,
  suppliers: `${LINK}
    type Query { best: Supplier }
    type Supplier @key(fields: "id") { id: ID! name: String! }`,
  budgets: `${LINK}
    type Order @key(fields: "id") { id: ID! total: Int! @external within: Boolean @requires(fields: "total") }`,
};

const PLAN = `QueryPlan {
  Sequence {
    Fetch(service: "orders") {
      query ($all: Boolean!) {
        order(id: "") {
          __typename
          id
          lines @include(if: $all) {
            supplier {
              __typename
              id
            }
          }
          total
        }
      }
    }
    Parallel {
      Flatten(path: "order") {
        Fetch(service: "budgets") {
          {
            ... on Order {
              __typename
              total
              id
            }
          } =>
          query ($representations: [_Any!]!) {
            _entities(representations: $representations) {
              ... on Order {
                within
              }
            }
          }
        }
      }
      Include(if: $all) {
        Flatten(path: "order.lines.@.supplier") {
          Fetch(service: "suppliers") {
            {
              ... on Supplier {
                __typename
                id
              }
            } =>
            query ($representations: [_Any!]!) {
              _entities(representations: $representations) {
                ... on Supplier {
                  name
                }
              }
            }
          }
        }
      }
    }
  }
}`;

let planner: QueryPlanner;
beforeAll(() => {
  const composed = composeServices(
    Object.entries(SERVICES).map(([name, sdl]) => ({
      name,
      url: `http://${name}.example/graphql`,
      typeDefs: parse(sdl),
    })),
  );
  planner = new QueryPlanner(composed.supergraphSdl!);
});

async function text(query: string): Promise<string> {
  const { node } = await planner.planAsync(query, null, new Set(), 0);
  return planText(node ?? null);
}

describe('a plan for people', () => {
  it('is nested as it runs, with what each subgraph is asked', async () => {
    const plan = await text(
      'query Q($all: Boolean!) { order(id: "o1") { within lines @include(if: $all) { supplier { name } } } }',
    );
    expect(plan).toBe(PLAN);
  });

  it('holds no literal, however deep', async () => {
    const plan = await text(
      '{ order(id: "DE89370400440532013000", note: "secret", tags: ["a", "b"]) { supplier { name } } }',
    );
    expect(plan).not.toMatch(/DE89|secret|"a"|"b"/);
    expect(plan).toContain('order(id: "", note: "", tags: [""])');
  });

  it('says what writes and what is subscribed to', async () => {
    expect(await text('mutation { rename(id: 1) { id } }')).toContain(
      'Fetch(service: "orders", mutation) {',
    );
    expect(await text('subscription { renamed { supplier { name } } }')).toMatch(
      /Subscription \{\n +Fetch\(service: "orders", subscription\)/,
    );
  });

  it('of nothing is empty', () => {
    expect(planText(null)).toBe('QueryPlan {\n}');
  });
});
