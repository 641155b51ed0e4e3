import { hash, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * Texts that are signed within two turns of the event loop share one Ed25519 signature over the list of their hashes. Each
 * signed text stands alone all the same: it carries the list, and its place in it. A signature costs fifty times what a
 * hash does, and a gateway under load signs several calls in a turn; one at rest has turns that take no time.
 *
 * Form: `<text>.<place>.<hashes>.<signature>`, text, hashes and signature in base64url.
 */
export type SignText = (text: string) => Promise<string>;

/** Each signed text carries every hash of its batch: sixteen are 700 characters of a header. */
const BATCH_MAX = 16;
/** In base64url. */
const HASH_CHARACTERS = 43;
/** Keeps a list of hashes from being taken for anything else that the key signs. */
const PREFIX = 'concord batch of texts, 2\n';

interface Waiting {
  readonly encoded: string;
  readonly hash: string;
  readonly resolve: (signed: string) => void;
}

export function createTextSigner(privateKey: KeyObject): SignText {
  let waiting: Waiting[] = [];
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    const hashes = batch.map((one) => one.hash).join('');
    const signature = sign(null, Buffer.from(PREFIX + hashes), privateKey);
    const tail = `${hashes}.${signature.toString('base64url')}`;
    batch.forEach(({ encoded, resolve }, place) => resolve(`${encoded}.${place}.${tail}`));
  };
  return (text) =>
    new Promise((resolve) => {
      const encoded = Buffer.from(text).toString('base64url');
      waiting.push({ encoded, hash: hashOf(encoded), resolve });
      if (waiting.length === BATCH_MAX) flush();
      // After what the sockets brought in this turn and the next.
      else if (waiting.length === 1)
        setImmediate(() => setImmediate(() => waiting.length > 0 && flush()));
    });
}

function hashOf(encoded: string): string {
  return hash('sha256', encoded, 'base64url');
}

/** The text, when one of the keys signed it; null for everything else. */
export type ReadSignedText = (
  signed: string,
  keyOf: (text: string) => KeyObject | undefined,
) => string | null;

/** Batches that were verified are remembered, so that the second text of one costs a hash. */
const REMEMBERED_MAX = 1_000;

export function createSignedTextReader(): ReadSignedText {
  const verified = new Map<string, KeyObject>();
  return (signed, keyOf) => {
    const [encoded, place, hashes, signature, ...more] = signed.split('.');
    if (encoded === undefined || hashes === undefined || signature === undefined) return null;
    if (more.length > 0 || !/^\d{1,2}$/.test(place ?? '')) return null;
    if (hashes.length > BATCH_MAX * HASH_CHARACTERS) return null;
    const start = Number(place) * HASH_CHARACTERS;
    if (hashes.slice(start, start + HASH_CHARACTERS) !== hashOf(encoded)) return null;
    const text = Buffer.from(encoded, 'base64url').toString('utf8');
    const key = keyOf(text);
    if (key === undefined) return null;
    const batch = `${hashes}.${signature}`;
    if (verified.get(batch) === key) return text;
    const message = Buffer.from(PREFIX + hashes);
    if (!verify(null, message, key, Buffer.from(signature, 'base64url'))) return null;
    if (verified.size >= REMEMBERED_MAX) verified.clear();
    verified.set(batch, key);
    return text;
  };
}
