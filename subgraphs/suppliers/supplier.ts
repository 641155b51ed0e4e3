import { step } from '#kernel/lifecycle.ts';
import { accepted } from '#kernel/problem.ts';
import { normalizeName } from './supplier-name.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { IllegalTransition, Problem, Result } from '#kernel/problem.ts';
import type { BankAccountDraft } from './bank-account.ts';
import type { TaxRegistration } from './tax-registration.ts';

export type SupplierStatus = 'PENDING_REVIEW' | 'ACTIVE' | 'INACTIVE';
export type SupplierStep = 'activate' | 'deactivate' | 'reactivate';

/** A supplier's life, as far as this hub leads it. Blocks are apart from it: a supplier in any state may have them. */
export const supplierLifecycle: Lifecycle<SupplierStatus, SupplierStep> = {
  entity: 'supplier',
  initial: 'PENDING_REVIEW',
  transitions: {
    PENDING_REVIEW: { activate: 'ACTIVE' },
    ACTIVE: { deactivate: 'INACTIVE' },
    INACTIVE: { reactivate: 'ACTIVE' },
  },
};

/** The golden record of one legal entity. */
export interface Supplier {
  readonly id: string;
  /** `SUP-000001`. */
  readonly number: string;
  readonly legalName: string;
  readonly normalizedName: string;
  readonly tradeNames: readonly string[];
  readonly legalForm: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly paymentTermsDays: number;
  readonly status: SupplierStatus;
  readonly version: number;
  readonly correlationId: string;
  readonly externalRefs: readonly ExternalReference[];
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A key of the supplier in another system. */
export interface ExternalReference {
  readonly system: string;
  readonly type: string;
  readonly id: string;
  readonly version: string | null;
}

/** An electronic address (EN 16931 BT-34). */
export interface ElectronicEndpoint {
  readonly schemeId: string;
  readonly value: string;
}

/** A location that orders go to or payments are made to. */
export interface SupplierSite {
  readonly id: string;
  readonly supplierId: string;
  readonly name: string;
  readonly purpose: 'PURCHASING' | 'PAY';
  readonly address: SupplierAddress;
  readonly currency: string;
  readonly paymentTermsDays: number;
}

export interface SupplierAddress {
  readonly lines: readonly string[];
  readonly city: string;
  readonly postalCode: string | null;
  readonly region: string | null;
  readonly countryCode: string;
}

/** The attributes that a person maintains. */
export type SupplierTerms = Pick<
  Supplier,
  'legalName' | 'tradeNames' | 'legalForm' | 'currency' | 'paymentTermsDays' | 'externalRefs'
>;

/** A supplier that is asked for: parsed and checked, without identity. */
export interface SupplierDraft extends SupplierTerms {
  readonly countryCode: string;
  readonly sites: readonly SiteDraft[];
  readonly taxRegistrations: readonly TaxRegistration[];
  readonly endpoints: readonly ElectronicEndpoint[];
  readonly bankAccounts: readonly BankAccountDraft[];
}

export type SiteDraft = Omit<SupplierSite, 'id' | 'supplierId'>;

/** A supplier with all its parts, ready to be stored. */
export interface NewSupplier {
  readonly supplier: Supplier;
  readonly sites: readonly SupplierSite[];
  readonly taxRegistrations: readonly TaxRegistration[];
  readonly endpoints: readonly ElectronicEndpoint[];
  readonly bankAccounts: readonly (BankAccountDraft & {
    readonly id: string;
    readonly validFrom: Date | null;
  })[];
}

/** What a decision cannot know by itself. */
export interface Facts {
  readonly now: Date;
  /** Who asks. */
  readonly by: string;
  readonly correlationId: string;
  readonly newId: () => string;
}

/** A new golden record; its bank accounts are in force at once, because nothing is paid before it is activated. */
export function newSupplier(draft: SupplierDraft, number: string, facts: Facts): NewSupplier {
  const { sites, taxRegistrations, endpoints, bankAccounts, ...terms } = draft;
  const id = facts.newId();
  return {
    supplier: {
      ...terms,
      id,
      number,
      normalizedName: normalizeName(terms.legalName),
      status: supplierLifecycle.initial,
      version: 1,
      correlationId: facts.correlationId,
      createdBy: facts.by,
      createdAt: facts.now,
      updatedAt: facts.now,
    },
    sites: sites.map((site) => ({ ...site, id: facts.newId(), supplierId: id })),
    taxRegistrations,
    endpoints,
    bankAccounts: bankAccounts.map((account) => ({
      ...account,
      id: facts.newId(),
      validFrom: facts.now,
    })),
  };
}

/** The supplier one step further in its life, or the problem that lists what would be legal. */
export function takeStep(
  supplier: Supplier,
  event: SupplierStep,
): Result<Supplier, IllegalTransition> {
  const next = step(supplierLifecycle, supplier.status, event);
  return next.ok ? accepted({ ...supplier, status: next.value }) : next;
}

/** The supplier with other terms; what is not named stays. */
export function withTerms(supplier: Supplier, terms: Partial<SupplierTerms>): Supplier {
  const changed = { ...supplier, ...terms };
  return { ...changed, normalizedName: normalizeName(changed.legalName) };
}

/** What two suppliers must not share. */
export type DuplicateField = 'TAX_NUMBER' | 'IBAN' | 'BANK_ACCOUNT';

export interface DuplicateSupplier extends Problem<'DUPLICATE_SUPPLIER'> {
  readonly field: DuplicateField;
  readonly existingSupplier: Supplier;
}

const SHARED: Readonly<Record<DuplicateField, string>> = {
  TAX_NUMBER: 'tax number',
  IBAN: 'IBAN',
  BANK_ACCOUNT: 'bank account',
};

/** Another supplier has it already. The message names the supplier, never the number. */
export function duplicateSupplier(
  field: DuplicateField,
  existingSupplier: Supplier,
): DuplicateSupplier {
  return {
    code: 'DUPLICATE_SUPPLIER',
    message: `${existingSupplier.number} (${existingSupplier.legalName}) already has this ${SHARED[field]}; nothing was changed. Use that supplier, or correct the ${SHARED[field]}.`,
    retryable: false,
    field,
    existingSupplier,
  };
}
