import type { Sql } from '#kernel/database.ts';

/**
 * Names the rules that a target has now: contracts, policy, overrides, freeze windows, owners, proposals, event contracts and active apps. Two
 * equal names mean that nobody changed a rule in between; a publication is stored under the rules that it was checked by.
 */
export async function governanceOf(sql: Sql, targetId: string): Promise<string> {
  const [row] = await sql.query<{ name: string }>(
    `select md5(concat_ws('|',
       (select string_agg(contract::text, ';' order by name) from contract where target_id = $1),
       (select target_policy::text from target_policy where target_id = $1),
       (select string_agg(id::text || state || expires_at, ';' order by id) from override where target_id = $1),
       (select string_agg(freeze_window::text, ';' order by id) from freeze_window where target_id = $1),
       (select string_agg(owner::text, ';' order by subject) from owner where target_id = $1),
       (select string_agg(id::text || version, ';' order by id) from proposal where target_id = $1),
       (select string_agg(event_type::text, ';' order by subject) from event_type where target_id = $1),
       (select string_agg(id::text, ';' order by id) from app where target_id = $1 and status = 'ACTIVE')
     )) as name`,
    [targetId],
  );
  return row?.name ?? '';
}
