import { instantOf } from '#kernel/clock.ts';
import { idFromName } from '#kernel/id.ts';
import { moneyOf } from '#kernel/money.ts';
import type { ApprovalPolicy } from './approval-policy.ts';
import type { DocumentType } from './document.ts';
import type { PolicyRule, StageTemplate } from './policy-rule.ts';
import type { ExchangeRate } from './store/facts.ts';

/** Where the bands of each currency begin: about the same worth, in numbers that people remember. */
const BANDS = [
  { currency: 'EUR', secondFrom: '5000', jointFrom: '50000' },
  { currency: 'USD', secondFrom: '5500', jointFrom: '55000' },
  { currency: 'PLN', secondFrom: '20000', jointFrom: '200000' },
  { currency: 'JPY', secondFrom: '800000', jointFrom: '8000000' },
] as const;

const DOCUMENT_TYPES: readonly DocumentType[] = ['REQUISITION', 'PURCHASE_ORDER'];

const MANAGER: StageTemplate = {
  mode: 'PARALLEL_ALL',
  approvers: [{ kind: 'COST_CENTRE_MANAGER' }],
};
const FIRST: StageTemplate = {
  mode: 'PARALLEL_ALL',
  approvers: [{ kind: 'USERS', userIds: ['approver'] }],
};
const SECOND: StageTemplate = {
  mode: 'PARALLEL_ALL',
  approvers: [{ kind: 'USERS', userIds: ['second-approver'] }],
};
const JOINT: StageTemplate = {
  mode: 'PARALLEL_ALL',
  approvers: [{ kind: 'USERS', userIds: ['approver', 'second-approver'] }],
};

/** The policy that an installation starts with: the same three bands for requisitions and for changes of orders. */
export const DEFAULT_POLICY: ApprovalPolicy = {
  id: idFromName('approval-policy/default'),
  version: 1,
  name: 'Delegation of authority',
  status: 'ACTIVE',
  effectiveFrom: '2020-01-01',
  effectiveTo: null,
  fallbackApproverIds: ['second-approver', 'approver'],
  rules: DOCUMENT_TYPES.flatMap((documentType) =>
    BANDS.flatMap((band) => rulesOf(documentType, band)),
  ).map((rule, index) => ({ ...rule, position: index + 1 })),
  authorId: 'installation',
  activatorId: 'installation',
  createdAt: instantOf('2020-01-01T00:00:00Z'),
  activatedAt: instantOf('2020-01-01T00:00:00Z'),
};

/** Rates into euro for documents in currencies without bands of their own. */
export const DEFAULT_EXCHANGE_RATES: readonly ExchangeRate[] = [
  { fromCurrency: 'GBP', toCurrency: 'EUR', validFrom: '2020-01-01', rate: '1.15' },
  { fromCurrency: 'CHF', toCurrency: 'EUR', validFrom: '2020-01-01', rate: '1.05' },
  { fromCurrency: 'CZK', toCurrency: 'EUR', validFrom: '2020-01-01', rate: '0.04' },
  { fromCurrency: 'SEK', toCurrency: 'EUR', validFrom: '2020-01-01', rate: '0.09' },
];

function rulesOf(
  documentType: DocumentType,
  band: (typeof BANDS)[number],
): Omit<PolicyRule, 'position'>[] {
  const { currency } = band;
  const secondFrom = moneyOf(band.secondFrom, currency).amountMinor;
  const jointFrom = moneyOf(band.jointFrom, currency).amountMinor;
  const scope = { documentType, companyCode: null, costCentre: null, category: null, currency };
  const name = (text: string): string =>
    `${documentType === 'REQUISITION' ? 'Requisition' : 'Order change'} ${text} (${currency})`;
  return [
    {
      ...scope,
      name: name(`below ${band.secondFrom}`),
      amountFromMinor: 0n,
      amountToMinor: secondFrom,
      stages: [MANAGER],
    },
    {
      ...scope,
      name: name(`from ${band.secondFrom}`),
      amountFromMinor: secondFrom,
      amountToMinor: jointFrom,
      stages: [FIRST, SECOND],
    },
    {
      ...scope,
      name: name(`from ${band.jointFrom}`),
      amountFromMinor: jointFrom,
      amountToMinor: null,
      stages: [JOINT],
    },
  ];
}
