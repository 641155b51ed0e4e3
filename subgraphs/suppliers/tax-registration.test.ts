import { describe, expect, it } from '@jest/globals';
import { createFieldCheck } from './field-check.ts';
import { parseTaxRegistration } from './tax-registration.ts';

function read(countryCode: string, scheme: string, number: string) {
  const check = createFieldCheck();
  return {
    ...parseTaxRegistration({ countryCode, scheme, number }, 'tax', check),
    errors: check.errors,
  };
}

describe('a tax number', () => {
  it.each([
    ['DE', 'VAT', 'de 136,695 976', 'VAT', 'DE136695976'],
    ['DE', 'VAT', '136695976', 'VAT', 'DE136695976'],
    ['FR', 'TVA', 'FR 40 303 265 045', 'VAT', 'FR40303265045'],
    ['PL', 'NIP', '856-734-62-15', 'VAT', 'PL8567346215'],
    ['PL', 'VAT', 'PL8567346215', 'VAT', 'PL8567346215'],
    ['NL', 'VAT', 'NL 004495445 B01', 'VAT', 'NL004495445B01'],
    ['AT', 'VAT', 'ATU13585627', 'VAT', 'ATU13585627'],
    ['GR', 'VAT', 'GR094259216', 'VAT', 'EL094259216'],
    ['CH', 'VAT', 'CHE-107.787.577 IVA', 'VAT', 'CHE107787577'],
    ['CH', 'VAT', 'CHE-107.787.577 MWST', 'VAT', 'CHE107787577'],
    ['NO', 'VAT', 'NO 995 525 828 MVA', 'VAT', 'NO995525828MVA'],
    ['ES', 'CIF', 'J99216582', 'VAT', 'ESJ99216582'],
    ['US', 'EIN', '04-2103594', 'EIN', '042103594'],
    ['JP', 'CN', '5-8356-7825-6246', 'CN', '5835678256246'],
    ['IN', 'GSTIN', '27AAPFU0939F1ZV', 'GSTIN', '27AAPFU0939F1ZV'],
  ])(
    'of %s %s written "%s" is %s %s, checked',
    (countryCode, scheme, number, normalScheme, normalNumber) => {
      expect(read(countryCode, scheme, number)).toEqual({
        countryCode,
        scheme: normalScheme,
        number: normalNumber,
        checked: true,
        errors: [],
      });
    },
  );

  it.each([
    ['DE', 'VAT', 'DE136695975'],
    ['DE', 'VAT', 'DE12'],
    ['US', 'EIN', '07-1234567'],
    ['PL', 'VAT', 'DE136695976'],
  ])('of %s %s is refused when it is "%s"', (countryCode, scheme, number) => {
    expect(read(countryCode, scheme, number).errors).toMatchObject([
      { field: 'tax.number', code: 'BAD_TAX_NUMBER' },
    ]);
  });

  it('without a known rule is taken unchecked, normalised all the same', () => {
    expect(read('US', 'STATE_ID', 'ab 12-34')).toMatchObject({
      number: 'AB1234',
      checked: false,
      errors: [],
    });
    expect(read('SA', 'VAT', '310122393500003')).toMatchObject({
      number: 'SA310122393500003',
      checked: false,
      errors: [],
    });
  });

  it('is refused with an unknown country, a strange scheme or nothing in it', () => {
    expect(read('XX', 'VAT', '123').errors).toMatchObject([{ code: 'UNKNOWN_COUNTRY' }]);
    expect(read('US', 'drop table', '123').errors).toMatchObject([{ code: 'UNKNOWN_SCHEME' }]);
    expect(read('US', 'STATE_ID', '--').errors).toMatchObject([{ code: 'BAD_TAX_NUMBER' }]);
  });
});
