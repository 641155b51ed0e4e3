import { setImmediate as nextTurn } from 'node:timers/promises';
import { canonicalJson } from '#kernel/json.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import {
  changeKind,
  compareSchemas,
  directionsOf,
  isTransitive,
  nextVersion,
} from './compatibility.ts';
import { crossCheck } from './cross-check.ts';
import { effectiveRules } from './event-type.ts';
import { badCoordinates, graphReferences } from './graph-reference.ts';
import { openSchema, readSchemaText } from './schema-document.ts';
import type { GraphQLSchema } from 'graphql';
import type { FieldError, InvalidInput, Result } from '#kernel/problem.ts';
import type { Finding } from '../check/result.ts';
import type { ChangeKind, Direction } from './compatibility.ts';
import type {
  EventContractInput,
  EventRules,
  EventType,
  EventVersion,
  StoredDifference,
} from './event-type.ts';
import type { GraphReference } from './graph-reference.ts';
import type { SchemaDocument } from './schema-document.ts';
import type { SchemaValidity } from './schema-validity.ts';
import type { Schema } from './schema-vocabulary.ts';

/** What is known of a subject before a publication. */
export interface KnownEvent {
  readonly type: EventType;
  /** Oldest first, with the schema's text. */
  readonly versions: readonly (EventVersion & { readonly schema: string })[];
}

/** What a contract that was sent would do. */
export interface EventOutcome {
  readonly subject: string;
  readonly kind: 'INITIAL' | 'CHANGED' | 'UNCHANGED' | 'REVIVED';
  /** The version that it would get; the current one when nothing changes. */
  readonly version: string;
  readonly previousVersion: string | null;
  /** Null for a first version and when nothing changes. */
  readonly change: ChangeKind | null;
  readonly rules: EventRules;
  readonly differences: readonly StoredDifference[];
  /** Disagreements with the graph. */
  readonly findings: readonly Finding[];
  readonly graphReferences: readonly GraphReference[];
}

/** A contract whose schema was read. */
export interface JudgedContract {
  readonly input: EventContractInput;
  readonly known: KnownEvent | null;
  readonly outcome: EventOutcome;
}

export interface Judging {
  readonly known: ReadonlyMap<string, KnownEvent>;
  readonly policy: EventRules;
  /** Null before the graph's first publication: there is nothing to agree with yet. */
  readonly apiSchema: GraphQLSchema | null;
  readonly validity: SchemaValidity;
}

/** Judges contracts one by one; between two of them others get their turn, because a comparison may take a second. */
export async function judgeContracts(
  inputs: readonly EventContractInput[],
  judging: Judging,
): Promise<Result<readonly JudgedContract[], InvalidInput>> {
  const judged: JudgedContract[] = [];
  const flaws: FieldError[] = [];
  for (const [index, input] of inputs.entries()) {
    const known = judging.known.get(input.subject) ?? null;
    const outcome = await judge(input, known, judging);
    if (outcome.ok) judged.push({ input, known, outcome: outcome.value });
    else
      flaws.push(
        ...outcome.problem.fields.map((flaw) => ({
          ...flaw,
          field: `contracts.${index}.${flaw.field}`,
        })),
      );
    await nextTurn();
  }
  return flaws.length === 0 ? accepted(judged) : refused(invalidInput(flaws));
}

async function judge(
  input: EventContractInput,
  known: KnownEvent | null,
  judging: Judging,
): Promise<Result<EventOutcome, InvalidInput>> {
  const rules = effectiveRules(known?.type ?? null, judging.policy);
  const last = known?.versions.at(-1) ?? null;
  if (known !== null && input.direction !== known.type.direction)
    return refused(invalidInput([directionFlaw(known.type)]));
  if (last !== null && saysTheSame(input.schema, last.schema))
    return accepted(unchanged(last, known?.type.retiredAt ?? null, { rules, judging }));
  const read = readContract(input, judging.validity);
  if (!read.ok) return read;
  const newer = read.value;
  const references = graphReferences(input, newer);
  const differences =
    last === null ? [] : await differencesFrom(known?.versions ?? [], newer, rules);
  const change = last === null ? null : changeKind(opened(last.schema), newer, rules);
  return accepted({
    subject: input.subject,
    kind: last === null ? 'INITIAL' : known?.type.retiredAt === null ? 'CHANGED' : 'REVIVED',
    version: nextVersion(last?.version ?? null, change ?? 'PATCH'),
    previousVersion: last?.version ?? null,
    change,
    rules,
    differences,
    findings: judging.apiSchema === null ? [] : crossCheck(references, judging.apiSchema),
    graphReferences: references,
  });
}

function unchanged(
  last: EventVersion,
  retiredAt: Date | null,
  { rules, judging }: { readonly rules: EventRules; readonly judging: Judging },
): EventOutcome {
  const { apiSchema } = judging;
  return {
    subject: last.subject,
    kind: retiredAt === null ? 'UNCHANGED' : 'REVIVED',
    version: last.version,
    previousVersion: last.version,
    change: null,
    rules,
    differences: [],
    findings: apiSchema === null ? [] : crossCheck(last.graphReferences, apiSchema),
    graphReferences: last.graphReferences,
  };
}

function readContract(
  input: EventContractInput,
  validity: SchemaValidity,
): Result<SchemaDocument, InvalidInput> {
  const read = readSchemaText(input.schema, validity);
  if (!read.ok)
    return refused(
      invalidInput(
        read.problem.flaws.map(({ code, pointer, message }) => ({
          field: `schema${pointer === '' ? '' : `#${pointer}`}`,
          code,
          message,
        })),
      ),
    );
  const bad = badCoordinates(read.value);
  const message = `"x-graphql" names a field as "Type.field", not as ${bad.join(', ')}.`;
  return bad.length === 0
    ? read
    : refused(invalidInput([{ field: 'schema', code: 'BAD_COORDINATE', message }]));
}

/** Against the last version in both directions; against older ones of the same major in those that the mode asks for. */
async function differencesFrom(
  versions: KnownEvent['versions'],
  newer: SchemaDocument,
  rules: EventRules,
): Promise<StoredDifference[]> {
  const asked = directionsOf(rules.compatibility);
  const last = versions.at(-1);
  const older = versions.filter(
    (version) =>
      version !== last &&
      isTransitive(rules.compatibility) &&
      majorOf(version.version) === majorOf(last?.version ?? ''),
  );
  const found: StoredDifference[] = [];
  for (const version of [...older, ...(last === undefined ? [] : [last])].reverse()) {
    const directions: readonly Direction[] = version === last ? ['BACKWARD', 'FORWARD'] : asked;
    for (const direction of directions) {
      const differences = compareSchemas(opened(version.schema), newer, {
        direction,
        openness: rules.openness,
      });
      found.push(
        ...differences.map((difference) => ({
          ...difference,
          against: version.version,
          blocking: asked.includes(direction),
        })),
      );
      await nextTurn();
    }
  }
  // Whether it may be published is read from these too, so what forbids it is never the part that is cut off.
  return found
    .toSorted((a, b) => Number(b.blocking) - Number(a.blocking))
    .slice(0, DIFFERENCES_MAX);
}

/** What is told and stored of one contract; whoever has more must look at the first ones anyway. */
const DIFFERENCES_MAX = 200;

function majorOf(version: string): string {
  return version.split('.')[0] ?? '';
}

/** A stored schema was valid when it was stored. */
function opened(text: string): SchemaDocument {
  const document = openSchema(JSON.parse(text) as Schema);
  if (!document.ok)
    throw new Error(`A stored schema cannot be opened: ${document.problem.message}`);
  return document.value;
}

function saysTheSame(sent: string, stored: string): boolean {
  if (sent === stored) return true;
  try {
    return canonicalJson(JSON.parse(sent)) === canonicalJson(JSON.parse(stored));
  } catch {
    // No JSON, or nested without end: the reader of the schema says so with its place.
    return false;
  }
}

function directionFlaw(type: EventType): FieldError {
  return {
    field: 'direction',
    code: 'DIRECTION_FIXED',
    message: `${type.subject} is ${type.direction}; what is sent the other way is another subject.`,
  };
}

/** Whether a contract may be published. */
export function isAcceptable({ differences, findings }: EventOutcome): boolean {
  return (
    differences.every(({ blocking }) => !blocking) &&
    findings.every(({ severity }) => severity !== 'ERROR')
  );
}
