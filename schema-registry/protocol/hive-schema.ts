import { requireAction, scopeOf } from '../access/principal.ts';
import { composeTexts } from './dev-composition.ts';
import { hiveErrors, hiveVersion } from './hive-answer.ts';
import { currentVersion, membersOfVersion, versionOfCommit } from './served-version.ts';
import { selectTarget } from './target-selection.ts';
import type { Caller } from './caller.ts';
import type { MemberText } from './dev-composition.ts';
import type { ProtocolDeps } from './protocol-deps.ts';
import type { ServedVersion } from './served-version.ts';
import type { HiveTargetReference } from './target-selection.ts';
import type { Target } from '../target.ts';

interface TargetArgument {
  readonly target?: HiveTargetReference | null;
}

interface ComposeInput extends TargetArgument {
  readonly services: readonly {
    readonly name: string;
    readonly sdl: string;
    readonly url?: string | null;
  }[];
}

/** `dev` composes what runs on one machine; more services are not run there. */
const SERVICES_MAX = 50;

/** `schema:fetch`, `operations:check`, `app:check` and `dev --remote`: everything that only reads. */
export function hiveSchemaRoot(deps: ProtocolDeps): object {
  const { database } = deps;
  const answer = (version: ServedVersion | null): object | null =>
    version === null ? null : hiveVersion(version, () => membersOfVersion(database, version.id));
  return {
    latestValidVersion: async (args: TargetArgument, caller: Caller) => {
      const target = await readableTarget(deps, caller, args.target);
      return answer(await currentVersion(database, target.id));
    },
    schemaVersionByCommit: async (args: TargetArgument & { commit: string }, caller: Caller) => {
      const target = await readableTarget(deps, caller, args.target);
      return answer(await versionOfCommit(database, target.id, args.commit));
    },
    schemaCompose: ({ input }: { input: ComposeInput }, caller: Caller) =>
      composeWith(deps, input, caller),
  };
}

async function readableTarget(
  deps: ProtocolDeps,
  caller: Caller,
  reference: HiveTargetReference | null | undefined,
): Promise<Target> {
  const target = await selectTarget(deps.database, caller, reference);
  requireAction(caller.principal, 'schema:read', scopeOf(target));
  return target;
}

/** The given contracts take the place of the target's own. */
async function composeWith(
  deps: ProtocolDeps,
  input: ComposeInput,
  caller: Caller,
): Promise<object> {
  const target = await readableTarget(deps, caller, input.target);
  if (input.services.length > SERVICES_MAX) {
    return {
      __typename: 'SchemaComposeError',
      message: `At most ${SERVICES_MAX} services are composed at once.`,
    };
  }
  const current =
    target.currentVersionId === null
      ? []
      : await membersOfVersion(deps.database, target.currentVersionId);
  const members = new Map<string, MemberText>(current.map((member) => [member.subgraph, member]));
  for (const { name, sdl, url } of input.services)
    members.set(name, { subgraph: name, sdl, url: url ?? members.get(name)?.url ?? '' });
  const composition = await composeTexts(deps.workshop, [...members.values()]);
  return {
    __typename: 'SchemaComposeSuccess',
    valid: composition.ok,
    compositionResult: composition.ok
      ? { supergraphSdl: composition.supergraphSdl, errors: null }
      : { supergraphSdl: null, errors: hiveErrors(composition.errors) },
  };
}
