import { systemClock } from '#kernel/clock.ts';
import { SIGNATURE_HEADER, trustedKeysFrom, verifyArtifact } from '#kernel/signature.ts';
import { bodyOf, fetchKeys, getArtifact } from './registry-source.ts';
import type { Clock } from '#kernel/clock.ts';
import type { PublishedKeys } from '#kernel/signature.ts';
import type { RegistrySupergraph } from './registry-source.ts';

/**
 * Whether operations may come by the id of a document that was published with its app: not at all, beside texts, or, but
 * for those who may read the schema, by id only.
 */
export const PERSISTED_MODES = ['off', 'allowed', 'required'] as const;
export type PersistedMode = (typeof PERSISTED_MODES)[number];

/** Documents that apps were published with. */
export interface PersistedDocuments {
  /**
   * The text behind `app~version~hash`; null when no active version of an app has it. Rejects when the registry cannot be
   * asked and the document is not at hand.
   */
  find(documentId: string): Promise<string | null>;
}

/** As the registry names apps, versions and hashes: nothing that could lead to another path. */
const DOCUMENT_ID = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(?:~|$)){3}$/;
/** As the longest text that is admitted. */
const DOCUMENT_MAX_BYTES = 64 * 1024;
const DOCUMENTS_MAX = 10_000;
/** A version that was retired is served this much longer. */
const FRESH_MS = 60_000;
/** Made-up ids cost the registry a question this often each. */
const UNKNOWN_FRESH_MS = 5_000;
const UNKNOWN_MAX = 1_000;

interface Kept {
  readonly text: string | null;
  readonly freshUntilMs: number;
}

/** The registry's documents, each taken only with a signature that counts. What is at hand goes on being served while the registry is away. */
export function registryDocuments(
  registry: RegistrySupergraph,
  clock: Clock = systemClock,
): PersistedDocuments {
  const known = new Map<string, Kept>();
  const unknown = new Map<string, Kept>();
  const asking = new Map<string, Promise<string | null>>();
  let keys: PublishedKeys = { keys: [] };
  const ask = async (documentId: string): Promise<string | null> => {
    const { targetId, trustedKeys } = registry;
    const path = `/artifacts/v1/${targetId}/apps/${documentId.replaceAll('~', '/')}`;
    const response = await getArtifact(registry, path, {});
    if (response.status === 404) {
      await response.body?.cancel();
      return null;
    }
    const body = await bodyOf(response, DOCUMENT_MAX_BYTES);
    const signature = response.headers.get(SIGNATURE_HEADER);
    // The signature names the document that was asked for, so no other can come in its place.
    const artifact = { body, kind: 'document', targetId, versionId: documentId, signature };
    const verify = () =>
      verifyArtifact({ ...artifact, trusted: trustedKeysFrom(keys, trustedKeys) });
    let verified = verify();
    if (!verified.ok && verified.problem.code === 'SIGNATURE_KEY_UNKNOWN') {
      keys = await fetchKeys(registry);
      verified = verify();
    }
    if (verified.ok) return body;
    throw new Error(`The document ${documentId} is not used: ${verified.problem.message}`);
  };
  const refresh = async (documentId: string): Promise<string | null> => {
    const text = await ask(documentId);
    const kept = text === null ? unknown : known;
    (text === null ? known : unknown).delete(documentId);
    const [oldest] = kept.keys();
    const most = text === null ? UNKNOWN_MAX : DOCUMENTS_MAX;
    if (kept.size >= most && oldest !== undefined) kept.delete(oldest);
    const freshMs = text === null ? UNKNOWN_FRESH_MS : FRESH_MS;
    kept.set(documentId, { text, freshUntilMs: clock.now().getTime() + freshMs });
    return text;
  };
  return {
    find: async (documentId) => {
      if (!DOCUMENT_ID.test(documentId)) return null;
      const kept = known.get(documentId) ?? unknown.get(documentId);
      if (kept !== undefined && kept.freshUntilMs > clock.now().getTime()) return kept.text;
      const pending = asking.get(documentId) ?? refresh(documentId);
      asking.set(documentId, pending);
      try {
        return await pending;
      } catch (error) {
        if (kept === undefined || kept.text === null) throw error;
        // An active version yesterday is the best that is known today; the next request asks again.
        return kept.text;
      } finally {
        asking.delete(documentId);
      }
    },
  };
}
