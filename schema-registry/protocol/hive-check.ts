import { requireAction, scopeOf } from '../access/principal.ts';
import { readProposal } from '../proposal/proposal-store.ts';
import { hiveCheckFailure, hiveCheckRefusal, hiveCheckSuccess } from './hive-answer.ts';
import { refusalTexts } from './check-answer.ts';
import { requestOverridesOfCheck } from './failed-check-overrides.ts';
import { problemError } from './graphql-door.ts';
import { changeOf, SERVICE_MISSING } from './hive-change.ts';
import { selectTarget, slugOf } from './target-selection.ts';
import type { Sql } from '#kernel/database.ts';
import type { Target } from '../target.ts';
import type { Caller } from './caller.ts';
import type { RequestedOverrides } from './failed-check-overrides.ts';
import type { ProtocolDeps } from './protocol-deps.ts';
import type { HiveTargetReference } from './target-selection.ts';

interface CheckInput {
  readonly target?: HiveTargetReference | null;
  readonly service?: string | null;
  readonly sdl: string;
  readonly url?: string | null;
  readonly meta?: { readonly author: string; readonly commit: string } | null;
  readonly github?: { readonly commit: string } | null;
  readonly contextId?: string | null;
  readonly schemaProposalId?: string | null;
  readonly baseline?: { readonly sdl: string } | null;
}

interface ApproveInput {
  readonly organizationSlug: string;
  readonly projectSlug: string;
  readonly targetSlug: string;
  readonly schemaCheckId: string;
  readonly comment?: string | null;
  readonly author?: string | null;
}

/** `schema:check`, and what its `--forceSafe` asks for afterwards. */
export function hiveCheckRoot(deps: ProtocolDeps): object {
  return {
    schemaCheck: (args: { input: CheckInput }, caller: Caller) => check(deps, args.input, caller),
    approveFailedSchemaCheck: (args: { input: ApproveInput }, caller: Caller) =>
      requestOverrides(deps, args.input, caller),
  };
}

async function check(deps: ProtocolDeps, input: CheckInput, caller: Caller): Promise<object> {
  const target = await selectTarget(deps.database, caller, input.target);
  const subgraph = input.service ?? '';
  if (subgraph === '') return hiveCheckRefusal([SERVICE_MISSING]);
  requireAction(caller.principal, 'schema:check', scopeOf(target, subgraph));
  const proposal = input.schemaProposalId ?? null;
  if (proposal !== null && !(await isProposal(deps.database, target, proposal)))
    return hiveCheckRefusal([
      `There is no proposal ${proposal} in ${slugOf(target)}. A proposal is named by its number. (UNKNOWN_PROPOSAL)`,
    ]);
  const put = { subgraph, sdl: input.sdl, url: input.url ?? null, version: null };
  const checked = await deps.commands.check({
    ...changeOf(caller, target, {
      put: [put],
      source: {
        author: input.meta?.author ?? null,
        commit: input.meta?.commit ?? input.github?.commit ?? null,
      },
      contextId: input.contextId ?? null,
    }),
    baseline:
      input.baseline === null || input.baseline === undefined
        ? null
        : { subgraph, sdl: input.baseline.sdl },
  });
  if (!checked.ok) return hiveCheckRefusal(refusalTexts(checked.problem));
  const { id, result } = checked.value;
  return result.conclusion === 'PASSED'
    ? hiveCheckSuccess(id, result, target.currentVersionId === null)
    : hiveCheckFailure(id, result);
}

/** A check is of the proposal whose content it has, so the number that is given only has to be one. */
async function isProposal(sql: Sql, target: Target, number: string): Promise<boolean> {
  return (
    /^[0-9]{1,9}$/.test(number) && (await readProposal(sql, target.id, Number(number))) !== null
  );
}

/** `--forceSafe`: asks the people who may permit it, and says that nothing is permitted yet. */
async function requestOverrides(
  deps: ProtocolDeps,
  input: ApproveInput,
  caller: Caller,
): Promise<object> {
  const { organizationSlug, projectSlug, targetSlug } = input;
  const target = await selectTarget(deps.database, caller, {
    bySelector: { organizationSlug, projectSlug, targetSlug },
  });
  const author = (input.author ?? '') === '' ? '' : ` (asked for by ${input.author})`;
  const { database, clock } = deps;
  const asked = await requestOverridesOfCheck(
    { database, clock, principal: caller.principal },
    {
      target,
      checkId: input.schemaCheckId,
      reason: `${input.comment ?? 'Asked for by schema:check --forceSafe.'}${author}`,
    },
  );
  if (!asked.ok) throw problemError(asked.problem);
  const message = missingConsent(asked.value);
  return message === null
    ? { ok: { schemaCheck: { id: input.schemaCheckId, webUrl: null } } }
    : { error: { message } };
}

/** What is still missing, or null when every change is permitted by now: the check passes when it is run again. */
function missingConsent({ waiting, others }: RequestedOverrides): string | null {
  const requests = waiting.map(({ id, message }) => `- ${message} (override ${id})`);
  const lines = [
    ...(requests.length === 0
      ? []
      : [
          'Nothing is permitted yet: an override needs two different people. Requested, and to be granted by somebody else before the check is run again:',
          ...requests,
        ]),
    ...(others === 0
      ? []
      : [
          `${others} of the errors are not breaking changes: no override helps there, repair them.`,
        ]),
  ];
  return lines.length === 0 ? null : lines.join('\n');
}
