import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { JWK } from 'jose';

/** How the development identity provider signs tokens. */
export const SIGNING_ALGORITHM = 'ES256';

/** The secrets of the development identity provider. */
export interface IdentityKeys {
  readonly signing: JWK;
  /** Signs the cookies that hold a browser's session. */
  readonly cookie: string;
}

/** Keys that end with the process. */
export async function makeKeys(): Promise<IdentityKeys> {
  const { privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const signing = await exportJWK(privateKey);
  return {
    signing: { ...signing, kid: await calculateJwkThumbprint(signing) },
    cookie: randomBytes(32).toString('base64url'),
  };
}

/** The file's keys; where there is no file, new ones are made and kept, readable by their owner only. */
export async function keptKeys(file: string): Promise<IdentityKeys> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, JSON.stringify(await makeKeys()), { mode: 0o600 });
  try {
    // Fails where the file exists, and never leaves half a file.
    await link(draft, file).catch((error: unknown) => {
      if (!isFileExists(error)) throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  await chmod(file, 0o600);
  try {
    return JSON.parse(await readFile(file, 'utf8')) as IdentityKeys;
  } catch (error) {
    throw new Error(
      `The key file ${file} cannot be read. Delete it; new keys are made, and old tokens end.`,
      { cause: error },
    );
  }
}

function isFileExists(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST';
}
