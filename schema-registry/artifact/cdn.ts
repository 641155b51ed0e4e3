import { DAY_MS, shifted } from '#kernel/clock.ts';
import { httpProblem, jsonReply } from '#kernel/http.ts';
import { sha256 } from '#kernel/id.ts';
import { WHOLE_REGISTRY } from '../history/history.ts';
import { ARTIFACTS_PATH, parseArtifactPath, signedKind } from './artifact-path.ts';
import { currentVersion, majorVersion, readArtifact } from './artifact-store.ts';
import { createBodyCache, createMomentCache } from './bounded-cache.ts';
import { bytesOf, prepareArtifact, replyWith } from './served-artifact.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { HttpReply, HttpRequest, Route } from '#kernel/http.ts';
import type { Authenticated, Authenticator } from '../access/authenticator.ts';
import type { ArtifactPath } from './artifact-path.ts';
import type { CurrentVersion, MajorVersion } from './artifact-store.ts';
import type { ServedArtifact } from './served-artifact.ts';
import type { SigningKeys } from './signing-key.ts';

/** What the artefact door needs. */
export interface ArtifactDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly keys: SigningKeys;
  readonly authenticator: Authenticator;
  /** For so many days after the next major has come, the target goes on serving one (its policy `versioning.pinnedMajorDays`). */
  readonly pinnedMajorDays: (targetId: string) => Promise<number>;
  /** A persisted document of an app's version, or with a null hash the list of all as JSON; null when there is none. */
  readonly readDocument?: (document: {
    readonly targetId: string;
    readonly app: string;
    readonly appVersion: string;
    readonly hash: string | null;
  }) => Promise<string | null>;
  /** The target's event contracts as an AsyncAPI document, with what identifies this version of them. */
  readonly readAsyncApi?: (
    targetId: string,
  ) => Promise<{ readonly text: string; readonly versionId: string } | null>;
}

/** A publication is seen after so long at the most; a thousand gateways that ask every moment cost one reading of it. */
const POINTER_FRESH_MS = 100;
const POINTERS_MAX = 10_000;
/** Some dozens of large supergraphs with their packed forms. */
const BODIES_BYTES_MAX = 64 * 1024 * 1024;

const GRAPHQL_TYPE = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

/** The door of gateways: artefacts under Hive's paths, each signed, and the keys that signatures are verified with. */
export function artifactRoutes(deps: ArtifactDeps): Route[] {
  const door = createDoor(deps);
  return [
    { method: 'GET', path: `${ARTIFACTS_PATH}*`, handle: (request) => serve(door, request) },
    {
      method: 'GET',
      path: '/.well-known/concord-keys.json',
      handle: async () =>
        jsonReply(200, await deps.keys.published(), { 'cache-control': 'public, max-age=60' }),
    },
  ];
}

interface Door extends ArtifactDeps {
  readonly current: (targetId: string) => Promise<CurrentVersion | null>;
  readonly major: (targetId: string, major: number) => Promise<MajorVersion | null>;
  readonly bodies: (
    key: string,
    make: () => Promise<ServedArtifact | null>,
  ) => Promise<ServedArtifact | null>;
}

function createDoor(deps: ArtifactDeps): Door {
  const limits = { freshMs: POINTER_FRESH_MS, keysMax: POINTERS_MAX };
  const current = createMomentCache<CurrentVersion | null>(limits);
  const major = createMomentCache<MajorVersion | null>(limits);
  const { database } = deps;
  return {
    ...deps,
    current: (targetId) => current(targetId, () => currentVersion(database, targetId)),
    major: (targetId, number) =>
      major(`${targetId}/${number}`, () => majorVersion(database, targetId, number)),
    bodies: createBodyCache({ bytesMax: BODIES_BYTES_MAX, bytesOf }),
  };
}

async function serve(door: Door, request: HttpRequest): Promise<HttpReply> {
  const asked = await door.authenticator.authenticate(request.headers);
  if (!asked.ok) return keyRefused(asked.problem.code, asked.problem.message);
  const path = parseArtifactPath(request.path);
  if (path === null) return notThere(`Nothing is served at ${request.path}.`);
  if (path.of === 'redirect')
    return { status: 301, headers: { location: path.location }, body: '' };
  const current = await door.current(path.targetId);
  const refusal = refusalFor(asked.value, path.targetId, current);
  if (refusal !== null || current === null) return refusal ?? notThere(NO_TARGET);
  switch (path.of) {
    case 'version':
      return serveVersion(door, request, { path, current });
    case 'app':
      return serveDocument(door, request, path);
    case 'events':
      return serveEvents(door, request, path.targetId);
  }
}

const NO_TARGET = 'There is no such target.';

/** As Hive's: no key is a bad request, a wrong one is forbidden. Clients act on that. */
function keyRefused(code: string, message: string): HttpReply {
  if (code === 'TOKEN_MISSING')
    return httpProblem(
      400,
      'MISSING_AUTH_KEY',
      'Send a token with "artifact:read" in the header X-Hive-CDN-Key.',
    );
  if (code === 'IDENTITY_UNAVAILABLE') return httpProblem(503, code, message);
  return httpProblem(403, 'INVALID_AUTH_KEY', `${message} (${code})`);
}

/** One answer for a target that is another's and for one that is not there: ids are not to be tried out. */
function refusalFor(
  { principal }: Authenticated,
  targetId: string,
  current: CurrentVersion | null,
): HttpReply | null {
  const graphId = current?.graphId ?? WHOLE_REGISTRY;
  if (principal.allows('artifact:read', { graphId, targetId, subgraph: null })) return null;
  const message = `"${principal.name}" may not read the artefacts of this target: "artifact:read" is needed for it.`;
  return httpProblem(403, 'INVALID_AUTH_KEY', message);
}

type VersionPath = Extract<ArtifactPath, { of: 'version' }>;

async function serveVersion(
  door: Door,
  request: HttpRequest,
  { path, current }: { readonly path: VersionPath; readonly current: CurrentVersion },
): Promise<HttpReply> {
  const chosen = await chooseVersion(door, path, current);
  if (typeof chosen !== 'string') return chosen;
  const { targetId, contract, artifact } = path;
  const wanted = { targetId, versionId: chosen, contract, artifact };
  const kind = signedKind(artifact, contract);
  const served = await door.bodies(`${targetId}/${chosen}/${kind}`, () =>
    prepareVersion(door, wanted),
  );
  if (served === null)
    return notThere(
      contract === null
        ? 'The target has no such version.'
        : `This version has no contract "${contract}".`,
    );
  const key = await door.keys.active();
  return replyWith(served, request, { key, isImmutable: path.version.is === 'id' });
}

async function prepareVersion(
  { database }: Door,
  wanted: Parameters<typeof readArtifact>[1],
): Promise<ServedArtifact | null> {
  const { artifact, contract, targetId, versionId } = wanted;
  const found = await readArtifact(database, wanted);
  if (found === null) return null;
  const isGraph = artifact === 'supergraph' || artifact === 'sdl';
  return prepareArtifact({
    text: found.text,
    kind: signedKind(artifact, contract),
    targetId,
    versionId,
    contentType: isGraph ? GRAPHQL_TYPE : JSON_TYPE,
    headers: { 'x-hive-schema-version-id': versionId, 'x-concord-semver': found.semver },
  });
}

/** The id of the version that is asked for, or the reply that there is none. */
async function chooseVersion(
  door: Door,
  { version, targetId }: VersionPath,
  current: CurrentVersion,
): Promise<string | HttpReply> {
  if (version.is === 'id') return version.id;
  if (version.is === 'current' || version.major === current.major)
    return current.versionId ?? notThere('Nothing was published to this target yet.');
  const newest = await door.major(targetId, version.major);
  if (newest === null) return notThere(`The target has no major version ${version.major}.`);
  if (newest.followedAt === null) return newest.versionId;
  const days = await door.pinnedMajorDays(targetId);
  const end = shifted(newest.followedAt, days * DAY_MS);
  if (door.clock.now() < end) return newest.versionId;
  const message = `Major version ${version.major} was served until ${end.toISOString()}, ${days} days after the next one had come. Move to major version ${current.major ?? version.major + 1}.`;
  return httpProblem(410, 'MAJOR_VERSION_ENDED', message);
}

async function serveDocument(
  door: Door,
  request: HttpRequest,
  path: Extract<ArtifactPath, { of: 'app' }>,
): Promise<HttpReply> {
  const text = (await door.readDocument?.(path)) ?? null;
  if (text === null) return notThere('No active version of an app has this document.');
  const { targetId, app, appVersion, hash } = path;
  return serveText(door, request, {
    text,
    kind: hash === null ? 'documents' : 'document',
    targetId,
    versionId: [app, appVersion, ...(hash === null ? [] : [hash])].join('~'),
    contentType: hash === null ? JSON_TYPE : GRAPHQL_TYPE,
  });
}

async function serveEvents(door: Door, request: HttpRequest, targetId: string): Promise<HttpReply> {
  const found = (await door.readAsyncApi?.(targetId)) ?? null;
  if (found === null) return notThere('The target has no event contracts.');
  const artifact = { ...found, kind: 'asyncapi', targetId, contentType: JSON_TYPE };
  return serveText(door, request, artifact);
}

/** Serves a text that is read at every request; packed and signed it is only when it is another than before. */
async function serveText(
  door: Door,
  request: HttpRequest,
  artifact: Parameters<typeof prepareArtifact>[0],
): Promise<HttpReply> {
  const { kind, targetId, versionId, text } = artifact;
  const served = await door.bodies(`${targetId}/${versionId}/${kind}/${sha256(text)}`, () =>
    prepareArtifact(artifact),
  );
  if (served === null) throw new Error('A text that is there was not prepared.');
  return replyWith(served, request, { key: await door.keys.active(), isImmutable: false });
}

function notThere(detail: string): HttpReply {
  return httpProblem(404, 'NOT_FOUND', detail);
}
