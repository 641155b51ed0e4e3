import { DAY_MS, dateOf, instantOf, shifted } from '#kernel/clock.ts';
import { step } from '#kernel/lifecycle.ts';
import { accepted } from '#kernel/problem.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { IllegalTransition, Problem, Result } from '#kernel/problem.ts';

export type FiscalPeriodStatus = 'NOT_OPEN' | 'OPEN' | 'CLOSING' | 'CLOSED' | 'LOCKED';
export type FiscalPeriodEvent = 'open' | 'beginClosing' | 'close' | 'reopen' | 'lock';

/** One calendar month of a company's books. */
export interface FiscalPeriod {
  /** `<companyCode>-<year>-<month>`, such as `DE01-2026-11`. */
  readonly id: string;
  readonly companyCode: string;
  readonly fiscalYear: number;
  readonly month: number;
  readonly startsOn: string;
  readonly endsOn: string;
  readonly status: FiscalPeriodStatus;
  readonly version: number;
}

/** Only an OPEN period accepts reservations; CLOSING and later ones still take the facts of orders and invoices. */
export const FISCAL_PERIOD_LIFECYCLE: Lifecycle<FiscalPeriodStatus, FiscalPeriodEvent> = {
  entity: 'fiscal period',
  initial: 'NOT_OPEN',
  transitions: {
    NOT_OPEN: { open: 'OPEN' },
    OPEN: { beginClosing: 'CLOSING' },
    CLOSING: { reopen: 'OPEN', close: 'CLOSED' },
    CLOSED: { reopen: 'OPEN', lock: 'LOCKED' },
    LOCKED: {},
  },
};

export function changeFiscalPeriod(
  period: FiscalPeriod,
  event: FiscalPeriodEvent,
): Result<FiscalPeriod, IllegalTransition> {
  const next = step(FISCAL_PERIOD_LIFECYCLE, period.status, event);
  return next.ok ? accepted({ ...period, status: next.value, version: period.version + 1 }) : next;
}

/** A month of a company's calendar, not open yet; the fiscal year is the calendar year. */
export function fiscalPeriodOf(
  companyCode: string,
  fiscalYear: number,
  month: number,
): FiscalPeriod {
  const monthText = String(month).padStart(2, '0');
  const following =
    month === 12 ? `${fiscalYear + 1}-01` : `${fiscalYear}-${String(month + 1).padStart(2, '0')}`;
  return {
    id: `${companyCode}-${fiscalYear}-${monthText}`,
    companyCode,
    fiscalYear,
    month,
    startsOn: `${fiscalYear}-${monthText}-01`,
    endsOn: dateOf(shifted(instantOf(`${following}-01T00:00:00Z`), -DAY_MS)),
    status: FISCAL_PERIOD_LIFECYCLE.initial,
    version: 0,
  };
}

/** The id of the period that a date falls into. */
export function fiscalPeriodIdOn(companyCode: string, on: string): string {
  return `${companyCode}-${on.slice(0, 7)}`;
}

export function fiscalYearOf(on: string): number {
  return Number(on.slice(0, 4));
}

export interface PeriodClosed extends Problem<'PERIOD_CLOSED'> {
  readonly fiscalPeriodId: string;
  readonly periodStatus: FiscalPeriodStatus;
}

/** The period of that date accepts no reservation; a period that was never opened is NOT_OPEN. */
export function periodClosed(
  companyCode: string,
  on: string,
  status: FiscalPeriodStatus | null,
): PeriodClosed {
  const fiscalPeriodId = fiscalPeriodIdOn(companyCode, on);
  const state = status ?? 'NOT_OPEN';
  return {
    code: 'PERIOD_CLOSED',
    message: `Fiscal period ${fiscalPeriodId} is ${state} and accepts no reservation. Use a date in an open period, or ask finance operations to open it.`,
    retryable: false,
    fiscalPeriodId,
    periodStatus: state,
  };
}
