import { requirePermission } from '#kernel/access.ts';
import { newId } from '#kernel/id.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { accountKey } from './bank-account.ts';
import { causeOf, changeSupplier, runOnce } from './command.ts';
import { refusingDuplicates } from './duplicate-refusal.ts';
import {
  insertBlock,
  insertEndpoints,
  insertSites,
  insertTaxRegistrations,
  liftBlock,
  readBlocks,
  readEndpoints,
  readSitesOfSuppliers,
  readTaxRegistrations,
} from './part-store.ts';
import { insertSuppliers, takeNumbers } from './store.ts';
import { decideBlock } from './supplier-block.ts';
import { tellFacts } from './supplier-fact.ts';
import {
  ENDPOINTS_MAX,
  SITES_MAX,
  TAX_REGISTRATIONS_MAX,
  parseSite,
  parseSupplier,
  parseUpdate,
  parsed,
} from './supplier-input.ts';
import { newSupplier, takeStep, withTerms } from './supplier.ts';
import type { Transaction } from '#kernel/database.ts';
import type {
  IdempotencyKeyReused,
  IllegalTransition,
  InvalidInput,
  NotFound,
  Problem,
  Result,
  VersionConflict,
} from '#kernel/problem.ts';
import type { Context } from './context.ts';
import type {
  AddSupplierSiteInput,
  BlockSupplierInput,
  CreateSupplierInput,
  SupplierStepInput,
  UpdateSupplierInput,
} from './generated.ts';
import type { BlockStep } from './supplier-block.ts';
import type { SupplierFact } from './supplier-fact.ts';
import type { SupplierUpdate } from './supplier-input.ts';
import type {
  DuplicateSupplier,
  Facts,
  Supplier,
  SupplierDraft,
  SupplierStep,
} from './supplier.ts';

type Changed<Refusal extends Problem> = Promise<
  Result<Supplier, Refusal | NotFound | VersionConflict | IdempotencyKeyReused>
>;

const CHANGED: readonly SupplierFact[] = [{ type: 'concord.supplier.changed.v1' }];

/** Creates a supplier in state PENDING_REVIEW. */
export async function createSupplier(
  context: Context,
  input: CreateSupplierInput,
): Promise<Result<Supplier, InvalidInput | DuplicateSupplier | IdempotencyKeyReused>> {
  requirePermission(context.viewer, 'supplier:write');
  if (input.bankAccounts.length > 0) requirePermission(context.viewer, 'bank:propose');
  const draft = parseSupplier(input);
  if (!draft.ok) return draft;
  const { taxRegistrations, bankAccounts } = draft.value;
  return refusingDuplicates(
    context.database,
    { taxRegistrations, accountKeys: bankAccounts.map(accountKey) },
    () =>
      runOnce(context, { operation: 'createSupplier', input }, async (tx) =>
        accepted(await storeSupplier(tx, context, input, draft.value)),
      ),
  );
}

async function storeSupplier(
  tx: Transaction,
  context: Context,
  input: CreateSupplierInput,
  draft: SupplierDraft,
): Promise<Supplier> {
  const [number = ''] = await takeNumbers(tx, 1);
  const created = newSupplier(draft, number, factsOf(context));
  await insertSuppliers(tx, [created]);
  const facts = new Map([
    [created.supplier.id, [{ type: 'concord.supplier.created.v1' } as const]],
  ]);
  await tellFacts(tx, { event: context.event, cause: causeOf(context, input) }, facts);
  return created.supplier;
}

/** Changes terms, and adds tax numbers and electronic addresses. */
export async function updateSupplier(
  context: Context,
  input: UpdateSupplierInput,
): Changed<InvalidInput | DuplicateSupplier> {
  requirePermission(context.viewer, 'supplier:write');
  const update = parseUpdate(input);
  if (!update.ok) return update;
  const { terms, taxRegistrations } = update.value;
  return refusingDuplicates(context.database, { taxRegistrations, accountKeys: [] }, () =>
    changeSupplier(
      context,
      { operation: 'updateSupplier', input, ...target(input) },
      async (tx, supplier) => {
        const added = await addParts(tx, supplier.id, update.value);
        return added.ok
          ? accepted({ supplier: withTerms(supplier, terms), facts: CHANGED, answer: itself })
          : added;
      },
    ),
  );
}

async function addParts(
  tx: Transaction,
  supplierId: string,
  update: SupplierUpdate,
): Promise<Result<null, InvalidInput>> {
  const taxRegistrations = await readTaxRegistrations(tx, [supplierId]);
  const endpoints = await readEndpoints(tx, [supplierId]);
  const room = parsed((check) => {
    check.list(
      'addTaxRegistrations',
      [...taxRegistrations, ...update.taxRegistrations],
      TAX_REGISTRATIONS_MAX,
    );
    check.list('addEndpoints', [...endpoints, ...update.endpoints], ENDPOINTS_MAX);
  });
  if (!room.ok) return room;
  await insertTaxRegistrations(
    tx,
    update.taxRegistrations.map((tax) => ({ ...tax, supplierId })),
  );
  await insertEndpoints(
    tx,
    update.endpoints.map((endpoint) => ({ ...endpoint, supplierId })),
  );
  return accepted(null);
}

/** Adds a location. */
export function addSupplierSite(
  context: Context,
  input: AddSupplierSiteInput,
): Changed<InvalidInput> {
  requirePermission(context.viewer, 'supplier:write');
  return changeSupplier(
    context,
    { operation: 'addSupplierSite', input, ...target(input) },
    async (tx, supplier) => {
      const site = parsed((check) => parseSite(input.site, 'site', supplier, check));
      if (!site.ok) return site;
      const sites = await readSitesOfSuppliers(tx, [supplier.id]);
      if (sites.length >= SITES_MAX) {
        return refused(
          invalidInput([
            {
              field: 'site',
              code: 'TOO_MANY',
              message: `The supplier has ${SITES_MAX} sites already, as many as one may have.`,
            },
          ]),
        );
      }
      await insertSites(tx, [{ ...site.value, id: newId(context.clock), supplierId: supplier.id }]);
      return accepted({ supplier, facts: CHANGED, answer: itself });
    },
  );
}

/** What others hear of a step: whoever follows suppliers needs to know only whether one is active now. */
const STEP_FACTS: Readonly<Record<SupplierStep, readonly SupplierFact[]>> = {
  activate: [{ type: 'concord.supplier.activated.v1' }],
  reactivate: [{ type: 'concord.supplier.activated.v1' }],
  deactivate: CHANGED,
};

/** Activates, deactivates or reactivates. */
export function stepSupplier(
  context: Context,
  event: SupplierStep,
  input: SupplierStepInput,
): Changed<IllegalTransition> {
  requirePermission(context.viewer, 'supplier:write');
  const command = { operation: `${event}Supplier`, input, ...target(input) };
  return changeSupplier(context, command, async (_tx, supplier) => {
    const next = takeStep(supplier, event);
    return next.ok
      ? accepted({ supplier: next.value, facts: STEP_FACTS[event], answer: itself })
      : next;
  });
}

const BLOCK_FACTS: Readonly<Record<BlockStep, readonly SupplierFact[]>> = {
  block: [{ type: 'concord.supplier.blocked.v1' }],
  unblock: [{ type: 'concord.supplier.unblocked.v1' }],
};

/** Sets or lifts a block. */
export async function stepBlock(
  context: Context,
  event: BlockStep,
  input: BlockSupplierInput,
): Changed<InvalidInput | IllegalTransition> {
  requirePermission(context.viewer, 'supplier:block');
  const reason = parsed((check) => check.text('reason', input.reason, { min: 1, max: 500 }));
  if (!reason.ok) return reason;
  const command = { operation: `${event}Supplier`, input, ...target(input) };
  return changeSupplier(context, command, async (tx, supplier) => {
    const decided = decideBlock(await readBlocks(tx, [supplier.id]), input.kind, event);
    if (!decided.ok) return decided;
    const { id: by } = context.viewer;
    const block = {
      supplierId: supplier.id,
      kind: input.kind,
      reason: reason.value,
      by,
      at: context.clock.now(),
    };
    await (event === 'block'
      ? insertBlock(tx, { ...block, id: newId(context.clock) })
      : liftBlock(tx, block));
    return accepted({ supplier, facts: BLOCK_FACTS[event], answer: itself });
  });
}

function target(input: { readonly supplierId: string; readonly expectedVersion?: number | null }) {
  return { supplierId: input.supplierId, expectedVersion: input.expectedVersion };
}

function itself(stored: Supplier): Supplier {
  return stored;
}

function factsOf(context: Context): Facts {
  return {
    now: context.clock.now(),
    by: context.viewer.id,
    correlationId: context.correlationId,
    newId: () => newId(context.clock),
  };
}
