import { accepted, invalidInput, notFound, refused } from '#kernel/problem.ts';
import { requireAction, scopeOf } from '../access/principal.ts';
import { appendHistory } from '../history/history.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { InvalidInput, NotFound, Result } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';
import type { Target } from '../target.ts';

/** A client that was seen, or pinned before it was. */
export interface Client {
  readonly targetId: string;
  readonly name: string;
  readonly firstSeenAt: Date | null;
  readonly lastSeenAt: Date | null;
  readonly versions: readonly ClientVersion[];
  readonly pin: ClientPin | null;
}

export interface ClientVersion {
  readonly version: string;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
}

/** Keeps a client on a major version of the supergraph for as long as the policy serves it. */
export interface ClientPin {
  readonly client: string;
  readonly major: number;
  readonly reason: string;
  readonly pinnedBy: string;
  readonly pinnedAt: Date;
}

/** What a command on a target needs to know of its caller. */
export interface UsageCommand {
  readonly database: Database;
  readonly clock: Clock;
  readonly principal: Principal;
  readonly target: Target;
}

const NAME_LENGTH_MAX = 200;
const REASON_LENGTH_MAX = 1000;
/** Versions told per client, the newest sights first; the client's own first and last sight are of all. */
const VERSIONS_MAX = 100;

/** The clients of a target by name, after `after`. */
export async function clientsOf(
  sql: Sql,
  page: {
    readonly targetId: string;
    readonly first: number;
    readonly after: string | null;
    readonly name?: string;
  },
): Promise<Client[]> {
  const rows = await sql.query<Omit<Client, 'versions'>>(
    `with seen as (
       select client as name, min(first_seen_at) as first_seen_at, max(last_seen_at) as last_seen_at
       from client_version where target_id = $1 and ($4::text is null or client = $4) group by client
     ), pinned as (
       select client as name, client, major, reason, pinned_by as "pinnedBy", pinned_at as "pinnedAt"
       from client_pin where target_id = $1 and ($4::text is null or client = $4)
     )
     select $1 as "targetId", name, first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt",
       case when pinned.client is not null then to_jsonb(pinned) - 'name' end as pin
     from seen full join pinned using (name) where $2::text is null or name > $2 order by name limit $3`,
    [page.targetId, page.after, page.first, page.name ?? null],
  );
  const versions = await versionsOf(
    sql,
    page.targetId,
    rows.map(({ name }) => name),
  );
  return rows.map((row) => ({
    ...row,
    pin: row.pin === null ? null : { ...row.pin, pinnedAt: new Date(row.pin.pinnedAt) },
    versions: versions.get(row.name) ?? [],
  }));
}

async function versionsOf(
  sql: Sql,
  targetId: string,
  clients: readonly string[],
): Promise<Map<string, ClientVersion[]>> {
  const rows = await sql.query<ClientVersion & { client: string }>(
    `select client, version, first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt" from (
       select *, row_number() over (partition by client order by last_seen_at desc, version) as rank
       from client_version where target_id = $1 and client = any($2)
     ) as ranked where rank <= $3 order by client, rank`,
    [targetId, clients, VERSIONS_MAX],
  );
  return Map.groupBy(rows, ({ client }) => client);
}

/** One client, or null when it was neither seen nor pinned. */
export async function clientOf(sql: Sql, targetId: string, name: string): Promise<Client | null> {
  const [client] = await clientsOf(sql, { targetId, first: 1, after: null, name });
  return client ?? null;
}

/** Keeps a client on a major version that the target once served. A client may be pinned before it is first seen. */
export async function pinClient(
  { database, clock, principal, target }: UsageCommand,
  input: { readonly client: string; readonly major: number; readonly reason: string },
): Promise<Result<ClientPin, InvalidInput | NotFound>> {
  requireAction(principal, 'schema:govern', scopeOf(target));
  const problem = unfitText('client', input.client, NAME_LENGTH_MAX) ?? unfitReason(input.reason);
  if (problem !== null) return refused(problem);
  const pin = { ...input, pinnedBy: principal.id, pinnedAt: clock.now() };
  return database.transaction(async (tx) => {
    if (!(await servedMajor(tx, target.id, input.major)))
      return refused(notFound('major version', String(input.major)));
    await upsertPin(tx, target.id, pin);
    await appendHistory(tx, {
      action: 'client.pinned',
      actorId: principal.id,
      graphId: target.graphId,
      targetId: target.id,
      subject: `client:${input.client}`,
      details: { major: input.major, reason: input.reason },
      at: pin.pinnedAt,
    });
    return accepted(pin);
  });
}

/** Lets a client go on with the newest version. */
export async function unpinClient(
  { database, clock, principal, target }: UsageCommand,
  input: { readonly client: string; readonly reason: string },
): Promise<Result<{ readonly client: string }, InvalidInput | NotFound>> {
  requireAction(principal, 'schema:govern', scopeOf(target));
  const problem = unfitReason(input.reason);
  if (problem !== null) return refused(problem);
  return database.transaction(async (tx) => {
    const [pin] = await tx.query<{ major: number }>(
      'delete from client_pin where target_id = $1 and client = $2 returning major',
      [target.id, input.client],
    );
    if (pin === undefined) return refused(notFound('client pin', input.client));
    await appendHistory(tx, {
      action: 'client.unpinned',
      actorId: principal.id,
      graphId: target.graphId,
      targetId: target.id,
      subject: `client:${input.client}`,
      details: { major: pin.major, reason: input.reason },
      at: clock.now(),
    });
    return accepted({ client: input.client });
  });
}

/** Nothing is expected of the gateway any more. When it reports again, it is expected again. */
export async function retireGateway(
  { database, clock, principal, target }: UsageCommand,
  input: { readonly gateway: string; readonly reason: string },
): Promise<
  Result<{ readonly gateway: string; readonly retiredAt: Date }, InvalidInput | NotFound>
> {
  requireAction(principal, 'schema:govern', scopeOf(target));
  const problem = unfitReason(input.reason);
  if (problem !== null) return refused(problem);
  const at = clock.now();
  return database.transaction(async (tx) => {
    const [gateway] = await tx.query<{ lastSeenAt: Date }>(
      `update usage_gateway set retired_at = $3 where target_id = $1 and gateway = $2 and retired_at is null
       returning last_seen_at as "lastSeenAt"`,
      [target.id, input.gateway, at],
    );
    if (gateway === undefined) return refused(notFound('reporting gateway', input.gateway));
    await appendHistory(tx, {
      action: 'gateway.retired',
      actorId: principal.id,
      graphId: target.graphId,
      targetId: target.id,
      subject: `gateway:${input.gateway}`,
      details: { reason: input.reason, lastSeenAt: gateway.lastSeenAt.toISOString() },
      at,
    });
    return accepted({ gateway: input.gateway, retiredAt: at });
  });
}

async function servedMajor(sql: Sql, targetId: string, major: number): Promise<boolean> {
  const rows = await sql.query(
    'select from supergraph_version where target_id = $1 and major = $2 limit 1',
    [targetId, major],
  );
  return rows.length > 0;
}

async function upsertPin(tx: Sql, targetId: string, pin: ClientPin): Promise<void> {
  await tx.query(
    `insert into client_pin (target_id, client, major, reason, pinned_by, pinned_at) values ($1, $2, $3, $4, $5, $6)
     on conflict (target_id, client) do update set major = excluded.major, reason = excluded.reason,
       pinned_by = excluded.pinned_by, pinned_at = excluded.pinned_at`,
    [targetId, pin.client, pin.major, pin.reason, pin.pinnedBy, pin.pinnedAt],
  );
}

function unfitReason(reason: string): InvalidInput | null {
  return unfitText('reason', reason, REASON_LENGTH_MAX);
}

function unfitText(field: string, text: string, lengthMax: number): InvalidInput | null {
  if (text.trim() !== '' && text.length <= lengthMax && !text.includes('\0')) return null;
  return invalidInput([
    {
      field,
      code: 'TEXT_EXPECTED',
      message: `A text of 1 to ${lengthMax} characters is expected.`,
    },
  ]);
}
