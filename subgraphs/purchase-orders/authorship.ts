import { requirePermission } from '#kernel/access.ts';
import type { Place, Viewer } from '#kernel/identity.ts';
import type { Requisition } from './domain/requisition.ts';

/** Where a document of this room belongs. */
export function placeOf(document: {
  readonly companyCode: string;
  readonly costCentreId: string;
  readonly requesterId: string;
}): Place {
  return {
    companyCode: document.companyCode,
    costCentreId: document.costCentreId,
    ownerId: document.requesterId,
  };
}

/** A requisition is changed by whoever asks for the goods, or by a buyer; anybody else is FORBIDDEN. */
export function requireAuthor(viewer: Viewer, requisition: Requisition): void {
  requirePermission(viewer, 'requisition:write', placeOf(requisition));
  if (requisition.requesterId !== viewer.id)
    requirePermission(viewer, 'order:write', placeOf(requisition));
}
