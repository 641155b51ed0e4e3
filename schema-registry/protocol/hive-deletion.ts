import { errorTexts, isComposed, refusalTexts } from './check-answer.ts';
import { hiveChanges, hiveErrors } from './hive-answer.ts';
import { changeOf } from './hive-change.ts';
import { selectTarget } from './target-selection.ts';
import type { Problem } from '#kernel/problem.ts';
import type { Caller } from './caller.ts';
import type { ProtocolDeps } from './protocol-deps.ts';
import type { HiveTargetReference } from './target-selection.ts';

interface DeleteInput {
  readonly target?: HiveTargetReference | null;
  readonly serviceName: string;
  readonly dryRun?: boolean | null;
}

/** `schema:delete`. */
export function hiveDeletionRoot(deps: ProtocolDeps): object {
  return {
    schemaDelete: (args: { input: DeleteInput }, caller: Caller) =>
      args.input.dryRun === true
        ? tryDelete(deps, args.input, caller)
        : retire(deps, args.input, caller),
  };
}

async function tryDelete(deps: ProtocolDeps, input: DeleteInput, caller: Caller): Promise<object> {
  const target = await selectTarget(deps.database, caller, input.target);
  const checked = await deps.commands.check({
    ...changeOf(caller, target, { retire: [input.serviceName] }),
    baseline: null,
  });
  if (!checked.ok) return deleteRefusal(checked.problem);
  const { result } = checked.value;
  return {
    __typename: 'SchemaDeleteSuccess',
    valid: isComposed(result),
    changes: hiveChanges(result.changes),
    errors: hiveErrors(errorTexts(result)),
  };
}

async function retire(deps: ProtocolDeps, input: DeleteInput, caller: Caller): Promise<object> {
  const target = await selectTarget(deps.database, caller, input.target);
  const published = await deps.commands.publish(
    changeOf(caller, target, { retire: [input.serviceName] }),
  );
  if (!published.ok) return deleteRefusal(published.problem);
  return {
    __typename: 'SchemaDeleteSuccess',
    valid: true,
    changes: hiveChanges(published.value.result.changes),
    errors: hiveErrors([]),
  };
}

function deleteRefusal(problem: Problem): object {
  return {
    __typename: 'SchemaDeleteError',
    valid: false,
    errors: hiveErrors(refusalTexts(problem)),
  };
}
