import {
  employerNumber,
  germanVatNumber,
  ibanOf,
  japaneseCorporateNumber,
  polishTaxNumber,
} from './identifiers.ts';

/** A multinational manufacturer of hydraulic presses. */
export interface DemoCompany {
  readonly code: string;
  readonly name: string;
  readonly currency: string;
  readonly countryCode: string;
  /** How many units of the company's currency a typical price of one euro is: prices are made with it, not converted. */
  readonly priceLevel: number;
  /** Who orders there. */
  readonly requestor: string;
}

export const COMPANIES: readonly DemoCompany[] = [
  {
    code: 'DE01',
    name: 'Rheinpress Maschinenbau GmbH',
    currency: 'EUR',
    countryCode: 'DE',
    priceLevel: 1,
    requestor: 'requestor',
  },
  {
    code: 'US01',
    name: 'Rheinpress North America Inc.',
    currency: 'USD',
    countryCode: 'US',
    priceLevel: 1,
    requestor: 'requestor-us',
  },
  {
    code: 'PL01',
    name: 'Rheinpress Polska Sp. z o.o.',
    currency: 'PLN',
    countryCode: 'PL',
    priceLevel: 4,
    requestor: 'buyer',
  },
  {
    code: 'JP01',
    name: 'Rheinpress Japan K.K.',
    currency: 'JPY',
    countryCode: 'JP',
    priceLevel: 160,
    requestor: 'buyer',
  },
];

/** Cost centres of every company: code, name, and yearly budget in thousands of euros' worth. */
export const COST_CENTRES: readonly { code: string; name: string; budgetThousands: number }[] = [
  { code: '4100', name: 'Plant maintenance', budgetThousands: 4000 },
  { code: '2100', name: 'Tooling', budgetThousands: 3000 },
  { code: '3200', name: 'Logistics', budgetThousands: 2000 },
  { code: '5300', name: 'Information technology', budgetThousands: 1500 },
];

export const CATEGORIES = ['MRO', 'TOOLING', 'LOGISTICS', 'IT'] as const;
export type Category = (typeof CATEGORIES)[number];

/** What is bought: per category, description, unit code, and price range in euros. */
export const GOODS: Readonly<
  Record<Category, readonly { description: string; unitCode: string; from: number; to: number }[]>
> = {
  MRO: [
    { description: 'Hydraulic seal kit 80 mm', unitCode: 'C62', from: 40, to: 180 },
    { description: 'Press cylinder overhaul set', unitCode: 'SET', from: 900, to: 2400 },
    { description: 'Gear oil ISO VG 220', unitCode: 'LTR', from: 6, to: 14 },
  ],
  TOOLING: [
    { description: 'Carbide insert CNMG 120408', unitCode: 'C62', from: 7, to: 19 },
    { description: 'Die plate, hardened', unitCode: 'C62', from: 700, to: 3200 },
  ],
  LOGISTICS: [
    { description: 'Euro pallet, new', unitCode: 'C62', from: 9, to: 22 },
    { description: 'Forklift rental', unitCode: 'DAY', from: 80, to: 210 },
  ],
  IT: [
    { description: 'Industrial tablet 10 inch', unitCode: 'C62', from: 600, to: 1300 },
    { description: 'Network switch, 24 ports', unitCode: 'C62', from: 400, to: 1900 },
  ],
};

export interface DemoSupplier {
  readonly legalName: string;
  readonly legalForm: string;
  readonly countryCode: string;
  readonly currency: string;
  readonly taxRegistration: {
    readonly countryCode: string;
    readonly scheme: string;
    readonly number: string;
  };
  readonly bankAccount: Readonly<Record<string, string>>;
  readonly city: string;
}

const NAMES: Readonly<Record<string, readonly string[]>> = {
  DE: [
    'Bergmann Hydraulik',
    'Nordwerk Stahlhandel',
    'Kessler Dichtungstechnik',
    'Lindner Werkzeuge',
    'Ostsee Logistik',
    'Vogt Industriebedarf',
    'Adler Netztechnik',
    'Schwarzwald Präzision',
    'Ruhr Schmierstoffe',
    'Hansa Paletten',
    'Falke Antriebe',
    'Elbe Schweißtechnik',
    'Donau Messgeräte',
    'Taunus Elektro',
  ],
  US: [
    'Great Lakes Hydraulics',
    'Midwest Tooling',
    'Cascade Freight',
    'Lone Star Bearings',
    'Piedmont Controls',
    'Granite State Supply',
    'Blue Ridge Lubricants',
    'Cumberland Steel',
    'Ohio Valley Pallets',
    'Sierra Networks',
  ],
  PL: [
    'Wisła Hydraulika',
    'Mazur Narzędzia',
    'Bałtyk Spedycja',
    'Tatry Uszczelnienia',
    'Krak Stal',
    'Odra Elektronika',
    'Warta Oleje',
    'Polonia Palety',
  ],
  JP: [
    'Kanto Yuatsu',
    'Naniwa Tools',
    'Setouchi Logistics',
    'Hakusan Bearings',
    'Mikawa Steel',
    'Tokai Networks',
    'Chubu Lubricants',
    'Ise Seals',
  ],
};
const FORMS: Readonly<Record<string, { legalForm: string; currency: string; city: string }>> = {
  DE: { legalForm: 'GmbH', currency: 'EUR', city: 'Duisburg' },
  US: { legalForm: 'Inc.', currency: 'USD', city: 'Cleveland' },
  PL: { legalForm: 'Sp. z o.o.', currency: 'PLN', city: 'Gdynia' },
  JP: { legalForm: 'K.K.', currency: 'JPY', city: 'Nagoya' },
};

/** Forty suppliers, ten of them in dollars. */
export const SUPPLIERS: readonly DemoSupplier[] = Object.entries(NAMES).flatMap(
  ([countryCode, names]) => names.map((name, index) => demoSupplier(countryCode, name, index)),
);

function demoSupplier(countryCode: string, name: string, index: number): DemoSupplier {
  const { legalForm = '', currency = 'EUR', city = '' } = FORMS[countryCode] ?? {};
  const legalName = `${name} ${legalForm}`;
  return {
    legalName,
    legalForm,
    countryCode,
    currency,
    city,
    taxRegistration: taxRegistrationOf(countryCode, index),
    bankAccount: { holderName: legalName, currency, ...accountOf(countryCode, index) },
  };
}

function taxRegistrationOf(countryCode: string, index: number): DemoSupplier['taxRegistration'] {
  switch (countryCode) {
    case 'DE':
      return { countryCode, scheme: 'VAT', number: germanVatNumber(13_579 * (index + 1)) };
    case 'PL':
      return { countryCode, scheme: 'VAT', number: polishTaxNumber(1_357 * (index + 1)) };
    case 'JP':
      return { countryCode, scheme: 'CN', number: japaneseCorporateNumber(24_680 * (index + 1)) };
    default:
      return { countryCode, scheme: 'EIN', number: employerNumber(1_111 * (index + 1)) };
  }
}

function accountOf(countryCode: string, index: number): Record<string, string> {
  switch (countryCode) {
    case 'DE':
      return { iban: ibanOf('DE', `37040044${String(532_013_000 + index).padStart(10, '0')}`) };
    case 'PL':
      return { iban: ibanOf('PL', `10901014${String(71_219_812_000 + index).padStart(16, '0')}`) };
    default:
      return { countryCode, routingNumber: '011000015', accountNumber: String(90_000_000 + index) };
  }
}
