import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { receive } from '../../hub/demo/procurement.ts';
import { startHubProcess } from '../support/hub-process.ts';
import { subscribe } from '../support/subscription.ts';
import { createWorld } from '../support/world.ts';
import type { Collected } from '../support/subscription.ts';
import type { HubProcess } from '../support/hub-process.ts';

interface FollowedOrder {
  readonly status: string;
  readonly receiptStatus: string;
  readonly supplier: { readonly legalName: string };
}

const CHANGED = `subscription ($id: ID!, $after: String) { purchaseOrderChanged(id: $id, after: $after) {
  status receiptStatus supplier { legalName } } }`;

describe('an order that is followed', () => {
  let hub: HubProcess;
  beforeAll(async () => {
    hub = await startHubProcess();
  });
  afterAll(async () => hub[Symbol.asyncDispose]());

  const follow = async (login: string, id: string): Promise<Collected<FollowedOrder>> =>
    subscribe({
      socketUrl: hub.socketUrl,
      token: await hub.tokenOf(login),
      query: CHANGED,
      variables: { id, after: '0' },
      pick: (data) => data['purchaseOrderChanged'] as FollowedOrder,
    });

  it('comes with each of its events to who may read it, and to nobody else', async () => {
    const world = await createWorld(hub.graph);
    const { order } = await world.ordered('followed');
    const buyer = await follow('buyer', order.id);
    // Has the permission to read orders, but for another company.
    const stranger = await follow('requestor-us', order.id);
    await buyer.until((items) => items.length >= 2);
    const before = buyer.items.length;
    await receive(world.graph, order, { key: 'followed-receipt', share: 1 });
    await buyer.until((items) => items.length > before);
    expect(buyer.items.at(-1)).toEqual({
      status: 'DISPATCHED',
      receiptStatus: 'FULLY_RECEIVED',
      supplier: { legalName: expect.any(String) },
    });
    expect(stranger.items).toEqual([]);
    await buyer.close();
    await stranger.close();
  });
});
