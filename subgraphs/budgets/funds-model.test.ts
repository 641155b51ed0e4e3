import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { money } from '#kernel/money.ts';
import { PURCHASING, TODAY, createBudgetWorld } from './budget-world.ts';
import { decideFunds } from './domain/budget-line.ts';
import { convertFunds, releaseFunds } from './funds-command.ts';
import { liquidateFunds } from './liquidate-funds.ts';
import { createReservationBatcher } from './reserve-funds.ts';
import { foldLedger } from './store/ledger.ts';
import type { Result } from '#kernel/problem.ts';
import type { BudgetWorld } from './budget-world.ts';
import type { BudgetLine, ControlLevel } from './domain/budget-line.ts';
import type { FundsReservation } from './domain/funds-reservation.ts';
import type { FundsChange } from './funds-change.ts';
import type { FundsRequest, ReservationBatcher } from './reserve-funds.ts';

/** Enough runs that a planted overspend (headroom not counted down within a batch) is found every time. */
const RUNS = 100;
const LEVELS: readonly ControlLevel[] = ['ABSOLUTE', 'ABSOLUTE', 'ADVISORY', 'NONE'];

let world: BudgetWorld;
let worlds = 0;
beforeAll(async () => {
  world = await createBudgetWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** One line of the model; the first is the root, the others hang below it. */
interface ModelLine {
  readonly id: string;
  readonly costCentreId: string;
  readonly controlLevel: ControlLevel;
  readonly toleranceMinor: bigint;
  availableMinor: bigint;
  buckets: { PRE_ENCUMBRANCE: bigint; ENCUMBRANCE: bigint; ACTUAL: bigint };
}

interface ModelClaim {
  readonly line: number;
  stage: 'PRE_ENCUMBRANCE' | 'ENCUMBRANCE';
  openMinor: bigint;
}

interface Model {
  readonly lines: ModelLine[];
  /** Requests made so far, with the amount that was accepted under their key. */
  readonly requests: { readonly line: number; readonly amount: number; accepted: number | null }[];
  readonly claims: Map<number, ModelClaim>;
  invoices: number;
}

interface Real {
  readonly prefix: string;
  readonly batcher: ReservationBatcher;
}

type ModelCommand = fc.AsyncCommand<Model, Real>;

function pathOf(model: Model, line: number): ModelLine[] {
  return [model.lines[line], ...(line === 0 ? [] : [model.lines[0]])].filter(
    (found) => found !== undefined,
  );
}

function move(
  model: Model,
  line: number,
  bucket: keyof ModelLine['buckets'],
  amountMinor: bigint,
): void {
  for (const step of pathOf(model, line)) {
    step.buckets[bucket] += amountMinor;
    step.availableMinor -= amountMinor;
  }
}

interface Wish {
  readonly line: number;
  readonly amount: number;
  /** Repeat an earlier request's key; with `sameInput` its input as well. */
  readonly repeats: number | null;
  readonly sameInput: boolean;
}

function reserveCommand(wishes: readonly Wish[]): ModelCommand {
  return {
    check: () => true,
    toString: () =>
      `reserve(${wishes.map((wish) => `${wish.line}:${wish.amount}${wish.repeats === null ? '' : `~${wish.repeats}${wish.sameInput ? '=' : ''}`}`).join(' ')})`,
    run: async (model, real) => {
      const asked = wishes.map((wish) => {
        const repeats =
          wish.repeats === null || model.requests.length === 0
            ? null
            : wish.repeats % model.requests.length;
        const earlier = repeats === null ? undefined : model.requests[repeats];
        if (repeats === null || earlier === undefined) {
          model.requests.push({ line: wish.line, amount: wish.amount, accepted: null });
          return { index: model.requests.length - 1, line: wish.line, amount: wish.amount };
        }
        return {
          index: repeats,
          line: earlier.line,
          amount: wish.sameInput ? earlier.amount : wish.amount,
        };
      });
      const answers = await Promise.all(
        asked.map((one) => real.batcher.run(requestOf(model, real, one))),
      );
      expect(
        answers.map((answer) => (typeof answer === 'string' ? answer : outcomeOf(answer))),
      ).toEqual(asked.map((one) => expected(model, one)));
    },
  };
}

/** What the model says of one request, in the order of arrival. */
function expected(model: Model, asked: { index: number; line: number; amount: number }): string {
  const request = model.requests[asked.index];
  if (request === undefined) throw new Error('The model knows every request.');
  if (request.accepted !== null)
    return request.accepted === asked.amount ? 'RESERVED' : 'IDEMPOTENCY_KEY_REUSED';
  const amountMinor = BigInt(asked.amount);
  const { decision } = decideFunds(pathOf(model, asked.line), amountMinor);
  if (decision === 'INSUFFICIENT') return 'INSUFFICIENT_FUNDS';
  request.accepted = asked.amount;
  model.claims.set(asked.index, {
    line: asked.line,
    stage: 'PRE_ENCUMBRANCE',
    openMinor: amountMinor,
  });
  move(model, asked.line, 'PRE_ENCUMBRANCE', amountMinor);
  return 'RESERVED';
}

function requestOf(
  model: Model,
  real: Real,
  asked: { index: number; line: number; amount: number },
): FundsRequest {
  return {
    idempotencyKey: `${real.prefix}-key-${asked.index}`,
    documentType: 'REQUISITION',
    documentId: requisitionId(real, asked.index),
    documentNumber: `REQ-${asked.index}`,
    correlationId: real.prefix,
    costCentreId: model.lines[asked.line]?.costCentreId ?? '',
    category: 'IT',
    amount: money(BigInt(asked.amount), 'EUR'),
    on: TODAY,
    actorId: PURCHASING.id,
    traceparent: null,
  };
}

const requisitionId = (real: Real, index: number): string => `${real.prefix}-requisition-${index}`;
const orderId = (real: Real, index: number): string => `${real.prefix}-order-${index}`;

function outcomeOf(result: Result<unknown>): string {
  return result.ok ? 'RESERVED' : result.problem.code;
}

function claimAt(
  model: Model,
  pick: number,
  stage: ModelClaim['stage'],
): [number, ModelClaim] | undefined {
  const found = [...model.claims].filter(([, claim]) => claim.stage === stage);
  return found[pick % Math.max(found.length, 1)];
}

function claimCommand(
  name: string,
  stage: ModelClaim['stage'],
  parts: { pick: number; amount: number },
  run: (
    model: Model,
    real: Real,
    found: { index: number; claim: ModelClaim; amountMinor: bigint },
  ) => Promise<void>,
): ModelCommand {
  return {
    check: (model) => claimAt(model, parts.pick, stage) !== undefined,
    toString: () => `${name}(${parts.pick} ${parts.amount})`,
    run: async (model, real) => {
      const [index, claim] = claimAt(model, parts.pick, stage) ?? [];
      if (index !== undefined && claim !== undefined)
        await run(model, real, { index, claim, amountMinor: BigInt(parts.amount) });
    },
  };
}

const change = <Value>(work: (change: FundsChange) => Promise<Value>): Promise<Value> =>
  world.database.transaction((tx) =>
    work({
      tx,
      clock: world.clock,
      cause: { correlationId: 'model', causationId: 'model', traceparent: null, actorId: 'model' },
      mode: 'COMMAND',
      on: TODAY,
    }),
  );

const releaseCommand = (parts: { pick: number; amount: number }): ModelCommand =>
  claimCommand('release', 'PRE_ENCUMBRANCE', parts, async (model, real, { index, claim }) => {
    const document = {
      documentType: 'REQUISITION',
      documentId: requisitionId(real, index),
    } as const;
    expect(outcomeOf(await change((with_) => releaseFunds(with_, document)))).toBe('RESERVED');
    move(model, claim.line, 'PRE_ENCUMBRANCE', -claim.openMinor);
    model.claims.delete(index);
  });

const convertCommand = (parts: { pick: number; amount: number }): ModelCommand =>
  claimCommand(
    'convert',
    'PRE_ENCUMBRANCE',
    parts,
    async (model, real, { index, claim, amountMinor }) => {
      const command = {
        requisitionId: requisitionId(real, index),
        purchaseOrderId: orderId(real, index),
        purchaseOrderNumber: 'PO',
        total: money(amountMinor, 'EUR'),
      };
      const growth = amountMinor - claim.openMinor;
      const isShort =
        growth > 0n && decideFunds(pathOf(model, claim.line), growth).decision === 'INSUFFICIENT';
      const result = await change((with_) => convertFunds(with_, command));
      expect(outcomeOf(result)).toBe(isShort ? 'INSUFFICIENT_FUNDS' : 'RESERVED');
      if (isShort) return;
      move(model, claim.line, 'PRE_ENCUMBRANCE', -claim.openMinor);
      move(model, claim.line, 'ENCUMBRANCE', amountMinor);
      Object.assign(claim, { stage: 'ENCUMBRANCE', openMinor: amountMinor });
    },
  );

const liquidateCommand = (parts: { pick: number; amount: number }): ModelCommand =>
  claimCommand(
    'liquidate',
    'ENCUMBRANCE',
    parts,
    async (model, real, { index, claim, amountMinor }) => {
      model.invoices += 1;
      const invoiceId = `${real.prefix}-invoice-${model.invoices}`;
      const relieved = amountMinor < claim.openMinor ? amountMinor : claim.openMinor;
      const growth = amountMinor - relieved;
      const isShort =
        growth > 0n && decideFunds(pathOf(model, claim.line), growth).decision === 'INSUFFICIENT';
      const result = await change((with_) =>
        liquidateFunds(with_, {
          documentType: 'PURCHASE_ORDER',
          documentId: orderId(real, index),
          invoiceId,
          invoiceNumber: invoiceId,
          kind: 'STANDARD',
          amount: money(amountMinor, 'EUR'),
          final: false,
        }),
      );
      expect(outcomeOf(result)).toBe(isShort ? 'INSUFFICIENT_FUNDS' : 'RESERVED');
      if (isShort) return;
      move(model, claim.line, 'ENCUMBRANCE', -relieved);
      move(model, claim.line, 'ACTUAL', amountMinor);
      claim.openMinor -= relieved;
    },
  );

const amount = fc.integer({ min: 1, max: 60 });
const wish = fc.record({
  line: fc.nat(2),
  amount,
  repeats: fc.option(fc.nat(20), { freq: 3 }),
  sameInput: fc.boolean(),
});
const claimParts = fc.record({ pick: fc.nat(20), amount });
const commands = fc.commands(
  [
    fc.array(wish, { minLength: 1, maxLength: 12 }).map(reserveCommand),
    claimParts.map(releaseCommand),
    claimParts.map(convertCommand),
    claimParts.map(liquidateCommand),
  ],
  { maxCommands: 12 },
);
const shape = fc.tuple(
  ...[0, 1, 2].map(() =>
    fc.record({
      level: fc.constantFrom(...LEVELS),
      initial: fc.integer({ min: 0, max: 150 }),
      tolerance: fc.constantFrom(0, 0, 10),
    }),
  ),
);

async function freshModel(
  shapes: readonly { level: ControlLevel; initial: number; tolerance: number }[],
): Promise<{ model: Model; real: Real }> {
  worlds += 1;
  const built: BudgetLine[] = [];
  for (const [index, part] of shapes.entries()) {
    const [root] = built;
    const cents = (minor: number): string =>
      `0.${String(minor).padStart(2, '0')}`.replace(/^0\.(\d+)(\d\d)$/, '$1.$2');
    built.push(
      await world.addLine({
        costCentreId: `DE01-${worlds}.${index}`,
        initial: cents(part.initial),
        tolerance: cents(part.tolerance),
        controlLevel: part.level,
        ...(root === undefined ? {} : { parent: root }),
      }),
    );
  }
  const lines = built.map((line) => ({
    id: line.id,
    costCentreId: line.costCentreId,
    controlLevel: line.controlLevel,
    toleranceMinor: line.toleranceMinor,
    availableMinor: line.initialMinor,
    buckets: { PRE_ENCUMBRANCE: 0n, ENCUMBRANCE: 0n, ACTUAL: 0n },
  }));
  return {
    model: { lines, requests: [], claims: new Map(), invoices: 0 },
    real: { prefix: `model-${worlds}`, batcher: createReservationBatcher(world) },
  };
}

interface BalanceRow {
  readonly id: string;
  readonly available_minor: bigint;
  readonly pre_encumbrances_minor: bigint;
  readonly encumbrances_minor: bigint;
  readonly actuals_minor: bigint;
  readonly overrun_minor: bigint;
}

async function expectSameBalances(model: Model): Promise<void> {
  const folded = await foldLedger(world.database);
  const rows = await world.database.query<BalanceRow>(
    'select * from budget_line where id = any($1)',
    [model.lines.map((line) => line.id)],
  );
  for (const line of model.lines) {
    const row = rows.find((candidate) => candidate.id === line.id);
    expect({
      PRE_ENCUMBRANCE: row?.pre_encumbrances_minor,
      ENCUMBRANCE: row?.encumbrances_minor,
      ACTUAL: row?.actuals_minor,
      available: row?.available_minor,
      overrun: row?.overrun_minor,
    }).toEqual({ ...line.buckets, available: line.availableMinor, overrun: 0n });
    expect(folded.get(line.id)).toMatchObject(line.buckets);
    // I1: no commit leaves an absolute line beyond its tolerance.
    if (line.controlLevel === 'ABSOLUTE')
      expect((row?.available_minor ?? 0n) + line.toleranceMinor).toBeGreaterThanOrEqual(0n);
  }
}

/** I2 and I3: what is open of all claims is what stands in the buckets, and each claim stands in one. */
async function expectClaimsInBuckets(model: Model): Promise<void> {
  const rows = await world.database.query<
    Pick<FundsReservation, 'stage'> & { budget_line_id: string; open_minor: bigint }
  >(
    'select budget_line_id, stage, sum(open_minor)::bigint as open_minor from funds_reservation where budget_line_id = any($1) group by 1, 2',
    [model.lines.map((line) => line.id)],
  );
  const openOf = (stage: string): bigint =>
    rows.filter((row) => row.stage === stage).reduce((sum, row) => sum + row.open_minor, 0n);
  expect(openOf('PRE_ENCUMBRANCE')).toBe(model.lines[0]?.buckets.PRE_ENCUMBRANCE);
  expect(openOf('ENCUMBRANCE')).toBe(model.lines[0]?.buckets.ENCUMBRANCE);
}

describe('reservations under any sequence of batches, releases, conversions and liquidations', () => {
  it('decide and balance exactly as a simple model does', async () => {
    await fc.assert(
      fc.asyncProperty(shape, commands, async (shapes, sequence) => {
        const { model, real } = await freshModel(shapes);
        await fc.asyncModelRun(() => ({ model, real }), sequence);
        await expectSameBalances(model);
        await expectClaimsInBuckets(model);
      }),
      { numRuns: RUNS },
    );
  });
});
