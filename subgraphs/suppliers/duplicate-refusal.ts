import { violatedConstraint } from '#kernel/database.ts';
import { refused } from '#kernel/problem.ts';
import { readHolderOfAccount, readHolderOfTaxNumber } from './duplicate-store.ts';
import { duplicateSupplier } from './supplier.ts';
import type { Sql } from '#kernel/database.ts';
import type { Problem, Result } from '#kernel/problem.ts';
import type { DuplicateSupplier } from './supplier.ts';
import type { TaxRegistration } from './tax-registration.ts';

/** What a write brings that no two suppliers may share. */
export interface Unshared {
  readonly taxRegistrations: readonly TaxRegistration[];
  readonly accountKeys: readonly string[];
}

/**
 * Runs a write and turns the unique index that refused it into the problem that names the other supplier. Asking the
 * index instead of looking first decides between concurrent writers, too.
 */
export async function refusingDuplicates<Value, P extends Problem>(
  sql: Sql,
  unshared: Unshared,
  write: () => Promise<Result<Value, P>>,
): Promise<Result<Value, P | DuplicateSupplier>> {
  try {
    return await write();
  } catch (error) {
    const duplicate = await holderOf(sql, unshared, violatedConstraint(error));
    if (duplicate === null) throw error;
    return refused(duplicate);
  }
}

/** Who has one of these already; the violated constraint says what to look for. */
async function holderOf(
  sql: Sql,
  unshared: Unshared,
  constraint: string | null,
): Promise<DuplicateSupplier | null> {
  if (constraint === 'tax_registration_number') {
    const holder = await readHolderOfTaxNumber(sql, unshared.taxRegistrations);
    return holder === null ? null : duplicateSupplier('TAX_NUMBER', holder);
  }
  return constraint === 'bank_account_in_force'
    ? duplicateOfAccount(sql, unshared.accountKeys)
    : null;
}

/** The supplier that has one of these accounts in force, as a problem; null when none has. */
export async function duplicateOfAccount(
  sql: Sql,
  accountKeys: readonly string[],
): Promise<DuplicateSupplier | null> {
  const found = await readHolderOfAccount(sql, accountKeys);
  if (found === null) return null;
  return duplicateSupplier(found.key.startsWith('IBAN:') ? 'IBAN' : 'BANK_ACCOUNT', found.holder);
}
