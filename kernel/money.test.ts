import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { decimalOf, divideRounded, formatDecimal, parseDecimal } from './decimal.ts';
import * as money from './money.ts';
import type { Rounding } from './decimal.ts';

const eur = (amount: string): money.Money => money.moneyOf(amount, 'EUR');

describe('reading and writing money', () => {
  it.each([
    ['EUR', '1234.50', 123_450n, '1234.50'],
    ['JPY', '1234', 1234n, '1234'],
    ['KWD', '1.234', 1234n, '1.234'],
    ['CLF', '0.0001', 1n, '0.0001'],
    ['USD', '-0.05', -5n, '-0.05'],
    ['EUR', '5.500', 550n, '5.50'],
  ])('reads %s %s as %s minor units', (currency, amount, amountMinor, written) => {
    const value = money.parseMoney({ amount, currency });
    expect(value).toEqual({ amountMinor, currency });
    expect(money.formatAmount(money.moneyOf(amount, currency))).toBe(written);
  });

  it.each([
    ['12.345', 'EUR', 'TOO_MANY_DECIMALS'],
    ['1.5', 'JPY', 'TOO_MANY_DECIMALS'],
    ['1e5', 'EUR', 'NOT_A_DECIMAL'],
    ['1,50', 'EUR', 'NOT_A_DECIMAL'],
    ['', 'EUR', 'NOT_A_DECIMAL'],
    ['NaN', 'EUR', 'NOT_A_DECIMAL'],
    ['9'.repeat(41), 'EUR', 'NOT_A_DECIMAL'],
    ['99999999999999999', 'EUR', 'TOO_LARGE'],
    ['1', 'EEK', 'UNKNOWN_CURRENCY'],
    ['1', 'XAU', 'UNKNOWN_CURRENCY'],
    ['1', 'eur', 'UNKNOWN_CURRENCY'],
  ])('refuses %s %s as %s', (amount, currency, flaw) => {
    expect(money.parseMoney({ amount, currency })).toBe(flaw);
  });

  it('keeps what floating point would blur', () => {
    expect(money.formatAmount(money.add(eur('0.10'), eur('0.20')))).toBe('0.30');
    expect(money.formatAmount(eur('80071992547409.93'))).toBe('80071992547409.93');
  });
});

describe('rounding', () => {
  const ways: Rounding[] = ['half-up', 'half-even', 'up', 'down'];
  it.each([
    [25n, 10n, [3n, 2n, 3n, 2n]],
    [35n, 10n, [4n, 4n, 4n, 3n]],
    [24n, 10n, [2n, 2n, 3n, 2n]],
    [-25n, 10n, [-3n, -2n, -3n, -2n]],
    [25n, -10n, [-3n, -2n, -3n, -2n]],
    [20n, 10n, [2n, 2n, 2n, 2n]],
  ])(
    'divides %s by %s as half-up, half-even, up and down say',
    (numerator, denominator, expected) => {
      expect(ways.map((way) => divideRounded(numerator, denominator, way))).toEqual(expected);
    },
  );

  it('rounds a line once, at the end, with its price quantity', () => {
    const line = {
      quantity: decimalOf('3'),
      unitPrice: decimalOf('0.333333333'),
      priceQuantity: decimalOf('1'),
      currency: 'EUR',
      rounding: 'half-up',
    } as const;
    expect(money.extend(line)).toEqual(eur('1.00'));
    expect(
      money.extend({
        ...line,
        priceQuantity: decimalOf('100'),
        quantity: decimalOf('250.5'),
        unitPrice: decimalOf('19.99'),
      }),
    ).toEqual(eur('50.07'));
    expect(money.extend({ ...line, currency: 'JPY', unitPrice: decimalOf('10.5') })).toEqual(
      money.moneyOf('32', 'JPY'),
    );
  });

  it('converts between currencies of different exponents', () => {
    expect(money.convert(eur('100.00'), decimalOf('163.2575'), 'JPY', 'half-up')).toEqual(
      money.moneyOf('16326', 'JPY'),
    );
    expect(
      money.convert(money.moneyOf('1000', 'JPY'), decimalOf('0.0061'), 'EUR', 'half-up'),
    ).toEqual(eur('6.10'));
  });
});

describe('allocation', () => {
  it('gives the odd cents to the earlier of equal shares', () => {
    expect(money.allocate(eur('100.00'), [1n, 1n, 1n]).map(money.formatAmount)).toEqual([
      '33.34',
      '33.33',
      '33.33',
    ]);
    expect(money.allocate(eur('-0.05'), [1n, 1n]).map(money.formatAmount)).toEqual([
      '-0.03',
      '-0.02',
    ]);
  });

  it('never loses or invents a minor unit, and no share is off by more than one', () => {
    const weights = fc
      .array(fc.bigInt(0n, 1_000_000n), { minLength: 1, maxLength: 12 })
      .filter((list) => list.some((weight) => weight > 0n));
    fc.assert(
      fc.property(
        fc.bigInt(-1_000_000_000_000n, 1_000_000_000_000n),
        weights,
        (amountMinor, list) => {
          const shares = money.allocate(money.money(amountMinor, 'EUR'), list);
          const total = list.reduce((sum, weight) => sum + weight, 0n);
          expect(money.sum(shares, 'EUR').amountMinor).toBe(amountMinor);
          shares.forEach((share, index) => {
            const exact = (amountMinor * (list[index] ?? 0n)) / total;
            const off = share.amountMinor - exact;
            expect(off >= -1n && off <= 1n).toBe(true);
          });
        },
      ),
    );
  });

  it('refuses weights that mean nothing', () => {
    expect(() => money.allocate(eur('1.00'), [0n, 0n])).toThrow('not all zero');
    expect(() => money.allocate(eur('1.00'), [2n, -1n])).toThrow('not negative');
  });
});

describe('mixing currencies', () => {
  it('is an error that says what to do', () => {
    expect(() => money.add(eur('1.00'), money.moneyOf('1', 'JPY'))).toThrow('Convert first');
  });
});

describe('decimals', () => {
  it('survive being written and read, whatever their size', () => {
    fc.assert(
      fc.property(
        fc.bigInt(-(10n ** 18n), 10n ** 18n),
        fc.integer({ min: 0, max: 12 }),
        (units, scale) => {
          const text = formatDecimal({ units, scale }, scale);
          expect(parseDecimal(text)).toEqual({ units, scale });
        },
      ),
    );
  });
});
