import type { DomainEvent } from '#kernel/event.ts';

/** What other rooms may know of a supplier; bank data is never in an event. */
export interface SupplierSnapshot {
  readonly supplierId: string;
  readonly number: string;
  readonly legalName: string;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string;
  /** ISO 4217; the currency the supplier is usually paid in. */
  readonly currency: string;
  readonly status: string;
  readonly blocks: readonly ('PURCHASE' | 'POSTING' | 'PAYMENT')[];
  /**
   * Normalised numbers: upper case, no spaces or punctuation. VAT numbers carry their country's prefix as EN 16931
   * BT-31 does (`DE136695976`, Greece `EL…`), whatever the country itself calls them; their scheme is `VAT`.
   */
  readonly taxRegistrations: readonly {
    readonly countryCode: string;
    readonly scheme: string;
    readonly number: string;
  }[];
  /** Electronic addresses as EN 16931 BT-34 knows them. */
  readonly endpoints: readonly { readonly schemeId: string; readonly value: string }[];
}

export interface BankChangeSnapshot {
  readonly supplierId: string;
  readonly bankChangeId: string;
  /** Only the last four characters are shown. */
  readonly maskedIban: string;
}

/** Document type `Supplier`, document number the supplier's number. Audience: company `*`. */
export type SupplierEvent =
  | DomainEvent<'concord.supplier.created.v1', SupplierSnapshot>
  | DomainEvent<'concord.supplier.activated.v1', SupplierSnapshot>
  | DomainEvent<'concord.supplier.changed.v1', SupplierSnapshot>
  | DomainEvent<'concord.supplier.blocked.v1', SupplierSnapshot>
  | DomainEvent<'concord.supplier.unblocked.v1', SupplierSnapshot>
  | DomainEvent<'concord.supplier.bank-change-proposed.v1', BankChangeSnapshot>
  | DomainEvent<'concord.supplier.bank-change-approved.v1', BankChangeSnapshot>
  | DomainEvent<'concord.supplier.bank-change-rejected.v1', BankChangeSnapshot>
  | DomainEvent<'concord.supplier.bank-change-withdrawn.v1', BankChangeSnapshot>;
