import { GraphQLError } from 'graphql';
import { normalizeName } from './supplier-name.ts';
import type { SuppliersFilter } from './generated.ts';
import type { SupplierFilter } from './store.ts';

/** As many as a page holds. */
const IDS_MAX = 100;
const NAME_PART = { min: 2, max: 100 };

/** Refuses more ids than one statement should be asked for. */
export function refuseLongList(ids: readonly string[]): void {
  if (ids.length > IDS_MAX)
    throw badInput(`At most ${IDS_MAX} ids are expected at once, not ${ids.length}.`);
}

/** Reads a filter; the part of a name is normalised as the names are that it is looked for in. */
export function parseSupplierFilter(filter: SuppliersFilter): SupplierFilter {
  const { status, countryCode, blockedFor, nameContains } = filter;
  return {
    status: status ?? null,
    countryCode: countryCode?.toUpperCase() ?? null,
    blockedFor: blockedFor ?? null,
    nameContains: typeof nameContains === 'string' ? parseNamePart(nameContains) : null,
  };
}

function parseNamePart(written: string): string {
  const part = normalizeName(written);
  if (written.length <= NAME_PART.max && part.length >= NAME_PART.min) return part;
  throw badInput(
    `"nameContains" takes ${NAME_PART.min} to ${NAME_PART.max} characters, letters or digits among them.`,
  );
}

function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}
