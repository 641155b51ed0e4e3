import { GraphQLError } from 'graphql';
import { failedResult, findingsOf, refusalTexts } from './check-answer.ts';
import { problemError } from './graphql-door.ts';
import { roverError } from './rover-check.ts';
import type { Problem } from '#kernel/problem.ts';
import type { ChangeRequest, SourceControl } from '../commands.ts';
import type { Target } from '../target.ts';
import type { Caller } from './caller.ts';
import type { ProtocolDeps } from './protocol-deps.ts';

interface GitContext {
  readonly commit?: string | null;
  readonly committer?: string | null;
}

interface PublishArguments {
  readonly name: string;
  readonly url?: string | null;
  readonly graphVariant: string;
  readonly activePartialSchema: { readonly sdl?: string | null };
  readonly gitContext?: GitContext | null;
}

interface RemoveArguments {
  readonly graphVariant: string;
  readonly name: string;
  readonly dryRun: boolean;
}

interface CheckInput {
  readonly subgraphName: string;
  readonly proposedSchema: string;
  readonly gitContext: GitContext;
}

/** What Rover does with a graph: `subgraph publish`, `check` and `delete`. */
export function roverGraphMutation(
  deps: ProtocolDeps,
  targets: readonly Target[],
  caller: Caller,
): object {
  const targetOf = (name: string): Target => {
    const target = targets.find((candidate) => candidate.slug === name);
    if (target !== undefined) return target;
    const known = targets.map((candidate) => candidate.slug).join(', ');
    throw new GraphQLError(
      `There is no target "${name}" in this graph. Known are: ${known}. Targets are made with "concord", not by publishing.`,
      { extensions: { code: 'UNKNOWN_TARGET' } },
    );
  };
  return {
    variant: ({ name }: { name: string }) => {
      const target = targets.find((candidate) => candidate.slug === name);
      if (target === undefined) return null;
      return {
        submitSubgraphCheckAsync: ({ input }: { input: CheckInput }) =>
          check(deps, { input, target, caller }),
      };
    },
    publishSubgraph: (args: PublishArguments) =>
      publish(deps, { args, target: targetOf(args.graphVariant), caller }),
    removeImplementingServiceAndTriggerComposition: (args: RemoveArguments) => {
      const removing = { name: args.name, target: targetOf(args.graphVariant), caller };
      return args.dryRun ? tryRemove(deps, removing) : remove(deps, removing);
    },
  };
}

async function check(
  deps: ProtocolDeps,
  asked: { readonly input: CheckInput; readonly target: Target; readonly caller: Caller },
): Promise<object> {
  const { input, target, caller } = asked;
  const put = { subgraph: input.subgraphName, sdl: input.proposedSchema, url: null, version: null };
  const checked = await deps.commands.check({
    ...changeOf(caller, target),
    put: [put],
    source: sourceOf(input.gitContext),
    baseline: null,
  });
  // Rover has one text for all refusals of this union; an error of the request is shown as it is.
  if (!checked.ok) throw problemError(checked.problem);
  return { __typename: 'CheckRequestSuccess', targetURL: '', workflowID: checked.value.id };
}

async function publish(
  deps: ProtocolDeps,
  asked: { readonly args: PublishArguments; readonly target: Target; readonly caller: Caller },
): Promise<object> {
  const { args, target, caller } = asked;
  const published = await deps.commands.publish({
    ...changeOf(caller, target),
    put: [
      {
        subgraph: args.name,
        sdl: args.activePartialSchema.sdl ?? '',
        url: args.url ?? null,
        version: null,
      },
    ],
    source: sourceOf(args.gitContext ?? null),
  });
  if (!published.ok) throw refusedPublication(published.problem);
  const { version, changed } = published.value;
  const member = version.members.find((candidate) => candidate.subgraph === args.name);
  const isNew = changed && member?.number === 1;
  return {
    compositionConfig: { schemaHash: version.apiSha256 },
    errors: [],
    updatedGateway: changed,
    wasCreated: isNew,
    wasUpdated: changed && !isNew,
    launchCliCopy: null,
    launchUrl: null,
  };
}

interface Removing {
  readonly name: string;
  readonly target: Target;
  readonly caller: Caller;
}

async function tryRemove(deps: ProtocolDeps, { name, target, caller }: Removing): Promise<object> {
  const checked = await deps.commands.check({
    ...changeOf(caller, target),
    retire: [name],
    baseline: null,
  });
  if (!checked.ok) throw problemError(checked.problem);
  const errors = findingsOf(checked.value.result, 'ERROR').map(roverError);
  return { errors, updatedGateway: false };
}

async function remove(deps: ProtocolDeps, { name, target, caller }: Removing): Promise<object> {
  const published = await deps.commands.publish({ ...changeOf(caller, target), retire: [name] });
  if (!published.ok) throw refusedPublication(published.problem);
  return { errors: [], updatedGateway: published.value.changed };
}

/**
 * Rover takes build errors for news of something that was published all the same, which never happens here; so a refusal
 * is an error of the request, with everything that stands against it.
 */
function refusedPublication(problem: Problem): GraphQLError {
  if (failedResult(problem) === null) return problemError(problem);
  return new GraphQLError(['Refused; nothing was stored.', ...refusalTexts(problem)].join('\n'), {
    extensions: { code: problem.code, retryable: problem.retryable },
  });
}

function changeOf(caller: Caller, target: Target): ChangeRequest {
  return {
    target,
    principal: caller.principal,
    put: [],
    retire: [],
    source: sourceOf(null),
    contextId: null,
  };
}

function sourceOf(git: GitContext | null): SourceControl {
  return { author: git?.committer ?? null, commit: git?.commit ?? null };
}
