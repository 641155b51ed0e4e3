import { dateOf } from '#kernel/clock.ts';
import { readScope } from '#kernel/identity.ts';
import { DELEGATION_HOPS_MAX } from '../delegation.ts';
import type { Viewer } from '#kernel/identity.ts';

/** Who reads and on which day: the JSON parameter that `readable` takes. */
export type Reader = string;

export function readerOf(viewer: Viewer, now: Date): Reader {
  return JSON.stringify({ ...readScope(viewer), today: dateOf(now), hopsMax: DELEGATION_HOPS_MAX });
}

/**
 * The predicate on an `approval_request r`: its document's place is in the reader's scope, or one of its tasks is the
 * reader's own or of somebody for whom the reader may act. `parameter` is the reader's place among the parameters.
 */
export function readable(parameter: number): string {
  return `(visible($${parameter}::jsonb, r.company_code, r.cost_centre_id, r.requester_id)
    or exists (
      select from approval_task mine
      where mine.request_id = r.id and mine.status <> 'SKIPPED' and mine.approver_id in (${actingFor(parameter)})))`;
}

/** Everybody for whom the reader may act today, the reader included. */
export function actingFor(parameter: number): string {
  const reader = `$${parameter}::jsonb`;
  return `select acting_for(${reader}->>'viewerId', (${reader}->>'today')::date, (${reader}->>'hopsMax')::integer)`;
}
