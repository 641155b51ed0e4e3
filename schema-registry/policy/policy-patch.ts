import { checkedInput } from '../proposal/text-input.ts';
import { RULES } from './rules.ts';
import type { InvalidInput, Result } from '#kernel/problem.ts';
import type { InputCheck } from '../proposal/text-input.ts';
import type { Severity, TargetPolicy } from './target-policy.ts';

/** Wishes for a section: what is left out stays, null is the default again. */
type Wishes<Section> = { readonly [Key in keyof Section]?: Section[Key] | null | undefined };

type SectionName = Exclude<keyof TargetPolicy, 'rules'>;
const SECTIONS: readonly SectionName[] = [
  'usage',
  'breaking',
  'deprecation',
  'versioning',
  'review',
  'override',
];

/** A change of a policy. */
export type PolicyPatch = {
  readonly [Name in SectionName]?: Wishes<TargetPolicy[Name]> | null | undefined;
} & {
  readonly rules?:
    | readonly { readonly rule: string; readonly severity?: Severity | null | undefined }[]
    | null
    | undefined;
};

/** What a target has decided: as stored, without what has its default. */
export interface PolicyDecisions {
  readonly [section: string]: Readonly<Record<string, unknown>>;
}

/** Usage is kept no longer (see the sweep of usage), so a longer window would count days that are gone. */
const USAGE_WINDOW_DAYS_MAX = 400;
/** Longer than any notice that a client has asked for; a typing error is longer still. */
const DAYS_MAX = 1825;
/** Numbers that may be set, and from where to where. */
const RANGES: Readonly<Record<string, readonly [min: number, max: number]>> = {
  'usage.windowDays': [1, USAGE_WINDOW_DAYS_MAX],
  'usage.requestsMin': [1, 1_000_000_000],
  'deprecation.noticeDays': [0, DAYS_MAX],
  'versioning.pinnedMajorDays': [0, DAYS_MAX],
  // More people than that are seldom in one room; a proposal that needs them never passes.
  'review.signOffs': [0, 10],
  // An override that lives longer than a year is a policy.
  'override.validDaysMax': [1, 365],
};
/** Crawlers, monitors and load generators: each is a name. */
const EXCLUDED_CLIENTS_MAX = 50;
const CLIENT_NAME_MAX = 200;

/** The patch, or everything in it that is unknown or out of range. */
export function checkedPatch(patch: PolicyPatch): Result<PolicyPatch, InvalidInput> {
  return checkedInput((check) => {
    for (const section of SECTIONS)
      for (const [key, value] of Object.entries(patch[section] ?? {}))
        checkNumber(check, `${section}.${key}`, value);
    checkClients(check, patch.usage?.excludedClients ?? []);
    checkRules(check, patch.rules ?? []);
    return patch;
  });
}

function checkNumber(check: InputCheck, field: string, value: unknown): void {
  const range = RANGES[field];
  if (range === undefined || typeof value !== 'number') return;
  const [min, max] = range;
  if (!Number.isInteger(value) || value < min || value > max)
    check.refuse(field, 'OUT_OF_RANGE', `A whole number from ${min} to ${max} is expected.`);
}

function checkClients(check: InputCheck, clients: readonly string[]): void {
  if (clients.length > EXCLUDED_CLIENTS_MAX)
    check.refuse(
      'usage.excludedClients',
      'TOO_MANY',
      `At most ${EXCLUDED_CLIENTS_MAX} are expected.`,
    );
  clients.forEach((name, index) =>
    check.text(`usage.excludedClients.${index}`, name, { min: 1, max: CLIENT_NAME_MAX }),
  );
}

function checkRules(check: InputCheck, rules: NonNullable<PolicyPatch['rules']>): void {
  const known = new Set(RULES.map(({ id }) => id));
  const seen = new Set<string>();
  rules.forEach(({ rule }, index) => {
    const field = `rules.${index}.rule`;
    if (!known.has(rule))
      check.refuse(field, 'UNKNOWN_RULE', `There is no such rule; see the query policyRules.`);
    else if (seen.has(rule))
      check.refuse(field, 'DUPLICATE_RULE', 'Each rule is expected once: two wishes contradict.');
    seen.add(rule);
  });
}

/** The decisions after a patch. */
export function decidedAnew(decisions: PolicyDecisions, patch: PolicyPatch): PolicyDecisions {
  const next: Record<string, Record<string, unknown>> = {};
  const rules = (patch.rules ?? []).map(({ rule, severity }) => [rule, severity ?? null] as const);
  for (const section of [...SECTIONS, 'rules'] as const) {
    const wishes = section === 'rules' ? rules : Object.entries(patch[section] ?? {});
    const decided: Record<string, unknown> = { ...decisions[section] };
    for (const [key, value] of wishes) {
      if (value === undefined) continue;
      if (value === null) delete decided[key];
      else decided[key] = value;
    }
    if (Object.keys(decided).length > 0) next[section] = decided;
  }
  return next;
}

/** The policy that the decisions make of the defaults. What is decided for a setting or rule that no longer exists says nothing. */
export function withDecisions(defaults: TargetPolicy, decisions: PolicyDecisions): TargetPolicy {
  const sections = [...SECTIONS, 'rules' as const].map((section) => {
    const decided = decisions[section] ?? {};
    const settings = Object.entries(defaults[section]).map(([key, value]) => [
      key,
      Object.hasOwn(decided, key) ? decided[key] : value,
    ]);
    return [section, Object.fromEntries(settings)];
  });
  return Object.fromEntries(sections) as TargetPolicy;
}

/** One setting that a decision made different. */
export interface PolicyDifference {
  /** Such as `usage.windowDays` or `rules.described`. */
  readonly setting: string;
  readonly before: unknown;
  readonly after: unknown;
}

export function differencesOf(before: TargetPolicy, after: TargetPolicy): PolicyDifference[] {
  const old = settingsOf(before);
  return [...settingsOf(after)]
    .map(([setting, value]) => ({ setting, before: old.get(setting), after: value }))
    .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after));
}

function settingsOf(policy: TargetPolicy): ReadonlyMap<string, unknown> {
  return new Map(
    Object.entries(policy).flatMap(([section, settings]) =>
      Object.entries(settings as object).map(([key, value]): [string, unknown] => [
        `${section}.${key}`,
        value,
      ]),
    ),
  );
}
