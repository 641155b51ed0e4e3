import { createServer } from 'node:http';
import type { Configuration } from './configuration.ts';
import { isCurrent } from './books.ts';
import { controlRoutes } from './control-routes.ts';
import type { Decision } from './document.ts';
import { dueWork } from './due-work.ts';
import { erpRoutes } from './erp-routes.ts';
import { faultPlan } from './fault-plan.ts';
import { requestListener } from './http-border.ts';
import { openLedger } from './ledger.ts';
import type { Ledger, Outcome } from './ledger.ts';
import { webhookSender } from './webhook-sender.ts';

export type ErpSimulator = { readonly url: string; readonly stop: () => Promise<void> };

/**
 * Starts the whole simulator: state from its file, open webhooks and due work taken up again, then the door opened.
 * `onFatal` is called when the journal cannot be written; the process must end then.
 */
export async function startErpSimulator(
  configuration: Configuration,
  onFatal: (error: unknown) => void,
): Promise<ErpSimulator> {
  const ledger = await openLedger(configuration.stateFile, onFatal);
  const plan = faultPlan(configuration.behaviour);
  const sender = webhookSender(configuration.webhookTarget, plan, ledger.settleWebhook);
  const work = dueWork(ledger.books, plan, async (decide) => {
    await execute(decide);
  });

  async function execute(decide: () => Decision): Promise<Outcome> {
    const outcome = await ledger.commit(decide);
    if (outcome.kind === 'committed') {
      // While the entry was being written a later one may have changed its document; that one is followed then.
      sender.send(outcome.changes);
      work.follow(outcome.documents.filter((stored) => isCurrent(ledger.books, stored)));
    }
    return outcome;
  }

  sender.send(openChanges(ledger));
  work.followAll();
  const simulation = {
    ledger,
    plan,
    sender,
    work,
    execute,
    startBehaviour: configuration.behaviour,
  };
  const routes = { erp: erpRoutes(simulation), control: controlRoutes(simulation) };
  const server = createServer(requestListener(simulation, routes, configuration.apiKey));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(configuration.port, configuration.host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : configuration.port;

  const stop = async (): Promise<void> => {
    work.stop();
    sender.stop();
    server.close();
    server.closeAllConnections();
    await ledger.close();
  };
  return { url: `http://${configuration.host}:${port}`, stop };
}

/** Everything that routes act through. */
export type Simulation = {
  readonly ledger: Ledger;
  readonly plan: ReturnType<typeof faultPlan>;
  readonly sender: ReturnType<typeof webhookSender>;
  readonly work: ReturnType<typeof dueWork>;
  /** Commits a decision, then announces it and follows its documents. */
  readonly execute: (decide: () => Decision) => Promise<Outcome>;
  readonly startBehaviour: Configuration['behaviour'];
};

/** Changes that were not yet taken when the process ended. */
function openChanges({ books }: Ledger): (typeof books.changes)[number][] {
  return books.changes.filter((change) => books.unsettledWebhooks.has(change.Sequence));
}
