/** What a path below `/artifacts/v1/` names. */
export type ArtifactPath =
  | {
      readonly of: 'version';
      readonly targetId: string;
      readonly version: VersionChoice;
      /** The tag-filtered contract, or null for the whole graph. */
      readonly contract: string | null;
      readonly artifact: ArtifactName;
    }
  | {
      readonly of: 'app';
      readonly targetId: string;
      readonly app: string;
      readonly appVersion: string;
      /** Of one document; null for the list of all. */
      readonly hash: string | null;
    }
  | { readonly of: 'events'; readonly targetId: string }
  | { readonly of: 'redirect'; readonly location: string };

export type VersionChoice =
  | { readonly is: 'current' }
  | { readonly is: 'id'; readonly id: string }
  | { readonly is: 'major'; readonly major: number };

export type ArtifactName = 'supergraph' | 'sdl' | 'services' | 'metadata';

export const ARTIFACTS_PATH = '/artifacts/v1/';

const NAMES: Readonly<Record<string, ArtifactName>> = {
  supergraph: 'supergraph',
  sdl: 'sdl',
  'sdl.graphql': 'sdl',
  'sdl.graphqls': 'sdl',
  services: 'services',
  metadata: 'metadata',
};

// Names are matched as they are sent: an encoded character matches none of these, so that no path can mean another.
const UUID = '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})';
const WORD = '([A-Za-z0-9_][A-Za-z0-9._-]{0,99})';
const VERSION_PATH = new RegExp(
  `^${UUID}(?:/version/${UUID}|/major/(0|[1-9]\\d{0,6}))?(?:/contracts/${WORD})?/${WORD}$`,
);
const APP_PATH = new RegExp(`^${UUID}/apps/${WORD}/${WORD}(?:/${WORD})?$`);
const EVENTS_PATH = new RegExp(`^${UUID}/events/asyncapi\\.json$`);

/** Reads a path of the artefact door, or null when nothing can be there. */
export function parseArtifactPath(path: string): ArtifactPath | null {
  const rest = path.slice(ARTIFACTS_PATH.length);
  return eventsPath(rest) ?? appPath(rest) ?? versionPath(rest, path);
}

function eventsPath(rest: string): ArtifactPath | null {
  const [, targetId] = EVENTS_PATH.exec(rest) ?? [];
  return targetId === undefined ? null : { of: 'events', targetId };
}

function appPath(rest: string): ArtifactPath | null {
  const [, targetId, app, appVersion, hash = null] = APP_PATH.exec(rest) ?? [];
  if (targetId === undefined || app === undefined || appVersion === undefined) return null;
  return { of: 'app', targetId, app, appVersion, hash };
}

function versionPath(rest: string, path: string): ArtifactPath | null {
  const [, targetId, id, major, contract = null, name = ''] = VERSION_PATH.exec(rest) ?? [];
  if (targetId === undefined) return null;
  if (name === 'schema' && contract === null)
    return { of: 'redirect', location: path.replace(/schema$/, 'services') };
  const artifact = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  if (artifact === undefined || (contract !== null && !isFiltered(artifact))) return null;
  return { of: 'version', targetId, version: versionChoice(id, major), contract, artifact };
}

/** Contracts filter the graph, and its subgraphs have no filtered form. */
function isFiltered(artifact: ArtifactName): boolean {
  return artifact === 'supergraph' || artifact === 'sdl';
}

function versionChoice(id: string | undefined, major: string | undefined): VersionChoice {
  if (id !== undefined) return { is: 'id', id };
  return major === undefined ? { is: 'current' } : { is: 'major', major: Number(major) };
}

/** How signatures name an artefact. */
export function signedKind(artifact: ArtifactName, contract: string | null): string {
  return contract === null ? artifact : `contract/${contract}/${artifact}`;
}
