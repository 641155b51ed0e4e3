import { REGISTRY_ACTIONS } from '#kernel/identity.ts';
import { scopeOf } from '../access/principal.ts';
import { slugOf, targetsInReach } from './target-selection.ts';
import type { Sql } from '#kernel/database.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { Target } from '../target.ts';
import type { Caller } from './caller.ts';

/** More places than one looks at in a terminal. */
const PLACES_MAX = 100;

const DESCRIPTIONS: Readonly<Record<RegistryAction, string>> = {
  'schema:read': 'Read contracts, versions and the history.',
  'schema:check': 'Check a change.',
  'schema:publish': 'Publish a contract that passes its check.',
  'schema:delete': 'Take a subgraph out.',
  'schema:promote': 'Serve the version of another target, or an older one.',
  'schema:propose': 'Propose a change, and ask for an override.',
  'schema:review': 'Sign off what others propose.',
  'schema:govern': 'Change policies, grant overrides, issue tokens.',
  'event:publish': 'Publish contracts of events.',
  'app:publish': 'Publish apps with persisted documents.',
  'artifact:read': 'Fetch supergraphs, as gateways do.',
  'usage:report': 'Report what clients use.',
};

/** `whoami`: the token's name, and what it may do in which targets. */
export function hiveIdentityRoot(deps: { readonly database: Sql }): object {
  return {
    whoAmI: (_args: unknown, caller: Caller) => ({
      title: caller.principal.name,
      resolvedPermissions: ({ includeAll }: { includeAll?: boolean | null }) =>
        permissionsOf(deps.database, caller, includeAll === true),
    }),
  };
}

/** Targets with the same grants are told of together. */
async function permissionsOf(sql: Sql, caller: Caller, includeAll: boolean): Promise<object[]> {
  const targets = (await targetsInReach(sql, caller)).slice(0, PLACES_MAX);
  const alike = Map.groupBy(targets, (target) => grantsOf(caller, target).join(' '));
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [placesAlike(group, grantsOf(caller, first), includeAll)];
  });
}

function grantsOf(caller: Caller, target: Target): RegistryAction[] {
  return REGISTRY_ACTIONS.filter((action) => caller.principal.allows(action, scopeOf(target)));
}

function placesAlike(
  targets: readonly Target[],
  grants: readonly RegistryAction[],
  includeAll: boolean,
): object {
  const listed = REGISTRY_ACTIONS.filter((action) => includeAll || grants.includes(action));
  return {
    level: 'TARGET',
    resolvedResourceIds: targets.map(slugOf),
    title: 'Targets',
    resolvedPermissionGroups: [
      {
        title: 'Schema registry',
        permissions: listed.map((action) => ({
          isGranted: grants.includes(action),
          permission: { id: action, title: titleOf(action), description: DESCRIPTIONS[action] },
        })),
      },
    ],
  };
}

function titleOf(action: RegistryAction): string {
  const [noun = '', verb = ''] = action.split(':');
  return `${verb.charAt(0).toUpperCase()}${verb.slice(1)} ${noun}`;
}
