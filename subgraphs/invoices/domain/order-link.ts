import type { InvoiceLine } from './invoice.ts';
import type { OrderLine } from './match-facts.ts';

/** Invoice line → order line, where a person has said which belongs to which. */
export type LineAssignment = ReadonlyMap<string, string>;

/**
 * Finds the order line of each invoice line: the one a person named, the one the supplier named, the only one of
 * the same description, or the only one there is. Null where none of these tells.
 */
export function linkLines(
  lines: readonly InvoiceLine[],
  orderLines: readonly OrderLine[],
  assigned: LineAssignment = new Map(),
): InvoiceLine[] {
  const known = new Set(orderLines.map((line) => line.id));
  return lines.map((line) => {
    const named = assigned.get(line.id) ?? line.purchaseOrderLineId;
    if (named !== null && known.has(named)) return { ...line, purchaseOrderLineId: named };
    const found =
      referenced(line, orderLines) ?? described(line, orderLines) ?? onlyOne(lines, orderLines);
    return { ...line, purchaseOrderLineId: found?.id ?? null };
  });
}

function referenced(line: InvoiceLine, orderLines: readonly OrderLine[]): OrderLine | undefined {
  const reference = line.orderLineReference?.trim();
  if (reference === undefined || reference === '') return undefined;
  const number = /^0*(\d+)$/.exec(reference)?.[1];
  return orderLines.find(
    (candidate) => candidate.id === reference || String(candidate.lineNumber) === number,
  );
}

function described(line: InvoiceLine, orderLines: readonly OrderLine[]): OrderLine | undefined {
  const wanted = bare(line.description);
  const [found, another] = orderLines.filter((candidate) => bare(candidate.description) === wanted);
  return another === undefined ? found : undefined;
}

/** A freight or discount line beside the ordered one must not be taken for it: hence one line on both sides. */
function onlyOne(
  lines: readonly InvoiceLine[],
  orderLines: readonly OrderLine[],
): OrderLine | undefined {
  return lines.length === 1 && orderLines.length === 1 ? orderLines[0] : undefined;
}

function bare(description: string): string {
  return description
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
