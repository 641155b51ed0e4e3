import { CATEGORIES, COMPANIES, COST_CENTRES, GOODS } from './master-data.ts';
import { createRandom } from './random.ts';
import { destinyOfEach } from './destinies.ts';
import type { Random } from './random.ts';
import type { Destiny } from './destinies.ts';
import type { SeededSupplier } from './foundation.ts';
import type { DemoCompany } from './master-data.ts';
import type { WantedLine, WantedRequisition } from './procurement.ts';

export interface DemoRequisition {
  readonly destiny: Destiny;
  readonly company: DemoCompany;
  readonly supplier: SeededSupplier;
  readonly wanted: WantedRequisition;
}

const SEED = 20_261_123;
/** Above every band of the demo's authority, below every budget: nobody may approve it. */
const BEYOND_AUTHORITY_EUROS = 320_000;

/** The same two hundred requisitions on every machine. */
export function demoRequisitions(suppliers: readonly SeededSupplier[]): DemoRequisition[] {
  const random = createRandom(SEED);
  return destinyOfEach().map((destiny, index) =>
    demoRequisition({ destiny, index, suppliers, random }),
  );
}

function demoRequisition(plan: {
  destiny: Destiny;
  index: number;
  suppliers: readonly SeededSupplier[];
  random: Random;
}): DemoRequisition {
  const { destiny, index, random } = plan;
  const company = random.pick(COMPANIES);
  const centre = random.pick(COST_CENTRES);
  const category = random.pick(CATEGORIES);
  const supplier = random.pick(suppliersFor(plan.suppliers, company, destiny));
  const costCentreId = `${company.code}-${centre.code}`;
  const lines =
    destiny === 'unroutable' ? [pressLine(company)] : someLines(random, company, category);
  return {
    destiny,
    company,
    supplier,
    wanted: {
      key: `demo-${String(index + 1).padStart(3, '0')}`,
      requestor: requestorFor(company, costCentreId),
      title: `${lines[0]?.description ?? 'Supplies'} for ${centre.name.toLowerCase()}`,
      costCentreId,
      supplierId: supplier.id,
      category,
      currency: company.currency,
      lines,
    },
  };
}

/** The first supplier of each currency is the one that the demo's ERP has blocked; nobody else may order there. */
function suppliersFor(
  suppliers: readonly SeededSupplier[],
  company: DemoCompany,
  destiny: Destiny,
): readonly SeededSupplier[] {
  const inCurrency = suppliers.filter((supplier) => supplier.currency === company.currency);
  return destiny === 'erp-refused' ? inCurrency.slice(0, 1) : inCurrency.slice(1);
}

export function blockedInErp(suppliers: readonly SeededSupplier[]): string[] {
  return COMPANIES.flatMap((company) =>
    suppliersFor(suppliers, company, 'erp-refused').map((supplier) => supplier.number),
  );
}

/** A requestor orders for the own cost centre; for all others a buyer does. */
function requestorFor(company: DemoCompany, costCentreId: string): string {
  const own: Readonly<Record<string, string>> = {
    'DE01-4100': 'requestor',
    'US01-2100': 'requestor-us',
  };
  return own[costCentreId] ?? (company.requestor === 'buyer' ? company.requestor : 'buyer');
}

function someLines(
  random: Random,
  company: DemoCompany,
  category: (typeof CATEGORIES)[number],
): WantedLine[] {
  return Array.from({ length: random.whole(1, 3) }, () => {
    const { description, unitCode, from, to } = random.pick(GOODS[category]);
    return {
      description,
      unitCode,
      quantity: String(random.whole(2, 20)),
      unitPrice: String(random.whole(from, to) * company.priceLevel),
    };
  });
}

function pressLine(company: DemoCompany): WantedLine {
  return {
    description: 'Hydraulic press, 800 t',
    unitCode: 'C62',
    quantity: '1',
    unitPrice: String(BEYOND_AUTHORITY_EUROS * company.priceLevel),
  };
}
