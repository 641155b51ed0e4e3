import { execFile } from 'node:child_process';
import type { Environment } from '#kernel/config.ts';

/** Who made a change, in which commit, and which pull request it belongs to; null where nobody knows. */
export interface Provenance {
  readonly author: string | null;
  readonly commit: string | null;
  readonly contextId: string | null;
}

/** What pipelines say of themselves, by the variables that hold it; the first that is set counts. */
const COMMIT_VARIABLES = [
  'CONCORD_COMMIT',
  'GITHUB_SHA',
  'CI_COMMIT_SHA',
  'BUILD_SOURCEVERSION',
  'GIT_COMMIT',
];
const AUTHOR_VARIABLES = [
  'CONCORD_AUTHOR',
  'GITHUB_ACTOR',
  'GITLAB_USER_LOGIN',
  'BUILD_REQUESTEDFOR',
];
/** Only in pull requests: a branch of many changes is no context. */
const REQUEST_VARIABLES = [
  'CI_MERGE_REQUEST_IID',
  'SYSTEM_PULLREQUEST_PULLREQUESTNUMBER',
  'CHANGE_ID',
];
const GIT_LIMIT_MS = 5_000;
/** What the registry accepts as a context. */
const CONTEXT_ID = /^[\w./:#@-]{1,200}$/;

/** From the environment of a pipeline, else from git. A first-hand author wins over whoever started the pipeline. */
export async function readProvenance(
  environment: Environment,
  folder: string,
): Promise<Provenance> {
  const [commit, author] = await Promise.all([
    firstOf(environment, COMMIT_VARIABLES) ?? git(folder, 'rev-parse', 'HEAD'),
    environment['CONCORD_AUTHOR'] ||
      git(folder, 'log', '-1', '--format=%an <%ae>').then(
        (name) => name ?? firstOf(environment, AUTHOR_VARIABLES),
      ),
  ]);
  return { author: author ?? null, commit: commit ?? null, contextId: contextIdOf(environment) };
}

/** Groups the checks of one pull request, so that its re-runs are recognised. */
function contextIdOf(environment: Environment): string | null {
  const own = environment['CONCORD_CONTEXT_ID'];
  if (own !== undefined && own !== '') return own;
  const pull = /^refs\/pull\/(\d+)\//.exec(environment['GITHUB_REF'] ?? '')?.[1];
  const context =
    pull === undefined
      ? firstOf(environment, REQUEST_VARIABLES)
      : `${environment['GITHUB_REPOSITORY'] ?? 'pull'}#${pull}`;
  return context !== null && CONTEXT_ID.test(context) ? context : null;
}

function firstOf(environment: Environment, names: readonly string[]): string | null {
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined && value !== '') return value;
  }
  return null;
}

/** What `git --version` says, or null when there is no git. */
export function gitVersion(folder: string): Promise<string | null> {
  return git(folder, '--version');
}

function git(folder: string, ...words: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { cwd: folder, timeout: GIT_LIMIT_MS, windowsHide: true };
    execFile('git', words, options, (error, stdout) => {
      const line = stdout.trim();
      resolve(error !== null || line === '' ? null : line);
    });
  });
}
