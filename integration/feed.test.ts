import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startFeed } from '#kernel/bus-feed.ts';
import { newId } from '#kernel/id.ts';
import { pause } from '#kernel/shutdown.ts';
import { createTestDatabase } from '../tests/support/test-database.ts';
import { happened } from '../tests/support/house-events.ts';
import { until, viewerOf } from '../tests/support/integration-world.ts';
import { mayRead, subjectIdOf, summaryOf } from './status-event.ts';
import type { EventBus } from '#kernel/bus.ts';
import type { Feed, FeedItem, Subscription } from '#kernel/bus-feed.ts';
import type { TestDatabase } from '../tests/support/test-database.ts';

let db: TestDatabase;
let bus: EventBus;
let feed: Feed;
beforeAll(async () => {
  db = await createTestDatabase();
  bus = await db.openBus();
  feed = await startFeed({ bus, queueMax: 20 });
});
afterAll(async () => {
  await feed.close();
  await db[Symbol.asyncDispose]();
});

const event = (documentId: string = newId()) =>
  happened('concord.requisition.submitted.v1', { type: 'Requisition', id: documentId }, {});
const everything = (after: bigint | null, signal: AbortSignal): Subscription => ({
  after,
  signal,
  wanted: () => true,
});

/** Reads into a list until it is stopped. */
function collect(items: AsyncGenerator<FeedItem, void>): {
  readonly seen: FeedItem[];
  readonly ended: Promise<void>;
} {
  const seen: FeedItem[] = [];
  const ended = (async () => {
    for await (const item of items) seen.push(item);
  })();
  return { seen, ended };
}

const positionsOf = (items: readonly FeedItem[]): bigint[] =>
  items.flatMap((item) => (item.kind === 'event' ? [item.entry.position] : []));

describe('the feed', () => {
  it('begins now without a position', async () => {
    await bus.publish([event()]);
    const { newest } = await bus.bounds();
    await until(() => feed.head() === newest);
    const stop = new AbortController();
    const reader = collect(feed.subscribe(everything(null, stop.signal)));
    await until(() => feed.readers() === 1);
    await bus.publish([event()]);
    await until(() => reader.seen.length === 1);
    expect(positionsOf(reader.seen)).toEqual([newest + 1n]);
    stop.abort();
    await reader.ended;
    expect(feed.readers()).toBe(0);
  });

  it('is resumed without loss or repeat across random disconnects while events are published', async () => {
    const start = (await bus.bounds()).newest;
    const publishing = { is: true };
    const publisher = (async () => {
      for (let round = 0; round < 60; round += 1) {
        await bus.publish(Array.from({ length: 1 + (round % 9) }, () => event()));
        await pause(5);
      }
      publishing.is = false;
    })();
    const received: bigint[] = [];
    const reasons = new Set<string>();
    let after = start;
    while (publishing.is || received.at(-1) !== (await bus.bounds()).newest) {
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(), 5 + Math.random() * 40);
      for await (const item of feed.subscribe(everything(after, stop.signal))) {
        if (item.kind === 'gap') {
          reasons.add(item.reason);
          after = item.resumeAfter;
          continue;
        }
        received.push(item.entry.position);
        after = item.entry.position;
      }
      clearTimeout(timer);
    }
    await publisher;
    const { newest } = await bus.bounds();
    const expected = Array.from(
      { length: Number(newest - start) },
      (_, index) => start + BigInt(index) + 1n,
    );
    expect(received).toEqual(expected);
    expect([...reasons].filter((reason) => reason !== 'READER_TOO_SLOW')).toEqual([]);
  });

  it('tells a slow reader and ends it, while the others get everything; it resumes without loss', async () => {
    const start = (await bus.bounds()).newest;
    const stop = new AbortController();
    await until(() => feed.head() === start);
    const slow = feed.subscribe(everything(null, stop.signal));
    const quick = collect(feed.subscribe(everything(null, stop.signal)));
    const first = slow.next();
    await until(() => feed.readers() === 2);
    for (let round = 0; round < 10; round += 1) {
      await bus.publish(Array.from({ length: 8 }, () => event()));
      await until(() => quick.seen.length === (round + 1) * 8);
    }
    expect(positionsOf(quick.seen)).toHaveLength(80);
    const given = await first;
    expect(given.value).toMatchObject({ kind: 'event' });
    const told = (await slow.next()).value;
    expect(told).toMatchObject({
      kind: 'gap',
      reason: 'READER_TOO_SLOW',
      missedFrom: start + 2n,
      resumesAt: null,
      resumeAfter: start + 1n,
    });
    expect((await slow.next()).done).toBe(true);
    expect(feed.readers()).toBe(1);
    const again = collect(feed.subscribe(everything(start + 1n, stop.signal)));
    await until(() => again.seen.length === 79);
    stop.abort();
    await Promise.all([quick.ended, again.ended]);
  });

  it('says first what is no longer kept, then goes on', async () => {
    await bus.publish([event(), event()]);
    const { newest } = await bus.bounds();
    await pause(5);
    expect(await bus.trim(new Date())).toBeGreaterThan(0);
    await bus.publish([event(), event()]);
    const stop = new AbortController();
    const reader = collect(feed.subscribe(everything(3n, stop.signal)));
    await until(() => reader.seen.length === 3);
    stop.abort();
    await reader.ended;
    expect(reader.seen[0]).toEqual({
      kind: 'gap',
      reason: 'NO_LONGER_KEPT',
      missedFrom: 4n,
      resumesAt: newest + 1n,
      resumeAfter: newest,
    });
    expect(positionsOf(reader.seen)).toEqual([newest + 1n, newest + 2n]);
  });
});

describe('who may read an event', () => {
  const requisition = event('r1');
  it.each([
    [
      'a requestor of the company and cost centre',
      viewerOf(['requestor'], { companies: ['DE01'], costCentres: ['DE01-4100'] }),
      true,
    ],
    [
      'a requestor of another cost centre',
      viewerOf(['requestor'], { companies: ['DE01'], costCentres: ['DE01-9999'] }),
      false,
    ],
    [
      'its owner, whatever the cost centre',
      viewerOf(['requestor'], { id: 'requestor', companies: ['DE01'], costCentres: [] }),
      true,
    ],
    ['a requestor of another company', viewerOf(['requestor'], { companies: ['US01'] }), false],
    ['an architect, who has no documents', viewerOf(['architect']), false],
    ['a supplier steward', viewerOf(['supplier-steward']), false],
  ])('%s: %s', (_name, viewer, expected) => {
    expect(mayRead(viewer, requisition)).toBe(expected);
  });

  it('shows suppliers to whoever may read suppliers, bank changes only to whoever may read bank data', () => {
    const everywhere = { companyCode: '*', costCentreId: null, ownerId: null };
    const created = happened(
      'concord.supplier.created.v1',
      { type: 'Supplier', id: 's' },
      {},
      { audience: everywhere },
    );
    const bank = happened(
      'concord.supplier.bank-change-proposed.v1',
      { type: 'Supplier', id: 's' },
      {},
      { audience: everywhere },
    );
    const requestor = viewerOf(['requestor'], { companies: ['DE01'], costCentres: [] });
    expect([mayRead(requestor, created), mayRead(requestor, bank)]).toEqual([true, false]);
    expect(mayRead(viewerOf(['supplier-steward'], { companies: [] }), bank)).toBe(true);
  });

  it('shows a document type that nobody has named to nobody', () => {
    const strange = happened('concord.strange.happened.v1', { type: 'Strange', id: 'x' }, {});
    expect(mayRead(viewerOf(['finance-operations', 'auditor']), strange)).toBe(false);
  });
});

describe('what people read of an event', () => {
  it('names the document under approval and who holds it', () => {
    const data = {
      documentType: 'PURCHASE_ORDER',
      documentId: 'po',
      pendingApproverIds: ['ann', 'bob'],
    };
    const asked = happened(
      'concord.approval.requested.v1',
      { type: 'ApprovalRequest', id: 'a', number: 'PO-1' },
      data,
    );
    expect(summaryOf(asked)).toBe(
      'Purchase order PO-1 was sent for approval; waiting for ann, bob.',
    );
    expect(subjectIdOf(asked)).toBe('po');
  });
  it('carries holds and ERP numbers', () => {
    const held = happened(
      'concord.invoice.held.v1',
      { type: 'Invoice', id: 'i', number: 'INV-1' },
      { holds: ['NO_RECEIPT'] },
    );
    expect(summaryOf(held)).toBe('Invoice INV-1 is on hold (NO_RECEIPT).');
    const posted = happened(
      'concord.invoice.posted.v1',
      { type: 'Invoice', id: 'i', number: 'INV-1' },
      { holds: [], erpNumber: '51/2026' },
    );
    expect(summaryOf(posted)).toBe('Invoice INV-1 is posted as 51/2026.');
  });
});
