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

/** Document types `CostCentre` and `FundsReservation`. */
export type BudgetEvent =
  | DomainEvent<'concord.cost-centre.created.v1', CostCentreSnapshot>
  | DomainEvent<'concord.cost-centre.changed.v1', CostCentreSnapshot>
  | DomainEvent<'concord.funds.reserved.v1', ReservationSnapshot>
  | DomainEvent<'concord.funds.converted.v1', ReservationSnapshot>
  | DomainEvent<'concord.funds.released.v1', ReservationSnapshot>;
