import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRequisition } from '../../hub/demo/procurement.ts';
import { startHubProcess } from '../support/hub-process.ts';
import { subscribe } from '../support/subscription.ts';
import { createWorld } from '../support/world.ts';
import type { HubProcess } from '../support/hub-process.ts';
import type { World } from '../support/world.ts';

const ROUNDS = 10;
const WRITERS = 4;
const LOAD_MS = 700;

interface Item {
  readonly sequence: string;
  readonly document: { readonly id: string };
}

const FEED =
  'subscription ($after: String) { statusEvents(after: $after, filter: { eventTypes: ["concord.requisition.created.v1"] }) { ... on StatusEvent { sequence document { id } } } }';

describe('the process tree, killed under load', () => {
  let hub: HubProcess;
  let world: World;
  beforeAll(async () => {
    hub = await startHubProcess();
    world = await createWorld(hub.graph);
  });
  afterAll(async () => hub[Symbol.asyncDispose]());

  it(`loses no acknowledged write and skips no event, ${ROUNDS} times`, async () => {
    const acknowledged: string[] = [];
    const received: Item[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const feed = await open(received.at(-1)?.sequence ?? '0');
      const stop = new AbortController();
      const writers = Array.from({ length: WRITERS }, (_, writer) =>
        writeUntil(stop.signal, `kill-${round}-${writer}`, acknowledged),
      );
      await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
      await hub.kill();
      stop.abort();
      await Promise.all(writers);
      received.push(...feed.items);
      await feed.close();
      await hub.restart();
    }
    const feed = await open(received.at(-1)?.sequence ?? '0');
    const seen = (): Set<string> =>
      new Set([...received, ...feed.items].map((item) => item.document.id));
    await feed.until(() => acknowledged.every((id) => seen().has(id)));
    await feed.close();
    received.push(...feed.items);
    expect(acknowledged.length).toBeGreaterThan(ROUNDS);
    expect(await missing(acknowledged)).toEqual([]);
    const sequences = received.map((item) => item.sequence);
    expect(new Set(sequences).size).toBe(sequences.length);
    expect(sequences.map(BigInt)).toEqual(sequences.map(BigInt).sort((a, b) => (a < b ? -1 : 1)));
  }, 400_000);

  async function open(after: string) {
    return subscribe<Item>({
      socketUrl: hub.socketUrl,
      token: await hub.tokenOf('requestor'),
      query: FEED,
      variables: { after },
      pick: (data) => data['statusEvents'] as Item,
    });
  }

  async function writeUntil(stop: AbortSignal, key: string, acknowledged: string[]): Promise<void> {
    for (let number = 0; !stop.aborted; number += 1) {
      const id = await createRequisition(world.graph, world.wanted(`${key}-${number}`)).catch(
        () => null,
      );
      if (id !== null) acknowledged.push(id);
      else await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function missing(ids: readonly string[]): Promise<string[]> {
    const lost: string[] = [];
    for (const id of ids) {
      const { requisition } = await world.graph.ask<{ requisition: unknown }>(
        'requestor',
        'query ($id: ID!) { requisition(id: $id) { id } }',
        { id },
      );
      if (requisition === null) lost.push(id);
    }
    return lost;
  }
});
