import type { Sql, Transaction } from '#kernel/database.ts';
import type { ErpDocument } from '../connector.ts';
import type { ErpDocumentState } from '../erp-document.ts';
import type { ErpDocumentType } from '../events.ts';

/** What an outside system knows of one of our documents. NONE: nothing yet. */
export interface KnownDocument {
  readonly erp: string;
  readonly documentType: ErpDocumentType;
  readonly documentId: string;
  /** Of the one that stands for ours. */
  readonly erpNumber: string | null;
  readonly status: 'NONE' | ErpDocument['status'];
  readonly erpVersion: bigint;
  /** All that were told of under our reference. */
  readonly documents: readonly ErpDocumentState[];
}

interface DocumentRow {
  readonly erp: string;
  readonly document_type: ErpDocumentType;
  readonly document_id: string;
  readonly erp_number: string | null;
  readonly status: KnownDocument['status'];
  readonly erp_version: bigint;
  readonly documents: readonly {
    readonly erpNumber: string;
    readonly status: ErpDocument['status'];
    readonly erpVersion: string;
  }[];
}

const COLUMNS = 'erp, document_type, document_id, erp_number, status, erp_version, documents';

function toDocument(row: DocumentRow): KnownDocument {
  return {
    erp: row.erp,
    documentType: row.document_type,
    documentId: row.document_id,
    erpNumber: row.erp_number,
    status: row.status,
    erpVersion: row.erp_version,
    documents: documentsOf(row),
  };
}

/** What was known before there was a list of them is a list of one. */
function documentsOf({
  erp_number: erpNumber,
  status,
  erp_version: erpVersion,
  documents,
}: DocumentRow): readonly ErpDocumentState[] {
  if (documents.length === 0 && erpNumber !== null && status !== 'NONE')
    return [{ erpNumber, status, erpVersion }];
  return documents.map((one) => ({ ...one, erpVersion: BigInt(one.erpVersion) }));
}

/** Makes the row that later answers are written to and locked by. */
export async function ensureErpDocument(
  tx: Transaction,
  document: {
    erp: string;
    documentType: ErpDocumentType;
    documentId: string;
    externalReference: string;
  },
  now: Date,
): Promise<void> {
  await tx.query(
    `insert into erp_document (erp, document_type, document_id, external_reference, updated_at)
     values ($1, $2, $3, $4, $5) on conflict do nothing`,
    [document.erp, document.documentType, document.documentId, document.externalReference, now],
  );
}

/** Was the document ever to be sent to this ERP? */
export async function hasErpDocument(
  tx: Transaction,
  document: Pick<KnownDocument, 'erp' | 'documentType' | 'documentId'>,
): Promise<boolean> {
  const rows = await tx.query(
    'select 1 from erp_document where erp = $1 and document_type = $2 and document_id = $3',
    [document.erp, document.documentType, document.documentId],
  );
  return rows.length > 0;
}

export async function lockErpDocument(
  tx: Transaction,
  erp: string,
  externalReference: string,
): Promise<KnownDocument | null> {
  const [row] = await tx.query<DocumentRow>(
    `select ${COLUMNS} from erp_document where erp = $1 and external_reference = $2 for update`,
    [erp, externalReference],
  );
  return row === undefined ? null : toDocument(row);
}

/** Keeps which document stands for ours and how it is, and all others under its reference. */
export async function saveErpDocument(
  tx: Transaction,
  known: Pick<KnownDocument, 'erp' | 'documentType' | 'documentId'>,
  state: { readonly ours: ErpDocumentState; readonly documents: readonly ErpDocumentState[] },
  now: Date,
): Promise<void> {
  const { ours, documents } = state;
  const list = documents.map(({ erpNumber, status, erpVersion }) => ({
    erpNumber,
    status,
    erpVersion: String(erpVersion),
  }));
  await tx.query(
    `update erp_document set erp_number = $4, status = $5, erp_version = $6, documents = $7, updated_at = $8
     where erp = $1 and document_type = $2 and document_id = $3`,
    [
      known.erp,
      known.documentType,
      known.documentId,
      ours.erpNumber,
      ours.status,
      ours.erpVersion,
      JSON.stringify(list),
      now,
    ],
  );
}

/** The next number of what we tell about this document. */
export async function nextEventSequence(
  tx: Transaction,
  known: Pick<KnownDocument, 'erp' | 'documentType' | 'documentId'>,
): Promise<number> {
  const [row] = await tx.query<{ event_sequence: number }>(
    `update erp_document set event_sequence = event_sequence + 1
     where erp = $1 and document_type = $2 and document_id = $3 returning event_sequence`,
    [known.erp, known.documentType, known.documentId],
  );
  return row?.event_sequence ?? 1;
}

/** What a translation needs to know besides the snapshot, in one statement. */
export async function referencesOf(
  sql: Sql,
  wanted: {
    erp: string;
    supplierId: string | null;
    orderId: string | null;
    lineIds: readonly string[];
  },
): Promise<{
  supplierNumber: string | null;
  orderErpNumber: string | null;
  lines: { id: string; lineNumber: number }[];
}> {
  const [row] = await sql.query<{
    supplier_number: string | null;
    order_erp_number: string | null;
    lines: { id: string; lineNumber: number }[];
  }>(
    `select
       (select number from supplier_number where supplier_id = $1) as supplier_number,
       (select erp_number from erp_document
        where erp = $2 and document_type = 'PURCHASE_ORDER' and document_id = $3) as order_erp_number,
       coalesce((select jsonb_agg(jsonb_build_object('id', purchase_order_line_id, 'lineNumber', line_number))
                 from order_line where purchase_order_line_id = any($4)), '[]') as lines`,
    [wanted.supplierId, wanted.erp, wanted.orderId, wanted.lineIds],
  );
  return {
    supplierNumber: row?.supplier_number ?? null,
    orderErpNumber: row?.order_erp_number ?? null,
    lines: row?.lines ?? [],
  };
}

export async function saveSupplierNumber(
  tx: Transaction,
  supplier: { supplierId: string; number: string; sequence: number },
): Promise<void> {
  await tx.query(
    `insert into supplier_number (supplier_id, number, sequence) values ($1, $2, $3)
     on conflict (supplier_id) do update set number = excluded.number, sequence = excluded.sequence
     where supplier_number.sequence < excluded.sequence`,
    [supplier.supplierId, supplier.number, supplier.sequence],
  );
}

export async function saveOrderLines(
  tx: Transaction,
  orderId: string,
  lines: readonly { readonly purchaseOrderLineId: string; readonly lineNumber: number }[],
): Promise<void> {
  await tx.query(
    `insert into order_line (purchase_order_line_id, purchase_order_id, line_number)
     select line->>'purchaseOrderLineId', $1, (line->>'lineNumber')::integer from jsonb_array_elements($2::jsonb) line
     on conflict (purchase_order_line_id) do update set line_number = excluded.line_number`,
    [orderId, JSON.stringify(lines)],
  );
}
