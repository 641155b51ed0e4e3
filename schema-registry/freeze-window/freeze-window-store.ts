import type { Sql } from '#kernel/database.ts';
import type { FreezeWindow } from './freeze-window.ts';

const COLUMNS = `id, kind, starts_at as "startsAt", ends_at as "endsAt", reason, created_by as "createdBy",
  created_at as "createdAt", cancelled_by as "cancelledBy", cancelled_at as "cancelledAt"`;

/** The windows of a target that end after an instant, in the order in which they start; cancelled ones only when asked for. */
export function freezeWindowsOf(
  sql: Sql,
  targetId: string,
  asked: { readonly endingAfter: Date; readonly cancelled: boolean },
): Promise<FreezeWindow[]> {
  return sql.query(
    `select ${COLUMNS} from freeze_window
     where target_id = $1 and ends_at > $2 and ($3 or cancelled_at is null) order by starts_at, id`,
    [targetId, asked.endingAfter, asked.cancelled],
  );
}

/** The window with its row locked until the transaction ends, or null. */
export async function lockFreezeWindow(
  tx: Sql,
  targetId: string,
  id: string,
): Promise<FreezeWindow | null> {
  const [window] = await tx.query<FreezeWindow>(
    `select ${COLUMNS} from freeze_window where target_id = $1 and id::text = lower($2) for update`,
    [targetId, id],
  );
  return window ?? null;
}

export async function insertFreezeWindow(
  tx: Sql,
  targetId: string,
  window: FreezeWindow,
): Promise<void> {
  await tx.query(
    `insert into freeze_window (id, target_id, kind, starts_at, ends_at, reason, created_by, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      window.id,
      targetId,
      window.kind,
      window.startsAt,
      window.endsAt,
      window.reason,
      window.createdBy,
      window.createdAt,
    ],
  );
}

export async function cancelFreezeWindowRow(
  tx: Sql,
  id: string,
  cancelled: { readonly by: string; readonly at: Date },
): Promise<void> {
  await tx.query('update freeze_window set cancelled_by = $2, cancelled_at = $3 where id = $1', [
    id,
    cancelled.by,
    cancelled.at,
  ]);
}
