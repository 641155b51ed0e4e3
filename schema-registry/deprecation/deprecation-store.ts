import type { Sql } from '#kernel/database.ts';
import type { Annotation } from '../composition/annotations.ts';

/** An announced end, as the registry follows it from publication to publication. Dates are `YYYY-MM-DD`. */
export interface Deprecation {
  readonly coordinate: string;
  readonly reason: string;
  /** Null when it was deprecated without a date, which a target may allow. */
  readonly sunsetOn: string | null;
  readonly replacement: string | null;
  readonly owner: string | null;
  readonly announcedOn: string;
  readonly endedOn: string | null;
  readonly endedAs: 'REMOVED' | 'WITHDRAWN' | null;
}

const COLUMNS = `coordinate, reason, sunset_on as "sunsetOn", replacement, owner, announced_on as "announcedOn",
  ended_on as "endedOn", ended_as as "endedAs"`;

/** Brings the announced ends up to date with a published schema, in the transaction that publishes it. */
export async function followDeprecations(
  tx: Sql,
  of: {
    readonly targetId: string;
    readonly annotations: readonly Annotation[];
    readonly removed: readonly string[];
    readonly today: string;
  },
): Promise<void> {
  const deprecated = of.annotations.filter(({ deprecated: reason }) => reason !== null);
  await tx.query(
    `update deprecation set ended_on = $2, ended_as = case when coordinate = any($4) then 'REMOVED' else 'WITHDRAWN' end
     where target_id = $1 and ended_on is null and coordinate <> all($3)`,
    [of.targetId, of.today, deprecated.map(({ coordinate }) => coordinate), of.removed],
  );
  // Announced again on the day on which it ended: the same row goes on.
  await tx.query(
    `insert into deprecation (target_id, coordinate, reason, sunset_on, replacement, owner, announced_on)
     select $1, coordinate, reason, "sunsetOn", replacement, owner, $2
     from jsonb_to_recordset($3) as row (coordinate text, reason text, "sunsetOn" date, replacement text, owner text)
     where not exists (select from deprecation open
       where open.target_id = $1 and open.coordinate = row.coordinate and open.ended_on is null)
     on conflict (target_id, coordinate, announced_on) do update set ended_on = null, ended_as = null`,
    [of.targetId, of.today, JSON.stringify(rowsOf(deprecated))],
  );
  await tx.query(
    `update deprecation set reason = row.reason, sunset_on = row."sunsetOn", replacement = row.replacement, owner = row.owner
     from jsonb_to_recordset($2) as row (coordinate text, reason text, "sunsetOn" date, replacement text, owner text)
     where target_id = $1 and deprecation.coordinate = row.coordinate and ended_on is null`,
    [of.targetId, JSON.stringify(rowsOf(deprecated))],
  );
}

function rowsOf(annotations: readonly Annotation[]): object[] {
  return annotations.map(({ coordinate, deprecated, sunset }) => ({
    coordinate,
    reason: deprecated,
    sunsetOn: sunset?.on ?? null,
    replacement: sunset?.replacement ?? null,
    owner: sunset?.owner ?? null,
  }));
}

/** What is on its way out of a target, soonest first; with `ended`, also what went or was taken back. */
export function deprecationsOf(
  sql: Sql,
  targetId: string,
  asked: { readonly ended: boolean },
): Promise<Deprecation[]> {
  return sql.query(
    `select ${COLUMNS} from deprecation where target_id = $1 and ($2 or ended_on is null)
     order by sunset_on nulls last, coordinate, announced_on`,
    [targetId, asked.ended],
  );
}
