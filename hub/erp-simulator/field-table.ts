import { parseDecimal } from './decimal.ts';
import { malformed, refuse } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/**
 * One writable field of the wire. As in SAP's OData services everything is a string: amounts and quantities are decimal
 * strings, dates `YYYYMMDD`, numbers with leading zeros digits, flags 'X' or ''.
 */
export type FieldRule = {
  readonly kind: 'text' | 'decimal' | 'date' | 'digits' | 'flag';
  readonly maxLength: number;
  readonly required: boolean;
};

export type FieldTable = Readonly<Record<string, FieldRule>>;

/** A record read by a table: every field is there, an absent optional one is ''. */
export type Fields<Table extends FieldTable> = { readonly [Name in keyof Table]: string };

export type JsonObject = Readonly<Record<string, unknown>>;

export const required = (kind: FieldRule['kind'], maxLength: number): FieldRule => ({
  kind,
  maxLength,
  required: true,
});

export const optional = (kind: FieldRule['kind'], maxLength: number): FieldRule => ({
  kind,
  maxLength,
  required: false,
});

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads the fields of a table from a body; `prefix` is the path of the body in refusals, '' or ending in '/'. */
export function readFields<Table extends FieldTable>(
  table: Table,
  body: JsonObject,
  prefix: string,
): { fields: Fields<Table>; refusals: Refusal[] } {
  const refusals: Refusal[] = [];
  const fields: Record<string, string> = {};
  for (const [name, rule] of Object.entries(table)) {
    const value = body[name] ?? '';
    const refusal = fieldRefusal(rule, value, prefix + name);
    if (refusal !== undefined) refusals.push(refusal);
    fields[name] = typeof value === 'string' ? value : '';
  }
  // The loop above has filled every name of the table; the compiler cannot follow it.
  return { fields: fields as Fields<Table>, refusals };
}

/** Refuses properties that the service does not know, as OData does: a misspelt field must not vanish silently. */
export function unknownProperties(
  body: JsonObject,
  known: { table: FieldTable; collections: readonly string[] },
  prefix: string,
): Refusal[] {
  return Object.keys(body)
    .filter((name) => !Object.hasOwn(known.table, name) && !known.collections.includes(name))
    .map((name) =>
      malformed('propertyUnknown', `Property ${name} is unknown here; remove it.`, prefix + name),
    );
}

/** The elements of a collection; refuses anything but a list of 1 to `limit` objects. */
export function readCollection(
  body: JsonObject,
  name: string,
  limit: number,
): { elements: readonly JsonObject[]; refusals: Refusal[] } {
  const value = body[name] ?? [];
  if (!Array.isArray(value) || !value.every(isJsonObject)) {
    const text = `${name} must be a list of objects.`;
    return { elements: [], refusals: [malformed('fieldMalformed', text, name)] };
  }
  if (value.length === 0) {
    return {
      elements: [],
      refusals: [refuse('fieldMissing', `Enter ${name}: at least one.`, name)],
    };
  }
  if (value.length > limit) {
    const text = `${name} holds ${value.length} entries, at most ${limit} are taken; split the document.`;
    return { elements: [], refusals: [malformed('fieldMalformed', text, name)] };
  }
  return { elements: value, refusals: [] };
}

function fieldRefusal(rule: FieldRule, value: unknown, target: string): Refusal | undefined {
  if (typeof value !== 'string') {
    const text = `${target} must be a string, got ${Array.isArray(value) ? 'a list' : typeof value}.`;
    return malformed('fieldMalformed', text, target);
  }
  if (value === '') {
    return rule.required ? refuse('fieldMissing', `Enter ${target}.`, target) : undefined;
  }
  if (value.length > rule.maxLength) {
    const text = `${target} takes at most ${rule.maxLength} characters, got ${value.length}.`;
    return malformed('fieldMalformed', text, target);
  }
  if (accepts[rule.kind](value)) return undefined;
  return malformed('fieldMalformed', `${target} must be ${forms[rule.kind]}.`, target);
}

const accepts: Readonly<Record<FieldRule['kind'], (value: string) => boolean>> = {
  text: () => true,
  decimal: (value) => parseDecimal(value) !== undefined,
  date: isWireDate,
  digits: (value) => /^\d+$/.test(value),
  flag: (value) => value === 'X',
};

const forms: Readonly<Record<FieldRule['kind'], string>> = {
  text: 'text',
  decimal: 'a decimal string such as "1234.50"',
  date: 'a calendar date YYYYMMDD',
  digits: 'digits only',
  flag: '"X" or ""',
};

function isWireDate(value: string): boolean {
  if (!/^\d{8}$/.test(value)) return false;
  const iso = `${value.slice(0, 4)}-${value.slice(4, 6)}-${value.slice(6)}`;
  const parsed = Date.parse(iso);
  return !Number.isNaN(parsed) && new Date(parsed).toISOString().startsWith(iso);
}
