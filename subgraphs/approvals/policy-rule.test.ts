import { describe, expect, it } from '@jest/globals';
import { moneyOf } from '#kernel/money.ts';
import { DEFAULT_POLICY } from './default-policy.ts';
import { findRule } from './policy-rule.ts';
import { document, rates, rule } from './world.ts';
import type { DocumentUnderApproval } from './document.ts';
import type { PolicyRule, Rates } from './policy-rule.ts';

function chosen(
  rules: readonly PolicyRule[],
  over: Partial<DocumentUnderApproval> = {},
  known: Rates = rates(),
): string {
  const found = findRule(rules, document(over), known);
  return found.ok ? found.value.name : found.problem.reason;
}

describe('the band of a rule', () => {
  const bands = [
    rule({ name: 'low', position: 1, amountFromMinor: 0n, amountToMinor: 500_000n }),
    rule({ name: 'middle', position: 2, amountFromMinor: 500_000n, amountToMinor: 5_000_000n }),
    rule({ name: 'high', position: 3, amountFromMinor: 5_000_000n }),
  ];

  it.each([
    ['0.00', 'low'],
    ['4999.99', 'low'],
    ['5000.00', 'middle'],
    ['49999.99', 'middle'],
    ['50000.00', 'high'],
    ['90000000.00', 'high'],
  ])(
    'puts %s EUR into "%s": its lower end belongs to it and its upper end does not',
    (amount, name) => {
      expect(chosen(bands, { total: moneyOf(amount, 'EUR') })).toBe(name);
    },
  );

  it('compares a converted amount without rounding it', () => {
    const known = rates({ EUR: '0.499999999' });
    expect(chosen(bands, { total: moneyOf('10000.00', 'USD') }, known)).toBe('low');
    expect(chosen(bands, { total: moneyOf('10000.00', 'USD') }, rates({ EUR: '0.5' }))).toBe(
      'middle',
    );
  });

  it('leaves a gap unroutable instead of closing it', () => {
    expect(chosen([rule({ amountFromMinor: 100_000n })], { total: moneyOf('999.99', 'EUR') })).toBe(
      'NO_MATCHING_RULE',
    );
  });
});

describe('the most specific rule', () => {
  const any = rule({ name: 'any', position: 1 });
  const company = rule({ name: 'company', position: 2, companyCode: 'DE01' });
  const category = rule({ name: 'category', position: 3, category: 'IT_HARDWARE' });
  const prefix = rule({ name: 'prefix', position: 4, costCentre: 'DE01-4*' });
  const longerPrefix = rule({ name: 'longer prefix', position: 5, costCentre: 'DE01-41*' });
  const exact = rule({ name: 'exact', position: 6, costCentre: 'DE01-4100' });
  const rows = [any, company, category, prefix, longerPrefix, exact];

  it.each([
    [['any', 'company'], 'company'],
    [['company', 'category'], 'category'],
    [['category', 'prefix'], 'prefix'],
    [['prefix', 'longer prefix'], 'longer prefix'],
    [['longer prefix', 'exact'], 'exact'],
    [['any', 'exact', 'category'], 'exact'],
  ])('of %j is "%s", in whatever order they stand', (names, winner) => {
    const present = rows.filter((row) => names.includes(row.name));
    expect(chosen(present)).toBe(winner);
    expect(chosen(present.toReversed())).toBe(winner);
  });

  it('ignores rules of other companies, cost centres, categories and kinds of document', () => {
    const others = [
      rule({ companyCode: 'US01' }),
      rule({ costCentre: 'DE01-42*' }),
      rule({ costCentre: 'DE01-410' }),
      rule({ category: 'TRAVEL' }),
      rule({ documentType: 'PURCHASE_ORDER' }),
    ];
    expect(chosen(others)).toBe('NO_MATCHING_RULE');
  });

  it('prefers the rule in the own currency, then the one that stands first', () => {
    const euro = rule({ name: 'euro', position: 1, currency: 'EUR' });
    const dollar = rule({ name: 'dollar', position: 2, currency: 'USD' });
    const pound = { total: moneyOf('10.00', 'GBP') };
    expect(chosen([euro, dollar], { total: moneyOf('10.00', 'USD') }, rates({ EUR: '0.9' }))).toBe(
      'dollar',
    );
    expect(chosen([dollar, euro], pound, rates({ EUR: '1.1', USD: '1.3' }))).toBe('euro');
  });
});

describe('a document in another currency', () => {
  const pound = { total: moneyOf('10.00', 'GBP') };

  it('is unroutable without a rate', () => {
    expect(chosen([rule({ currency: 'EUR' })], pound)).toBe('NO_EXCHANGE_RATE');
  });

  it('is not judged by a more general rule when the more specific one cannot be tested', () => {
    const rules = [
      rule({ name: 'general', currency: 'USD', position: 1 }),
      rule({ name: 'specific', currency: 'EUR', position: 2, costCentre: 'DE01-4100' }),
    ];
    expect(chosen(rules, pound, rates({ USD: '1.3' }))).toBe('NO_EXCHANGE_RATE');
    expect(chosen(rules, pound, rates({ USD: '1.3', EUR: '1.1' }))).toBe('specific');
  });

  it('is judged by the rule that can be tested among equally specific ones', () => {
    const rules = [
      rule({ name: 'yen', currency: 'JPY', position: 1 }),
      rule({ name: 'euro', currency: 'EUR', position: 2 }),
    ];
    expect(chosen(rules, pound, rates({ EUR: '1.1' }))).toBe('euro');
  });
});

describe('the default policy', () => {
  it.each([
    ['4999.99', 'EUR', 'Requisition below 5000 (EUR)'],
    ['5000.00', 'EUR', 'Requisition from 5000 (EUR)'],
    ['50000.00', 'EUR', 'Requisition from 50000 (EUR)'],
    ['5499.99', 'USD', 'Requisition below 5500 (USD)'],
    ['20000.00', 'PLN', 'Requisition from 20000 (PLN)'],
    ['8000000', 'JPY', 'Requisition from 8000000 (JPY)'],
  ])('routes %s %s by "%s"', (amount, currency, name) => {
    expect(chosen(DEFAULT_POLICY.rules, { total: moneyOf(amount, currency) })).toBe(name);
  });

  it('routes changes of orders by the same bands', () => {
    const over = { documentType: 'PURCHASE_ORDER', total: moneyOf('50000.00', 'EUR') } as const;
    expect(chosen(DEFAULT_POLICY.rules, over)).toBe('Order change from 50000 (EUR)');
  });

  it('routes other currencies by the euro bands and a rate', () => {
    const swiss = { total: moneyOf('4800.00', 'CHF') };
    expect(chosen(DEFAULT_POLICY.rules, swiss, rates({ EUR: '1.05' }))).toBe(
      'Requisition from 5000 (EUR)',
    );
    expect(chosen(DEFAULT_POLICY.rules, swiss)).toBe('NO_EXCHANGE_RATE');
  });
});
