import type { FieldError } from '#kernel/problem.ts';
import type { EventContractInput } from './event-type.ts';

/** Dotted words that end in a version: a payload that cannot be changed compatibly gets a new subject. */
const SUBJECT = /^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+\.v[1-9]\d*$/;
const SUBJECT_LENGTH_MAX = 200;
/** Five times what all rooms of ours have together; a batch holds the target's lock while it is judged. */
const BATCH_BYTES_MAX = 2 * 1024 * 1024;
const OWNER = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** What is wrong with contracts apart from their schemas. */
export function inputFlaws(contracts: readonly EventContractInput[], most: number): FieldError[] {
  if (contracts.length === 0 || contracts.length > most)
    return [
      {
        field: 'contracts',
        code: contracts.length === 0 ? 'NONE' : 'TOO_MANY',
        message: `From 1 to ${most} contracts are taken at once, not ${contracts.length}.`,
      },
    ];
  const bytes = contracts.reduce((sum, { schema }) => sum + Buffer.byteLength(schema), 0);
  if (bytes > BATCH_BYTES_MAX)
    return [
      {
        field: 'contracts',
        code: 'TOO_LARGE',
        message: `At most ${BATCH_BYTES_MAX} bytes of schemas are taken at once, not ${bytes}.`,
      },
    ];
  const seen = new Set<string>();
  return contracts.flatMap(({ subject, owner }, index) => {
    const flaws: FieldError[] = [];
    const flaw = (field: string, code: string, message: string): void =>
      void flaws.push({ field: `contracts.${index}.${field}`, code, message });
    if (!SUBJECT.test(subject) || subject.length > SUBJECT_LENGTH_MAX)
      flaw(
        'subject',
        'BAD_SUBJECT',
        `Dotted lower-case words that end in a version, such as "concord.invoice.captured.v1", are expected, not "${subject.slice(0, 60)}".`,
      );
    if (seen.has(subject)) flaw('subject', 'NAMED_TWICE', `"${subject}" occurs more than once.`);
    seen.add(subject);
    if (!OWNER.test(owner))
      flaw(
        'owner',
        'BAD_OWNER',
        'Lower-case letters, digits and hyphens, at most 64, are expected.',
      );
    return flaws;
  });
}
