import { createHash, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * Signed notes and checkpoints as https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint define them, so that
 * witnesses and tools of transparency logs can read ours.
 */

/** What a log states of itself: how many entries it has, and their Merkle root. */
export interface Checkpoint {
  /** Names the log; also the name of the key that signs. */
  readonly origin: string;
  readonly size: number;
  /** In hexadecimal. */
  readonly root: string;
  /** When it was made, by the log's own clock; an extension line. */
  readonly at: string | null;
}

/** Signs a checkpoint; the answer is the whole note. */
export function signCheckpoint(
  checkpoint: Checkpoint,
  key: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
): string {
  const text = checkpointText(checkpoint);
  const signature = sign(null, Buffer.from(text), key.privateKey);
  const stamped = Buffer.concat([keyHash(checkpoint.origin, key.publicKey), signature]);
  return `${text}\n— ${checkpoint.origin} ${stamped.toString('base64')}\n`;
}

function checkpointText({ origin, size, root, at }: Checkpoint): string {
  const lines = [origin, String(size), Buffer.from(root, 'hex').toString('base64')];
  return [...lines, ...(at === null ? [] : [`at ${at}`]), ''].join('\n');
}

/** The first four bytes of a hash over name, algorithm and key: finds the key that a signature line means. */
function keyHash(name: string, publicKey: KeyObject): Buffer {
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Uint8Array.of(ED25519))
    .update(raw)
    .digest()
    .subarray(0, KEY_HASH_BYTES);
}

const ED25519 = 1;
const KEY_HASH_BYTES = 4;
const NOTE_CHARACTERS_MAX = 16_384;
const SIGNATURE_LINE = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/;
const SIZE = /^(0|[1-9]\d{0,14})$/;
const ROOT = /^[A-Za-z0-9+/]{43}=$/;

/** A checkpoint as it is written, with what is known of its signatures. */
export interface OpenedCheckpoint extends Checkpoint {
  /** The trusted key that signed it, or null when none of the signatures is of a trusted key. */
  readonly signedBy: string | null;
  /** A signature line names a trusted key and does not fit: somebody changed the note. */
  readonly isForged: boolean;
}

/** Reads a checkpoint note and verifies its signatures against the trusted keys; null when it is no checkpoint. */
export function openCheckpoint(
  note: string,
  trusted: ReadonlyMap<string, KeyObject>,
): OpenedCheckpoint | null {
  const end = note.length > NOTE_CHARACTERS_MAX ? -1 : note.lastIndexOf('\n\n');
  if (end === -1) return null;
  const text = note.slice(0, end + 1);
  const [origin = '', size = '', root = '', ...extensions] = text.slice(0, -1).split('\n');
  if (origin === '' || !SIZE.test(size) || !ROOT.test(root)) return null;
  const verdicts = note
    .slice(end + 2)
    .split('\n')
    .map((line) => verdictOf(line, { text, origin, trusted }));
  return {
    origin,
    size: Number(size),
    root: Buffer.from(root, 'base64').toString('hex'),
    at: extensions.find((line) => line.startsWith('at '))?.slice(3) ?? null,
    signedBy: verdicts.find((verdict) => verdict?.fits === true)?.kid ?? null,
    isForged: verdicts.some((verdict) => verdict?.fits === false),
  };
}

/** Whether the signature of one line fits; null when it is of a key that is not trusted. */
function verdictOf(
  line: string,
  note: { text: string; origin: string; trusted: ReadonlyMap<string, KeyObject> },
): { readonly kid: string; readonly fits: boolean } | null {
  const [, name, encoded = ''] = SIGNATURE_LINE.exec(line) ?? [];
  const stamped = Buffer.from(encoded, 'base64');
  if (name !== note.origin) return null;
  for (const [kid, key] of note.trusted) {
    if (!keyHash(name, key).equals(stamped.subarray(0, KEY_HASH_BYTES))) continue;
    const fits = verify(null, Buffer.from(note.text), key, stamped.subarray(KEY_HASH_BYTES));
    return { kid, fits };
  }
  return null;
}
