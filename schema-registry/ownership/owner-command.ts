import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { appendHistory } from '../history/history.ts';
import { missing, targetFor } from '../proposal/asking.ts';
import { checkedInput } from '../proposal/text-input.ts';
import { isOwnerSubject } from './owner.ts';
import { countOtherOwners, deleteOwner, putOwner } from './owner-store.ts';
import type { Sql } from '#kernel/database.ts';
import type { InvalidInput, NotFound, Result } from '#kernel/problem.ts';
import type { Asking, TargetName } from '../proposal/asking.ts';
import type { Target } from '../target.ts';
import type { Owner } from './owner.ts';
import type { StoredOwner } from './owner-store.ts';

/** A team larger than this is a department: nobody in it knows that they are meant. */
const MEMBERS_MAX = 200;
/** As identity providers limit a subject. */
const MEMBER_LENGTH_MAX = 255;
/** More subjects than a large graph has types and subgraphs. */
const OWNERS_MAX = 10_000;

/** Makes a team the owner of a subject; the one before it is replaced. Whoever governs the schema may do it. */
export async function setOwner(
  asking: Asking,
  input: { readonly target: TargetName } & Owner,
): Promise<Result<StoredOwner, NotFound | InvalidInput>> {
  const target = await targetFor(asking, input.target, 'schema:govern');
  if (!target.ok) return target;
  const owner = readOwner(input);
  if (!owner.ok) return owner;
  const stored = { ...owner.value, setBy: asking.principal.id, setAt: asking.clock.now() };
  return asking.database.transaction(async (tx) => {
    const others = await countOtherOwners(tx, target.value.id, stored.subject);
    if (others >= OWNERS_MAX) return refused(tooManyOwners());
    await putOwner(tx, target.value.id, stored);
    await tellHistory(tx, target.value, 'owner.set', stored);
    return accepted(stored);
  });
}

/** Takes the owner of a subject away, and answers with it. */
export async function removeOwner(
  asking: Asking,
  input: { readonly target: TargetName; readonly subject: string },
): Promise<Result<StoredOwner, NotFound>> {
  const target = await targetFor(asking, input.target, 'schema:govern');
  if (!target.ok) return target;
  return asking.database.transaction(async (tx) => {
    const removed = isOwnerSubject(input.subject)
      ? await deleteOwner(tx, target.value.id, input.subject)
      : null;
    if (removed === null) return refused(missing('owner', input.subject));
    await tellHistory(tx, target.value, 'owner.removed', {
      ...removed,
      setBy: asking.principal.id,
      setAt: asking.clock.now(),
    });
    return accepted(removed);
  });
}

function readOwner(input: Owner): Result<Owner, InvalidInput> {
  return checkedInput((check) => {
    if (!isOwnerSubject(input.subject))
      check.refuse(
        'subject',
        'BAD_SUBJECT',
        'A subject such as "subgraph:invoices", "type:Invoice" or "classification:bank" is expected.',
      );
    const members = [...new Set(input.members.map((member) => member.trim()))];
    if (members.length === 0 || members.length > MEMBERS_MAX)
      check.refuse(
        'members',
        'BAD_LENGTH',
        `From 1 to ${MEMBERS_MAX} people are expected, not ${members.length}.`,
      );
    members
      .slice(0, MEMBERS_MAX)
      .forEach((member, at) =>
        check.text(`members.${at}`, member, { min: 1, max: MEMBER_LENGTH_MAX }),
      );
    const team = check.text('team', input.team, { min: 1, max: 100 });
    return { subject: input.subject, team, members };
  });
}

function tooManyOwners(): InvalidInput {
  const message = `A target has at most ${OWNERS_MAX} owners. Remove those of types that are gone.`;
  return invalidInput([{ field: 'subject', code: 'TOO_MANY', message }]);
}

function tellHistory(tx: Sql, target: Target, action: string, owner: StoredOwner): Promise<void> {
  return appendHistory(tx, {
    action,
    actorId: owner.setBy,
    graphId: target.graphId,
    targetId: target.id,
    subject: owner.subject,
    details: { team: owner.team, members: owner.members },
    at: owner.setAt,
  });
}
