import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { STEWARD, germanIban, germanVat, openTestRoom, supplierInput } from './test-room.ts';
import type { Answer, TestRoom } from './test-room.ts';

let room: TestRoom;
beforeAll(async () => {
  room = await openTestRoom();
});
afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

const vat = (eight: number): object => ({
  countryCode: 'DE',
  scheme: 'VAT',
  number: germanVat(eight),
});
const account = (number: number): object => ({
  holderName: 'Huber GmbH',
  currency: 'EUR',
  iban: germanIban(number),
});
const created = (overrides: object = {}): Promise<Answer> =>
  room.run(STEWARD, 'createSupplier', supplierInput(overrides));

interface Told {
  readonly type: string;
  readonly sequence: number;
  readonly companycode: string;
  readonly documentstatus: string;
  readonly data: { readonly blocks?: readonly string[]; readonly maskedIban?: string };
}

async function eventsOf(supplierId: string): Promise<Told[]> {
  const rows = await room.database.query<{ event: Omit<Told, 'sequence'> & { sequence: string } }>(
    `select cloud_event as event from outbox where cloud_event->>'partitionkey' = $1 order by position`,
    [supplierId],
  );
  return rows.map(({ event }) => ({
    ...event,
    type: event.type.replace('concord.supplier.', ''),
    sequence: Number(event.sequence),
  }));
}

describe('createSupplier', () => {
  it('stores the whole record, numbered and in review', async () => {
    const supplier = await created({
      legalForm: 'GmbH',
      tradeNames: ['Huber'],
      paymentTermsDays: 14,
      sites: [{ name: 'Ulm', purpose: 'PURCHASING', addressLines: ['Weg 1'], city: 'Ulm' }],
      taxRegistrations: [vat(10_000_001)],
      endpoints: [{ schemeId: 'em', value: 'rechnung@huber.example' }],
      bankAccounts: [account(1)],
      externalRefs: [{ system: 'SAP', type: 'BusinessPartner', id: '4711' }],
    });
    expect(supplier).toMatchObject({
      __typename: 'Supplier',
      number: expect.stringMatching(/^SUP-\d{6}$/),
      status: 'PENDING_REVIEW',
      version: 1,
      normalizedName: 'schrauben huber',
      sites: [
        {
          name: 'Ulm',
          currency: 'EUR',
          paymentTermsDays: 14,
          address: { city: 'Ulm', countryCode: 'DE' },
        },
      ],
      taxRegistrations: [{ scheme: 'VAT', number: germanVat(10_000_001), checked: true }],
      endpoints: [{ schemeId: 'EM', value: 'rechnung@huber.example' }],
      bankAccounts: [{ maskedNumber: `••••${germanIban(1).slice(-4)}` }],
      externalRefs: [{ system: 'SAP', type: 'BusinessPartner', id: '4711', version: null }],
    });
    const events = await eventsOf(supplier.id);
    expect(events).toMatchObject([
      { type: 'created.v1', sequence: 1, companycode: '*', documentstatus: 'PENDING_REVIEW' },
    ]);
    expect(JSON.stringify(events)).not.toContain(germanIban(1).slice(4, -4));
  });

  it('answers InvalidInputProblem with every field that is wrong, and stores nothing', async () => {
    const before = await room.database.query('select id from supplier');
    const problem = await created({
      legalName: ' ',
      countryCode: 'XX',
      currency: 'EURO',
      paymentTermsDays: 366,
      taxRegistrations: [{ countryCode: 'DE', scheme: 'VAT', number: 'DE123456789' }],
      bankAccounts: [{ holderName: 'H', currency: 'EUR', iban: 'DE00370400440532013000' }],
    });
    expect(problem.__typename).toBe('InvalidInputProblem');
    expect(new Set(problem.fields.map((error) => error.code))).toEqual(
      new Set([
        'BAD_IBAN',
        'BAD_LENGTH',
        'BAD_TAX_NUMBER',
        'OUT_OF_RANGE',
        'UNKNOWN_COUNTRY',
        'UNKNOWN_CURRENCY',
      ]),
    );
    expect(JSON.stringify(problem)).not.toContain('0532013000');
    expect(await room.database.query('select id from supplier')).toEqual(before);
  });

  it('answers DuplicateSupplierProblem for a tax number that another supplier has, however it is written', async () => {
    const first = await created({ taxRegistrations: [vat(10_000_002)] });
    const problem = await created({
      taxRegistrations: [
        { countryCode: 'DE', scheme: 'VAT', number: germanVat(10_000_002).replace('DE', 'de ') },
      ],
    });
    expect(problem).toMatchObject({
      __typename: 'DuplicateSupplierProblem',
      field: 'TAX_NUMBER',
      existingSupplier: { id: first.id },
    });
  });

  it('answers DuplicateSupplierProblem for an IBAN that another supplier has, without repeating it', async () => {
    const first = await created({ bankAccounts: [account(2)] });
    const problem = await created({ bankAccounts: [account(2)] });
    expect(problem).toMatchObject({
      __typename: 'DuplicateSupplierProblem',
      field: 'IBAN',
      existingSupplier: { id: first.id },
    });
    expect(JSON.stringify(problem)).not.toContain(germanIban(2));
  });

  it('gives the first answer again for the same key, and IdempotencyKeyReusedProblem for another input', async () => {
    const idempotencyKey = newId();
    const first = await created({ idempotencyKey });
    expect(await created({ idempotencyKey })).toMatchObject({
      __typename: 'Supplier',
      id: first.id,
    });
    expect(await created({ idempotencyKey, legalName: 'Other' })).toMatchObject({
      __typename: 'IdempotencyKeyReusedProblem',
    });
  });

  it.each([
    { case: 'tax number', part: { taxRegistrations: [vat(10_000_003)] }, field: 'TAX_NUMBER' },
    { case: 'IBAN', part: { bankAccounts: [account(3)] }, field: 'IBAN' },
  ])(
    'lets exactly one of 20 concurrent creations with the same $case through, and leaves no gap in the numbers',
    async ({ part, field }) => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => created(part)));
      const suppliers = answers.filter((answer) => answer.__typename === 'Supplier');
      const refusals = answers.filter((answer) => answer.__typename === 'DuplicateSupplierProblem');
      expect(suppliers).toHaveLength(1);
      expect(refusals).toHaveLength(19);
      for (const refusal of refusals)
        expect(refusal).toMatchObject({ field, existingSupplier: { id: suppliers[0]?.id } });
      const [numbers] = await room.database.query<{ count: bigint; last: string }>(
        'select count(*) as count, max(number) as last from supplier',
      );
      expect(numbers?.last).toBe(`SUP-${String(numbers?.count).padStart(6, '0')}`);
    },
  );
});

describe('updateSupplier', () => {
  it('changes what is given, keeps the rest, and tells it', async () => {
    const { id } = await created({ legalForm: 'GmbH', tradeNames: ['Alt'] });
    const changed = await room.run(STEWARD, 'updateSupplier', {
      supplierId: id,
      expectedVersion: 1,
      legalName: 'Huber Technik AG',
      legalForm: null,
      addTaxRegistrations: [vat(10_000_010)],
      addEndpoints: [{ schemeId: '0204', value: 'x' }],
    });
    expect(changed).toMatchObject({
      __typename: 'Supplier',
      version: 2,
      normalizedName: 'huber technik',
      legalForm: null,
      tradeNames: ['Alt'],
      taxRegistrations: [{ number: germanVat(10_000_010) }],
      endpoints: [{ schemeId: '0204' }],
    });
    expect(await eventsOf(id)).toMatchObject([
      { type: 'created.v1' },
      { type: 'changed.v1', sequence: 2 },
    ]);
  });

  it('answers NotFound, InvalidInput, VersionConflict, DuplicateSupplier and IdempotencyKeyReused problems', async () => {
    const idempotencyKey = newId();
    const taken = await created({ taxRegistrations: [vat(10_000_011)] });
    const { id: supplierId } = await created({ idempotencyKey });
    const update = (input: object): Promise<Answer> =>
      room.run(STEWARD, 'updateSupplier', { supplierId, ...input });
    expect(await update({ supplierId: 'nobody' })).toMatchObject({
      __typename: 'NotFoundProblem',
      entity: 'Supplier',
      id: 'nobody',
    });
    expect(await update({ currency: 'XXX' })).toMatchObject({
      __typename: 'InvalidInputProblem',
      fields: [{ field: 'currency' }],
    });
    expect(await update({ expectedVersion: 7 })).toMatchObject({
      __typename: 'VersionConflictProblem',
      currentVersion: 1,
    });
    expect(await update({ addTaxRegistrations: [vat(10_000_011)] })).toMatchObject({
      __typename: 'DuplicateSupplierProblem',
      existingSupplier: { id: taken.id },
    });
    expect(await update({ idempotencyKey })).toMatchObject({
      __typename: 'IdempotencyKeyReusedProblem',
      idempotencyKey,
    });
    expect(await eventsOf(supplierId)).toHaveLength(1);
  });

  it('keeps the list of tax numbers short', async () => {
    const numbers = (from: number, count: number): object[] =>
      Array.from({ length: count }, (_, index) => vat(from + index));
    const { id: supplierId } = await created({ taxRegistrations: numbers(10_000_100, 20) });
    const problem = await room.run(STEWARD, 'updateSupplier', {
      supplierId,
      addTaxRegistrations: numbers(10_000_120, 1),
    });
    expect(problem).toMatchObject({
      __typename: 'InvalidInputProblem',
      fields: [{ code: 'TOO_MANY' }],
    });
  });
});

describe('addSupplierSite', () => {
  const site = {
    name: 'Werk',
    purpose: 'PAY',
    addressLines: ['Ring 2'],
    city: 'Graz',
    countryCode: 'AT',
  };

  it('adds a location with the supplier’s terms where it has none of its own', async () => {
    const { id: supplierId } = await created({ paymentTermsDays: 21 });
    expect(await room.run(STEWARD, 'addSupplierSite', { supplierId, site })).toMatchObject({
      __typename: 'Supplier',
      version: 2,
      sites: [
        { name: 'Werk', paymentTermsDays: 21, currency: 'EUR', address: { countryCode: 'AT' } },
      ],
    });
  });

  it('answers NotFound, InvalidInput, VersionConflict and IdempotencyKeyReused problems', async () => {
    const idempotencyKey = newId();
    const { id: supplierId } = await created({ idempotencyKey });
    const add = (input: object): Promise<Answer> =>
      room.run(STEWARD, 'addSupplierSite', { supplierId, site, ...input });
    expect(await add({ supplierId: 'nobody' })).toMatchObject({ __typename: 'NotFoundProblem' });
    expect(await add({ site: { ...site, addressLines: [] } })).toMatchObject({
      __typename: 'InvalidInputProblem',
    });
    expect(await add({ expectedVersion: 2 })).toMatchObject({
      __typename: 'VersionConflictProblem',
    });
    expect(await add({ idempotencyKey })).toMatchObject({
      __typename: 'IdempotencyKeyReusedProblem',
    });
  });
});

describe('activateSupplier, deactivateSupplier, reactivateSupplier', () => {
  it('lead a supplier through its life, version by version', async () => {
    const { id: supplierId } = await created();
    const walked = [];
    for (const step of ['activateSupplier', 'deactivateSupplier', 'reactivateSupplier']) {
      const { status, version } = await room.run(STEWARD, step, {
        supplierId,
        expectedVersion: walked.length + 1,
      });
      walked.push({ status, version });
    }
    expect(walked).toEqual([
      { status: 'ACTIVE', version: 2 },
      { status: 'INACTIVE', version: 3 },
      { status: 'ACTIVE', version: 4 },
    ]);
    expect(await eventsOf(supplierId)).toMatchObject([
      { type: 'created.v1', sequence: 1 },
      { type: 'activated.v1', sequence: 2, documentstatus: 'ACTIVE' },
      { type: 'changed.v1', sequence: 3, documentstatus: 'INACTIVE' },
      { type: 'activated.v1', sequence: 4, documentstatus: 'ACTIVE' },
    ]);
  });

  it.each(['activateSupplier', 'deactivateSupplier', 'reactivateSupplier'])(
    '%s answers each of its problems',
    async (step) => {
      const idempotencyKey = newId();
      const { id: supplierId } = await created({ idempotencyKey });
      if (step === 'activateSupplier') await room.run(STEWARD, step, { supplierId });
      const refused = (input: object): Promise<Answer> =>
        room.run(STEWARD, step, { supplierId, ...input });
      expect(await refused({})).toMatchObject({
        __typename: 'IllegalTransitionProblem',
        event: step.replace('Supplier', ''),
      });
      expect(await refused({ supplierId: 'nobody' })).toMatchObject({
        __typename: 'NotFoundProblem',
      });
      expect(await refused({ expectedVersion: 9 })).toMatchObject({
        __typename: 'VersionConflictProblem',
      });
      expect(await refused({ idempotencyKey })).toMatchObject({
        __typename: 'IdempotencyKeyReusedProblem',
      });
    },
  );
});

describe('blockSupplier and unblockSupplier', () => {
  it('set and lift one kind of block, and tell which blocks are left', async () => {
    const { id: supplierId } = await created();
    const run = (mutation: string, kind: string): Promise<Answer> =>
      room.run(STEWARD, mutation, { supplierId, kind, reason: 'Sanction list' });
    await run('blockSupplier', 'PURCHASE');
    const blocked = await run('blockSupplier', 'PAYMENT');
    expect(blocked.blocks).toEqual([
      { kind: 'PURCHASE', name: 'MANUAL', reason: 'Sanction list', blockedBy: STEWARD },
      { kind: 'PAYMENT', name: 'MANUAL', reason: 'Sanction list', blockedBy: STEWARD },
    ]);
    expect((await run('unblockSupplier', 'PURCHASE')).blocks).toMatchObject([{ kind: 'PAYMENT' }]);
    const told = (await eventsOf(supplierId)).map(({ type, data }) => [type, data.blocks]);
    expect(told).toEqual([
      ['created.v1', []],
      ['blocked.v1', ['PURCHASE']],
      ['blocked.v1', ['PAYMENT', 'PURCHASE']],
      ['unblocked.v1', ['PAYMENT']],
    ]);
    const [kept] = await room.database.query(
      `select lifted_by, lift_reason from supplier_block where supplier_id = $1 and kind = 'PURCHASE'`,
      [supplierId],
    );
    expect(kept).toEqual({ lifted_by: STEWARD, lift_reason: 'Sanction list' });
  });

  it.each([
    { mutation: 'blockSupplier', legal: 'unblock', prepared: true },
    { mutation: 'unblockSupplier', legal: 'block', prepared: false },
  ])('$mutation answers each of its problems', async ({ mutation, legal, prepared }) => {
    const idempotencyKey = newId();
    const { id: supplierId } = await created({ idempotencyKey });
    const input = { supplierId, kind: 'POSTING', reason: 'Audit' };
    if (prepared) await room.run(STEWARD, mutation, input);
    const refused = (change: object): Promise<Answer> =>
      room.run(STEWARD, mutation, { ...input, ...change });
    expect(await refused({})).toMatchObject({
      __typename: 'IllegalTransitionProblem',
      legalEvents: [legal],
    });
    expect(await refused({ reason: '  ' })).toMatchObject({
      __typename: 'InvalidInputProblem',
      fields: [{ field: 'reason' }],
    });
    expect(await refused({ supplierId: 'nobody' })).toMatchObject({
      __typename: 'NotFoundProblem',
    });
    expect(await refused({ expectedVersion: 9 })).toMatchObject({
      __typename: 'VersionConflictProblem',
    });
    expect(await refused({ idempotencyKey })).toMatchObject({
      __typename: 'IdempotencyKeyReusedProblem',
    });
  });
});
