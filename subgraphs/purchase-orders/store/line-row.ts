import { decimalOf, formatDecimal } from '#kernel/decimal.ts';
import type { DocumentLine } from '../domain/document-line.ts';

/** The columns that lines of requisitions and orders share. */
export interface LineRow {
  readonly id: string;
  readonly line_number: number;
  readonly description: string;
  readonly category: string;
  readonly quantity: string;
  readonly unit_code: string;
  readonly unit_price: string;
  readonly price_quantity: string;
  readonly net_minor: bigint;
  readonly currency: string;
  readonly over_delivery_percent: string;
  readonly under_delivery_percent: string;
  readonly needed_by: string | null;
}

export const LINE_COLUMNS = `id, line_number, description, category, quantity, unit_code, unit_price, price_quantity,
  net_minor, currency, over_delivery_percent, under_delivery_percent, needed_by`;

/** The shape of `LINE_COLUMNS` for `jsonb_to_recordset`. */
export const LINE_SHAPE = `id text, line_number integer, description text, category text, quantity numeric, unit_code text,
  unit_price numeric, price_quantity numeric, net_minor bigint, currency text, over_delivery_percent numeric,
  under_delivery_percent numeric, needed_by date`;

export function lineOf(row: LineRow): DocumentLine {
  return {
    id: row.id,
    lineNumber: row.line_number,
    description: row.description,
    category: row.category,
    quantity: decimalOf(row.quantity),
    unitCode: row.unit_code,
    unitPrice: decimalOf(row.unit_price),
    priceQuantity: decimalOf(row.price_quantity),
    netAmount: { amountMinor: row.net_minor, currency: row.currency },
    overDeliveryPercent: decimalOf(row.over_delivery_percent),
    underDeliveryPercent: decimalOf(row.under_delivery_percent),
    neededBy: row.needed_by,
  };
}

export function lineJson(line: DocumentLine): Record<string, string | number | null> {
  return {
    id: line.id,
    line_number: line.lineNumber,
    description: line.description,
    category: line.category,
    quantity: formatDecimal(line.quantity),
    unit_code: line.unitCode,
    unit_price: formatDecimal(line.unitPrice),
    price_quantity: formatDecimal(line.priceQuantity),
    net_minor: line.netAmount.amountMinor.toString(),
    currency: line.netAmount.currency,
    over_delivery_percent: formatDecimal(line.overDeliveryPercent),
    under_delivery_percent: formatDecimal(line.underDeliveryPercent),
    needed_by: line.neededBy,
  };
}
