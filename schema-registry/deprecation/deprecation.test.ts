import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { Webhook } from 'standardwebhooks';
import { Secret } from '#kernel/config.ts';
import { dateOf, instantOf } from '#kernel/clock.ts';
import { silentLog } from '#kernel/log.ts';
import { architect, createCoreWorld, errorsIn, findingsOf, withoutRules } from '../core-world.ts';
import { createFreezeWindow } from '../freeze-window/freeze-window-command.ts';
import { createWebhook } from '../webhook/webhook.ts';
import { deliverWebhooks, sweepDeliveries } from '../webhook/webhook-delivery.ts';
import { deprecationsOf } from './deprecation-store.ts';
import { dueReminder, remindOfSunsets } from './reminder.ts';
import { daysLater } from './sunset-rule.ts';
import type { AddressInfo } from 'node:net';
import type { CoreWorld } from '../core-world.ts';

const base = (field: string): string =>
  `type Query { order: Order } type Order @key(fields: "id") { id: ID! ${field} }`;
const OLD = base('old: String');
const GONE = base('');
const ending = (on: string): string =>
  base(
    `old: String @deprecated(reason: "Use id.") @sunset(on: "${on}", replacement: "Order.id", owner: "orders")`,
  );

describe('announcing an end', () => {
  let world: CoreWorld;
  const today = (): string => dateOf(world.now());
  beforeAll(async () => {
    world = await createCoreWorld();
    await world.publish({ orders: OLD });
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  it('needs a date, and says the earliest', async () => {
    const result = await world.check({
      orders: base('old: String @deprecated(reason: "Use id.")'),
    });
    expect(errorsIn(result)).toEqual(['DEPRECATION SUNSET_MISSING Order.old']);
    expect(findingsOf(result, 'DEPRECATION')[0]?.message).toContain(daysLater(today(), 90));
  });

  it.each([
    ['89 days of notice are too few', 89, ['DEPRECATION SUNSET_TOO_SOON Order.old']],
    ['90 days are enough', 90, []],
  ])('%s', async (_name, days, errors) => {
    const result = await world.check({ orders: ending(daysLater(today(), days)) });
    expect(errorsIn(result)).toEqual(errors);
  });

  it('is told where it stands in the SDL that was sent', async () => {
    const [finding] = findingsOf(
      await world.check({ orders: ending(daysLater(today(), 1)).replace(' old:', '\n  old:') }),
      'DEPRECATION',
    );
    expect(finding).toMatchObject({ subgraph: 'orders', column: 3 });
  });

  it('refuses a date that is none', async () => {
    expect(errorsIn(await world.check({ orders: ending('2027-02-30') }))).toEqual([
      'DEPRECATION SUNSET_DATE_INVALID Order.old',
    ]);
  });

  it('avoids freeze windows, as a period close is', async () => {
    const on = daysLater(today(), 120);
    const created = await createFreezeWindow(
      { ...world.deps, principal: architect('ada') },
      {
        idempotencyKey: 'close',
        target: { graph: 'shop', target: 'production' },
        kind: 'SUNSET',
        startsAt: instantOf(`${on}T00:00:00Z`),
        endsAt: instantOf(`${daysLater(on, 3)}T00:00:00Z`),
        reason: 'Year-end close',
      },
    );
    expect(created.ok).toBe(true);
    expect(errorsIn(await world.check({ orders: ending(daysLater(on, 2)) }))).toEqual([
      'DEPRECATION SUNSET_IN_FREEZE_WINDOW Order.old',
    ]);
    expect(errorsIn(await world.check({ orders: ending(daysLater(on, 3)) }))).toEqual([]);
  });

  it('moves later and never earlier; taken back and announced again, notice starts again', async () => {
    const on = daysLater(today(), 100);
    await world.publish({ orders: ending(on) });
    expect(errorsIn(await world.check({ orders: ending(daysLater(on, -1)) }))).toEqual([
      'DEPRECATION SUNSET_MOVED_EARLIER Order.old',
    ]);
    await world.publish({ orders: ending(daysLater(on, 5)) });
    world.silence(50);
    await world.publish({ orders: OLD });
    expect(errorsIn(await world.check({ orders: ending(daysLater(on, 5)) }))).toEqual([
      'DEPRECATION SUNSET_TOO_SOON Order.old',
    ]);
    const { id } = await world.target();
    expect(await deprecationsOf(world.database, id, { ended: true })).toMatchObject([
      {
        coordinate: 'Order.old',
        endedAs: 'WITHDRAWN',
        sunsetOn: daysLater(on, 5),
        owner: 'orders',
      },
    ]);
  });
});

describe('removing something', () => {
  let world: CoreWorld;
  const today = (): string => dateOf(world.now());
  beforeEach(async () => {
    world = await createCoreWorld();
    await world.publish({ orders: OLD });
  });
  afterEach(async () => world[Symbol.asyncDispose]());

  const refusal = async (): Promise<string> =>
    findingsOf(await world.check({ orders: GONE }), 'DEPRECATION')[0]?.message ?? 'passed';

  it('is refused when it was never announced, however unused', async () => {
    await world.pass(40);
    const result = await world.check({ orders: GONE });
    expect(errorsIn(result)).toEqual(['DEPRECATION REMOVED_WITHOUT_SUNSET Order.old']);
    expect(await refusal()).toContain(`Earliest possible date: ${daysLater(today(), 91)}`);
  });

  it('is refused until the day after its sunset', async () => {
    const on = daysLater(today(), 90);
    await world.publish({ orders: ending(on) });
    await world.pass(90);
    expect(today()).toBe(on);
    expect(await refusal()).toContain(
      `its sunset is on ${on} and has not passed. Earliest possible date: ${daysLater(on, 1)}`,
    );
    await world.pass(1);
    expect(errorsIn(await world.check({ orders: GONE }))).toEqual([]);
  });

  it('is refused while it is used, with who uses it and until when', async () => {
    const on = daysLater(today(), 90);
    await world.publish({ orders: ending(on) });
    await world.pass(95, [
      { client: 'portal', coordinates: ['Query.order', 'Order.old'], requests: 3 },
    ]);
    const lastUsed = daysLater(today(), -1);
    const result = await world.check({ orders: GONE });
    expect(errorsIn(result)).toEqual(['DEPRECATION STILL_IN_USE Order.old']);
    expect(await refusal()).toContain(`used by portal 1.0 (90 requests, last ${lastUsed})`);
    expect(await refusal()).toContain(`Earliest possible date: ${daysLater(lastUsed, 31)}`);
    await world.pass(29);
    expect(errorsIn(await world.check({ orders: GONE }))).toEqual([
      'DEPRECATION STILL_IN_USE Order.old',
    ]);
    await world.pass(1);
    expect(errorsIn(await world.check({ orders: GONE }))).toEqual([]);
  });

  it('is refused while usage was not reported: "nobody used it" is not "nobody told us"', async () => {
    await world.publish({ orders: ending(daysLater(today(), 90)) });
    world.silence(100);
    expect(errorsIn(await world.check({ orders: GONE }))).toEqual([
      'DEPRECATION USAGE_NOT_REPORTED Order.old',
    ]);
    await world.pass(20);
    const message = await refusal();
    expect(message).toContain('usage was not reported on');
    expect(message).toContain('by any gateway');
    await world.pass(11);
    expect(errorsIn(await world.check({ orders: GONE }))).toEqual([]);
  });

  it('ends the calendar entry when it is published', async () => {
    await world.publish({ orders: ending(daysLater(today(), 90)) });
    await world.pass(91);
    const published = await world.publish({ orders: GONE });
    expect(published.version.version).toBe('2.0.0');
    const { id } = await world.target();
    expect(await deprecationsOf(world.database, id, { ended: true })).toMatchObject([
      { coordinate: 'Order.old', endedAs: 'REMOVED', endedOn: today() },
    ]);
  });

  it('with its whole type asks about the fields that led to it', async () => {
    await world.publish({
      orders: `${OLD} type Note { text: String } extend type Order { note: Note }`,
    });
    await world.pass(40);
    expect(errorsIn(await world.check({ orders: OLD }))).toEqual([
      'DEPRECATION REMOVED_WITHOUT_SUNSET Order.note',
    ]);
  });

  it.each([
    [
      'a member of a union',
      'type Query { s: S } union S = A | B type A { x: Int } type B { y: Int }',
      'type Query { s: S } union S = A type A { x: Int }',
      'B',
    ],
    [
      'an implementor of an interface',
      'type Query { n: N } interface N { id: ID } type A implements N { id: ID } type B implements N { id: ID }',
      'type Query { n: N } interface N { id: ID } type A implements N { id: ID }',
      'B',
    ],
    [
      'a root type',
      'type Query { n: Int } type Mutation { go: Int }',
      'type Query { n: Int }',
      'Mutation',
    ],
    [
      'a type that got another name',
      'type Query { n: Note } type Note { text: String }',
      'type Query { n: Remark } type Remark { text: String }',
      'Note',
    ],
    [
      'an enum that got another name',
      'type Query { n(e: E): Int } enum E { A B }',
      'type Query { n(e: F): Int } enum F { A }',
      'E',
    ],
  ])('asks about %s as it asks about fields', async (_what, before, after, gone) => {
    const target = await world.target('staging');
    await withoutRules(world.database, target);
    await world.publish({ a: before }, { target });
    await withoutRules(world.database, target, { deprecation: { removalGated: true } });
    const result = await world.check({ a: after }, { target });
    expect(errorsIn(result)).toContain(`DEPRECATION REMOVED_WITHOUT_SUNSET ${gone}`);
  });

  it('of a type is possible once all that lies in it was announced and is unused', async () => {
    const notes = (on: string): string => `type Query { n: Note } type Note { text: String ${on} }`;
    const end = `@deprecated(reason: "x") @sunset(on: "${daysLater(today(), 90)}", owner: "x")`;
    await world.publish({ notes: notes(end) });
    await world.pass(91);
    const renamed = 'type Query { n: Remark } type Remark { text: String }';
    expect(errorsIn(await world.check({ notes: renamed }))).toEqual([]);
    await world.pass(1, [{ client: 'portal', coordinates: ['Query.n', 'Note', 'Note.text'] }]);
    expect(errorsIn(await world.check({ notes: renamed }))).toContain(
      'DEPRECATION STILL_IN_USE Note',
    );
  });

  it('waits for the latest of several dates, and for one that stood beside a deprecation', async () => {
    const [soon, late] = [daysLater(today(), 90), daysLater(today(), 120)];
    const field = (on: string): string =>
      `type Query { m: Int @shareable @deprecated(reason: "x") @sunset(on: "${on}", owner: "x") }`;
    await world.publish({ a: field(soon), b: field(late) });
    await world.publish({ c: `type Query { s: Int @sunset(on: "${soon}", owner: "x") }` });
    await world.pass(100);
    const result = await world.check({ c: 'type Query { t: Int }' }, { retire: ['a', 'b'] });
    expect(errorsIn(result)).toEqual([
      'DEPRECATION SUNSET_NOT_PASSED Query.m',
      'DEPRECATION REMOVED_WITHOUT_SUNSET Query.s',
    ]);
    const told = `type Query { s: Int @deprecated(reason: "x") @sunset(on: "${soon}", owner: "x") }`;
    expect(errorsIn(await world.check({ c: told }))).toEqual([
      'DEPRECATION SUNSET_TOO_SOON Query.s',
    ]);
  });

  it('goes through where a target does not gate it', async () => {
    await withoutRules(world.database, await world.target(), {
      deprecation: { removalGated: false },
    });
    await world.pass(40);
    expect(errorsIn(await world.check({ orders: GONE }))).toEqual([]);
  });
});

describe('reminders', () => {
  it.each([
    [91, null],
    [90, 90],
    [89, 90],
    [30, 30],
    [8, 30],
    [7, 7],
    [1, 7],
    [0, 0],
    [-1, null],
  ])('%i days before, the reminder of %s days is due', (days, due) => {
    expect(dueReminder(daysLater('2026-11-25', days), '2026-11-25')).toBe(due);
  });

  it('are given once each, as events and as signed webhooks that survive a receiver that is down', async () => {
    await using world = await createCoreWorld();
    const received: { body: string; headers: Record<string, string> }[] = [];
    let status = 503;
    const receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (piece) => (body += String(piece)));
      request.on('end', () => {
        if (status === 200)
          received.push({ body, headers: request.headers as Record<string, string> });
        response.writeHead(status).end();
      });
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    try {
      const registrySecret = new Secret('0123456789abcdef0123456789abcdef');
      const { port } = receiver.address() as AddressInfo;
      const created = await createWebhook(
        {
          ...world.deps,
          principal: architect('ada'),
          target: await world.target(),
          registrySecret,
        },
        {
          url: `http://127.0.0.1:${port}/news`,
          eventTypes: ['concord.schema.sunset-approaching.v1'],
        },
      );
      if (!created.ok) throw new Error(created.problem.message);
      await world.publish({ orders: OLD });
      await world.publish({ orders: ending(daysLater(dateOf(world.now()), 90)) });
      const deps = { ...world.deps, log: silentLog, registrySecret };
      expect(await remindOfSunsets(deps)).toBe(1);
      expect(await remindOfSunsets(deps)).toBe(0);
      expect(await deliverWebhooks(deps)).toBe(1);
      expect(await deliverWebhooks(deps)).toBe(0);
      status = 200;
      world.silence(1);
      expect(await deliverWebhooks(deps)).toBe(1);
      const [message] = received;
      if (message === undefined) throw new Error('nothing was received');
      // The simulated clock is behind the verifier's: the signature is checked over the very bytes.
      const signer = new Webhook(created.value.secret);
      const at = new Date(Number(message.headers['webhook-timestamp']) * 1000);
      expect(signer.sign(message.headers['webhook-id'] ?? '', at, message.body)).toBe(
        message.headers['webhook-signature'],
      );
      expect(JSON.parse(message.body)).toMatchObject({
        type: 'concord.schema.sunset-approaching.v1',
        data: { coordinate: 'Order.old', daysBefore: 90, replacement: 'Order.id', owner: 'orders' },
      });
      world.silence(59);
      await remindOfSunsets(deps);
      world.silence(23);
      await remindOfSunsets(deps);
      world.silence(7);
      await remindOfSunsets(deps);
      const given = await world.database.query<{ days: number }>(
        'select days_before as days from sunset_reminder order by days desc',
      );
      expect(given.map(({ days }) => days)).toEqual([90, 30, 7, 0]);
      world.silence(1);
      const kept = async (): Promise<number> =>
        (await world.database.query('select from webhook_delivery')).length;
      const all = await kept();
      await deliverWebhooks(deps);
      const forgotten = await sweepDeliveries(deps);
      expect(forgotten).toBeGreaterThan(0);
      expect(await kept()).toBe(all - forgotten);
      expect(await sweepDeliveries(deps)).toBe(0);
      // As if one had been queued while the webhook was being removed.
      await world.database.query('update webhook set removed_at = $1', [world.now()]);
      expect(await deliverWebhooks(deps)).toBe(0);
    } finally {
      receiver.close();
    }
  });
});
