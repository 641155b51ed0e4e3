import { documentsOf, lastSequence } from './books.ts';
import type { Books } from './books.ts';
import { documentTypes } from './document.ts';
import type { DocumentType } from './document.ts';

/** The page shows the newest documents only; a browser needs no more. */
const ROW_LIMIT = 50;

const columns: Readonly<Record<DocumentType, readonly string[]>> = {
  PurchaseOrder: [
    'PurchaseOrder',
    'CompanyCode',
    'Supplier',
    'ExternalReference',
    'TotalNetAmount',
    'DocumentCurrency',
    'PurchaseOrderStatus',
    'LastChangeDateTime',
  ],
  SupplierInvoice: [
    'SupplierInvoice',
    'FiscalYear',
    'CompanyCode',
    'InvoicingParty',
    'SupplierInvoiceIDByInvcgParty',
    'ExternalReference',
    'InvoiceGrossAmount',
    'DocumentCurrency',
    'SupplierInvoiceStatus',
    'ClearingStatus',
  ],
  GoodsReceipt: [
    'MaterialDocument',
    'CompanyCode',
    'PostingDate',
    'ExternalReference',
    'MaterialDocumentStatus',
  ],
  Payment: [
    'Payment',
    'SupplierInvoice',
    'FiscalYear',
    'Supplier',
    'PaymentAmount',
    'DocumentCurrency',
    'PaymentStatus',
    'ReturnReasonCode',
  ],
};

/** A plain page with the newest documents of each type; without scripts, so it shows the state at its loading. */
export function overviewPage(books: Books): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>ERP simulator</title>
<style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 2rem; }
table { border-collapse: collapse; margin-bottom: 2rem; }
th, td { border: 1px solid #ccc; padding: .2rem .6rem; text-align: left; }
caption { text-align: left; font-weight: bold; padding: .3rem 0; }
</style></head>
<body><h1>ERP simulator</h1>
<p>System ${escaped(books.systemId)}, last change ${lastSequence(books)}.</p>
${documentTypes.map((type) => table(books, type)).join('\n')}
</body></html>`;
}

function table(books: Books, type: DocumentType): string {
  const all = [...documentsOf(books, type).values()];
  const names = columns[type];
  const head = names.map((name) => `<th scope="col">${name}</th>`).join('');
  const rows = all
    .slice(-ROW_LIMIT)
    .toReversed()
    .map((document) => {
      const cells = names.map((name) => `<td>${escaped(String(Reflect.get(document, name)))}</td>`);
      return `<tr>${cells.join('')}</tr>`;
    });
  return `<table><caption>${type}: ${all.length}</caption><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
