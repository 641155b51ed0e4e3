import { sha256 } from '#kernel/id.ts';
import { canonicalJson } from '#kernel/json.ts';
import { hashedLine } from './document-line.ts';
import type { DocumentLine } from './document-line.ts';
import type { Money } from '#kernel/money.ts';

/** What an approver decides on, of a requisition and of a changed order alike. */
export interface DecidedContent {
  readonly companyCode: string;
  readonly costCentreId: string;
  readonly category: string;
  readonly requesterId: string;
  readonly supplierId: string;
  readonly total: Money;
  readonly lines: readonly DocumentLine[];
}

/**
 * SHA-256 of what an approver decides on: a decision is bound to this hash, so that it cannot be applied to
 * another content. Titles and remarks are left out on purpose: they change nothing that is bought.
 */
export function documentHashOf(content: DecidedContent): string {
  const { companyCode, costCentreId, category, requesterId, supplierId, total } = content;
  const header = { companyCode, costCentreId, category, requesterId, supplierId };
  const amount = { totalMinor: total.amountMinor.toString(), currency: total.currency };
  return sha256(canonicalJson({ ...header, ...amount, lines: content.lines.map(hashedLine) }));
}
