import { trustedKeysFrom, verifyArtifact } from '#kernel/signature.ts';
import type { PublishedKeys } from '#kernel/signature.ts';
import type { PublishedSupergraph } from './supergraph-source.ts';

/** A registry's word for a supergraph, with all that it takes to check it again without the registry. */
export interface SupergraphSeal {
  /** The path that it was fetched from: it counts for this path only. */
  readonly path: string;
  readonly signature: string | null;
  /** The registry's keys at that time. They are trusted as far as they lead back to a pinned one, wherever they come from. */
  readonly keys: PublishedKeys;
}

/** What a supergraph must be sealed for. */
export interface SealExpected {
  readonly path: string;
  readonly targetId: string;
  /** Which artefact of the target it is, as signatures name it. */
  readonly kind: string;
  /** Ids of the keys that are trusted by themselves. */
  readonly trustedKeys: readonly string[];
}

export interface SealRefused {
  /** A key that is not known yet may be found in a newer key set; everything else stays refused. */
  readonly isKeyUnknown: boolean;
  readonly reason: string;
}

/** Decides which supergraphs are taken. It remembers the newest, below which nothing counts any more. */
export interface SealCheck {
  /** Null when it is taken. */
  refusal(published: PublishedSupergraph): SealRefused | null;
}

/** Version ids are UUIDs of version 7: they begin with the millisecond in which they were made, and are signed. */
const VERSION_ID = /^([0-9a-f]{8}-[0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function createSealCheck(expected: SealExpected): SealCheck {
  let newest = '';
  return {
    refusal: (published) => {
      const refused = signatureRefusal(published, expected);
      if (refused !== null) return refused;
      const [, madeAt] = VERSION_ID.exec(published.version) ?? [];
      if (madeAt === undefined) return final(`"${published.version}" is no id of a version.`);
      // A registry rolls back by a new version: an older one that comes again is a replay.
      if (madeAt < newest) return final('It is older than the version that was served last.');
      newest = madeAt;
      return null;
    },
  };
}

function signatureRefusal(
  { sdl, version, seal }: PublishedSupergraph,
  expected: SealExpected,
): SealRefused | null {
  if (seal === null) return final('It carries no signature.');
  if (seal.path !== expected.path)
    return final(`It is from ${seal.path}; ${expected.path} is followed.`);
  const verified = verifyArtifact({
    body: sdl,
    kind: expected.kind,
    targetId: expected.targetId,
    versionId: version,
    signature: seal.signature,
    trusted: trustedKeysFrom(seal.keys, expected.trustedKeys),
  });
  if (verified.ok) return null;
  const { code, message } = verified.problem;
  return { isKeyUnknown: code === 'SIGNATURE_KEY_UNKNOWN', reason: message };
}

function final(reason: string): SealRefused {
  return { isKeyUnknown: false, reason };
}
