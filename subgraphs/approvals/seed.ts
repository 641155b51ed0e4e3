import { appendEvents } from '#kernel/outbox.ts';
import { DEFAULT_EXCHANGE_RATES, DEFAULT_POLICY } from './default-policy.ts';
import { saveExchangeRates } from './store/facts.ts';
import { insertPolicies } from './store/policies.ts';
import { insertRequests } from './store/requests.ts';
import { insertDecisions, saveTasks } from './store/tasks.ts';
import type { Transaction } from '#kernel/database.ts';
import type { ApprovalPolicy } from './approval-policy.ts';
import type { Approval } from './approval-request.ts';
import type { ApprovalEvent } from './events.ts';
import type { ExchangeRate } from './store/facts.ts';
import type { Decision } from './task-decision.ts';

/** Puts policies and rates in place, one statement each; can be repeated, and leaves policies that exist as they are. */
export async function seedPolicies(
  tx: Transaction,
  policies: readonly ApprovalPolicy[] = [DEFAULT_POLICY],
  rates: readonly ExchangeRate[] = DEFAULT_EXCHANGE_RATES,
): Promise<void> {
  await insertPolicies(tx, policies);
  await saveExchangeRates(tx, rates);
}

/** Writes whole approvals with what was decided and told of them, one statement per table whatever their number. */
export async function seedApprovals(
  tx: Transaction,
  approvals: readonly (Approval & {
    readonly decisions: readonly Decision[];
    readonly events: readonly ApprovalEvent[];
  })[],
): Promise<void> {
  await insertRequests(
    tx,
    approvals.map((approval) => approval.request),
  );
  await saveTasks(
    tx,
    approvals.flatMap((approval) => approval.tasks),
  );
  await insertDecisions(
    tx,
    approvals.flatMap((approval) => approval.decisions),
  );
  await appendEvents(
    tx,
    approvals.flatMap((approval) => approval.events),
  );
}
