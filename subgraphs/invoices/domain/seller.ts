import type { Party } from './stated-invoice.ts';

/** How a seller can be recognised: by tax number, electronic address or legal name, in this order of trust. */
export type SellerKeyKind = 'TAX' | 'ENDPOINT' | 'NAME';

export interface SellerKey {
  readonly kind: SellerKeyKind;
  /** Normalised, so that two writings of the same are equal. */
  readonly value: string;
}

const ORDER_OF_TRUST: readonly SellerKeyKind[] = ['TAX', 'ENDPOINT', 'NAME'];
/** VAT numbers of these begin with another code than ISO 3166 gives the country. */
const VAT_PREFIX_OF: Readonly<Record<string, string>> = { EL: 'GR', XI: 'GB' };

/** Every key under which the seller of a document may be known. */
export function sellerKeys(seller: Party): SellerKey[] {
  const keys: SellerKey[] = seller.taxNumbers.map((number) => ({
    kind: 'TAX',
    value: taxKey(number, seller.countryCode),
  }));
  if (seller.endpoint !== null)
    keys.push({ kind: 'ENDPOINT', value: endpointKey(seller.endpoint) });
  const name = seller.legalName ?? seller.tradingName;
  if (name !== null) keys.push({ kind: 'NAME', value: nameKey(name) });
  return keys;
}

/** One tax number with its country, whether or not the country stands in front of the number. */
export function taxKey(number: string, countryCode: string | null): string {
  const bare = number.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
  const prefix = /^[A-Z]{2}(?=.*\d)/.exec(bare)?.[0];
  const country = VAT_PREFIX_OF[prefix ?? ''] ?? prefix ?? countryCode ?? '';
  return `${country}:${prefix === undefined ? bare : bare.slice(2)}`;
}

export function endpointKey(endpoint: {
  readonly schemeId: string;
  readonly value: string;
}): string {
  return `${endpoint.schemeId.toUpperCase()}:${endpoint.value.toLowerCase()}`;
}

/** A legal name without case, accents and punctuation; legal forms stay, because they tell companies apart. */
export function nameKey(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** A supplier that shares a key with the seller. */
export interface SellerCandidate extends SellerKey {
  readonly supplierId: string;
}

/**
 * The supplier that a seller is: by the most trusted kind of key that names one at all. Null when none does, or when it
 * names two: then a person decides.
 */
export function resolveSeller(
  keys: readonly SellerKey[],
  candidates: readonly SellerCandidate[],
): string | null {
  for (const kind of ORDER_OF_TRUST) {
    const values = new Set(keys.filter((key) => key.kind === kind).map((key) => key.value));
    const named = new Set(
      candidates
        .filter((candidate) => candidate.kind === kind && values.has(candidate.value))
        .map((candidate) => candidate.supplierId),
    );
    const [only] = named;
    if (only !== undefined) return named.size === 1 ? only : null;
  }
  return null;
}

/** What identifies the seller of an invoice while no supplier is known: its most trusted key. */
export function sellerIdentity(keys: readonly SellerKey[]): string | null {
  const key = ORDER_OF_TRUST.map((kind) => keys.find((candidate) => candidate.kind === kind)).find(
    (found) => found !== undefined,
  );
  return key === undefined ? null : `${key.kind}:${key.value}`;
}
