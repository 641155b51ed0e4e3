import { createEventFactory } from '#kernel/event.ts';
import { within } from '#kernel/identity.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { accepted, invalidInput, notFound, refused, versionConflict } from '#kernel/problem.ts';
import {
  changeCostCentre as decideCostCentre,
  createCostCentre as decideNewCostCentre,
} from './domain/cost-centre.ts';
import {
  changeFiscalPeriod as decideFiscalPeriod,
  fiscalPeriodOf,
} from './domain/fiscal-period.ts';
import { registerCompany } from './domain/company.ts';
import { EVENT_SOURCE } from './funds-event.ts';
import {
  companyByCode,
  costCentresByIds,
  insertCompanies,
  insertCostCentres,
  lockCostCentre,
  updateCostCentre,
} from './store/cost-centre.ts';
import {
  insertFiscalPeriods,
  lockFiscalPeriod,
  updateFiscalPeriod,
} from './store/fiscal-period.ts';
import type {
  IllegalTransition,
  InvalidInput,
  NotFound,
  Result,
  VersionConflict,
} from '#kernel/problem.ts';
import type { BudgetChange } from './budget-command.ts';
import type { Company } from './domain/company.ts';
import type { CostCentre, CostCentreChange, NewCostCentre } from './domain/cost-centre.ts';
import type { FiscalPeriod, FiscalPeriodEvent } from './domain/fiscal-period.ts';

export async function createCompany(
  { tx }: BudgetChange,
  input: Company,
): Promise<Result<Company, InvalidInput>> {
  const registered = registerCompany(input, await companyByCode(tx, input.code));
  if (registered.ok) await insertCompanies(tx, [input]);
  return registered;
}

export async function createCostCentre(
  change: BudgetChange,
  input: NewCostCentre,
): Promise<Result<CostCentre, InvalidInput>> {
  const { tx, scope } = change;
  const company = await companyByCode(tx, input.companyCode);
  const existing = await lockCostCentre(tx, `${input.companyCode}-${input.code}`);
  const [parent = null] =
    input.parentId === null ? [] : await costCentresByIds(tx, scope, [input.parentId]);
  const created = decideNewCostCentre(input, { companyExists: company !== null, parent, existing });
  if (!created.ok) return created;
  await insertCostCentres(tx, [created.value]);
  await announceCostCentre(change, 'concord.cost-centre.created.v1', created.value);
  return created;
}

export async function changeCostCentre(
  change: BudgetChange,
  input: CostCentreChange & {
    readonly costCentreId: string;
    readonly expectedVersion: number | null;
  },
): Promise<Result<CostCentre, NotFound | InvalidInput | IllegalTransition | VersionConflict>> {
  const costCentre = await lockCostCentre(change.tx, input.costCentreId);
  if (
    costCentre === null ||
    !within(change.scope, { companyCode: costCentre.companyCode, costCentreId: costCentre.id })
  ) {
    return refused(notFound('cost centre', input.costCentreId));
  }
  if (input.expectedVersion !== null && input.expectedVersion !== costCentre.version) {
    return refused(versionConflict('cost centre', costCentre.version));
  }
  const changed = decideCostCentre(costCentre, input);
  if (!changed.ok) return changed;
  await updateCostCentre(change.tx, changed.value);
  await announceCostCentre(change, 'concord.cost-centre.changed.v1', changed.value);
  return changed;
}

async function announceCostCentre(
  change: BudgetChange,
  type: 'concord.cost-centre.created.v1' | 'concord.cost-centre.changed.v1',
  costCentre: CostCentre,
): Promise<void> {
  const { id, companyCode, code, name, managerId, status } = costCentre;
  const event = createEventFactory(EVENT_SOURCE, change.clock)(change.cause, {
    type,
    document: { type: 'CostCentre', id, number: id, status },
    sequence: costCentre.version,
    audience: { companyCode, costCentreId: id, ownerId: managerId },
    data: { costCentreId: id, companyCode, code, name, managerId, status },
  });
  await appendEvents(change.tx, [event]);
}

const YEARS = { min: 2000, max: 2100 } as const;

/** Opens a month for reservations; a month that nobody named before is made first. */
export async function openFiscalPeriod(
  change: BudgetChange,
  input: { readonly companyCode: string; readonly fiscalYear: number; readonly month: number },
): Promise<Result<FiscalPeriod, NotFound | InvalidInput | IllegalTransition | VersionConflict>> {
  const company = await companyByCode(change.tx, input.companyCode);
  if (company === null || !within(change.scope, { companyCode: input.companyCode }))
    return refused(notFound('company', input.companyCode));
  if (
    input.month < 1 ||
    input.month > 12 ||
    input.fiscalYear < YEARS.min ||
    input.fiscalYear > YEARS.max
  ) {
    const message = `A year from ${YEARS.min} to ${YEARS.max} and a month from 1 to 12 are expected.`;
    return refused(invalidInput([{ field: 'month', code: 'OUT_OF_RANGE', message }]));
  }
  const period = fiscalPeriodOf(input.companyCode, input.fiscalYear, input.month);
  await insertFiscalPeriods(change.tx, [period]);
  return changeFiscalPeriod(change, {
    fiscalPeriodId: period.id,
    expectedVersion: null,
    event: 'open',
  });
}

export async function changeFiscalPeriod(
  change: BudgetChange,
  input: {
    readonly fiscalPeriodId: string;
    readonly expectedVersion: number | null;
    readonly event: FiscalPeriodEvent;
  },
): Promise<Result<FiscalPeriod, NotFound | IllegalTransition | VersionConflict>> {
  const period = await lockFiscalPeriod(change.tx, input.fiscalPeriodId);
  if (period === null || !within(change.scope, { companyCode: period.companyCode })) {
    return refused(notFound('fiscal period', input.fiscalPeriodId));
  }
  if (input.expectedVersion !== null && input.expectedVersion !== period.version) {
    return refused(versionConflict('fiscal period', period.version));
  }
  const changed = decideFiscalPeriod(period, input.event);
  if (!changed.ok) return changed;
  await updateFiscalPeriod(change.tx, changed.value);
  await announcePeriod(change, changed.value);
  return accepted(changed.value);
}

async function announcePeriod(change: BudgetChange, period: FiscalPeriod): Promise<void> {
  const { id, companyCode, status } = period;
  const event = createEventFactory(EVENT_SOURCE, change.clock)(change.cause, {
    type: 'concord.fiscal-period.changed.v1',
    document: { type: 'FiscalPeriod', id, number: id, status },
    sequence: period.version,
    audience: { companyCode, costCentreId: null, ownerId: null },
    data: { fiscalPeriodId: id, companyCode, status },
  });
  await appendEvents(change.tx, [event]);
}
