import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Parser } from '@asyncapi/parser';
import { openEventWorld, payload, READER, SUBJECT, TEXT } from './event-world.ts';
import type { EventWorld } from './event-world.ts';

let world: EventWorld;
let openTarget: EventWorld['openTarget'];
beforeAll(async () => {
  world = await openEventWorld();
  ({ openTarget } = world);
});
afterAll(async () => world[Symbol.asyncDispose]());

describe('the AsyncAPI document', () => {
  it('is valid AsyncAPI 3.0, with our events in their envelope and what comes in as it is', async () => {
    const { contract, publish, ask, target } = await openTarget();
    const money = {
      $defs: { money: { $anchor: 'money', type: 'object', properties: { amount: TEXT } } },
    };
    const published = await publish(
      contract(
        SUBJECT,
        payload(
          { total: { $ref: '#/$defs/money' }, tax: { $ref: '#money' } },
          { ...money, description: 'An invoice came in.' },
        ),
      ),
      contract(
        'erp.order.released.v1',
        { type: 'object', properties: { Sequence: { type: 'integer' } } },
        'INBOUND',
      ),
    );
    expect(published).toMatchObject({ changed: true });
    const { asyncApi } = await ask<{ asyncApi: string }>(
      'query ($target: TargetInput!) { asyncApi(target: $target) }',
      { target },
      READER,
    );
    const { document, diagnostics } = await new Parser().parse(asyncApi);
    // With an error among its diagnostics the parser answers no document.
    expect(document === undefined ? diagnostics : []).toEqual([]);
    expect(document?.version()).toBe('3.0.0');
    const [send, receive] = ['send', 'receive'].map(
      (action) => document?.operations().filter((one) => one.action() === action) ?? [],
    );
    expect(send?.map((one) => one.channels().all()[0]?.address())).toEqual([SUBJECT]);
    expect(receive?.map((one) => one.channels().all()[0]?.address())).toEqual([
      'erp.order.released.v1',
    ]);
    const data = document?.messages().all()[0]?.payload()?.allOf()?.[1]?.properties()?.['data'];
    expect(data?.property('total')?.json()).toMatchObject({ type: 'object' });
    expect(data?.property('tax')?.json()).toMatchObject({ type: 'object' });
  });
});
