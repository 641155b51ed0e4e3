import { GraphQLError } from 'graphql';
import { accepted, refused } from '#kernel/problem.ts';
import { requireAction, scopeOf } from '../access/principal.ts';
import { failedResult, refusalTexts } from './check-answer.ts';
import { hiveChanges, hiveErrors } from './hive-answer.ts';
import { changeOf, NO_SOURCE, SERVICE_MISSING } from './hive-change.ts';
import { findRevision, keepRevision, pushRevision } from './pushed-revision.ts';
import { membersOfVersion } from './served-version.ts';
import { selectTarget } from './target-selection.ts';
import type { Problem, Result } from '#kernel/problem.ts';
import type { Target } from '../target.ts';
import type { Caller } from './caller.ts';
import type { ProtocolDeps } from './protocol-deps.ts';
import type { HiveTargetReference } from './target-selection.ts';

interface PublishInput {
  readonly target?: HiveTargetReference | null;
  readonly service?: string | null;
  readonly url?: string | null;
  readonly sdl?: string | null;
  readonly schema?: { readonly sdl?: string | null; readonly revision?: string | null } | null;
  readonly author: string;
  readonly commit: string;
  readonly force?: boolean | null;
}

interface PushInput {
  readonly target?: HiveTargetReference | null;
  readonly service?: string | null;
  readonly revision: string;
  readonly sdl: string;
}

interface PromoteInput {
  readonly source: {
    readonly fromSchemaVersionById?: string | null;
    readonly fromTarget?: HiveTargetReference | null;
  };
  readonly target: { readonly toTarget: HiveTargetReference };
}

const URL_MISSING = 'This service is not published yet, so its url is needed.';

/** `schema:publish`, `schema:push` and `schema:promote`. */
export function hivePublicationRoot(deps: ProtocolDeps): object {
  return {
    schemaPublish: (args: { input: PublishInput }, caller: Caller) =>
      publish(deps, args.input, caller),
    schemaPush: (args: { input: PushInput }, caller: Caller) => push(deps, args.input, caller),
    schemaVersionPromote: (args: { input: PromoteInput }, caller: Caller) =>
      promote(deps, args.input, caller),
  };
}

async function publish(deps: ProtocolDeps, input: PublishInput, caller: Caller): Promise<object> {
  const target = await selectTarget(deps.database, caller, input.target);
  const subgraph = input.service ?? '';
  if (subgraph === '')
    return { __typename: 'SchemaPublishMissingServiceError', message: SERVICE_MISSING };
  // Before the permission is known, nothing is told of what is published or was pushed.
  requireAction(caller.principal, 'schema:publish', scopeOf(target, subgraph));
  const url = input.url ?? null;
  if (url === null && !(await isMember(deps, target, subgraph)))
    return { __typename: 'SchemaPublishMissingUrlError', message: URL_MISSING };
  const revision = input.schema?.revision ?? null;
  const sdl = await textToPublish(deps, input, { target, subgraph });
  if (!sdl.ok) return publishRefusal(input, sdl.problem);
  const published = await deps.commands.publish(
    changeOf(caller, target, {
      put: [{ subgraph, sdl: sdl.value, url, version: null }],
      source: { author: input.author, commit: input.commit },
    }),
  );
  if (!published.ok) return publishRefusal(input, published.problem);
  if (revision !== null) await keepRevision(deps.database, { target, subgraph, revision });
  const { initial, changed, result } = published.value;
  return {
    __typename: 'SchemaPublishSuccess',
    initial,
    valid: true,
    message: publishedText(published.value),
    linkToWebsite: null,
    changes: hiveChanges(changed ? result.changes : []),
  };
}

/** The CLI says by itself when nothing changed; it has no words for a new version without differences. */
function publishedText(published: {
  readonly changed: boolean;
  readonly result: { readonly changes: readonly unknown[] };
  readonly version: { readonly version: string };
}): string | null {
  if (!published.changed || published.result.changes.length > 0) return null;
  return `Published as version ${published.version.version}; clients see no difference.`;
}

/**
 * With `--force` the CLI calls a refused publication published, as old registries stored it. Ours never do, so it is told
 * in a way that it takes for a failure.
 */
function publishRefusal(input: PublishInput, problem: Problem): object {
  const texts = refusalTexts(problem);
  if (input.force === true) {
    throw new GraphQLError(
      `Refused, and nothing was stored: no publication escapes its check here, not by --force either.\n${texts.join('\n')}`,
      { extensions: { code: problem.code } },
    );
  }
  return {
    __typename: 'SchemaPublishError',
    valid: false,
    linkToWebsite: null,
    changes: hiveChanges(failedResult(problem)?.changes ?? []),
    errors: hiveErrors(texts),
  };
}

/** The text itself, or what was pushed under the name. */
async function textToPublish(
  deps: ProtocolDeps,
  input: PublishInput,
  at: { readonly target: Target; readonly subgraph: string },
): Promise<Result<string>> {
  const revision = input.schema?.revision ?? null;
  if (revision === null) return accepted(input.schema?.sdl ?? input.sdl ?? '');
  const found = await findRevision(deps.database, { ...at, revision }, deps.clock.now());
  if (found !== null) return accepted(found.sdl);
  return refused({
    code: 'UNKNOWN_REVISION',
    message: `No revision "${revision}" of "${at.subgraph}" was pushed to this target, or it has expired. Push it again with schema:push.`,
    retryable: false,
  });
}

async function isMember(deps: ProtocolDeps, target: Target, subgraph: string): Promise<boolean> {
  if (target.currentVersionId === null) return false;
  const members = await membersOfVersion(deps.database, target.currentVersionId);
  return members.some((member) => member.subgraph === subgraph);
}

async function push(deps: ProtocolDeps, input: PushInput, caller: Caller): Promise<object> {
  const target = await selectTarget(deps.database, caller, input.target);
  const subgraph = input.service ?? '';
  if (subgraph === '') return { error: { message: SERVICE_MISSING } };
  const { principal } = caller;
  requireAction(principal, 'schema:publish', scopeOf(target, subgraph));
  const pushed = await pushRevision(
    deps.database,
    { target, principal, subgraph, revision: input.revision, sdl: input.sdl },
    deps.clock.now(),
  );
  if (!pushed.ok) return { error: { message: pushed.problem.message } };
  const { revision, sha256, expiresAt } = pushed.value;
  return {
    ok: {
      schemaRevision: {
        service: subgraph,
        revision,
        digest: sha256,
        expiresAt: expiresAt?.toISOString() ?? null,
      },
    },
  };
}

async function promote(deps: ProtocolDeps, input: PromoteInput, caller: Caller): Promise<object> {
  const to = await selectTarget(deps.database, caller, input.target.toTarget);
  const versionId = input.source.fromSchemaVersionById ?? null;
  const from =
    versionId === null
      ? { target: await selectTarget(deps.database, caller, input.source.fromTarget) }
      : { versionId };
  const { principal } = caller;
  const promoted = await deps.commands.promote({ principal, from, to, source: NO_SOURCE });
  if (!promoted.ok) return { error: { message: refusalTexts(promoted.problem).join('\n') } };
  const { id } = promoted.value.version;
  return { ok: { newSchemaVersion: { id, isValid: true }, linkToWebsite: null } };
}
