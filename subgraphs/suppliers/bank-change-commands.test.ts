import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { STEWARD, germanIban, openTestRoom, supplierInput } from './test-room.ts';
import type { Answer, TestRoom } from './test-room.ts';

let room: TestRoom;
beforeAll(async () => {
  room = await openTestRoom();
});
afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

const CHECKER = 'second-supplier-steward';
const account = (number: number): object => ({
  holderName: 'Huber GmbH',
  currency: 'EUR',
  iban: germanIban(number),
});
const mask = (number: number): string => `••••${germanIban(number).slice(-4)}`;
const created = (overrides: object = {}): Promise<Answer> =>
  room.run(STEWARD, 'createSupplier', supplierInput(overrides));
const proposed = (supplierId: string, number: number, more: object = {}): Promise<Answer> =>
  room.run(STEWARD, 'proposeBankChange', {
    supplierId,
    account: account(number),
    reason: 'Called back',
    ...more,
  });
const decide = (
  mutation: string,
  bankChangeId: string,
  more: object = {},
  viewerId = CHECKER,
): Promise<Answer> =>
  room.run(STEWARD, mutation, { bankChangeId, note: 'Called back', ...more }, viewerId);

interface Standing {
  readonly blocks: readonly object[];
}

async function standing(id: string): Promise<Standing> {
  const source =
    'query ($id: ID!) { supplier(id: $id) { version blocks { kind name } bankAccounts { maskedNumber } } }';
  return (await room.ask<{ supplier: Standing }>('requestor', source, { id })).data.supplier;
}

async function toldOf(supplierId: string): Promise<unknown[]> {
  const rows = await room.database.query<{
    type: string;
    sequence: string;
    data: { maskedIban?: string; blocks?: string[] };
  }>(
    `select cloud_event->>'type' as type, cloud_event->>'sequence' as sequence, cloud_event->'data' as data
     from outbox where cloud_event->>'partitionkey' = $1 order by position`,
    [supplierId],
  );
  return rows.map((row) => [
    row.type.replace('concord.supplier.', ''),
    Number(row.sequence),
    row.data.maskedIban ?? row.data.blocks,
  ]);
}

describe('a bank change', () => {
  it('leaves the old account in force and blocks payment until a second person approves', async () => {
    const { id } = await created({ bankAccounts: [account(100)] });
    const change = await proposed(id, 101);
    expect(change).toMatchObject({
      __typename: 'BankChange',
      status: 'PENDING_APPROVAL',
      proposedBy: STEWARD,
      account: { maskedNumber: mask(101), validFrom: null },
      replaces: { maskedNumber: mask(100), validTo: null },
    });
    expect(await standing(id)).toMatchObject({
      bankAccounts: [{ maskedNumber: mask(100) }],
      blocks: [{ kind: 'PAYMENT', name: 'BANK_CHANGE_OPEN' }],
    });
    const approved = await decide('approveBankChange', change.id, { expectedVersion: 1 });
    expect(approved).toMatchObject({
      __typename: 'BankChange',
      status: 'APPROVED',
      version: 2,
      decidedBy: CHECKER,
      decisionNote: 'Called back',
    });
    expect(approved.replaces.validTo).toEqual(approved.account.validFrom);
    expect(await standing(id)).toMatchObject({
      version: 5,
      bankAccounts: [{ maskedNumber: mask(101) }],
      blocks: [],
    });
    expect(await toldOf(id)).toEqual([
      ['created.v1', 1, []],
      ['bank-change-proposed.v1', 2, mask(101)],
      ['blocked.v1', 3, ['PAYMENT']],
      ['bank-change-approved.v1', 4, mask(101)],
      ['unblocked.v1', 5, []],
    ]);
  });

  it.each([
    { mutation: 'rejectBankChange', status: 'REJECTED', told: 'bank-change-rejected.v1' },
    { mutation: 'withdrawBankChange', status: 'WITHDRAWN', told: 'bank-change-withdrawn.v1' },
  ])('leaves everything as it was after $mutation', async ({ mutation, status, told }) => {
    const number = mutation === 'rejectBankChange' ? 110 : 112;
    const { id } = await created({ bankAccounts: [account(number)] });
    const change = await proposed(id, number + 1);
    expect(await decide(mutation, change.id)).toMatchObject({
      status,
      account: { validFrom: null },
      replaces: { validTo: null },
    });
    expect(await standing(id)).toMatchObject({
      bankAccounts: [{ maskedNumber: mask(number) }],
      blocks: [],
    });
    expect((await toldOf(id)).slice(-2)).toEqual([
      [told, 4, mask(number + 1)],
      ['unblocked.v1', 5, []],
    ]);
  });

  it('does not end a payment block that a person set', async () => {
    const { id } = await created();
    await room.run(STEWARD, 'blockSupplier', { supplierId: id, kind: 'PAYMENT', reason: 'Fraud' });
    const change = await proposed(id, 120);
    expect((await standing(id)).blocks).toMatchObject([
      { name: 'MANUAL' },
      { name: 'BANK_CHANGE_OPEN' },
    ]);
    await decide('approveBankChange', change.id);
    expect((await standing(id)).blocks).toMatchObject([{ kind: 'PAYMENT', name: 'MANUAL' }]);
    expect((await toldOf(id)).map((told) => (told as unknown[])[0])).toEqual([
      'created.v1',
      'blocked.v1',
      'bank-change-proposed.v1',
      'bank-change-approved.v1',
    ]);
  });

  it('is decided once by however many try at the same moment', async () => {
    const { id } = await created();
    const change = await proposed(id, 130);
    const mutations = [
      'approveBankChange',
      'rejectBankChange',
      'withdrawBankChange',
      'approveBankChange',
      'rejectBankChange',
    ];
    const answers = await Promise.all(mutations.map((mutation) => decide(mutation, change.id)));
    const names = answers.map((answer) => answer.__typename).toSorted((a, b) => a.localeCompare(b));
    expect(names).toEqual([
      'BankChange',
      ...Array.from({ length: 4 }, () => 'IllegalTransitionProblem'),
    ]);
  });

  it('never brings one account to two suppliers, even when both changes are approved at the same moment', async () => {
    const suppliers = await Promise.all([created(), created()]);
    const changes = await Promise.all(suppliers.map(({ id }) => proposed(id, 140)));
    const answers = await Promise.all(changes.map(({ id }) => decide('approveBankChange', id)));
    const winner = answers.find((answer) => answer.__typename === 'BankChange');
    const loser = answers.find((answer) => answer !== winner);
    expect(winner).toMatchObject({ status: 'APPROVED' });
    expect(loser).toMatchObject({
      __typename: 'DuplicateSupplierProblem',
      field: 'IBAN',
      existingSupplier: { id: winner?.supplier.id },
    });
  });
});

describe('proposeBankChange', () => {
  it('answers each of its problems', async () => {
    const idempotencyKey = newId();
    const other = await created({ bankAccounts: [account(200)] });
    const { id } = await created({ idempotencyKey, bankAccounts: [account(201), account(202)] });
    expect(await proposed('nobody', 203)).toMatchObject({ __typename: 'NotFoundProblem' });
    expect(await proposed(id, 203, { reason: '' })).toMatchObject({
      __typename: 'InvalidInputProblem',
      fields: [{ field: 'reason' }],
    });
    expect(await proposed(id, 203)).toMatchObject({
      __typename: 'InvalidInputProblem',
      fields: [{ field: 'replacesAccountId' }],
    });
    expect(await proposed(id, 201)).toMatchObject({
      __typename: 'InvalidInputProblem',
      fields: [{ code: 'ALREADY_IN_FORCE' }],
    });
    expect(await proposed(id, 203, { expectedVersion: 4 })).toMatchObject({
      __typename: 'VersionConflictProblem',
    });
    expect(await proposed(id, 203, { idempotencyKey })).toMatchObject({
      __typename: 'IdempotencyKeyReusedProblem',
    });
    expect(await proposed(id, 200)).toMatchObject({
      __typename: 'DuplicateSupplierProblem',
      field: 'IBAN',
      existingSupplier: { id: other.id },
    });
    const source = 'query ($id: ID!) { supplier(id: $id) { bankAccounts { id } } }';
    const { data } = await room.ask<{ supplier: { bankAccounts: { id: string }[] } }>(
      STEWARD,
      source,
      { id },
    );
    const first = data.supplier.bankAccounts[0]?.id;
    const change = await proposed(id, 203, { replacesAccountId: first });
    expect(change).toMatchObject({ __typename: 'BankChange', replaces: { id: first } });
    expect(await proposed(id, 204)).toMatchObject({
      __typename: 'BankChangeOpenProblem',
      bankChange: { id: change.id },
      retryable: true,
    });
  });
});

describe('approveBankChange, rejectBankChange, withdrawBankChange', () => {
  it.each(['approveBankChange', 'rejectBankChange', 'withdrawBankChange'])(
    '%s answers each of its problems',
    async (mutation) => {
      const base = 300 + mutation.length * 10;
      const idempotencyKey = newId();
      const { id } = await created();
      const { id: changeId } = await proposed(id, base);
      const refused = (
        more: object,
        bankChangeId = changeId,
        viewerId = CHECKER,
      ): Promise<Answer> => decide(mutation, bankChangeId, more, viewerId);
      await room.run(STEWARD, 'createSupplier', supplierInput({ idempotencyKey }), CHECKER);
      expect(await refused({}, 'nothing')).toMatchObject({
        __typename: 'NotFoundProblem',
        entity: 'BankChange',
      });
      expect(await refused({ note: 'x'.repeat(501) })).toMatchObject({
        __typename: 'InvalidInputProblem',
        fields: [{ field: 'note' }],
      });
      expect(await refused({ expectedVersion: 2 })).toMatchObject({
        __typename: 'VersionConflictProblem',
        currentVersion: 1,
      });
      expect(await refused({ idempotencyKey })).toMatchObject({
        __typename: 'IdempotencyKeyReusedProblem',
      });
      if (mutation !== 'withdrawBankChange') {
        expect(await refused({}, changeId, STEWARD)).toMatchObject({
          __typename: 'SegregationOfDutiesProblem',
          rule: 'bank-change-proposer-is-not-approver',
        });
      }
      expect(await decide(mutation, changeId)).toMatchObject({ __typename: 'BankChange' });
      expect(await refused({})).toMatchObject({
        __typename: 'IllegalTransitionProblem',
        legalEvents: [],
      });
    },
  );

  it('wants a reason for a rejection', async () => {
    const { id } = await created();
    const change = await proposed(id, 600);
    expect(await decide('rejectBankChange', change.id, { note: '' })).toMatchObject({
      __typename: 'InvalidInputProblem',
    });
  });
});

describe('account numbers', () => {
  it('lie in the table of accounts and nowhere else: no event, no kept answer, no audit row repeats one', async () => {
    const tables = await room.database.query<{ name: string }>(
      `select table_name as name from information_schema.tables
       where table_schema = current_schema() and table_type = 'BASE TABLE' and table_name <> 'bank_account'`,
    );
    const numbers = await room.database.query<{ number: string }>(
      'select account_number as number from bank_account',
    );
    expect(numbers.length).toBeGreaterThan(10);
    for (const { name } of tables) {
      const rows = await room.database.query<{ row: string }>(
        `select t::text as row from ${name} t`,
      );
      const leaks = rows.filter(({ row }) => numbers.some(({ number }) => row.includes(number)));
      expect({ name, leaks }).toEqual({ name, leaks: [] });
    }
  });
});
