import { isRecord } from '#kernel/json.ts';
import {
  readPublishedKeys,
  SIGNATURE_HEADER,
  trustedKeysFrom,
  verifyArtifact,
  VERSION_HEADER,
} from '#kernel/signature.ts';
import { EXIT_CODES } from './exit-code.ts';
import { CommandFailure } from './failure.ts';
import { readIdentity } from './identity.ts';
import { FIND_TARGET } from './operations/target.ts';
import { nameOf } from './reply.ts';
import type { PublishedKeys } from '#kernel/signature.ts';
import type { CommandContext } from './command.ts';
import type { ExitCode } from './exit-code.ts';
import type { FindTargetQuery } from './generated.ts';

/** What one look found. */
export interface Examination {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly message: string;
  /** How the program ends because of it. */
  readonly exitCode: ExitCode;
}

type Finding = Omit<Examination, 'name'>;

const NODE_OLDEST = 24;
/** Tokens are accepted within 5 s of their time; a clock that is off by more makes refusals that nobody understands. */
const SKEW_SECONDS_MAX = 5;
/** The time in a Date header is cut to the second, and the way takes its time. */
const SKEW_SECONDS_UNCERTAIN = 2;

/** What later looks need of earlier ones. */
interface Findings {
  keys: PublishedKeys | null;
  target: FindTargetQuery['target'];
}

type Look = (context: CommandContext, found: Findings) => Promise<Finding>;

/** Every look, in the order in which one rests on the other. */
const LOOKS: readonly (readonly [name: string, look: Look])[] = [
  ['Node', lookAtNode],
  ['git', lookAtGit],
  ['configuration', lookAtConfiguration],
  ['registry', lookAtRegistry],
  ['clock', lookAtClock],
  ['token', lookAtToken],
  ['target', lookAtTarget],
  ['signing keys', lookAtKeys],
  ['supergraph', lookAtSupergraph],
];

/** Looks at everything that the program needs, and says of each what it found; `trusted` are ids of keys known from elsewhere. */
export async function examine(
  context: CommandContext,
  trusted: readonly string[],
): Promise<readonly Examination[]> {
  const found: Findings = { keys: null, target: null };
  const examinations: Examination[] = [];
  for (const [name, look] of LOOKS) {
    const finding = isReached(examinations)
      ? await look(context, found).catch(failed)
      : skipped('The registry was not reached.');
    examinations.push({ name, ...finding });
    if (name === 'signing keys' && trusted.length > 0)
      examinations.push({ name: 'trusted keys', ...lookAtTrust(found, trusted) });
  }
  return examinations;
}

/** Nobody waits for five more time limits of a registry that does not answer. */
function isReached(examinations: readonly Examination[]): boolean {
  return examinations.every(({ name, state }) => name !== 'registry' || state === 'ok');
}

/** The code of the first that failed: what comes after it often only follows from it. */
export function worstExit(examinations: readonly Examination[]): ExitCode {
  return examinations.find(({ state }) => state === 'failed')?.exitCode ?? EXIT_CODES.OK;
}

function failed(error: unknown): Finding {
  if (!(error instanceof CommandFailure)) throw error;
  return { state: 'failed', message: error.message, exitCode: error.exitCode };
}

function ok(message: string): Finding {
  return { state: 'ok', message, exitCode: EXIT_CODES.OK };
}

function warning(message: string): Finding {
  return { state: 'warning', message, exitCode: EXIT_CODES.OK };
}

function skipped(message: string): Finding {
  return { state: 'skipped', message, exitCode: EXIT_CODES.OK };
}

function lookAtNode({ nodeVersion }: CommandContext): Promise<Finding> {
  const major = Number(nodeVersion.split('.')[0]);
  return Promise.resolve(
    major >= NODE_OLDEST
      ? ok(nodeVersion)
      : {
          state: 'failed',
          message: `${nodeVersion}; ${NODE_OLDEST} or newer is needed.`,
          exitCode: EXIT_CODES.CONFIGURATION,
        },
  );
}

async function lookAtGit(context: CommandContext): Promise<Finding> {
  const version = await context.gitVersion();
  if (version === null)
    return warning('There is no git: author and commit must be told with --author and --commit.');
  const { author, commit } = await context.provenance();
  return ok(`${version}; ${author ?? 'no author'}, ${commit ?? 'no commit'}`);
}

function lookAtConfiguration({ configured }: CommandContext): Promise<Finding> {
  const { registry, graph, hasToken, file } = configured;
  const missing = [
    ...(registry === null ? ['CONCORD_REGISTRY'] : []),
    ...(graph === null ? ['CONCORD_GRAPH'] : []),
    ...(hasToken ? [] : ['CONCORD_TOKEN']),
  ];
  if (missing.length > 0)
    return Promise.resolve({
      state: 'failed',
      message: `${missing.join(', ')} missing; a file may name registry and graph, never the token.`,
      exitCode: EXIT_CODES.CONFIGURATION,
    });
  const where = file === null ? 'no file' : file;
  return Promise.resolve(ok(`${registry ?? ''}, ${graph === null ? '' : nameOf(graph)}; ${where}`));
}

async function lookAtRegistry(context: CommandContext): Promise<Finding> {
  const ready = await context.registry.get('/readyz', { anonymous: true });
  await ready.text();
  return ok(`${context.registry.url} is ready.`);
}

async function lookAtClock(context: CommandContext): Promise<Finding> {
  const answered = await context.registry.get('/livez', { anonymous: true });
  await answered.text();
  const date = Date.parse(answered.headers.get('date') ?? '');
  if (Number.isNaN(date)) return skipped('The registry does not tell its time.');
  const skew = Math.round((context.clock.now().getTime() - date) / 1_000);
  if (Math.abs(skew) <= SKEW_SECONDS_UNCERTAIN) return ok("As the registry's.");
  const message = `${Math.abs(skew)} s ${skew > 0 ? 'ahead of' : 'behind'} the registry's.`;
  return Math.abs(skew) > SKEW_SECONDS_MAX
    ? warning(`${message} Tokens may be refused as expired or not valid yet.`)
    : ok(message);
}

async function lookAtToken(context: CommandContext): Promise<Finding> {
  const { name, grants } = await readIdentity(context.registry);
  const { graph } = context.configured;
  if (graph === null) return ok(`${name}.`);
  const here = grants.filter(({ targets }) => targets.includes(nameOf(graph)));
  const actions = here.flatMap((grant) => grant.actions);
  return actions.length === 0
    ? {
        state: 'failed',
        message: `${name} may do nothing in ${nameOf(graph)}.`,
        exitCode: EXIT_CODES.AUTHENTICATION,
      }
    : ok(`${name} may ${actions.join(' ')}.`);
}

async function lookAtTarget(context: CommandContext, found: Findings): Promise<Finding> {
  const name = context.target();
  const { target } = await context.registry.ask(FIND_TARGET, { target: name });
  found.target = target;
  if (target === null) throw new CommandFailure('NOT_FOUND', `There is no target ${nameOf(name)}.`);
  return target.current === null
    ? warning(`${nameOf(name)} is there; nothing was published to it yet.`)
    : ok(`${nameOf(name)} serves version ${target.current.version} (${target.id}).`);
}

async function lookAtKeys(context: CommandContext, found: Findings): Promise<Finding> {
  const file = await context.registry.get('/.well-known/concord-keys.json', { anonymous: true });
  found.keys = readPublishedKeys(parsed(await file.text()));
  const active = found.keys?.keys.find(({ state }) => state === 'ACTIVE');
  if (active === undefined)
    return {
      state: 'failed',
      message: 'The registry publishes no key that signs.',
      exitCode: EXIT_CODES.CHECK_FAILED,
    };
  return ok(`${found.keys?.keys.length ?? 0} published; ${active.kid} signs.`);
}

function lookAtTrust({ keys }: Findings, trusted: readonly string[]): Finding {
  const reached = keys === null ? new Map() : trustedKeysFrom(keys, trusted);
  const active = keys?.keys.find(({ state }) => state === 'ACTIVE')?.kid ?? '';
  return reached.has(active)
    ? ok('A chain of endorsements leads from them to the key that signs.')
    : {
        state: 'failed',
        message: 'No chain of endorsements leads from the given keys to the one that signs.',
        exitCode: EXIT_CODES.CHECK_FAILED,
      };
}

async function lookAtSupergraph(
  context: CommandContext,
  { keys, target }: Findings,
): Promise<Finding> {
  if (keys === null || target === null || target.current === null)
    return skipped('There is none to look at.');
  const path = `/artifacts/v1/${target.id}/supergraph`;
  const file = await context.registry.get(path, { also: [403] });
  const body = await file.text();
  if (file.status === 403) return skipped('The token lacks "artifact:read".');
  const verdict = verifyArtifact({
    body,
    kind: 'supergraph',
    targetId: target.id,
    versionId: file.headers.get(VERSION_HEADER) ?? '',
    signature: file.headers.get(SIGNATURE_HEADER),
    trusted: trustedKeysFrom(
      keys,
      keys.keys.map(({ kid }) => kid),
    ),
  });
  return verdict.ok
    ? ok(`Signed with ${verdict.value.kid}.`)
    : { state: 'failed', message: verdict.problem.message, exitCode: EXIT_CODES.CHECK_FAILED };
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}
