import { hash, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * Texts that are signed in one turn of the event loop share one Ed25519 signature over the list of their hashes. Each
 * signed text stands alone all the same: it carries the list, and its place in it. A signature costs fifty times what a
 * hash does, and a gateway under load signs several calls in a turn.
 *
 * Form: `<text>.<place>.<hashes>.<signature>`, text, hashes and signature in base64url.
 */
export type SignText = (text: string) => Promise<string>;

/** Each signed text carries every hash of its batch: sixteen are 700 characters of a header. */
const BATCH_MAX = 16;
const HASH_BYTES = 32;
/** Keeps a list of hashes from being taken for anything else that the key signs. */
const PREFIX = Buffer.from('concord batch of texts, 1\n');

interface Waiting {
  readonly encoded: string;
  readonly hash: Buffer;
  readonly resolve: (signed: string) => void;
}

export function createTextSigner(privateKey: KeyObject): SignText {
  let waiting: Waiting[] = [];
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    const hashes = Buffer.concat(batch.map((one) => one.hash));
    const signature = sign(null, Buffer.concat([PREFIX, hashes]), privateKey);
    const tail = `${hashes.toString('base64url')}.${signature.toString('base64url')}`;
    batch.forEach(({ encoded, resolve }, place) => resolve(`${encoded}.${place}.${tail}`));
  };
  return (text) =>
    new Promise((resolve) => {
      const encoded = Buffer.from(text).toString('base64url');
      waiting.push({ encoded, hash: hash('sha256', encoded, 'buffer'), resolve });
      if (waiting.length === BATCH_MAX) flush();
      // After what the sockets brought in this turn, and before the loop waits for them again.
      else if (waiting.length === 1) setImmediate(() => waiting.length > 0 && flush());
    });
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
    const [encoded, place, hashesText, signature, ...more] = signed.split('.');
    if (encoded === undefined || hashesText === undefined || signature === undefined) return null;
    if (more.length > 0 || !/^\d{1,2}$/.test(place ?? '')) return null;
    const hashes = Buffer.from(hashesText, 'base64url');
    const start = Number(place) * HASH_BYTES;
    const own = hashes.subarray(start, start + HASH_BYTES);
    if (hashes.length > BATCH_MAX * HASH_BYTES || !own.equals(hash('sha256', encoded, 'buffer')))
      return null;
    const text = Buffer.from(encoded, 'base64url').toString('utf8');
    const key = keyOf(text);
    if (key === undefined) return null;
    const batch = `${hashesText}.${signature}`;
    if (verified.get(batch) === key) return text;
    const message = Buffer.concat([PREFIX, hashes]);
    if (!verify(null, message, key, Buffer.from(signature, 'base64url'))) return null;
    if (verified.size >= REMEMBERED_MAX) verified.clear();
    verified.set(batch, key);
    return text;
  };
}
