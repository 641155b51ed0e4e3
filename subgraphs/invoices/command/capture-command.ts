import { requirePermission } from '#kernel/access.ts';
import { onceArrived } from '#kernel/arrival.ts';
import { canonicalJson } from '#kernel/json.ts';
import { once } from '#kernel/idempotency.ts';
import { readScope } from '#kernel/identity.ts';
import { sha256 } from '#kernel/id.ts';
import { invalidInput, notFound, refused } from '#kernel/problem.ts';
import { captureDocument } from '../domain/captured-document.ts';
import { readContent } from '../domain/document-content.ts';
import { takeIn } from './invoice-capture.ts';
import { tellingOf } from './invoice-command.ts';
import { stateManualInvoice } from '../domain/manual-invoice.ts';
import { findSupplierName } from '../store/projection-store.ts';
import { readUbl } from '../ubl/ubl-document.ts';
import type { IdempotencyKeyReused, InvalidInput, NotFound, Result } from '#kernel/problem.ts';
import type { CaptureProblem } from '../domain/captured-document.ts';
import type { Context } from '../context.ts';
import type { DocumentTooLarge } from '../domain/document-content.ts';
import type { DuplicateInvoice } from '../domain/duplicate-invoice.ts';
import type { Invoice } from '../domain/invoice.ts';
import type { CaptureRequest } from './invoice-capture.ts';
import type { ManualInvoice } from '../domain/manual-invoice.ts';
import type { XmlProblem } from '../ubl/xml-tree.ts';

type TakeInProblem = DuplicateInvoice | NotFound | IdempotencyKeyReused;

interface CaptureInput {
  readonly idempotencyKey: string;
  readonly companyCode: string;
  readonly costCentreId?: string | null | undefined;
}

interface DataInput extends CaptureInput, ManualInvoice {
  readonly supplierId?: string | null | undefined;
  readonly purchaseOrderId?: string | null | undefined;
}

/** Captures an invoice that a person typed, or that another system sends as data. */
export async function captureInvoice(
  context: Context,
  input: DataInput,
): Promise<Result<Invoice, TakeInProblem | CaptureProblem | InvalidInput>> {
  requirePermission(context.viewer, 'invoice:write', placeOf(input));
  const flaw = companyFlaw(input.companyCode);
  return flaw === null ? onceArrived(() => captureData(context, input)) : refused(flaw);
}

async function captureData(
  context: Context,
  input: DataInput,
): Promise<Result<Invoice, TakeInProblem | CaptureProblem | InvalidInput>> {
  const sellerName =
    input.sellerName ??
    (input.supplierId ? await findSupplierName(context.database, input.supplierId) : null);
  if (input.supplierId && sellerName === null)
    return refused(notFound('supplier', input.supplierId));
  const stated = stateManualInvoice({ ...input, sellerName });
  if (!stated.ok) return stated;
  const document = captureDocument(stated.value);
  if (!document.ok) return document;
  const typed = canonicalJson(withoutKey(input));
  return commit(
    context,
    { operation: 'captureInvoice', idempotencyKey: input.idempotencyKey, input },
    {
      ...requestOf(context, input),
      document: document.value,
      source: { format: 'MANUAL', sha256: sha256(typed), sizeBytes: Buffer.byteLength(typed) },
      supplierId: input.supplierId ?? null,
      purchaseOrderId: input.purchaseOrderId ?? null,
      orderLineIds: input.lines.map((line) => line.purchaseOrderLineId ?? null),
    },
  );
}

/** Captures an invoice from a UBL 2.1 document. */
export async function captureInvoiceDocument(
  context: Context,
  input: CaptureInput & {
    readonly content?: string | null | undefined;
    readonly contentBase64?: string | null | undefined;
  },
): Promise<
  Result<Invoice, TakeInProblem | CaptureProblem | InvalidInput | DocumentTooLarge | XmlProblem>
> {
  requirePermission(context.viewer, 'invoice:write', placeOf(input));
  const flaw = companyFlaw(input.companyCode);
  if (flaw !== null) return refused(flaw);
  const content = readContent({ text: input.content ?? null, base64: input.contentBase64 ?? null });
  if (!content.ok) return content;
  const stated = readUbl(content.value.text);
  if (!stated.ok) return stated;
  const document = captureDocument(stated.value);
  if (!document.ok) return document;
  const { text: _, ...file } = content.value;
  // The key is bound to the bytes, not to their copy in the idempotency table's fingerprint.
  const { content: _text, contentBase64: _base64, ...rest } = input;
  return commit(
    context,
    {
      operation: 'captureInvoiceDocument',
      idempotencyKey: input.idempotencyKey,
      input: { ...rest, sha256: file.sha256 },
    },
    {
      ...requestOf(context, input),
      document: document.value,
      source: { format: 'UBL', ...file },
      supplierId: null,
      purchaseOrderId: null,
      orderLineIds: [],
    },
  );
}

function commit(
  context: Context,
  command: { readonly operation: string; readonly idempotencyKey: string; readonly input: object },
  request: CaptureRequest,
): Promise<Result<Invoice, TakeInProblem>> {
  const { idempotencyKey } = command;
  const using = { clock: context.clock, telling: tellingOf(context, idempotencyKey) };
  const named = {
    caller: context.viewer.id,
    idempotencyKey,
    operation: command.operation,
    input: withoutKey(command.input),
  };
  return once(context.database, named, (tx) => takeIn(tx, request, using));
}

function requestOf(context: Context, input: CaptureInput) {
  return {
    companyCode: input.companyCode,
    costCentreId: input.costCentreId ?? null,
    capturedBy: context.viewer.id,
    scope: readScope(context.viewer),
  };
}

function placeOf(input: CaptureInput) {
  return { companyCode: input.companyCode, costCentreId: input.costCentreId ?? null };
}

/** Company codes are short names that document numbers are made of. */
const COMPANY_CODE = /^[A-Z0-9]{2,8}$/;

function companyFlaw(companyCode: string): InvalidInput | null {
  if (COMPANY_CODE.test(companyCode)) return null;
  return invalidInput([
    {
      field: 'companyCode',
      code: 'UNKNOWN_COMPANY',
      message: 'A company code such as "DE01" is expected.',
    },
  ]);
}

function withoutKey(input: { readonly idempotencyKey?: string }): object {
  const { idempotencyKey: _, ...rest } = input;
  return rest;
}
