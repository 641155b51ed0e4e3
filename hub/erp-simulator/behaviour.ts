import { isJsonObject } from './field-table.ts';
import type { JsonObject } from './field-table.ts';

/** How the simulator behaves; set through `/control/behaviour`, kept in memory only. */
export type Behaviour = {
  /** 'down': nothing under /erp is answered and no webhook leaves; what is due inside goes on. */
  readonly mode: 'up' | 'down';
  readonly downAs: 'connection-destroyed' | 'service-unavailable';
  /** Waited before each request under /erp is looked at. */
  readonly latencyMs: number;
  /** The first rule that matches and is not used up answers, before anything is written. */
  readonly failures: readonly FailureRule[];
  /** The write is durable, its answer never arrives. */
  readonly commitThenTimeout: CommitThenTimeout | null;
  /** Business refusals of otherwise good requests. */
  readonly refuse: readonly RefusalRule[];
  readonly webhooks: 'normal' | 'twice' | 'out-of-order' | 'never';
  /** This share of changes is never announced by webhook; the change feed still has them. */
  readonly webhookLossProbability: number;
  readonly confirmDelayMs: number;
  /** From posting to scheduled (with autoPay), and from scheduled to paid. */
  readonly paymentDelayMs: number;
  readonly autoPay: boolean;
  /** The bank returns payments instead of clearing them. */
  readonly returnPayments: (Chance & { readonly reason: string }) | null;
  readonly closedPeriods: readonly string[];
  readonly blockedSuppliers: readonly string[];
  /** Old to new name of fields in answers and webhooks: a release upgrade that breaks the contract. */
  readonly renameFields: Readonly<Record<string, string>>;
  /** Makes the probabilities repeatable. */
  readonly seed: number;
};

/** `count`: the next so many; `probability`: each with this chance; neither: every one. Both: chance until used up. */
export type Chance = { readonly count?: number; readonly probability?: number };
export type RequestMatch = { readonly method?: string; readonly path?: string };
export type FailureRule = Chance & {
  readonly match: RequestMatch;
  readonly status: 429 | 500 | 503;
  readonly retryAfterSeconds?: number;
};
export type CommitThenTimeout = Chance & {
  readonly how: 'destroy' | 'hang';
  readonly match: RequestMatch;
};
export type RefusalRule = Chance & {
  readonly resource: string;
  readonly code: string;
  readonly message: string;
  readonly target: string;
};

/** A day: longer delays are mistakes, and timers of Node overflow after 24 of them. */
const DELAY_LIMIT_MS = 86_400_000;
/** Enough for any scenario; keeps the match per request short. */
const RULE_LIMIT = 100;

export const standardBehaviour: Behaviour = {
  mode: 'up',
  downAs: 'connection-destroyed',
  latencyMs: 0,
  failures: [],
  commitThenTimeout: null,
  refuse: [],
  webhooks: 'normal',
  webhookLossProbability: 0,
  confirmDelayMs: 200,
  paymentDelayMs: 500,
  autoPay: true,
  returnPayments: null,
  closedPeriods: [],
  blockedSuppliers: [],
  renameFields: {},
  seed: 1,
};

/** Lays the given settings over `base`; every fault of the body is named at once and then nothing is taken over. */
export function parseBehaviour(
  body: unknown,
  base: Behaviour,
): { kind: 'parsed'; behaviour: Behaviour } | { kind: 'faulty'; faults: readonly string[] } {
  if (!isJsonObject(body)) return { kind: 'faulty', faults: ['Expected a JSON object.'] };
  const faults: string[] = [];
  const settings: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(body)) {
    const parser = Object.hasOwn(parsers, name) ? parsers[name] : undefined;
    const parsed = parser?.(value);
    if (parsed === undefined)
      faults.push(`${name}: ${expectations(name)}, got ${JSON.stringify(value)}`);
    else settings[name] = parsed;
  }
  if (faults.length > 0) return { kind: 'faulty', faults };
  // Each parser answers the type of its setting and `base` has all others: the record is a Behaviour.
  return { kind: 'parsed', behaviour: settings as Behaviour };
}

type Parser = (value: unknown) => unknown;

const parsers: Readonly<Record<string, Parser>> = {
  mode: oneOf('up', 'down'),
  downAs: oneOf('connection-destroyed', 'service-unavailable'),
  latencyMs: delay,
  failures: (value) => listOf(value, failureRule),
  commitThenTimeout: (value) => (value === null ? null : commitRule(value)),
  refuse: (value) => listOf(Array.isArray(value) ? value : [value], refusalRule),
  webhooks: oneOf('normal', 'twice', 'out-of-order', 'never'),
  webhookLossProbability: probability,
  confirmDelayMs: delay,
  paymentDelayMs: delay,
  autoPay: (value) => (typeof value === 'boolean' ? value : undefined),
  returnPayments: (value) => (value === null ? null : returnRule(value)),
  closedPeriods: (value) => listOf(value, periodName),
  blockedSuppliers: (value) => listOf(value, text),
  renameFields: nameMap,
  seed: (value) => (Number.isSafeInteger(value) ? value : undefined),
};

function expectations(name: string): string {
  if (!Object.hasOwn(parsers, name))
    return `unknown setting, known are ${Object.keys(parsers).join(', ')}`;
  return 'expected the form given in the README under "Control"';
}

function oneOf(...choices: readonly string[]): Parser {
  return (value) => choices.find((choice) => choice === value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function delay(value: unknown): number | undefined {
  const fits = typeof value === 'number' && value >= 0 && value <= DELAY_LIMIT_MS;
  return fits ? value : undefined;
}

function probability(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : undefined;
}

function periodName(value: unknown): string | undefined {
  return typeof value === 'string' && /^([A-Z0-9]{4}\/)?\d{6}$/.test(value) ? value : undefined;
}

function listOf<Item>(
  value: unknown,
  parse: (item: unknown) => Item | undefined,
): Item[] | undefined {
  if (!Array.isArray(value) || value.length > RULE_LIMIT) return undefined;
  const items = value.map(parse).filter((item) => item !== undefined);
  return items.length === value.length ? items : undefined;
}

function nameMap(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isJsonObject(value)) return undefined;
  const pairs = Object.entries(value).flatMap(([from, to]) =>
    typeof to === 'string' ? [[from, to] as const] : [],
  );
  return pairs.length === Object.keys(value).length ? Object.fromEntries(pairs) : undefined;
}

function chance(value: JsonObject): Chance | undefined {
  const { count, probability: share } = value;
  if (count !== undefined && !(Number.isSafeInteger(count) && Number(count) >= 0)) return undefined;
  if (share !== undefined && probability(share) === undefined) return undefined;
  return {
    ...(count === undefined ? {} : { count: Number(count) }),
    ...(share === undefined ? {} : { probability: Number(share) }),
  };
}

function requestMatch(value: unknown): RequestMatch | undefined {
  if (value === undefined) return {};
  if (!isJsonObject(value)) return undefined;
  const { method, path } = value;
  if (method !== undefined && typeof method !== 'string') return undefined;
  if (path !== undefined && typeof path !== 'string') return undefined;
  return { ...(method === undefined ? {} : { method }), ...(path === undefined ? {} : { path }) };
}

function failureRule(value: unknown): FailureRule | undefined {
  if (!isJsonObject(value)) return undefined;
  const { status, retryAfterSeconds } = value;
  const odds = chance(value);
  const match = requestMatch(value['match']);
  if (odds === undefined || match === undefined) return undefined;
  if (status !== 429 && status !== 500 && status !== 503) return undefined;
  if (retryAfterSeconds === undefined) return { ...odds, match, status };
  if (typeof retryAfterSeconds !== 'number') return undefined;
  return { ...odds, match, status, retryAfterSeconds };
}

function commitRule(value: unknown): CommitThenTimeout | undefined {
  if (!isJsonObject(value)) return undefined;
  const odds = chance(value);
  const match = requestMatch(value['match']);
  const how = value['how'] ?? 'destroy';
  if (odds === undefined || match === undefined) return undefined;
  return how === 'destroy' || how === 'hang' ? { ...odds, match, how } : undefined;
}

function refusalRule(value: unknown): RefusalRule | undefined {
  if (!isJsonObject(value)) return undefined;
  const { resource, code, message, target = '' } = value;
  const odds = chance(value);
  if (odds === undefined || typeof resource !== 'string' || typeof code !== 'string')
    return undefined;
  if (typeof message !== 'string' || typeof target !== 'string') return undefined;
  return { ...odds, resource, code, message, target };
}

function returnRule(value: unknown): Behaviour['returnPayments'] | undefined {
  if (!isJsonObject(value)) return undefined;
  const odds = chance(value);
  const reason = value['reason'] ?? 'AC04';
  return odds === undefined || typeof reason !== 'string' ? undefined : { ...odds, reason };
}
