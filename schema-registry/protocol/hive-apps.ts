import { selectTarget } from './target-selection.ts';
import type { Sql } from '#kernel/database.ts';
import type { Problem } from '#kernel/problem.ts';
import type { Caller } from './caller.ts';
import type { App } from '../app/app.ts';
import type { AppCommands, AppRequest } from '../app/app-command.ts';
import type { HiveTargetReference } from './target-selection.ts';

interface AppInput {
  readonly target?: HiveTargetReference | null;
  readonly appName: string;
  readonly appVersion: string;
}

interface DocumentsInput extends AppInput {
  readonly documents: readonly { readonly hash: string; readonly body: string }[];
}

/** `app:create`, `app:publish` and `app:retire`. */
export function hiveAppRoot(apps: AppCommands, sql: Sql): object {
  const requestOf = async (input: AppInput, caller: Caller): Promise<AppRequest> => ({
    principal: caller.principal,
    target: await selectTarget(sql, caller, input.target),
    name: input.appName,
    version: input.appVersion,
  });
  return {
    createAppDeployment: async ({ input }: { input: AppInput }, caller: Caller) => {
      const created = await apps.create(await requestOf(input, caller));
      return created.ok
        ? { ok: { createdAppDeployment: hiveApp(created.value) } }
        : { error: { message: created.problem.message, details: null } };
    },
    addDocumentsToAppDeployment: async (
      { input }: { input: DocumentsInput },
      caller: Caller,
    ): Promise<object> => {
      const request = await requestOf(input, caller);
      const added = await apps.addDocuments({ ...request, documents: input.documents });
      return added.ok
        ? { ok: { appDeployment: hiveApp(added.value) } }
        : { error: { message: added.problem.message, details: documentAtFault(added.problem) } };
    },
    activateAppDeployment: async ({ input }: { input: AppInput }, caller: Caller) => {
      const activated = await apps.activate(await requestOf(input, caller));
      if (!activated.ok) return { error: { message: activated.problem.message } };
      const { app, skipped } = activated.value;
      return { ok: { activatedAppDeployment: hiveApp(app), isSkipped: skipped } };
    },
    retireAppDeployment: async (
      { input }: { input: AppInput & { force?: boolean | null } },
      caller: Caller,
    ): Promise<object> => {
      const request = await requestOf(input, caller);
      const retired = await apps.retire({ ...request, force: input.force === true });
      return retired.ok
        ? { ok: { retiredAppDeployment: hiveApp(retired.value) } }
        : { error: { message: retired.problem.message, protectionDetails: null } };
    },
  };
}

function hiveApp(app: App): object {
  const { id, name, version } = app;
  return { id, name, version, status: app.status.toLowerCase() };
}

function documentAtFault(problem: Problem): object | null {
  if (!('index' in problem) || typeof problem.index !== 'number') return null;
  return { index: problem.index, message: problem.message };
}
