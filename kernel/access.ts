import { GraphQLError } from 'graphql';
import { may } from './identity.ts';
import type { Permission, Place, Viewer } from './identity.ts';

/** Throws FORBIDDEN, the top-level error of a missing permission, unless the viewer may do this (there). */
export function requirePermission(viewer: Viewer, permission: Permission, place?: Place): void {
  if (may(viewer, permission, place)) return;
  const where =
    place === undefined
      ? ''
      : ` in company ${place.companyCode}${place.costCentreId ? `, cost centre ${place.costCentreId}` : ''}`;
  throw new GraphQLError(
    `${viewer.name} may not do this: the permission "${permission}"${where} is needed. Ask for a role that grants it.`,
    { extensions: { code: 'FORBIDDEN', permission } },
  );
}
