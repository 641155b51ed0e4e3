import { pageSql } from '#kernel/paging.ts';
import { accountKey } from './bank-account.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { Page } from '#kernel/paging.ts';
import type { BankAccount, BankAccountDraft } from './bank-account.ts';
import type { BankChange, BankChangeStatus } from './bank-change.ts';

const ACCOUNT_COLUMNS = `id, supplier_id as "supplierId", kind, holder_name as "holderName", country_code as "countryCode",
  currency, bic, routing_number as "routingNumber", masked_number as "maskedNumber", valid_from as "validFrom", valid_to as "validTo"`;

/** The accounts with these ids, numbers masked. */
export function readBankAccounts(sql: Sql, ids: readonly string[]): Promise<BankAccount[]> {
  return sql.query(`select ${ACCOUNT_COLUMNS} from bank_account where id = any($1)`, [ids]);
}

/** The accounts in force of these suppliers, oldest first, numbers masked. */
export function readBankAccountsInForce(
  sql: Sql,
  supplierIds: readonly string[],
): Promise<BankAccount[]> {
  return sql.query(
    `select ${ACCOUNT_COLUMNS} from bank_account
     where supplier_id = any($1) and valid_from is not null and valid_to is null order by valid_from, id`,
    [supplierIds],
  );
}

/** A whole account number. */
export interface BankNumber {
  readonly accountId: string;
  readonly accountNumber: string;
}

/** Who reads numbers, for the record. */
export interface BankReader {
  readonly viewerId: string;
  /** The room whose signed call asked. */
  readonly caller: string;
  readonly correlationId: string;
  readonly readAt: Date;
}

/** The whole numbers of these accounts. One statement reads and records, so that no number is read unrecorded. */
export function readBankNumbers(
  sql: Sql,
  accountIds: readonly string[],
  reader: BankReader,
): Promise<BankNumber[]> {
  return sql.query(
    `with recorded as (
       insert into bank_read (account_id, supplier_id, viewer_id, caller, correlation_id, read_at)
       select id, supplier_id, $2, $3, $4, $5 from bank_account where id = any($1)
       returning account_id
     )
     select a.id as "accountId", a.account_number as "accountNumber" from recorded join bank_account a on a.id = recorded.account_id`,
    [accountIds, reader.viewerId, reader.caller, reader.correlationId, reader.readAt],
  );
}

/** Stores bank accounts: in force from `validFrom`, or only proposed when that is null. */
export async function insertBankAccounts(
  tx: Transaction,
  accounts: readonly (BankAccountDraft & {
    id: string;
    supplierId: string;
    validFrom: Date | null;
  })[],
): Promise<void> {
  if (accounts.length === 0) return;
  await tx.query(
    `insert into bank_account (id, supplier_id, kind, holder_name, country_code, currency, bic, routing_number,
       account_number, account_key, valid_from)
     select id, "supplierId", kind, "holderName", "countryCode", currency, bic, "routingNumber", "accountNumber", "accountKey", "validFrom"
     from jsonb_to_recordset($1) as added (id text, "supplierId" text, kind text, "holderName" text, "countryCode" text,
       currency text, bic text, "routingNumber" text, "accountNumber" text, "accountKey" text, "validFrom" timestamptz)
     order by "accountKey"`,
    [JSON.stringify(accounts.map((account) => ({ ...account, accountKey: accountKey(account) })))],
  );
}

/** Ends an account that is in force. */
export async function endBankAccount(tx: Transaction, id: string, at: Date): Promise<void> {
  await tx.query('update bank_account set valid_to = $2 where id = $1 and valid_to is null', [
    id,
    at,
  ]);
}

/** Puts a proposed account in force; violates `bank_account_in_force` when another supplier has it. */
export async function startBankAccount(tx: Transaction, id: string, at: Date): Promise<void> {
  await tx.query('update bank_account set valid_from = $2 where id = $1 and valid_from is null', [
    id,
    at,
  ]);
}

const CHANGE_COLUMNS = `c.id, c.supplier_id as "supplierId", c.status, c.version, c.account_id as "accountId",
  c.replaces_account_id as "replacesAccountId", c.reason, c.proposed_by as "proposedBy", c.proposed_at as "proposedAt",
  c.decided_by as "decidedBy", c.decided_at as "decidedAt", c.decision_note as "decisionNote"`;

/** The bank change, or null. */
export async function readBankChange(sql: Sql, id: string): Promise<BankChange | null> {
  const [change] = await sql.query<BankChange>(
    `select ${CHANGE_COLUMNS} from bank_change c where c.id = $1`,
    [id],
  );
  return change ?? null;
}

/** The supplier's bank change that waits for its decision, or null. */
export async function readOpenBankChange(sql: Sql, supplierId: string): Promise<BankChange | null> {
  const [change] = await sql.query<BankChange>(
    `select ${CHANGE_COLUMNS} from bank_change c where c.supplier_id = $1 and c.status = 'PENDING_APPROVAL'`,
    [supplierId],
  );
  return change ?? null;
}

/** One page of bank changes in the order in which they were proposed, and one more if there is a next page. */
export function readBankChangePage(
  sql: Sql,
  status: BankChangeStatus | null,
  page: Page,
): Promise<BankChange[]> {
  const { where, orderLimit } = pageSql(page, 'c.id', 2);
  return sql.query(
    `select ${CHANGE_COLUMNS} from bank_change c where ($1::text is null or c.status = $1) and ${where} ${orderLimit}`,
    [status, page.cursor],
  );
}

/** The same page of each of these suppliers' bank changes. */
export function readBankChangesOfSuppliers(
  sql: Sql,
  supplierIds: readonly string[],
  page: Page,
): Promise<BankChange[]> {
  const { where, orderLimit } = pageSql(page, 'c.id', 2);
  return sql.query(
    `select paged.* from unnest($1::text[]) as wanted (supplier_id)
     cross join lateral (
       select ${CHANGE_COLUMNS} from bank_change c where c.supplier_id = wanted.supplier_id and ${where} ${orderLimit}
     ) as paged`,
    [supplierIds, page.cursor],
  );
}

/** Stores a proposed change. */
export async function insertBankChange(tx: Transaction, change: BankChange): Promise<void> {
  await tx.query(
    `insert into bank_change (id, supplier_id, status, version, account_id, replaces_account_id, reason, proposed_by, proposed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      change.id,
      change.supplierId,
      change.status,
      change.version,
      change.accountId,
      change.replacesAccountId,
      change.reason,
      change.proposedBy,
      change.proposedAt,
    ],
  );
}

/** Writes a decision. */
export async function updateBankChange(tx: Transaction, change: BankChange): Promise<void> {
  await tx.query(
    'update bank_change set status = $2, version = $3, decided_by = $4, decided_at = $5, decision_note = $6 where id = $1',
    [
      change.id,
      change.status,
      change.version,
      change.decidedBy,
      change.decidedAt,
      change.decisionNote,
    ],
  );
}
