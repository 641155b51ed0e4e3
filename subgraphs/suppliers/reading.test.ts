import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROLE_PERMISSIONS } from '#kernel/identity.ts';
import { newId } from '#kernel/id.ts';
import { STEWARD, germanIban, germanVat, openTestRoom, supplierInput } from './test-room.ts';
import { insertSuppliers, takeNumbers } from './store.ts';
import { newSupplier } from './supplier.ts';
import { parseBankAccount } from './bank-account.ts';
import { createFieldCheck } from './field-check.ts';
import type { TestRoom } from './test-room.ts';
import type { SupplierDraft } from './supplier.ts';

let room: TestRoom;
let ids: string[] = [];

const draft = (index: number): SupplierDraft => ({
  legalName: `Werk ${index} GmbH`,
  tradeNames: [],
  legalForm: 'GmbH',
  countryCode: index % 2 === 0 ? 'DE' : 'AT',
  currency: 'EUR',
  paymentTermsDays: 30,
  externalRefs: [],
  sites: [
    {
      name: 'Werk',
      purpose: 'PURCHASING',
      address: { lines: ['Weg 1'], city: 'Ulm', postalCode: null, region: null, countryCode: 'DE' },
      currency: 'EUR',
      paymentTermsDays: 30,
    },
  ],
  taxRegistrations: [
    { countryCode: 'DE', scheme: 'VAT', number: germanVat(20_000_000 + index), checked: true },
  ],
  endpoints: [{ schemeId: 'EM', value: `w${index}@werk.example` }],
  bankAccounts: [
    parseBankAccount(
      { holderName: 'Werk', currency: 'EUR', iban: germanIban(5000 + index) },
      'account',
      createFieldCheck(),
    ),
  ],
});

/** The demo's way of adding suppliers: many in five statements. */
beforeAll(async () => {
  room = await openTestRoom();
  const facts = { now: new Date(), by: 'seed', correlationId: 'seed', newId: () => newId() };
  await room.database.transaction(async (tx) => {
    const numbers = await takeNumbers(tx, 60);
    const suppliers = numbers.map((number, index) => newSupplier(draft(index), number, facts));
    room.statements.length = 0;
    await insertSuppliers(tx, suppliers);
    ids = suppliers.map(({ supplier }) => supplier.id);
  });
});
afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

interface Entities {
  readonly _entities: readonly object[];
}

interface NumberPage {
  readonly nodes: readonly { readonly number: string }[];
  readonly pageInfo: { readonly startCursor: string; readonly endCursor: string };
}

const DEEP = `id number blocks { kind } sites { id supplier { id } } taxRegistrations { number } endpoints { value }
  bankAccounts { id iban maskedNumber } bankChanges(first: 5) { nodes { id account { id } replaces { id } } }`;
/** The same kinds of thing on two ways: whether both ways' keys meet in one statement is a matter of timing. */
const TWICE = `${DEEP} again: bankChanges(first: 5) { nodes { account { iban } supplier { number } } }`;

describe('inserting suppliers', () => {
  it('takes five statements for sixty of them', () => {
    expect(room.statements).toHaveLength(5);
  });
});

describe('the number of statements', () => {
  const count = async (role: string, first: number, selection = DEEP): Promise<number> => {
    room.statements.length = 0;
    const { data, messages } = await room.ask<{ suppliers: { nodes: object[] } }>(
      role,
      `query { suppliers(first: ${first}) { nodes { ${selection} } } }`,
    );
    expect(messages).toEqual([]);
    expect(data.suppliers.nodes).toHaveLength(first);
    return room.statements.length;
  };

  it('is the same for 1 and for 50 suppliers', async () => {
    for (const supplierId of ids.slice(0, 3)) {
      const number = 7000 + ids.indexOf(supplierId);
      await room.run(STEWARD, 'proposeBankChange', {
        supplierId,
        reason: 'Moved',
        account: { holderName: 'Werk', currency: 'EUR', iban: germanIban(number) },
      });
    }
    // A person without bank:read reads no numbers; a steward's reading of all of them is one more statement.
    expect(await count('requestor', 50)).toBe(await count('requestor', 1));
    expect(await count(STEWARD, 50)).toBe(await count(STEWARD, 1));
    expect(await count(STEWARD, 50)).toBe((await count('requestor', 50)) + 1);
    expect(await count(STEWARD, 50, TWICE)).toBeLessThanOrEqual((await count(STEWARD, 1)) + 3);
  });

  it('is one for any number of references', async () => {
    const source = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Supplier { number } } }`;
    room.statements.length = 0;
    const { data } = await room.ask<Entities>('buyer', source, {
      r: ids.map((id) => ({ __typename: 'Supplier', id })),
    });
    expect(data._entities).toHaveLength(60);
    expect(room.statements).toHaveLength(1);
  });
});

describe('account numbers by role', () => {
  const read = async (role: string, id: string): Promise<object | undefined> => {
    const { data } = await room.ask<{ supplier: { bankAccounts: object[] } }>(
      role,
      `query ($id: ID!) { supplier(id: $id) { bankAccounts { iban maskedNumber accountNumber } } }`,
      { id },
    );
    return data.supplier.bankAccounts[0];
  };
  beforeAll(async () => {
    await room.database.query('delete from bank_read');
  });
  const readings = (supplierId: string): Promise<{ viewer_id: string; caller: string }[]> =>
    room.database.query(
      'select viewer_id, caller, correlation_id from bank_read where supplier_id = $1 order by id',
      [supplierId],
    );

  const readers = Object.entries(ROLE_PERMISSIONS).filter(([, permissions]) =>
    permissions.includes('supplier:read'),
  );
  it.each(
    readers.map(([role, permissions]) => ({
      role,
      sees: permissions.includes('bank:read') ? 'the whole IBAN, recorded' : 'a mask, unrecorded',
    })),
  )('shows $role $sees', async ({ role, sees }) => {
    const index = readers.findIndex(([name]) => name === role) + 10;
    const supplierId = ids[index] ?? '';
    const masked = `••••${germanIban(5000 + index).slice(-4)}`;
    const isWhole = sees.startsWith('the whole');
    expect(await read(role, supplierId)).toEqual({
      iban: isWhole ? germanIban(5000 + index) : masked,
      maskedNumber: masked,
      accountNumber: null,
    });
    const recorded = isWhole
      ? [
          {
            viewer_id: role,
            caller: 'gateway',
            correlation_id: expect.stringMatching(/^correlation-/),
          },
        ]
      : [];
    expect(await readings(supplierId)).toEqual(recorded);
  });

  it('are recorded once per account and request, and not when only the mask is asked for', async () => {
    const supplierId = ids[40] ?? '';
    const source =
      'query ($id: ID!) { a: supplier(id: $id) { bankAccounts { iban } } b: supplier(id: $id) { bankAccounts { iban } } }';
    await room.ask(
      STEWARD,
      'query ($id: ID!) { supplier(id: $id) { bankAccounts { maskedNumber } } }',
      { id: supplierId },
    );
    expect(await readings(supplierId)).toHaveLength(0);
    await room.ask(STEWARD, source, { id: supplierId });
    expect(await readings(supplierId)).toHaveLength(1);
    await room.ask(STEWARD, source, { id: supplierId });
    expect(await readings(supplierId)).toHaveLength(2);
  });

  it('hide short account numbers altogether', async () => {
    const bankAccounts = [
      {
        holderName: 'H',
        currency: 'USD',
        routingNumber: '021000021',
        accountNumber: '1234567',
        countryCode: 'US',
      },
    ];
    const { id } = await room.run(
      STEWARD,
      'createSupplier',
      supplierInput({ countryCode: 'US', currency: 'USD', bankAccounts }),
    );
    expect(await read('requestor', id)).toEqual({
      iban: null,
      maskedNumber: '••••',
      accountNumber: '••••',
    });
    expect(await read(STEWARD, id)).toEqual({
      iban: null,
      maskedNumber: '••••',
      accountNumber: '1234567',
    });
  });
});

describe('reading suppliers', () => {
  it('answers by id, by number and by ids, with null where there is none', async () => {
    const [first = '', second = ''] = ids;
    const source = `query ($first: ID!, $ids: [ID!]!) {
      supplier(id: $first) { number } none: supplier(id: "nobody") { id }
      supplierByNumber(number: "SUP-000002") { id } suppliersByIds(ids: $ids) { id } }`;
    const { data } = await room.ask('requestor', source, { first, ids: [second, 'nobody', first] });
    expect(data).toEqual({
      supplier: { number: 'SUP-000001' },
      none: null,
      supplierByNumber: { id: second },
      suppliersByIds: [{ id: second }, null, { id: first }],
    });
  });

  it('pages both ways in the order of numbers, and filters', async () => {
    const page = async (args: string): Promise<NumberPage> =>
      (
        await room.ask<{ suppliers: NumberPage }>(
          'requestor',
          `query { suppliers(${args}) { nodes { number } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
        )
      ).data.suppliers;
    const first = await page('first: 2');
    expect(first.nodes).toEqual([{ number: 'SUP-000001' }, { number: 'SUP-000002' }]);
    const next = await page(`first: 2, after: "${first.pageInfo.endCursor}"`);
    expect(next.nodes).toEqual([{ number: 'SUP-000003' }, { number: 'SUP-000004' }]);
    expect((await page(`last: 2, before: "${next.pageInfo.startCursor}"`)).nodes).toEqual(
      first.nodes,
    );
    expect((await page('first: 5, filter: { nameContains: "WERK 7 GmbH" }')).nodes).toEqual([
      { number: 'SUP-000008' },
    ]);
    expect(
      (await page('first: 1, filter: { countryCode: "AT", status: PENDING_REVIEW }')).nodes,
    ).toEqual([{ number: 'SUP-000002' }]);
    expect((await page('first: 9, filter: { blockedFor: PAYMENT }')).nodes).toHaveLength(3);
  });

  it('tells a service how a supplier stands now', async () => {
    const source =
      'query ($id: ID!) { supplierStanding(id: $id) { status blocks currency legalName version } none: supplierStanding(id: "x") { id } }';
    const { data } = await room.ask('purchase-orders-service', source, { id: ids[0] });
    expect(data).toEqual({
      supplierStanding: {
        status: 'PENDING_REVIEW',
        blocks: ['PAYMENT'],
        currency: 'EUR',
        legalName: 'Werk 0 GmbH',
        version: 3,
      },
      none: null,
    });
  });

  it('lists bank changes that wait for a decision', async () => {
    const { data } = await room.ask<{ bankChanges: { nodes: { id: string }[] } }>(
      STEWARD,
      'query { bankChanges(first: 2, status: PENDING_APPROVAL) { nodes { id status } pageInfo { hasNextPage } } }',
    );
    expect(data.bankChanges).toMatchObject({
      nodes: [{ status: 'PENDING_APPROVAL' }, { status: 'PENDING_APPROVAL' }],
      pageInfo: { hasNextPage: true },
    });
    const single = await room.ask(STEWARD, 'query ($id: ID!) { bankChange(id: $id) { id } }', {
      id: data.bankChanges.nodes[0]?.id,
    });
    expect(single.data['bankChange']).toEqual({ id: data.bankChanges.nodes[0]?.id });
  });

  it('refuses pages and id lists without a sensible size', async () => {
    const many = JSON.stringify(Array.from({ length: 101 }, String));
    for (const source of [
      '{ suppliers { nodes { id } } }',
      '{ suppliers(first: 101) { nodes { id } } }',
      `{ suppliersByIds(ids: ${many}) { id } }`,
      '{ suppliers(first: 1, filter: { nameContains: "--" }) { nodes { id } } }',
    ]) {
      expect((await room.ask('requestor', source)).codes).toEqual(['BAD_USER_INPUT']);
    }
  });

  it('resolves references to suppliers and sites, and to nothing for a viewer who may not see them', async () => {
    const { data } = await room.ask<{ supplier: { sites: { id: string }[] } }>(
      'buyer',
      'query ($id: ID!) { supplier(id: $id) { sites { id } } }',
      { id: ids[5] },
    );
    const source =
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Supplier { number } ... on SupplierSite { name supplier { id } } } }';
    const representations = [
      { __typename: 'Supplier', id: ids[5] },
      { __typename: 'SupplierSite', id: data.supplier.sites[0]?.id },
      { __typename: 'Supplier', id: 'nobody' },
    ];
    const seen = await room.ask<Entities>('buyer', source, { r: representations });
    expect(seen.data._entities).toEqual([
      { number: 'SUP-000006' },
      { name: 'Werk', supplier: { id: ids[5] } },
      null,
    ]);
    expect(
      (await room.ask<Entities>('architect', source, { r: representations })).data._entities,
    ).toEqual([null, null, null]);
  });
});

describe('permissions', () => {
  const QUERIES = [
    'supplier(id: "x") { id }',
    'supplierByNumber(number: "x") { id }',
    'suppliers(first: 1) { nodes { id } }',
    'suppliersByIds(ids: ["x"]) { id }',
    'supplierStanding(id: "x") { id }',
    'bankChange(id: "x") { id }',
    'bankChanges(first: 1) { nodes { id } }',
  ];
  const step = { supplierId: 'x' };
  const block = { supplierId: 'x', kind: 'PAYMENT', reason: 'r' };
  const bankAccount = { holderName: 'H', currency: 'EUR', iban: germanIban(9000) };
  const MUTATIONS: readonly (readonly [string, string, object])[] = [
    ['createSupplier', 'supplier:write', supplierInput({ countryCode: '' })],
    [
      'createSupplier',
      'bank:propose',
      supplierInput({ countryCode: '', bankAccounts: [bankAccount] }),
    ],
    ['updateSupplier', 'supplier:write', step],
    [
      'addSupplierSite',
      'supplier:write',
      { supplierId: 'x', site: { name: 'n', purpose: 'PAY', addressLines: ['a'], city: 'c' } },
    ],
    ['activateSupplier', 'supplier:write', step],
    ['deactivateSupplier', 'supplier:write', step],
    ['reactivateSupplier', 'supplier:write', step],
    ['blockSupplier', 'supplier:block', block],
    ['unblockSupplier', 'supplier:block', block],
    ['proposeBankChange', 'bank:propose', { supplierId: 'x', account: bankAccount, reason: 'r' }],
    ['approveBankChange', 'bank:approve', { bankChangeId: 'x' }],
    ['rejectBankChange', 'bank:approve', { bankChangeId: 'x', note: 'n' }],
    ['withdrawBankChange', 'bank:propose', { bankChangeId: 'x' }],
  ];

  for (const [role, permissions] of Object.entries(ROLE_PERMISSIONS)) {
    const granted = new Set<string>(permissions);
    it(`let ${role} ${granted.has('supplier:read') ? 'ask every' : 'ask no'} query`, async () => {
      for (const query of QUERIES) {
        const { codes } = await room.ask(role, `{ ${query} }`);
        expect({ query, codes }).toEqual({
          query,
          codes: granted.has('supplier:read') ? [] : ['FORBIDDEN'],
        });
      }
    });

    it(`let ${role} run exactly the mutations that the role grants`, async () => {
      for (const [mutation, permission, input] of MUTATIONS) {
        const outcome = await room.run(role, mutation, input).then(
          (answer) => answer.__typename,
          (error: unknown) => String(error),
        );
        const expected = granted.has(permission)
          ? /^(NotFound|InvalidInput)Problem$/
          : /may not do this: the permission/;
        expect({ mutation, permission, outcome }).toEqual({
          mutation,
          permission,
          outcome: expect.stringMatching(expected),
        });
      }
    });
  }
});
