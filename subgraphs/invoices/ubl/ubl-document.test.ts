import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { decimalOf, formatDecimal } from '#kernel/decimal.ts';
import { formatAmount, money } from '#kernel/money.ts';
import { captureDocument } from '../domain/captured-document.ts';
import { ARITHMETIC_RULES } from '../domain/en-16931.ts';
import { readUbl, readUblPart } from './ubl-document.ts';
import { DEPTH_MAX, TEXT_MAX, readXml } from './xml-tree.ts';
import type { XmlElement } from './xml-tree.ts';

const DATA = new URL('../../../../shared/data/', import.meta.url);
const hasData = existsSync(DATA);

const FOLDERS = [
  { folder: 'xrechnung/business-cases/standard/', pattern: /_ubl\.xml$/, count: 33 },
  { folder: 'en16931/ubl/examples/', pattern: /\.xml$/i, count: 19 },
];

async function realDocuments(): Promise<{ name: string; xml: string }[]> {
  const found: { name: string; xml: string }[] = [];
  for (const { folder, pattern, count } of FOLDERS) {
    const names = (await readdir(new URL(folder, DATA)))
      .filter((name) => pattern.test(name))
      .sort();
    expect(names).toHaveLength(count);
    for (const name of names)
      found.push({
        name,
        xml: await readFile(new URL(folder + encodeURIComponent(name), DATA), 'utf8'),
      });
  }
  return found;
}

/** The value of a total by another way than the reader's: the first match of a pattern. */
function statedAmount(xml: string, name: string): string | null {
  const totals =
    /<(?:\w+:)?LegalMonetaryTotal[\s\S]*?<\/(?:\w+:)?LegalMonetaryTotal>/.exec(xml)?.[0] ?? '';
  return new RegExp(`<(?:\\w+:)?${name}[^>]*>([^<]*)<`).exec(totals)?.[1]?.trim() ?? null;
}

/** A test over the real documents; without them it says so, and fails where everything must be there. */
function fromData(name: string, test: () => Promise<void>): void {
  it(name, async () => {
    if (hasData || process.env['CI'] === 'true') return test();
    process.stderr.write(`The real documents are not at ${DATA.href}; not shown: ${name}.\n`);
  });
}

describe('real e-invoices', () => {
  fromData(
    'of XRechnung and EN 16931 are all read with exactly the totals their XML states',
    async () => {
      for (const { name, xml } of await realDocuments()) {
        const stated = readUbl(xml);
        if (!stated.ok) throw new Error(`${name}: ${stated.problem.message}`);
        const captured = captureDocument(stated.value);
        if (!captured.ok) throw new Error(`${name}: ${captured.problem.message}`);
        const document = captured.value;
        for (const [element, amountMinor] of [
          ['LineExtensionAmount', document.lineNetMinor],
          ['TaxExclusiveAmount', document.netAmountMinor],
          ['TaxInclusiveAmount', document.grossAmountMinor],
          ['AllowanceTotalAmount', document.allowancesMinor],
          ['ChargeTotalAmount', document.chargesMinor],
          ['PrepaidAmount', document.prepaidMinor],
          ['PayableRoundingAmount', document.roundingMinor],
          ['PayableAmount', document.payableMinor],
        ] as const) {
          const inXml = formatDecimal(decimalOf(statedAmount(xml, element) ?? '0'), 2);
          expect(`${name} ${element} ${formatAmount(money(amountMinor, document.currency))}`).toBe(
            `${name} ${element} ${inXml}`,
          );
        }
        expect(document.grossAmountMinor).toBe(document.netAmountMinor + document.taxAmountMinor);
        expect(document.lines.length).toBeGreaterThan(0);
      }
    },
  );

  fromData('keep no full bank account', async () => {
    for (const { name, xml } of await realDocuments()) {
      const stated = readUbl(xml);
      const account =
        /PayeeFinancialAccount>\s*(?:<!--[\s\S]*?-->)?\s*<(?:\w+:)?ID[^>]*>\s*([^<\s]{8,})/.exec(
          xml,
        )?.[1];
      if (!stated.ok || account === undefined) continue;
      const kept = JSON.stringify(stated.value.paymentMeans);
      expect(`${name} ${kept.includes(account)}`).toBe(`${name} false`);
    }
  });

  fromData(
    'of OASIS UBL are read, and those that break EN 16931 are answered with rule ids',
    async () => {
      const names = (await readdir(new URL('ubl-oasis/', DATA))).filter((name) =>
        /^UBL-(Invoice|CreditNote)-.*Example/.test(name),
      );
      expect(names.length).toBeGreaterThan(5);
      let refused = 0;
      for (const name of names) {
        const stated = readUbl(await readFile(new URL(`ubl-oasis/${name}`, DATA), 'utf8'));
        if (!stated.ok) throw new Error(`${name}: ${stated.problem.message}`);
        const captured = captureDocument(stated.value);
        if (captured.ok) continue;
        refused += 1;
        expect(captured.problem.message).toMatch(/BR-|PEPPOL-/);
      }
      expect(refused).toBeGreaterThan(0);
    },
  );
});

describe('the arithmetic rules', () => {
  for (const rule of Object.keys(ARITHMETIC_RULES)) {
    fromData(`${rule} agrees with the official unit tests of EN 16931`, async () => {
      const tests = await officialTests(rule);
      expect(tests.length).toBeGreaterThan(1);
      for (const { expected, element, title } of tests) {
        const fires = ARITHMETIC_RULES[rule]?.(readUblPart(element)) !== null;
        expect(`${title}: ${fires ? 'error' : 'success'}`).toBe(`${title}: ${expected}`);
      }
    });
  }
});

const VEFA = 'http://difi.no/xsd/vefa/validator/1.0';

async function officialTests(
  rule: string,
): Promise<{ expected: string; element: XmlElement; title: string }[]> {
  const file = new URL(`en16931/test/Invoice-unit-UBL/${rule}.xml`, DATA);
  const tree = readXml(await readFile(file, 'utf8'), { testSet: VEFA });
  if (!tree.ok) throw new Error(tree.problem.message);
  return tree.value.children
    .filter((child) => child.name === 'test')
    .flatMap((test, index) => {
      const element = test.children.find(
        (child) => child.name === 'Invoice' || child.name === 'CreditNote',
      );
      const claims = test.children.find((child) => child.name === 'assert')?.children ?? [];
      const claim = claims.find(
        (child) => child.text.trim() === rule && /^(success|error|fatal)$/.test(child.name),
      );
      if (element === undefined || claim === undefined) return [];
      return [
        {
          expected: claim.name === 'success' ? 'success' : 'error',
          element,
          title: `${rule} test ${index + 1}`,
        },
      ];
    });
}

const MINIMAL = `<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>`;

describe('a document that must be refused', () => {
  const cases: readonly { name: string; xml: string; code: string }[] = [
    {
      name: 'malformed XML',
      xml: MINIMAL.replace('/>', '><a></b></Invoice>'),
      code: 'XML_MALFORMED',
    },
    { name: 'an empty text', xml: '', code: 'XML_MALFORMED' },
    { name: 'an end without its beginning', xml: `${MINIMAL}</x>`, code: 'XML_MALFORMED' },
    { name: 'a missing end', xml: MINIMAL.replace('/>', '>'), code: 'XML_MALFORMED' },
    { name: 'an unbound prefix', xml: '<cac:Invoice/>', code: 'XML_MALFORMED' },
    {
      name: 'an undefined entity',
      xml: MINIMAL.replace('/>', '>&xxe;</Invoice>'),
      code: 'XML_MALFORMED',
    },
    {
      name: 'an external entity',
      xml: `<!DOCTYPE x [<!ENTITY xxe SYSTEM "file:///etc/passwd">]>${MINIMAL}`,
      code: 'XML_EXTERNAL_ENTITY',
    },
    {
      name: 'a billion laughs',
      xml: `<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>${MINIMAL}`,
      code: 'XML_EXTERNAL_ENTITY',
    },
    { name: 'a bare DOCTYPE', xml: `<!DOCTYPE Invoice>${MINIMAL}`, code: 'XML_EXTERNAL_ENTITY' },
    {
      name: 'another namespace',
      xml: '<Invoice xmlns="urn:example:invoice"/>',
      code: 'XML_NOT_UBL',
    },
    {
      name: 'another UBL document',
      xml: '<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>',
      code: 'XML_NOT_UBL',
    },
    {
      name: 'the namespace of the other root',
      xml: '<CreditNote xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>',
      code: 'XML_NOT_UBL',
    },
    {
      name: 'deep nesting',
      xml: MINIMAL.replace(
        '/>',
        `>${'<a>'.repeat(DEPTH_MAX)}${'</a>'.repeat(DEPTH_MAX)}</Invoice>`,
      ),
      code: 'XML_TOO_COMPLEX',
    },
    {
      name: 'an endless field',
      xml: MINIMAL.replace('/>', `><a>${'x'.repeat(TEXT_MAX + 1)}</a></Invoice>`),
      code: 'XML_TOO_COMPLEX',
    },
    { name: 'an empty invoice', xml: MINIMAL, code: 'DOCUMENT_RULES' },
  ];
  for (const { name, xml, code } of cases) {
    it(`answers ${name} with ${code}`, () => {
      const stated = readUbl(xml);
      const result = stated.ok ? captureDocument(stated.value) : stated;
      expect(result.ok ? 'captured' : result.problem.code).toBe(code);
    });
  }

  it('says where malformed XML stops', () => {
    const result = readUbl(
      '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">\n  <a></b></Invoice>',
    );
    expect(result).toMatchObject({ ok: false, problem: { code: 'XML_MALFORMED', line: 2 } });
  });

  it('names every rule that an empty invoice breaks', () => {
    const stated = readUbl(MINIMAL);
    const result = stated.ok ? captureDocument(stated.value) : stated;
    const rules =
      !result.ok && result.problem.code === 'DOCUMENT_RULES'
        ? result.problem.violations.map(({ rule }) => rule)
        : [];
    expect(rules).toEqual(
      expect.arrayContaining(['BR-02', 'BR-03', 'BR-05', 'BR-06', 'BR-16', 'BR-CO-18']),
    );
  });
});
