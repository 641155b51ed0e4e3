import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isScalarType,
} from 'graphql';
import { systemClock } from '#kernel/clock.ts';
import { createCallSigner, generateInternalKey } from '#kernel/internal-token.ts';
import { silentLog } from '#kernel/log.ts';
import { createPeer } from '#kernel/peer.ts';
import { schemaUrl } from '#kernel/provision.ts';
import { buildSchema, readSubgraphSdl } from '#kernel/subgraph.ts';
import { BUS_MIGRATIONS } from '../../tests/support/test-database.ts';
import { TODAY, createBudgetWorld } from './budget-world.ts';
import { SCHEMA_FILE, startBudgets } from './main.ts';
import { resolvers } from './resolvers.ts';
import type { BudgetWorld } from './budget-world.ts';
import type { Budgets } from './main.ts';

const ORDERS = generateInternalKey('purchase-orders');
const STRANGER = generateInternalKey('purchase-orders');
const OWN = generateInternalKey('budgets');

let world: BudgetWorld;
let budgets: Budgets;
beforeAll(async () => {
  world = await createBudgetWorld();
  await world.test.open('bus', BUS_MIGRATIONS);
  const { adminUrl, password } = world.test;
  budgets = await startBudgets({
    databaseUrl: schemaUrl(adminUrl, 'budgets', password),
    busDatabaseUrl: schemaUrl(adminUrl, 'bus', password),
    redisUrl: null,
    host: '127.0.0.1',
    port: 0,
    internalKey: OWN,
    trustedKeys: { 'purchase-orders': ORDERS.publicJwk },
    log: silentLog,
    clock: systemClock,
  });
});
afterAll(async () => {
  await budgets.close();
  await world[Symbol.asyncDispose]();
});

const RESERVE = `mutation ($input: ReserveFundsInput!) { reserveFunds(input: $input) {
  __typename ... on FundsReservation { status } ... on InsufficientFundsProblem { available { amount } } } }`;

function inputFor(costCentreId: string, document: string) {
  return {
    idempotencyKey: document,
    documentType: 'REQUISITION',
    documentId: document,
    documentNumber: 'REQ-1',
    correlationId: 'thread',
    costCentreId,
    category: 'IT',
    amount: { amount: '7.00', currency: 'EUR' },
    on: TODAY,
  };
}

describe('the budgets process', () => {
  it('answers signed calls of other rooms over HTTP, and fills a line exactly under 64 of them', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-6464', initial: '100.00' });
    const peer = createPeer({
      service: 'budgets',
      url: budgets.url,
      sign: createCallSigner(ORDERS),
      log: silentLog,
    });
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, index) =>
        peer.call<{ reserveFunds: { __typename: string } }>({
          query: RESERVE,
          variables: { input: inputFor(line.costCentreId, `http-${index}`) },
          correlationId: `http-${index}`,
        }),
      ),
    );
    expect(
      answers.filter((answer) => answer.reserveFunds.__typename === 'FundsReservation'),
    ).toHaveLength(14);
    expect(
      answers.filter((answer) => answer.reserveFunds.__typename === 'InsufficientFundsProblem'),
    ).toHaveLength(50);
  });

  it('refuses calls that are unsigned or signed by another key', async () => {
    const unsigned = await fetch(`${budgets.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ __typename }"}',
    });
    expect(unsigned.status).toBe(401);
    const peer = createPeer({
      service: 'budgets',
      url: budgets.url,
      sign: createCallSigner(STRANGER),
      log: silentLog,
    });
    await expect(
      peer.call({ query: '{ __typename }', variables: {}, correlationId: 'x' }),
    ).rejects.toThrow('did not answer');
  });

  it('is ready', async () => {
    expect((await fetch(`${budgets.url}/readyz`)).status).toBe(200);
  });
});

describe('the contract', () => {
  it('describes every type, field, argument, input field and enum value', async () => {
    const schema = buildSchema(await readSubgraphSdl(SCHEMA_FILE), resolvers);
    const bare: string[] = [];
    const note = (name: string, description: string | null | undefined): void => {
      if (!description) bare.push(name);
    };
    for (const type of Object.values(schema.getTypeMap())) {
      // What Apollo adds (`_Any`, `_Entity`, `link__…`) is not our contract.
      if (type.name.includes('__') || type.name.startsWith('_') || isScalarType(type)) continue;
      if (type.name !== 'Query' && type.name !== 'Mutation') note(type.name, type.description);
      if (isEnumType(type))
        for (const value of type.getValues()) note(`${type.name}.${value.name}`, value.description);
      if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
        for (const field of Object.values(type.getFields())) {
          if (field.name.startsWith('_')) continue;
          note(`${type.name}.${field.name}`, field.description);
          for (const argument of 'args' in field ? field.args : [])
            note(`${type.name}.${field.name}(${argument.name})`, argument.description);
        }
      }
    }
    expect(bare).toEqual([]);
  });
});
