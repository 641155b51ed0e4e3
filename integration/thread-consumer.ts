import {
  HOUSE_EVENT_TYPES,
  erpNumberOf,
  permissionFor,
  subjectIdOf,
  summaryOf,
} from './status-event.ts';
import { insertEntry } from './store/thread.ts';
import type { EventHandler, EventHandlers } from '#kernel/inbox.ts';

/** Writes every event of the house to the thread of its correlation. */
export function threadHandlers(): EventHandlers {
  return Object.fromEntries(HOUSE_EVENT_TYPES.map((type) => [type, record]));
}

const record: EventHandler = async (tx, event) => {
  const permission = permissionFor(event);
  if (permission === null) return;
  await insertEntry(tx, event, {
    subjectId: subjectIdOf(event),
    permission,
    summary: summaryOf(event),
    erpNumber: erpNumberOf(event.data),
  });
};
