import { connectionsOf, pageSql } from '#kernel/paging.ts';
import { ORDER_COLUMNS, orderOf } from './order-store.ts';
import { REQUISITION_COLUMNS, requisitionOf } from './requisition-store.ts';
import type { Sql } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { Connection, Page } from '#kernel/paging.ts';
import type { PurchaseOrder } from '../domain/purchase-order.ts';
import type { Requisition } from '../domain/requisition.ts';
import type { OrderRow } from './order-store.ts';
import type { RequisitionRow } from './requisition-store.ts';

/** Which documents to list; null conditions hold for all. */
export interface DocumentFilter {
  readonly statuses: readonly string[] | null;
  readonly companyCode: string | null;
  readonly costCentreId: string | null;
  readonly supplierId: string | null;
  readonly requesterId: string | null;
  readonly numberPrefix: string | null;
}

/** Whose documents: the column that holds the parent's id. */
export type ParentColumn = 'supplier_id' | 'cost_centre_id';

interface PageQuery {
  readonly filter: DocumentFilter;
  readonly page: Page;
  readonly scope: ReadScope;
}

interface ChildQuery {
  readonly parent: ParentColumn;
  readonly page: Page;
  readonly scope: ReadScope;
}

export async function requisitionPage(sql: Sql, query: PageQuery): Promise<Requisition[]> {
  const rows = await readPage<RequisitionRow>(
    sql,
    { table: 'requisition', columns: REQUISITION_COLUMNS },
    query,
  );
  return rows.map(requisitionOf);
}

export async function orderPage(sql: Sql, query: PageQuery): Promise<PurchaseOrder[]> {
  const rows = await readPage<OrderRow>(
    sql,
    { table: 'purchase_order', columns: ORDER_COLUMNS },
    query,
  );
  return rows.map(orderOf);
}

/** A page of requisitions for each parent, from one statement. */
export async function requisitionsByParent(
  sql: Sql,
  parentIds: readonly string[],
  query: ChildQuery,
): Promise<Map<string, Connection<Requisition>>> {
  const rows = await readChildren<RequisitionRow>(
    sql,
    { table: 'requisition', columns: REQUISITION_COLUMNS, parentIds },
    query,
  );
  return connectionsOf(query.page, rows.map(requisitionOf), {
    parent: parentOf(query.parent),
    sort: idOf,
  });
}

/** A page of orders for each parent, from one statement. */
export async function ordersByParent(
  sql: Sql,
  parentIds: readonly string[],
  query: ChildQuery,
): Promise<Map<string, Connection<PurchaseOrder>>> {
  const rows = await readChildren<OrderRow>(
    sql,
    { table: 'purchase_order', columns: ORDER_COLUMNS, parentIds },
    query,
  );
  return connectionsOf(query.page, rows.map(orderOf), {
    parent: parentOf(query.parent),
    sort: idOf,
  });
}

/** The sort key of both documents: their ids are made in the order of time. */
export function idOf(document: { readonly id: string }): string {
  return document.id;
}

interface Source {
  readonly table: 'requisition' | 'purchase_order';
  readonly columns: string;
}

function readPage<Row>(
  sql: Sql,
  source: Source,
  { filter, page, scope }: PageQuery,
): Promise<Row[]> {
  const { where, orderLimit } = pageSql(page, 'id', 1);
  return sql.query<Row>(
    `select ${source.columns} from ${source.table}
     where ${where} and visible($2::jsonb, company_code, cost_centre_id, requester_id)
       and ($3::text[] is null or status = any($3))
       and ($4::text is null or company_code = $4)
       and ($5::text is null or cost_centre_id = $5)
       and ($6::text is null or supplier_id = $6)
       and ($7::text is null or requester_id = $7)
       and ($8::text is null or starts_with(number, $8))
     ${orderLimit}`,
    [
      page.cursor,
      JSON.stringify(scope),
      filter.statuses,
      filter.companyCode,
      filter.costCentreId,
      filter.supplierId,
      filter.requesterId,
      filter.numberPrefix,
    ],
  );
}

function readChildren<Row>(
  sql: Sql,
  source: Source & { readonly parentIds: readonly string[] },
  { parent, page, scope }: ChildQuery,
): Promise<Row[]> {
  const { where, orderLimit } = pageSql(page, 'id', 1);
  return sql.query<Row>(
    `select child.* from unnest($3::text[]) as parent (parent_id)
     cross join lateral (
       select ${source.columns} from ${source.table}
       where ${parent} = parent_id and ${where} and visible($2::jsonb, company_code, cost_centre_id, requester_id)
       ${orderLimit}
     ) as child
     order by child.id ${page.backward ? 'desc' : 'asc'}`,
    [page.cursor, JSON.stringify(scope), source.parentIds],
  );
}

function parentOf(column: ParentColumn) {
  return (document: { readonly supplierId: string; readonly costCentreId: string }): string =>
    column === 'supplier_id' ? document.supplierId : document.costCentreId;
}
