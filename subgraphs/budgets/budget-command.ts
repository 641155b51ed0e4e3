import { createEventFactory } from '#kernel/event.ts';
import { newId } from '#kernel/id.ts';
import { money, toWire, zero } from '#kernel/money.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { accepted, invalidInput, notFound, refused, versionConflict } from '#kernel/problem.ts';
import { dateOf } from '#kernel/clock.ts';
import { within } from '#kernel/identity.ts';
import { availableOf, createBudgetLine, insufficientFunds } from './domain/budget-line.ts';
import { EVENT_SOURCE } from './funds-event.ts';
import {
  budgetLineOf,
  budgetLinesByIds,
  countVersions,
  insertBudgetLines,
  lockPaths,
} from './store/budget-line.ts';
import { companyByCode, costCentresByIds } from './store/cost-centre.ts';
import { postEntries } from './store/ledger.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Transaction } from '#kernel/database.ts';
import type { Cause } from '#kernel/event.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { Money } from '#kernel/money.ts';
import type { InvalidInput, NotFound, Result, VersionConflict } from '#kernel/problem.ts';
import type { BudgetLine, InsufficientFunds, NewBudgetLine } from './domain/budget-line.ts';
import type { BudgetEvent, BudgetLineSnapshot } from './events.ts';
import type { EntryKind, Posting } from './store/ledger.ts';

/** With what budgets are changed, in one transaction, by somebody who sees `scope`. */
export interface BudgetChange {
  readonly tx: Transaction;
  readonly clock: Clock;
  readonly cause: Cause;
  readonly scope: ReadScope;
}

export async function openBudgetLine(
  change: BudgetChange,
  input: Omit<NewBudgetLine, 'tolerance'> & { readonly tolerance: Money | null },
): Promise<Result<BudgetLine, NotFound | InvalidInput>> {
  const { tx, scope } = change;
  const [costCentre] = await costCentresByIds(tx, scope, [input.costCentreId]);
  const company = costCentre === undefined ? null : await companyByCode(tx, costCentre.companyCode);
  if (costCentre === undefined || company === null)
    return refused(notFound('cost centre', input.costCentreId));
  const [parent = null] =
    input.parentLineId === null ? [] : await budgetLinesByIds(tx, scope, [input.parentLineId]);
  const existing = await budgetLineOf(tx, input);
  const facts = { costCentre, companyCurrency: company.currency, parent, existing };
  const created = createBudgetLine(
    newId(change.clock),
    { ...input, tolerance: input.tolerance ?? zero(company.currency) },
    facts,
  );
  if (!created.ok) return created;
  await insertBudgetLines(tx, [created.value]);
  await enterBudget(change, [
    postingOf(change, created.value, {
      kind: 'INITIAL',
      amountMinor: input.initial.amountMinor,
      reason: null,
    }),
  ]);
  const [line = created.value] = await budgetLinesByIds(tx, scope, [created.value.id]);
  await announceLine(change, 'concord.budget-line.created.v1', [line]);
  return accepted(line);
}

export interface BudgetAdjustment {
  readonly budgetLineId: string;
  readonly expectedVersion: number | null;
  /** Positive: a supplement. Negative: a return. */
  readonly amount: Money;
  readonly reason: string;
}

export async function adjustBudget(
  change: BudgetChange,
  input: BudgetAdjustment,
): Promise<Result<BudgetLine, NotFound | InvalidInput | VersionConflict | InsufficientFunds>> {
  const line = (await lockPaths(change.tx, [input.budgetLineId])).get(input.budgetLineId);
  if (line === undefined || !within(change.scope, line))
    return refused(notFound('budget line', input.budgetLineId));
  if (input.expectedVersion !== null && input.expectedVersion !== line.version)
    return refused(versionConflict('budget line', line.version));
  const flaw = currencyFlaw(line, input.amount);
  if (flaw !== null) return refused(flaw);
  const short = shortfallOf(line, -input.amount.amountMinor);
  if (short !== null) return refused(short);
  const kind = input.amount.amountMinor < 0n ? 'RETURN' : 'SUPPLEMENT';
  await enterBudget(change, [
    postingOf(change, line, { kind, amountMinor: input.amount.amountMinor, reason: input.reason }),
  ]);
  const [changed = line] = await countVersions(change.tx, [line.id]);
  await announceLine(change, 'concord.budget-line.changed.v1', [changed]);
  return accepted(changed);
}

export interface BudgetTransfer {
  readonly amount: Money;
  readonly from: BudgetLine;
  readonly to: BudgetLine;
}

/** Two entries of the same amount with opposite signs, in one statement: transfers net to zero (I7). */
export async function transferBudget(
  change: BudgetChange,
  input: {
    readonly fromBudgetLineId: string;
    readonly toBudgetLineId: string;
    readonly amount: Money;
    readonly reason: string;
  },
): Promise<Result<BudgetTransfer, NotFound | InvalidInput | InsufficientFunds>> {
  const ids = [input.fromBudgetLineId, input.toBudgetLineId];
  const lines = await lockPaths(change.tx, ids);
  const [from, to] = ids.map((id) => lines.get(id));
  if (from === undefined || !within(change.scope, from))
    return refused(notFound('budget line', input.fromBudgetLineId));
  if (to === undefined || !within(change.scope, to))
    return refused(notFound('budget line', input.toBudgetLineId));
  if (
    from.id === to.id ||
    from.companyCode !== to.companyCode ||
    from.fiscalYear !== to.fiscalYear
  ) {
    const message = 'Another line of the same company and fiscal year is expected.';
    return refused(invalidInput([{ field: 'toBudgetLineId', code: 'NOT_TRANSFERABLE', message }]));
  }
  const flaw = currencyFlaw(from, input.amount);
  if (flaw !== null) return refused(flaw);
  const { amountMinor } = input.amount;
  const short = shortfallOf(from, amountMinor);
  if (short !== null) return refused(short);
  await enterBudget(change, [
    postingOf(change, from, { kind: 'TRANSFER', amountMinor: -amountMinor, reason: input.reason }),
    postingOf(change, to, { kind: 'TRANSFER', amountMinor, reason: input.reason }),
  ]);
  const changed = new Map((await countVersions(change.tx, ids)).map((line) => [line.id, line]));
  await announceLine(change, 'concord.budget-line.changed.v1', [...changed.values()]);
  return accepted({
    amount: input.amount,
    from: changed.get(from.id) ?? from,
    to: changed.get(to.id) ?? to,
  });
}

/** Budget that documents hold cannot be taken away from an absolute line. */
function shortfallOf(line: BudgetLine, takenMinor: bigint): InsufficientFunds | null {
  if (
    takenMinor <= 0n ||
    line.controlLevel !== 'ABSOLUTE' ||
    line.availableMinor + line.toleranceMinor >= takenMinor
  )
    return null;
  return insufficientFunds(line.id, availableOf(line), money(takenMinor, line.currency));
}

function currencyFlaw(line: BudgetLine, amount: Money): InvalidInput | null {
  if (amount.currency === line.currency) return null;
  return invalidInput([
    {
      field: 'amount',
      code: 'CURRENCY',
      message: `The line's currency ${line.currency} is expected, not ${amount.currency}.`,
    },
  ]);
}

function postingOf(
  change: BudgetChange,
  line: BudgetLine,
  entry: { kind: EntryKind; amountMinor: bigint; reason: string | null },
): Posting {
  return {
    ...entry,
    budgetLineId: line.id,
    reservationId: null,
    bucket: entry.kind === 'INITIAL' ? 'INITIAL' : 'ADJUSTMENT',
    document: null,
    on: dateOf(change.clock.now()),
    rate: null,
    actorId: change.cause.actorId,
    causeId: change.cause.causationId,
    correlationId: change.cause.correlationId,
  };
}

function enterBudget(change: BudgetChange, postings: readonly Posting[]): Promise<void> {
  return postEntries(change.tx, postings, { at: change.clock.now(), mayOverrun: false });
}

type LineFact = Extract<BudgetEvent, { data: BudgetLineSnapshot }>['type'];

async function announceLine(
  change: BudgetChange,
  type: LineFact,
  lines: readonly BudgetLine[],
): Promise<void> {
  const event = createEventFactory(EVENT_SOURCE, change.clock);
  const events = lines.map((line) =>
    event(change.cause, {
      type,
      document: {
        type: 'BudgetLine',
        id: line.id,
        number: `${line.costCentreId}/${line.category}/${line.fiscalYear}`,
        status: line.controlLevel,
      },
      sequence: line.version,
      audience: { companyCode: line.companyCode, costCentreId: line.costCentreId, ownerId: null },
      data: {
        budgetLineId: line.id,
        companyCode: line.companyCode,
        costCentreId: line.costCentreId,
        category: line.category,
        fiscalYear: line.fiscalYear,
        controlLevel: line.controlLevel,
        available: toWire(availableOf(line)),
      },
    }),
  );
  await appendEvents(change.tx, events);
}
