import { dateOf } from '#kernel/clock.ts';
import { isRecord } from '#kernel/json.ts';
import { accepted, refused } from '#kernel/problem.ts';
import { failure } from './connector.ts';
import { markSent } from './store/delivery.ts';
import { referencesOf } from './store/erp-document.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { Answer, Connector, ErpCommand, ErpDocument } from './connector.ts';
import type { Delivery, RetryPolicy } from './delivery.ts';

export interface ErrandOptions {
  readonly database: Database;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
}

/** What a round came to. `mayHaveArrived`: a creation may exist at the ERP although we have no answer that says so. */
export interface Outcome {
  readonly result: Awaited<Answer<ErpDocument | null>>;
  readonly mayHaveArrived: boolean;
}

interface Errand {
  readonly options: ErrandOptions;
  readonly connector: Connector;
  readonly delivery: Delivery;
  readonly command: ErpCommand;
  readonly mayHaveArrived: boolean;
  readonly signal: AbortSignal;
}

/** Ends with the document as it is at the ERP after the command; null when a cancellation found nothing to cancel. */
export async function send(
  options: ErrandOptions,
  delivery: Delivery,
  sending: Pick<Errand, 'mayHaveArrived' | 'signal'>,
): Promise<Outcome> {
  const connector = options.connectors.get(delivery.erp);
  if (connector === undefined) {
    const message = `No ERP is configured under the name ${delivery.erp}.`;
    return {
      result: refused(failure('MAPPING', 'NO_ERP_FOR_COMPANY', message)),
      mayHaveArrived: false,
    };
  }
  const command = await commandOf(options, delivery);
  const errand = { options, connector, delivery, command, ...sending };
  const sent = delivery.action === 'CREATE' ? await create(errand) : await amend(errand);
  if (!sent.result.ok || sent.result.value === null) return sent;
  const result = await readBack(errand, sent.result.value);
  return { result, mayHaveArrived: true };
}

/** Creates the document unless it is there already. What was never sent need not be looked for. */
async function create(errand: Errand): Promise<Outcome> {
  const { options, connector, delivery, mayHaveArrived } = errand;
  if (delivery.lastSentAt !== null) {
    const found = await look(errand);
    if (!found.ok) return { result: found, mayHaveArrived };
    if (found.value.live !== null)
      return { result: accepted(found.value.live), mayHaveArrived: true };
    if (mayHaveArrived && !hasSettled(options, delivery)) {
      const message = `The answer was lost; ${delivery.externalReference} is looked for again before it is repeated.`;
      return { result: refused(failure('SETTLING', 'OUTCOME_UNKNOWN', message)), mayHaveArrived };
    }
  }
  if (errand.signal.aborted) {
    const problem = failure('UNAVAILABLE', 'ERP_UNAVAILABLE', 'The claim on the job was lost.');
    return { result: refused(problem), mayHaveArrived };
  }
  await markSent(options.database, delivery.id, options.clock.now());
  const result = await connector.create(errand.command);
  return { result, mayHaveArrived: result.ok || result.problem.kind === 'UNKNOWN_OUTCOME' };
}

/** Changes or cancels the document, unless it already is as wanted: so repeating it is safe. */
async function amend(errand: Errand): Promise<Outcome> {
  const { options, connector, delivery, command } = errand;
  const done = (result: Outcome['result']): Outcome => ({ result, mayHaveArrived: false });
  const found = await look(errand);
  if (!found.ok) return done(found);
  const document = found.value.live ?? found.value.newest;
  if (delivery.action === 'CANCEL') {
    if (document === null || document.status === 'CANCELLED') return done(accepted(document));
    await markSent(options.database, delivery.id, options.clock.now());
    return done(await connector.cancel(command, document));
  }
  if (document === null) {
    const message = `${delivery.externalReference} is not at ${delivery.erp}, so it cannot be changed there.`;
    return done(refused(failure('NOT_APPLIED', 'DEPENDENCY_MISSING', message)));
  }
  if (connector.isApplied(command, document)) return done(accepted(document));
  await markSent(options.database, delivery.id, options.clock.now());
  return done(await connector.change(command, document));
}

/** What is at the ERP under our reference. More than one live document is for a person to sort out. */
async function look({
  connector,
  delivery,
}: Errand): Answer<{ live: ErpDocument | null; newest: ErpDocument | null }> {
  const found = await connector.find(delivery.documentType, delivery.externalReference);
  if (!found.ok) return found;
  const alive = found.value.filter((document) => document.status !== 'CANCELLED');
  if (alive.length > 1) {
    const numbers = alive.map((document) => document.erpNumber).join(', ');
    const message = `${delivery.erp} has ${numbers} for ${delivery.externalReference}.`;
    return refused(failure('DUPLICATE', 'DUPLICATE_AT_ERP', message));
  }
  return accepted({ live: alive[0] ?? null, newest: found.value.at(-1) ?? null });
}

function hasSettled({ clock, policy }: ErrandOptions, delivery: Delivery): boolean {
  const sentMs = delivery.lastSentAt?.getTime() ?? 0;
  return clock.now().getTime() - sentMs >= policy.settleMs;
}

/** Reads the document again: an ERP may answer with success and change nothing. */
async function readBack(errand: Errand, sent: ErpDocument): Answer<ErpDocument> {
  const { connector, delivery, command } = errand;
  const read = await connector.readBack(delivery.documentType, sent.erpNumber);
  if (!read.ok) return read;
  const document = read.value;
  const isDone =
    document !== null &&
    (delivery.action === 'CREATE'
      ? document.externalReference === delivery.externalReference
      : delivery.action === 'CANCEL'
        ? document.status === 'CANCELLED'
        : connector.isApplied(command, document));
  if (isDone) return accepted(document);
  const message = `${delivery.erp} took the command and ${sent.erpNumber} does not show it.`;
  return refused(failure('NOT_APPLIED', 'NOT_APPLIED', message));
}

/** The command with everything that its translation needs. */
async function commandOf(options: ErrandOptions, delivery: Delivery): Promise<ErpCommand> {
  const snapshot: Record<string, unknown> = isRecord(delivery.payload) ? delivery.payload : {};
  const lines = Array.isArray(snapshot['lines']) ? snapshot['lines'].filter(isRecord) : [];
  const supplierId = textOf(snapshot['supplierId']);
  const found = await referencesOf(options.database, {
    erp: delivery.erp,
    supplierId,
    orderId: delivery.dependsOnOrderId,
    lineIds: lines.map((line) => textOf(line['purchaseOrderLineId']) ?? ''),
  });
  const command = {
    documentType: delivery.documentType,
    externalReference: delivery.externalReference,
    correlationId: delivery.correlationId,
    references: {
      supplierNumber: found.supplierNumber ?? supplierId ?? '',
      orderErpNumber: found.orderErpNumber,
      lineNumbers: new Map(found.lines.map((line) => [line.id, line.lineNumber])),
      postedOn: dateOf(options.clock.now()),
    },
    snapshot,
  };
  // The payload was written from the event of exactly this document type.
  return command as unknown as ErpCommand;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
