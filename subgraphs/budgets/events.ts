import type { DomainEvent } from '#kernel/event.ts';
import type { WireMoney } from '#kernel/money.ts';

export interface CostCentreSnapshot {
  /** `<companyCode>-<code>`. */
  readonly costCentreId: string;
  readonly companyCode: string;
  readonly code: string;
  readonly name: string;
  readonly managerId: string;
  readonly status: string;
}

export interface ReservationSnapshot {
  readonly reservationId: string;
  readonly budgetLineId: string;
  readonly costCentreId: string;
  readonly documentType: 'REQUISITION' | 'PURCHASE_ORDER' | 'INVOICE';
  readonly documentId: string;
  readonly stage: 'PRE_ENCUMBRANCE' | 'ENCUMBRANCE' | 'ACTUAL';
  readonly amount: WireMoney;
  /** What is still available on the line after this. */
  readonly available: WireMoney;
}

export interface OverrunSnapshot extends ReservationSnapshot {
  /** The absolutely controlled line, the reservation's own or an ancestor, that is now beyond its limit. */
  readonly overrunLineId: string;
  /** By how much that line is beyond its budget and tolerance. */
  readonly overrun: WireMoney;
}

export interface BudgetLineSnapshot {
  readonly budgetLineId: string;
  readonly companyCode: string;
  readonly costCentreId: string;
  readonly category: string;
  readonly fiscalYear: number;
  readonly controlLevel: 'NONE' | 'ADVISORY' | 'ABSOLUTE';
  readonly available: WireMoney;
}

export interface FiscalPeriodSnapshot {
  /** `<companyCode>-<year>-<month>`. */
  readonly fiscalPeriodId: string;
  readonly companyCode: string;
  readonly status: string;
}

/**
 * Document types `CostCentre`, `FundsReservation`, `BudgetLine` and `FiscalPeriod`. `overrun`: a fact that could not be
 * refused any more (a posted invoice, an issued order) went beyond an absolute limit; somebody must look at it.
 */
export type BudgetEvent =
  | DomainEvent<'concord.cost-centre.created.v1', CostCentreSnapshot>
  | DomainEvent<'concord.cost-centre.changed.v1', CostCentreSnapshot>
  | DomainEvent<'concord.funds.reserved.v1', ReservationSnapshot>
  | DomainEvent<'concord.funds.adjusted.v1', ReservationSnapshot>
  | DomainEvent<'concord.funds.converted.v1', ReservationSnapshot>
  | DomainEvent<'concord.funds.liquidated.v1', ReservationSnapshot>
  | DomainEvent<'concord.funds.reversed.v1', ReservationSnapshot>
  | DomainEvent<'concord.funds.released.v1', ReservationSnapshot>
  | DomainEvent<'concord.funds.overrun.v1', OverrunSnapshot>
  | DomainEvent<'concord.budget-line.created.v1', BudgetLineSnapshot>
  | DomainEvent<'concord.budget-line.changed.v1', BudgetLineSnapshot>
  | DomainEvent<'concord.fiscal-period.changed.v1', FiscalPeriodSnapshot>;
