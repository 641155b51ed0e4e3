import { describe, expect, it } from '@jest/globals';
import { normalizeName } from './supplier-name.ts';

describe('a normalised name', () => {
  it.each([
    ['Müller & Söhne GmbH & Co. KG', 'muller sohne'],
    ['MUELLER Inc.', 'mueller'],
    ['Société Générale S.A.', 'societe generale'],
    ['Zakłady Łódź Sp. z o.o.', 'zaklady lodz'],
    ['Straße AG', 'strasse'],
    ['株式会社日立製作所', '日立製作所'],
    ['SA', 'sa'],
    ["O'Brien Ltd", 'obrien'],
  ])('of "%s" is "%s"', (name, normalized) => {
    expect(normalizeName(name)).toBe(normalized);
  });
});
