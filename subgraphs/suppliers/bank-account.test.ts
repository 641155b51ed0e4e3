import { describe, expect, it } from '@jest/globals';
import { accountKey, parseBankAccount } from './bank-account.ts';
import { createFieldCheck } from './field-check.ts';

function read(number: object) {
  const check = createFieldCheck();
  const account = parseBankAccount(
    { holderName: 'Huber GmbH', currency: 'EUR', ...number },
    'account',
    check,
  );
  return { account, key: accountKey(account), errors: check.errors };
}

describe('a bank account', () => {
  it('takes an IBAN as people write it', () => {
    expect(read({ iban: 'de89 3704 0044 0532 0130 00', bic: 'cobadeffxxx' })).toMatchObject({
      account: {
        kind: 'IBAN',
        countryCode: 'DE',
        accountNumber: 'DE89370400440532013000',
        bic: 'COBADEFFXXX',
      },
      key: 'IBAN:DE89370400440532013000',
      errors: [],
    });
  });

  it('takes a routing number with an account number', () => {
    expect(
      read({ routingNumber: '021000021', accountNumber: '000123456789', countryCode: 'us' }),
    ).toMatchObject({
      account: { kind: 'ROUTING', countryCode: 'US' },
      key: 'US:021000021:000123456789',
      errors: [],
    });
  });

  it.each([
    {
      case: 'wrong check digits',
      number: { iban: 'DE88370400440532013000' },
      field: 'account.iban',
      code: 'BAD_IBAN',
    },
    {
      case: 'an unknown country',
      number: { iban: 'ZZ89370400440532013000' },
      field: 'account.iban',
      code: 'BAD_IBAN',
    },
    {
      case: 'no number at all',
      number: { countryCode: 'US' },
      field: 'account',
      code: 'ACCOUNT_NUMBER_MISSING',
    },
    {
      case: 'both kinds of number',
      number: { iban: 'DE89370400440532013000', accountNumber: '12345678' },
      field: 'account',
      code: 'ACCOUNT_NUMBER_MISSING',
    },
    {
      case: 'a routing number whose check digit is wrong',
      number: { routingNumber: '021000022', accountNumber: '12345678', countryCode: 'US' },
      field: 'account.routingNumber',
      code: 'BAD_ROUTING_NUMBER',
    },
    {
      case: 'a strange BIC',
      number: { iban: 'DE89370400440532013000', bic: 'X' },
      field: 'account.bic',
      code: 'BAD_BIC',
    },
  ])('refuses $case', ({ number, field, code }) => {
    expect(read(number).errors).toContainEqual(expect.objectContaining({ field, code }));
  });

  it('never repeats a number in an error', () => {
    const { errors } = read({ iban: 'DE88370400440532013000' });
    expect(JSON.stringify(errors)).not.toContain('0532013');
  });
});
