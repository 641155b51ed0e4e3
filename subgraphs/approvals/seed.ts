import { DEFAULT_EXCHANGE_RATES, DEFAULT_POLICY } from './default-policy.ts';
import { saveExchangeRates } from './store/facts.ts';
import { insertPolicies } from './store/policies.ts';
import type { Transaction } from '#kernel/database.ts';
import type { ApprovalPolicy } from './approval-policy.ts';
import type { ExchangeRate } from './store/facts.ts';

/** Puts policies and rates in place, one statement each; can be repeated, and leaves policies that exist as they are. */
export async function seedPolicies(
  tx: Transaction,
  policies: readonly ApprovalPolicy[] = [DEFAULT_POLICY],
  rates: readonly ExchangeRate[] = DEFAULT_EXCHANGE_RATES,
): Promise<void> {
  await insertPolicies(tx, policies);
  await saveExchangeRates(tx, rates);
}
