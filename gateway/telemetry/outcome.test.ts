import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { closeOutcome, operationOutcome } from './outcome.ts';

const GATEWAY = join(import.meta.dirname, '..');

/** Codes as the gateway's own code writes them. */
function ownCodes(): string[] {
  const sources = readdirSync(GATEWAY, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.startsWith('test-world'),
  );
  const texts = sources.map((path) => readFileSync(join(GATEWAY, path), 'utf8'));
  const codes = texts.flatMap((text) =>
    [...text.matchAll(/(?:\bcode: |\brefusal\()'([A-Z_]{5,})'/g)].map(([, code]) => code ?? ''),
  );
  return [...new Set(codes)].toSorted();
}

it('every code that the gateway gives has a label of its own', () => {
  const codes = ownCodes();
  expect(codes.length).toBeGreaterThan(25);
  expect(codes.filter((code) => closeOutcome(code) !== code)).toEqual([]);
});

it('what subgraphs and strangers write grows no label', () => {
  expect(operationOutcome('SOMETHING_ELSE')).toBe('OTHER');
  expect([closeOutcome(4413), closeOutcome(70), closeOutcome('NO1234')]).toEqual([
    '4413',
    'OTHER',
    'OTHER',
  ]);
});
