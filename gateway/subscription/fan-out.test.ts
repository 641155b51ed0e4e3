import { describe, expect, it } from '@jest/globals';
import { systemClock } from '#kernel/clock.ts';
import { FanOut } from './fan-out.ts';
import { SharedEvent } from './shared-event.ts';
import { Subscriber } from './subscriber.ts';
import type { Outlet } from './subscriber.ts';

/** An outlet that takes as many events as it is told to. */
function outlet(takes: number) {
  const state = {
    left: takes,
    got: [] as SharedEvent[],
    heldBytes: 0,
    endedBy: '',
    cutOffs: 0,
    mayReceive: true,
  };
  const way: Outlet = {
    isFull: () => state.left === 0,
    mayReceive: () => state.mayReceive,
    write: (event) => {
      state.left -= 1;
      state.got.push(event);
    },
    hold: (bytes) => (state.heldBytes += bytes),
    complete: (reason) => (state.endedBy = reason),
    cutOff: () => {
      state.cutOffs += 1;
      subscriber.leave();
    },
  };
  const subscriber = new Subscriber(way);
  return { state, subscriber };
}

const event = (number: number, size = 10): SharedEvent =>
  new SharedEvent({ data: { number, filling: 'x'.repeat(size) } });

async function isBusy(work: Promise<void>): Promise<boolean> {
  const busy = Symbol('busy');
  const turn = new Promise((resolve) => setImmediate(() => resolve(busy)));
  return (await Promise.race([work, turn])) === busy;
}

describe('the fan-out', () => {
  it('lets what one subscriber does not take wait for it, in order, without holding up the others', async () => {
    const fanOut = new FanOut(systemClock);
    const [fast, slow] = [outlet(1_000), outlet(1)];
    fanOut.add(fast.subscriber);
    fanOut.add(slow.subscriber);
    const events = Array.from({ length: 10 }, (_none, index) => event(index));
    for (const one of events) await fanOut.publish(one);
    expect([fast.state.got, slow.state.got]).toEqual([events, events.slice(0, 1)]);
    expect(slow.state.heldBytes).toBe(events.slice(1).reduce((sum, { size }) => sum + size, 0));
    slow.state.left = 4;
    slow.subscriber.flush(0);
    expect(slow.state.got).toEqual(events.slice(0, 5));
    fanOut.end('complete');
    expect([fast.state.endedBy, slow.state.endedBy]).toEqual(['complete', '']);
    slow.state.left = 100;
    slow.subscriber.flush(0);
    expect([slow.state.got, slow.state.endedBy]).toEqual([events, 'complete']);
    expect(slow.state.heldBytes).toBe(0);
  });

  it('pauses the source only when all are behind, and until one of them has taken something', async () => {
    const fanOut = new FanOut(systemClock);
    const [one, other] = [outlet(0), outlet(0)];
    fanOut.add(one.subscriber);
    for (let number = 0; number < 64; number += 1) await fanOut.publish(event(number));
    expect(await isBusy(fanOut.room())).toBe(true);
    const waiting = fanOut.room();
    fanOut.add(other.subscriber);
    expect(await isBusy(waiting)).toBe(false);
    fanOut.remove(other.subscriber);
    const again = fanOut.room();
    expect(await isBusy(again)).toBe(true);
    one.state.left = 1;
    one.subscriber.flush(0);
    expect(await isBusy(again)).toBe(false);
  });

  it('cuts off who has more waiting than is kept, by number and by size, and frees it', async () => {
    for (const [size, most] of [
      [10, 1_024],
      [100_000, 10],
    ] as const) {
      const fanOut = new FanOut(systemClock);
      const [fast, slow] = [outlet(10_000), outlet(0)];
      fanOut.add(fast.subscriber);
      fanOut.add(slow.subscriber);
      for (let number = 0; number < most; number += 1) await fanOut.publish(event(number, size));
      expect(slow.state.cutOffs).toBe(0);
      for (let number = 0; number < 3; number += 1) await fanOut.publish(event(number, size));
      expect(slow.state).toMatchObject({ cutOffs: 1, heldBytes: 0 });
      expect(fast.state.got).toHaveLength(most + 3);
    }
  });

  it('gives nothing to whoever may receive nothing more, not even what waits', async () => {
    const fanOut = new FanOut(systemClock);
    const { state, subscriber } = outlet(1);
    fanOut.add(subscriber);
    await fanOut.publish(event(1));
    await fanOut.publish(event(2));
    state.mayReceive = false;
    state.left = 10;
    subscriber.flush(0);
    await fanOut.publish(event(3));
    expect(state.got).toHaveLength(1);
  });

  it('makes way for others between slices of many subscribers', async () => {
    const fanOut = new FanOut(systemClock);
    const all = Array.from({ length: 1_000 }, () => outlet(10));
    for (const { subscriber } of all) fanOut.add(subscriber);
    const publishing = fanOut.publish(event(1));
    expect(all.filter(({ state }) => state.got.length === 1)).toHaveLength(256);
    await publishing;
    expect(all.every(({ state }) => state.got.length === 1)).toBe(true);
  });
});
