import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { createWorld } from './test-world/world.ts';
import type { World } from './test-world/world.ts';

/** The audit's own operations ask for `{ __typename }` without a token. */
let world: World;
beforeAll(async () => {
  world = await createWorld({ accessTokens: null });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const NO_GET =
  'Operations in addresses end up in logs and caches, and any page can make a browser send them.';
const ALWAYS_400 =
  'What was never executed is 400 in either media type, so that proxies and alerts see it.';

/** What the specification allows or recommends, and we do otherwise on purpose. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'MAY accept application/x-www-form-urlencoded formatted GET requests': NO_GET,
  'MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json':
    NO_GET,
  'MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json':
    NO_GET,
  'SHOULD use 200 status code on document parsing failure when accepting application/json':
    ALWAYS_400,
  'SHOULD use 200 status code on document validation failure when accepting application/json':
    ALWAYS_400,
  'SHOULD use a status code of 200 on variable coercion failure when accepting application/json':
    ALWAYS_400,
};

it.each(
  serverAudits({ url: () => `${world.gateway.url}/graphql` }).map(
    (audit) => [audit.name, audit] as const,
  ),
)('%s', async (name, audit) => {
  const { status } = await audit.fn();
  // An "error" would be something that the specification demands; there is none, whatever the name says.
  expect(status).not.toBe('error');
  expect([name, status === 'ok']).toEqual([name, OTHERWISE[name] === undefined]);
});
