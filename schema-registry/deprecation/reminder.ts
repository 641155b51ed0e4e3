import { DAY_MS, dateOf, instantOf, shifted } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { errorText } from '#kernel/log.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { readPolicy } from '../policy/policy-store.ts';
import { registryEvent, SCHEMA_AUDIENCE } from '../publication/published-event.ts';
import { listTargets } from '../target.ts';
import { usageOf } from '../usage/usage-question.ts';
import { queueWebhooks } from '../webhook/webhook-delivery.ts';
import { deprecationsOf } from './deprecation-store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql, Transaction } from '#kernel/database.ts';
import type { Log } from '#kernel/log.ts';
import type { CoordinateUsage } from '../check/result.ts';
import type { SunsetReminder } from '../events.ts';
import type { Target } from '../target.ts';
import type { Deprecation } from './deprecation-store.ts';

/** A sunset is told of so many days before, and on its day. */
export const REMINDER_DAYS: readonly SunsetReminder['daysBefore'][] = [90, 30, 7, 0];

/**
 * The reminder that is due for a sunset on a day: the nearest one that has come. One that was missed, because nobody ran
 * or the notice was shorter, is not made up for by several at once. Null before the first and after the day itself.
 */
export function dueReminder(sunsetOn: string, today: string): SunsetReminder['daysBefore'] | null {
  const days =
    (instantOf(`${sunsetOn}T00:00:00Z`).getTime() - instantOf(`${today}T00:00:00Z`).getTime()) /
    DAY_MS;
  if (days < 0) return null;
  return REMINDER_DAYS.findLast((before) => days <= before) ?? null;
}

export interface ReminderDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

/** Gives every reminder that is due and was not given yet, as an event and to webhooks; returns how many. */
export async function remindOfSunsets(deps: ReminderDeps): Promise<number> {
  let given = 0;
  for (const target of await listTargets(deps.database, null)) {
    // What keeps one target from being reminded is no reason to leave the others out.
    given += await remindTarget(deps, target).catch((error: unknown) => {
      const name = `sunset reminders of ${target.graphSlug}/${target.slug}`;
      deps.log.warn({ event: 'sweep.failed', name, error: errorText(error) });
      return 0;
    });
  }
  return given;
}

async function remindTarget(deps: ReminderDeps, target: Target): Promise<number> {
  const now = deps.clock.now();
  const due = await dueReminders(deps.database, target, dateOf(now));
  if (due.length === 0) return 0;
  const usage = await usersOf(
    deps.database,
    target,
    due.map((one) => one.deprecation.coordinate),
    now,
  );
  let given = 0;
  for (const { deprecation, daysBefore } of due) {
    const isNew = await deps.database.transaction((tx) =>
      remind(tx, {
        target,
        deprecation,
        daysBefore,
        now,
        usage: usage.get(deprecation.coordinate),
      }),
    );
    if (!isNew) continue;
    given += 1;
    const { coordinate } = deprecation;
    deps.log.info({ event: 'sunset.reminded', target: target.id, coordinate, daysBefore });
  }
  return given;
}

interface DueReminder {
  readonly deprecation: Deprecation;
  readonly daysBefore: SunsetReminder['daysBefore'];
}

/** What is due and was not given yet; asked every hour, it is nothing nearly always, and then nothing else is asked. */
async function dueReminders(sql: Sql, target: Target, today: string): Promise<DueReminder[]> {
  const due = (await deprecationsOf(sql, target.id, { ended: false })).flatMap((deprecation) => {
    const { sunsetOn } = deprecation;
    const daysBefore = sunsetOn === null ? null : dueReminder(sunsetOn, today);
    return daysBefore === null ? [] : [{ deprecation, daysBefore }];
  });
  if (due.length === 0) return due;
  const given = await sql.query<{ key: string }>(
    `select concat_ws(' ', coordinate, sunset_on::text, days_before) as key from sunset_reminder where target_id = $1`,
    [target.id],
  );
  const keys = new Set(given.map(({ key }) => key));
  return due.filter(
    ({ deprecation: { coordinate, sunsetOn }, daysBefore }) =>
      !keys.has([coordinate, sunsetOn, daysBefore].join(' ')),
  );
}

async function usersOf(
  sql: Sql,
  target: Target,
  coordinates: readonly string[],
  now: Date,
): Promise<Map<string, CoordinateUsage>> {
  const { windowDays, excludedClients } = (await readPolicy(sql, target)).usage;
  const since = shifted(now, -windowDays * DAY_MS);
  return usageOf(sql, { targetIds: [target.id], since, excludedClients, coordinates });
}

async function remind(
  tx: Transaction,
  of: {
    readonly target: Target;
    readonly deprecation: Deprecation;
    readonly daysBefore: SunsetReminder['daysBefore'];
    readonly usage: CoordinateUsage | undefined;
    readonly now: Date;
  },
): Promise<boolean> {
  const { target, deprecation, daysBefore, now } = of;
  const rows = await tx.query(
    `insert into sunset_reminder (target_id, coordinate, sunset_on, days_before, reminded_at)
     values ($1, $2, $3, $4, $5) on conflict do nothing returning 1`,
    [target.id, deprecation.coordinate, deprecation.sunsetOn, daysBefore, now],
  );
  if (rows.length === 0) return false;
  const event = reminderEvent(of);
  await appendEvents(tx, [event]);
  await queueWebhooks(tx, target.id, event, now);
  return true;
}

function reminderEvent({
  target,
  deprecation,
  daysBefore,
  usage,
}: Parameters<typeof remind>[1]): ReturnType<typeof registryEvent> {
  const correlationId = newId();
  const { coordinate, sunsetOn, replacement, owner } = deprecation;
  return registryEvent(
    { correlationId, causationId: correlationId, traceparent: null, actorId: 'schema-registry' },
    {
      type: 'concord.schema.sunset-approaching.v1',
      document: {
        type: 'Deprecation',
        id: `${target.id}:${coordinate}`,
        number: coordinate,
        status: daysBefore === 0 ? 'DUE' : 'APPROACHING',
      },
      // 90 → 1, 30 → 2, 7 → 3, the day → 4.
      sequence: REMINDER_DAYS.indexOf(daysBefore) + 1,
      audience: SCHEMA_AUDIENCE,
      data: {
        graph: target.graphSlug,
        target: target.slug,
        coordinate,
        sunsetOn: sunsetOn ?? '',
        daysBefore,
        replacement,
        owner,
        clients: [...new Set(usage?.clients.map(({ name }) => name))],
      } satisfies SunsetReminder,
    },
  );
}
