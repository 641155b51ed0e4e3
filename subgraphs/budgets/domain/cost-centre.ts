import { step } from '#kernel/lifecycle.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { FieldError, IllegalTransition, InvalidInput, Result } from '#kernel/problem.ts';

export type CostCentreStatus = 'ACTIVE' | 'CLOSED';
export type CostCentreEvent = 'close' | 'reopen';

/** Where money is spent and who answers for it. */
export interface CostCentre {
  /** `<companyCode>-<code>`. */
  readonly id: string;
  readonly companyCode: string;
  readonly code: string;
  readonly name: string;
  readonly parentId: string | null;
  readonly managerId: string;
  readonly status: CostCentreStatus;
  readonly version: number;
}

export const COST_CENTRE_LIFECYCLE: Lifecycle<CostCentreStatus, CostCentreEvent> = {
  entity: 'cost centre',
  initial: 'ACTIVE',
  transitions: {
    ACTIVE: { close: 'CLOSED' },
    CLOSED: { reopen: 'ACTIVE' },
  },
};

export type NewCostCentre = Pick<
  CostCentre,
  'companyCode' | 'code' | 'name' | 'parentId' | 'managerId'
>;

const CODE = /^[A-Z0-9][A-Z0-9.]{0,19}$/;
const NAME_LENGTH_MAX = 120;

/** A new cost centre, active at once; its parent must be a cost centre of the same company. */
export function createCostCentre(
  input: NewCostCentre,
  facts: {
    readonly companyExists: boolean;
    readonly parent: CostCentre | null;
    readonly existing: CostCentre | null;
  },
): Result<CostCentre, InvalidInput> {
  const fields: FieldError[] = [];
  if (!facts.companyExists) {
    fields.push({
      field: 'companyCode',
      code: 'UNKNOWN_COMPANY',
      message: `"${input.companyCode}" is no company of this installation.`,
    });
  }
  if (!CODE.test(input.code)) {
    fields.push({
      field: 'code',
      code: 'BAD_CODE',
      message: 'Up to 20 capital letters, digits and dots are expected, such as "4100".',
    });
  }
  if (facts.existing !== null) {
    fields.push({
      field: 'code',
      code: 'TAKEN',
      message: `Cost centre ${facts.existing.id} exists already ("${facts.existing.name}").`,
    });
  }
  fields.push(...nameErrors(input.name));
  if (input.parentId !== null && facts.parent?.companyCode !== input.companyCode) {
    fields.push({
      field: 'parentId',
      code: 'UNKNOWN_PARENT',
      message: `A cost centre of company ${input.companyCode} is expected.`,
    });
  }
  if (fields.length > 0) return refused(invalidInput(fields));
  const id = `${input.companyCode}-${input.code}`;
  return accepted({ ...input, id, status: COST_CENTRE_LIFECYCLE.initial, version: 1 });
}

export interface CostCentreChange {
  readonly name: string | null;
  readonly managerId: string | null;
  readonly event: CostCentreEvent | null;
}

/** The cost centre with another name, another manager, closed or reopened. */
export function changeCostCentre(
  costCentre: CostCentre,
  change: CostCentreChange,
): Result<CostCentre, InvalidInput | IllegalTransition> {
  const fields = change.name === null ? [] : nameErrors(change.name);
  if (fields.length > 0) return refused(invalidInput(fields));
  const next =
    change.event === null
      ? accepted(costCentre.status)
      : step(COST_CENTRE_LIFECYCLE, costCentre.status, change.event);
  if (!next.ok) return next;
  return accepted({
    ...costCentre,
    name: change.name ?? costCentre.name,
    managerId: change.managerId ?? costCentre.managerId,
    status: next.value,
    version: costCentre.version + 1,
  });
}

/** The company that a cost centre id begins with; company codes have no hyphen. */
export function companyOf(costCentreId: string): string {
  return costCentreId.split('-', 1)[0] ?? '';
}

function nameErrors(name: string): FieldError[] {
  if (name.trim() !== '' && name.length <= NAME_LENGTH_MAX) return [];
  return [
    {
      field: 'name',
      code: 'BAD_NAME',
      message: `A name of 1 to ${NAME_LENGTH_MAX} characters is expected.`,
    },
  ];
}
