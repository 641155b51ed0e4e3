import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Secret } from '#kernel/config.ts';

const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Shorter secrets can be guessed by whoever has the database; the hub makes one of 32 bytes. */
const SECRET_CHARACTERS_MIN = 32;

/**
 * Encrypts a text under the registry's secret (AES-256-GCM, a key of its own per text). `subject` is what the text belongs
 * to: sealed for one subject, it does not open for another, so that rows cannot be swapped.
 */
export function seal(text: string, subject: string, secret: Secret): string {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, salt), nonce);
  cipher.setAAD(Buffer.from(subject));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return `v1.${Buffer.concat([salt, nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`;
}

/** The text that was sealed; throws when the secret is another one, or the sealed text was changed. */
export function unseal(sealed: string, subject: string, secret: Secret): string {
  const bytes = Buffer.from(/^v1\.(.+)$/.exec(sealed)?.[1] ?? '', 'base64url');
  const at = [0, SALT_BYTES, SALT_BYTES + NONCE_BYTES, SALT_BYTES + NONCE_BYTES + TAG_BYTES];
  const [salt, nonce, tag, body] = at.map((start, index) => bytes.subarray(start, at[index + 1]));
  const key = keyOf(secret, salt);
  try {
    const options = { authTagLength: TAG_BYTES };
    const cipher = createDecipheriv('aes-256-gcm', key, nonce ?? '', options);
    cipher.setAAD(Buffer.from(subject));
    cipher.setAuthTag(tag ?? Buffer.alloc(0));
    return Buffer.concat([cipher.update(body ?? ''), cipher.final()]).toString('utf8');
  } catch (error) {
    throw new Error(
      `What is sealed for "${subject}" does not open: REGISTRY_SECRET is not the secret that it was sealed with. docs/runbooks/registry-keys.md tells what to do.`,
      { cause: error },
    );
  }
}

function keyOf(secret: Secret, salt: Buffer = Buffer.alloc(0)): Buffer {
  const text = secret.reveal();
  if (text.length < SECRET_CHARACTERS_MIN)
    throw new Error(`REGISTRY_SECRET must have ${SECRET_CHARACTERS_MIN} characters at the least.`);
  return Buffer.from(hkdfSync('sha256', text, salt, 'concord registry seal', 32));
}
