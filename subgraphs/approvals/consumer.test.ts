import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { silentLog } from '#kernel/log.ts';
import { pause } from '#kernel/shutdown.ts';
import { startConsumer } from '#kernel/inbox.ts';
import { CONSUMER_NAME, createHandlers } from './consumer.ts';
import { MIGRATIONS, eventOf, submissionOf, tickingClock } from './graph-world.ts';
import { insertPolicies } from './store/policies.ts';
import { latestRoundForUpdate } from './store/requests.ts';
import { MANAGER_STAGE, document, policy, rule } from './world.ts';
import type { EventBus } from '#kernel/bus.ts';
import type { Database } from '#kernel/database.ts';
import type { Consumer } from '#kernel/inbox.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { DocumentUnderApproval } from './document.ts';

const clock = tickingClock();
let db: TestDatabase;
let database: Database;
let bus: EventBus;
let consumer: Consumer;

beforeAll(async () => {
  db = await createTestDatabase();
  database = await db.open('approvals', MIGRATIONS);
  bus = await db.openBus();
  await insertPolicies(database, [
    policy({
      rules: [
        rule({ stages: [MANAGER_STAGE] }),
        rule({ position: 2, documentType: 'PURCHASE_ORDER' }),
      ],
    }),
  ]);
  consumer = await startConsumer({
    name: CONSUMER_NAME,
    database,
    bus,
    handlers: createHandlers(clock),
    clock,
    log: silentLog,
  });
});
afterAll(async () => {
  await consumer.close();
  await db[Symbol.asyncDispose]();
});

async function taken(eventId: string): Promise<void> {
  for (let tries = 0; tries < 3_000; tries += 1) {
    const rows = await database.query('select 1 from inbox where event_id = $1', [eventId]);
    if (rows.length > 0) return;
    await pause(20);
  }
  throw new Error(`The event ${eventId} was not taken within a minute.`);
}

async function publish(...events: Parameters<EventBus['publish']>[0]): Promise<void> {
  await bus.publish(events);
  for (const event of events) await taken(event.id);
}

function costCentre(id: string, managerId: string, sequence = 1) {
  const about = document({ documentId: id, documentVersion: sequence, costCentreId: id });
  return eventOf(
    sequence === 1 ? 'concord.cost-centre.created.v1' : 'concord.cost-centre.changed.v1',
    {
      costCentreId: id,
      companyCode: 'DE01',
      code: id.slice(5),
      name: id,
      managerId,
      status: 'ACTIVE',
    },
    about,
    clock,
  );
}

async function state(documentId: string): Promise<unknown> {
  const request = await latestRoundForUpdate(database, documentId);
  return request === null
    ? null
    : [request.round, request.status, request.document.documentVersion];
}

async function told(documentId: string) {
  return database.query<{
    type: string;
    correlation: string;
    cause: string;
    centre: string;
    owner: string;
    company: string;
    status: string;
    version: string;
    pending: string[];
  }>(
    `select cloud_event->>'type' as type, cloud_event->>'correlationid' as correlation, cloud_event->>'causationid' as cause,
       cloud_event->>'costcentre' as centre, cloud_event->>'ownerid' as owner, cloud_event->>'companycode' as company,
       cloud_event->>'documentstatus' as status, cloud_event->'data'->>'documentVersion' as version,
       cloud_event->'data'->'pendingApproverIds' as pending
     from outbox where cloud_event->'data'->>'documentId' = $1 order by position`,
    [documentId],
  );
}

describe('a submitted document', () => {
  it("opens a round for its cost centre's manager, told with the document's thread and audience", async () => {
    const wanted = document({ documentId: 'r-1' });
    const submitted = submissionOf(wanted, clock);
    await publish(costCentre('DE01-4100', 'maria'), submitted);
    expect(await state('r-1')).toEqual([1, 'PENDING_APPROVAL', 3]);
    expect(await told('r-1')).toEqual([
      {
        type: 'concord.approval.requested.v1',
        correlation: 'thread-r-1',
        cause: submitted.id,
        centre: 'DE01-4100',
        owner: 'rike',
        company: 'DE01',
        status: 'PENDING_APPROVAL',
        version: '3',
        pending: ['maria'],
      },
    ]);
  });

  it('told twice in other words opens nothing; told anew replaces the round that waits', async () => {
    await publish(submissionOf(document({ documentId: 'r-2' }), clock));
    await publish(submissionOf(document({ documentId: 'r-2' }), clock));
    expect(await state('r-2')).toEqual([1, 'PENDING_APPROVAL', 3]);
    await publish(
      submissionOf(
        document({ documentId: 'r-2', documentVersion: 4, documentHash: 'hash-4' }),
        clock,
      ),
    );
    expect(await state('r-2')).toEqual([2, 'PENDING_APPROVAL', 4]);
    expect((await told('r-2')).map((event) => [event.type, event.version])).toEqual([
      ['concord.approval.requested.v1', '3'],
      ['concord.approval.withdrawn.v1', '3'],
      ['concord.approval.requested.v1', '4'],
    ]);
  });

  it('may be a change of an order, whose author may not approve it either', async () => {
    await publish(
      submissionOf(
        document({ documentType: 'PURCHASE_ORDER', documentId: 'o-1', submitterId: 'bruno' }),
        clock,
      ),
    );
    expect(await state('o-1')).toEqual([1, 'PENDING_APPROVAL', 3]);
    await publish(
      submissionOf(
        document({ documentType: 'PURCHASE_ORDER', documentId: 'o-2', submitterId: 'anton' }),
        clock,
      ),
    );
    expect(await state('o-2')).toEqual([1, 'UNROUTABLE', 3]);
  });
});

describe('a withdrawn or cancelled document', () => {
  const END: readonly (readonly [string, Partial<DocumentUnderApproval>])[] = [
    ['concord.requisition.withdrawn.v1', {}],
    ['concord.purchase-order.cancelled.v1', { documentType: 'PURCHASE_ORDER' }],
  ];

  it.each(END)('%s ends its round, once, and comes again as a new one', async (type, over) => {
    const wanted = document({ ...over, documentId: `w-${type}` });
    await publish(
      submissionOf(wanted, clock),
      eventOf(type, {}, wanted, clock),
      eventOf(type, {}, wanted, clock),
    );
    expect(await state(wanted.documentId)).toEqual([1, 'WITHDRAWN', 3]);
    expect(await told(wanted.documentId)).toHaveLength(2);
    await publish(submissionOf({ ...wanted, documentVersion: 5 }, clock));
    expect(await state(wanted.documentId)).toEqual([2, 'PENDING_APPROVAL', 5]);
  });

  it('that was never submitted changes nothing', async () => {
    await publish(
      eventOf('concord.requisition.withdrawn.v1', {}, document({ documentId: 'never' }), clock),
    );
    expect(await state('never')).toBeNull();
  });
});

describe('the managers of cost centres', () => {
  it('route what waited for them as soon as they are known, and an older word does not replace a newer one', async () => {
    await publish(submissionOf(document({ documentId: 'm-1', costCentreId: 'DE01-7000' }), clock));
    expect(await state('m-1')).toEqual([1, 'UNROUTABLE', 3]);
    await publish(costCentre('DE01-7000', 'nora', 2), costCentre('DE01-7000', 'olaf', 1));
    expect(await state('m-1')).toEqual([1, 'PENDING_APPROVAL', 3]);
    expect((await told('m-1')).map((event) => [event.type, event.pending])).toEqual([
      ['concord.approval.unroutable.v1', []],
      ['concord.approval.requested.v1', ['nora']],
    ]);
    const later = document({ documentId: 'm-2', costCentreId: 'DE01-7000' });
    await publish(submissionOf(later, clock));
    expect((await told('m-2')).map((event) => event.pending)).toEqual([['nora']]);
  });
});

describe('an event that cannot be taken', () => {
  const parkedFacts = () =>
    database.query<{ type: string; data: unknown }>(
      `select cloud_event->>'type' as type, cloud_event->'data' as data from outbox
       where cloud_event->>'type' like 'concord.consumer.%' order by position`,
    );
  const asked = (consumer: string) =>
    eventOf(
      'concord.consumer.retry-requested.v1',
      { consumer, documentId: 'bad', exceptionId: 'x-1' },
      document({ documentId: 'x-1' }),
      clock,
    );

  it('is parked and told of while others go on, and a retry tells its outcome', async () => {
    const unread = eventOf(
      'concord.requisition.submitted.v1',
      { total: { amount: 'much', currency: 'EUR' } },
      document({ documentId: 'bad' }),
      clock,
    );
    const behind = submissionOf(document({ documentId: 'bad', documentVersion: 4 }), clock);
    const good = submissionOf(document({ documentId: 'good' }), clock);
    await bus.publish([unread, behind, good]);
    await taken(good.id);
    expect([await state('bad'), await state('good')]).toEqual([null, [1, 'PENDING_APPROVAL', 3]]);
    expect(await parkedFacts()).toMatchObject([
      {
        type: 'concord.consumer.event-parked.v1',
        data: { consumer: 'approvals', eventId: unread.id, documentId: 'bad' },
      },
    ]);

    await publish(asked('invoices'), asked('approvals'));
    expect((await parkedFacts()).map((fact) => fact.type)).toEqual([
      'concord.consumer.event-parked.v1',
      'concord.consumer.event-parked.v1',
    ]);

    await database.query(
      `update inbox_parked set cloud_event = jsonb_set(cloud_event, '{data}', $2::jsonb) where event_id = $1`,
      [unread.id, JSON.stringify(submissionOf(document({ documentId: 'bad' }), clock).data)],
    );
    await publish(asked('approvals'));
    expect(await state('bad')).toEqual([2, 'PENDING_APPROVAL', 4]);
    expect((await parkedFacts()).at(-1)).toMatchObject({
      type: 'concord.consumer.parked-taken.v1',
      data: { consumer: 'approvals', documentId: 'bad' },
    });
  });
});
