import { COMPANIES, COST_CENTRES, SUPPLIERS } from './master-data.ts';
import type { GraphClient } from './graph-client.ts';
import type { DemoCompany, DemoSupplier } from './master-data.ts';

/** Runs tasks a few at a time, so that a demo on two cores does not wait on itself; results keep the tasks' order. */
export async function inParallel<Task, Result>(
  tasks: readonly Task[],
  run: (task: Task, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < tasks.length; index = next++) {
      const task = tasks[index];
      if (task !== undefined) results[index] = await run(task, index);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return results;
}
const PARALLEL = 6;

/** Cost centres with budgets and open periods, as the controller sets them up. */
export async function seedBudgets(
  graph: GraphClient,
  year: number,
  companies: readonly DemoCompany[] = COMPANIES,
): Promise<void> {
  const change = (
    mutation: string,
    on: string,
    input: Readonly<Record<string, unknown>>,
  ): Promise<unknown> => graph.change('controller', mutation, { input, on, select: 'id' });
  for (const { code, currency, priceLevel } of companies) {
    await graph.change('controller', 'createCompany', {
      input: { idempotencyKey: `demo-company-${code}`, code, currency },
      on: 'Company',
      select: 'code',
    });
    const months = Array.from({ length: 12 }, (_, index) => index + 1);
    await inParallel(months, (month) =>
      change('openFiscalPeriod', 'FiscalPeriod', {
        idempotencyKey: `demo-period-${code}-${month}`,
        companyCode: code,
        fiscalYear: year,
        month,
      }),
    );
    await inParallel(COST_CENTRES, async (centre) => {
      const costCentreId = `${code}-${centre.code}`;
      await change('createCostCentre', 'CostCentre', {
        idempotencyKey: `demo-cost-centre-${costCentreId}`,
        companyCode: code,
        code: centre.code,
        name: centre.name,
        managerId: 'approver',
      });
      await change('createBudgetLine', 'BudgetLine', {
        idempotencyKey: `demo-line-${costCentreId}`,
        costCentreId,
        category: ANY_CATEGORY,
        fiscalYear: year,
        initial: { amount: String(centre.budgetThousands * 1000 * priceLevel), currency },
        controlLevel: 'ABSOLUTE',
      });
    });
  }
}

/** A budget line of this category serves every category without a line of its own. */
const ANY_CATEGORY = '*';

/** Bands in each company's own currency: the manager, then a second approver, then both at once. */
export async function seedApprovalPolicy(
  graph: GraphClient,
  effectiveFrom: string,
  companies: readonly DemoCompany[] = COMPANIES,
): Promise<void> {
  const rules = companies.flatMap(({ code, currency, priceLevel }) =>
    ['REQUISITION', 'PURCHASE_ORDER'].flatMap((documentType) =>
      BANDS.map(({ name, from, to, stages }) => ({
        name: `${code} ${name}`,
        documentType,
        companyCode: code,
        currency,
        stages,
        amountFrom: String(from * priceLevel),
        amountTo: String(to * priceLevel),
      })),
    ),
  );
  const { id } = await graph.change<{ id: string }>('finance-operations', 'createApprovalPolicy', {
    input: {
      idempotencyKey: 'demo-policy',
      name: 'Demo authority',
      effectiveFrom,
      fallbackApproverIds: ['second-approver', 'controller'],
      rules,
    },
    on: 'ApprovalPolicy',
    select: 'id',
  });
  await graph.change('controller', 'activateApprovalPolicy', {
    input: { idempotencyKey: 'demo-policy-active', policyId: id },
    on: 'ApprovalPolicy',
    select: 'id',
  });
}

const manager = { kind: 'COST_CENTRE_MANAGER' };
const second = { kind: 'USERS', userIds: ['second-approver'] };
const BANDS = [
  {
    name: 'up to 5,000',
    from: 0,
    to: 5_000,
    stages: [{ mode: 'SEQUENTIAL', approvers: [manager] }],
  },
  {
    name: '5,000 to 50,000',
    from: 5_000,
    to: 50_000,
    stages: [
      { mode: 'SEQUENTIAL', approvers: [manager] },
      { mode: 'SEQUENTIAL', approvers: [second] },
    ],
  },
  {
    name: '50,000 to 300,000',
    from: 50_000,
    to: 300_000,
    stages: [{ mode: 'PARALLEL_ALL', approvers: [manager, second] }],
  },
];

export interface SeededSupplier {
  readonly id: string;
  /** The number under which the ERP knows it. */
  readonly number: string;
  readonly legalName: string;
  readonly currency: string;
  readonly taxNumber: string;
}

/** Creates and activates suppliers; one steward creates, the other activates. */
export async function seedSuppliers(
  graph: GraphClient,
  suppliers: readonly DemoSupplier[] = SUPPLIERS,
): Promise<SeededSupplier[]> {
  return inParallel(suppliers, async (supplier, index) => {
    const { id, number } = await graph.change<{ id: string; number: string }>(
      'supplier-steward',
      'createSupplier',
      {
        input: {
          idempotencyKey: `demo-supplier-${index}`,
          legalName: supplier.legalName,
          legalForm: supplier.legalForm,
          countryCode: supplier.countryCode,
          currency: supplier.currency,
          taxRegistrations: [supplier.taxRegistration],
          bankAccounts: [supplier.bankAccount],
          sites: [
            {
              name: 'Head office',
              purpose: 'PURCHASING',
              addressLines: ['Industriestrasse 1'],
              city: supplier.city,
            },
          ],
        },
        on: 'Supplier',
        select: 'id number',
      },
    );
    await graph.change('second-supplier-steward', 'activateSupplier', {
      input: { idempotencyKey: `demo-active-${index}`, supplierId: id },
      on: 'Supplier',
      select: 'id',
    });
    return {
      id,
      number,
      legalName: supplier.legalName,
      currency: supplier.currency,
      taxNumber: supplier.taxRegistration.number,
    };
  });
}
