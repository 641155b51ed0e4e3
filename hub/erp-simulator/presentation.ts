import type { StoredDocument } from './document.ts';
import { isJsonObject } from './field-table.ts';

/** A document as an answer shows it: with its entity tag. */
export function presented(document: StoredDocument['document']): object {
  return { '@odata.etag': entityTag(document), ...document };
}

export function entityTag(document: { readonly Version: number }): string {
  return `W/"${document.Version}"`;
}

/** The value with fields renamed at every depth; the same value when there is nothing to rename. */
export function renamed(value: unknown, names: Readonly<Record<string, string>>): unknown {
  if (Object.keys(names).length === 0) return value;
  if (Array.isArray(value)) return value.map((item) => renamed(item, names));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      Object.hasOwn(names, name) ? names[name] : name,
      renamed(inner, names),
    ]),
  );
}
