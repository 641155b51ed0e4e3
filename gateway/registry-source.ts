import { sha256 } from '#kernel/id.ts';
import { SIGNATURE_HEADER, VERSION_HEADER, readPublishedKeys } from '#kernel/signature.ts';
import { createSealCheck } from './supergraph-seal.ts';
import type { Secret } from '#kernel/config.ts';
import type { PublishedKeys } from '#kernel/signature.ts';
import type { PublishedSupergraph, SupergraphSource } from './supergraph-source.ts';

/** Which of a target's supergraphs is followed: the newest, a contract's, or the newest of a major version. */
export type SupergraphVariant =
  | { readonly kind: 'LATEST' }
  | { readonly kind: 'CONTRACT'; readonly name: string }
  | { readonly kind: 'MAJOR'; readonly major: number };

/** A registry, and what is taken from it. */
export interface RegistrySupergraph {
  /** The registry's base address. */
  readonly url: string;
  readonly targetId: string;
  readonly token: Secret;
  /** Ids of the keys whose signatures count; those that they endorse count too. Never empty: then nothing would be served. */
  readonly trustedKeys: readonly string[];
  readonly variant: SupergraphVariant;
}

/** The registry answers at once or is down; a slow answer is asked for again at the next poll. */
const FETCH_TIMEOUT_MS = 3_000;
/** Far above any real supergraph (8 subgraphs of 60 types are 0.4 MB). */
const SUPERGRAPH_MAX_BYTES = 32 * 1024 * 1024;
/** A thousand keys. */
const KEYS_MAX_BYTES = 1024 * 1024;

/** The registry's artefacts over HTTP, taken only with a signature that counts. */
export function registrySource(registry: RegistrySupergraph): SupergraphSource {
  const { path, kind } = artifactOf(registry);
  const { targetId, trustedKeys } = registry;
  const check = createSealCheck({ path, kind, targetId, trustedKeys });
  let keys: PublishedKeys = { keys: [] };
  const refusalOf = async (published: PublishedSupergraph, signature: string | null) => {
    const sealed = (): PublishedSupergraph => ({ ...published, seal: { path, signature, keys } });
    const refused = check.refusal(sealed());
    if (refused?.isKeyUnknown !== true) return { refused, published: sealed() };
    // Signed with a key that is newer than those at hand: the registry tells how it follows from a trusted one.
    keys = await fetchKeys(registry);
    return { refused: check.refusal(sealed()), published: sealed() };
  };
  return {
    name: 'registry',
    fetch: async (etag) => {
      const response = await getArtifact(
        registry,
        path,
        etag === null ? {} : { 'if-none-match': etag },
      );
      if (response.status === 304) return { state: 'UNCHANGED' };
      const sdl = await bodyOf(response, SUPERGRAPH_MAX_BYTES);
      const version = response.headers.get(VERSION_HEADER) ?? '';
      const signature = response.headers.get(SIGNATURE_HEADER);
      const fetched = {
        sdl,
        version,
        etag: response.headers.get('etag') ?? `"${sha256(sdl)}"`,
        seal: null,
      };
      const { refused, published } = await refusalOf(fetched, signature);
      return refused === null
        ? { state: 'FETCHED', published }
        : { state: 'REFUSED', version, reason: refused.reason };
    },
    takeUp: (kept) => {
      const refused = check.refusal(kept);
      if (refused !== null) return refused.reason;
      if (kept.seal !== null) ({ keys } = kept.seal);
      return null;
    },
  };
}

/** A pinned major is an earlier version of the same artefact; its path tells it apart. */
function artifactOf({ targetId, variant }: RegistrySupergraph): { path: string; kind: string } {
  const base = `/artifacts/v1/${encodeURIComponent(targetId)}`;
  switch (variant.kind) {
    case 'LATEST':
      return { path: `${base}/supergraph`, kind: 'supergraph' };
    case 'CONTRACT': {
      const path = `${base}/contracts/${encodeURIComponent(variant.name)}/supergraph`;
      return { path, kind: `contract/${variant.name}/supergraph` };
    }
    case 'MAJOR':
      return { path: `${base}/major/${variant.major}/supergraph`, kind: 'supergraph' };
  }
}

/** The registry's keys, as it publishes them. */
export async function fetchKeys(registry: RegistrySupergraph): Promise<PublishedKeys> {
  const response = await getArtifact(registry, '/.well-known/concord-keys.json', {});
  const keys = readPublishedKeys(JSON.parse(await bodyOf(response, KEYS_MAX_BYTES)));
  if (keys === null) throw new Error("the registry's keys cannot be read");
  return keys;
}

/** Asks for an artefact. Rejects when the registry does not answer in time. */
export function getArtifact(
  { url, token }: RegistrySupergraph,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  return fetch(`${url.replace(/\/$/, '')}${path}`, {
    headers: { 'x-hive-cdn-key': token.reveal(), ...headers },
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    redirect: 'error',
  });
}

/** The body as text; rejects when it is too long or an error's. */
export async function bodyOf(response: Response, maxBytes: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  const text = Buffer.concat(pieces).toString('utf8');
  if (!response.ok) throw new Error(`status ${response.status}: ${text.slice(0, 200)}`);
  return text;
}
