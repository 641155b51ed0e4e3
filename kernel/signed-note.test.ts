import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { openCheckpoint, signCheckpoint } from './signed-note.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const checkpoint = {
  origin: 'concord-registry/1',
  size: 7,
  root: 'ab'.repeat(32),
  at: '2026-03-01T10:00:00.000Z',
};
const note = signCheckpoint(checkpoint, { privateKey, publicKey });
const trusted = new Map([['kid-1', publicKey]]);

describe('a signed checkpoint', () => {
  it('is read back, with the key that signed it', () => {
    expect(openCheckpoint(note, trusted)).toEqual({
      ...checkpoint,
      signedBy: 'kid-1',
      isForged: false,
    });
    const timeless = signCheckpoint({ ...checkpoint, at: null }, { privateKey, publicKey });
    expect(openCheckpoint(timeless, trusted)).toMatchObject({ at: null, signedBy: 'kid-1' });
  });

  it('names its key as other programs for signed notes do', () => {
    // The key pair of the examples of golang.org/x/mod/sumdb/note: PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW
    const seed = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1);
    const header = Buffer.from('302e020100300506032b657004220420', 'hex');
    const key = createPrivateKey({
      key: Buffer.concat([header, seed]),
      format: 'der',
      type: 'pkcs8',
    });
    const signed = signCheckpoint(
      { ...checkpoint, origin: 'PeterNeumann' },
      { privateKey: key, publicKey: createPublicKey(key) },
    );
    const stamped = Buffer.from(/— PeterNeumann (\S+)/.exec(signed)?.[1] ?? '', 'base64');
    expect(stamped.subarray(0, 4).toString('hex')).toBe('c74f20a3');
  });

  it('keeps what it is when others sign it as well', () => {
    const cosigned = `${note}— witness.example/w1 ${Buffer.alloc(68).toString('base64')}\n`;
    expect(openCheckpoint(cosigned, trusted)).toMatchObject({ signedBy: 'kid-1', isForged: false });
  });

  it('is nobody’s for whoever does not trust the key', () => {
    expect(openCheckpoint(note, new Map())).toMatchObject({ signedBy: null, isForged: false });
  });

  it.each([
    ['the size', note.replace('\n7\n', '\n8\n')],
    ['the root', note.replace('q6urq', 'q6urr')],
    ['the time', note.replace('10:00', '11:00')],
    ['a further line', note.replace('\n\n', '\nmore\n\n')],
    ['the signature', note.replace(/.{4}=\n$/, 'AAA=\n')],
  ])('is forged with another form of %s', (_what, forged) => {
    expect(forged).not.toBe(note);
    expect(openCheckpoint(forged, trusted)).toMatchObject({ signedBy: null, isForged: true });
  });

  it.each([
    ['nothing', ''],
    ['no signature', note.split('\n\n')[0] ?? ''],
    ['a size that is none', note.replace('\n7\n', '\n07\n')],
    ['a root that is none', note.replace(/\n.{44}\n/, '\nroot\n')],
    ['no origin', note.slice(checkpoint.origin.length)],
    ['too much', 'x'.repeat(20_000) + note],
  ])('is none with %s', (_what, text) => {
    expect(openCheckpoint(text, trusted)).toBeNull();
  });
});
