import { generateKeyPairSync } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createSignedTextReader, createTextSigner } from './batch-signature.ts';

const ours = generateKeyPairSync('ed25519');
const theirs = generateKeyPairSync('ed25519');
const read = createSignedTextReader();
const byUs = (): typeof ours.publicKey => ours.publicKey;

async function batch(count: number): Promise<string[]> {
  const signText = createTextSigner(ours.privateKey);
  return Promise.all(Array.from({ length: count }, (_, index) => signText(`text ${index}`)));
}

describe('texts that are signed together', () => {
  it.each([1, 2, 16, 17, 40])('are each read alone, %s at once', async (count) => {
    const signed = await batch(count);
    expect(signed.map((one) => read(one, byUs))).toEqual(signed.map((_, index) => `text ${index}`));
    expect(createSignedTextReader()(signed.at(-1) ?? '', byUs)).toBe(`text ${count - 1}`);
  });

  it('share one signature', async () => {
    const signatures = (await batch(16)).map((one) => one.split('.')[3]);
    expect(new Set(signatures).size).toBe(1);
  });

  it('share it over two turns', async () => {
    const signText = createTextSigner(ours.privateKey);
    const first = signText('first');
    await setImmediate();
    const signed = await Promise.all([first, signText('second')]);
    expect(new Set(signed.map((one) => one.split('.')[3])).size).toBe(1);
  });

  it('are signed two turns later at the latest, alone or not', async () => {
    const signText = createTextSigner(ours.privateKey);
    expect(read(await signText('first'), byUs)).toBe('first');
    expect(read(await signText('second'), byUs)).toBe('second');
  });
});

describe('nothing else is read', () => {
  const parts = async (): Promise<[string, string, string, string]> => {
    const [, second = ''] = await batch(3);
    return second.split('.') as [string, string, string, string];
  };
  const encoded = (text: string): string => Buffer.from(text).toString('base64url');

  it.each<[string, (of: [string, string, string, string]) => string]>([
    [
      'another text',
      ([, place, hashes, signature]) => `${encoded('text 7')}.${place}.${hashes}.${signature}`,
    ],
    ['another place', ([text, , hashes, signature]) => `${text}.0.${hashes}.${signature}`],
    ['a place outside', ([text, , hashes, signature]) => `${text}.9.${hashes}.${signature}`],
    [
      'a place that is no number',
      ([text, , hashes, signature]) => `${text}.-1.${hashes}.${signature}`,
    ],
    [
      'another signature',
      ([text, place, hashes, signature]) =>
        `${text}.${place}.${hashes}.${signature.replace(/^../, 'AA')}`,
    ],
    ['no signature', ([text, place, hashes]) => `${text}.${place}.${hashes}.`],
    ['too few parts', ([text, place]) => `${text}.${place}`],
    ['a part more', (all) => `${all.join('.')}.AA`],
    ['nonsense', () => 'nonsense'],
    ['nothing', () => ''],
  ])('%s', async (_what, forge) => {
    const genuine = await parts();
    // Even where the batch was verified before.
    expect(read(genuine.join('.'), byUs)).toBe('text 1');
    expect(read(forge(genuine), byUs)).toBeNull();
  });

  it('a hash that was added to a verified list', async () => {
    const [, , hashes, signature] = await parts();
    const text = encoded('forged');
    const own = await crypto.subtle.digest('SHA-256', Buffer.from(text));
    const list = hashes + Buffer.from(own).toString('base64url');
    expect(read(`${text}.3.${list}.${signature}`, byUs)).toBeNull();
  });

  it('what a stranger signed, and what was verified with another key', async () => {
    const [signed = ''] = await batch(1);
    expect(read(signed, () => theirs.publicKey)).toBeNull();
    expect(read(signed, byUs)).toBe('text 0');
    expect(read(signed, () => theirs.publicKey)).toBeNull();
    expect(read(signed, () => undefined)).toBeNull();
  });
});
