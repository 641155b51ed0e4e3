import { isRecord } from '#kernel/json.ts';
import type { RegistryClient } from './registry-client.ts';

/** Whom the registry takes the token for, and what it may do where. */
export interface Identity {
  readonly name: string;
  readonly grants: readonly Grant[];
}

export interface Grant {
  /** Written `graph@target`. */
  readonly targets: readonly string[];
  readonly actions: readonly string[];
}

const WHO_AM_I = /* HiveGraphQL */ `{
  whoAmI {
    title
    resolvedPermissions {
      resolvedResourceIds
      resolvedPermissionGroups { permissions { isGranted permission { id } } }
    }
  }
}`;

/** Asks the registry who the token is. The registry's own graph does not tell; the door of Hive's clients does. */
export async function readIdentity(registry: RegistryClient): Promise<Identity> {
  const data = await registry.askHive(WHO_AM_I);
  const me = field(data, 'whoAmI');
  const title = field(me, 'title');
  return {
    name: typeof title === 'string' ? title : '',
    grants: list(field(me, 'resolvedPermissions')).map((place) => ({
      targets: list(field(place, 'resolvedResourceIds')).map(targetOf),
      actions: list(field(place, 'resolvedPermissionGroups')).flatMap(grantedActions),
    })),
  };
}

/** The door writes `organisation/graph/target`. */
function targetOf(resource: unknown): string {
  return String(resource).split('/').slice(-2).join('@');
}

function grantedActions(group: unknown): string[] {
  return list(field(group, 'permissions'))
    .filter((entry) => field(entry, 'isGranted') === true)
    .map((entry) => String(field(field(entry, 'permission'), 'id')));
}

function field(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
