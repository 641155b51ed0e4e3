import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EMPTY_FRONTIER, leafHash, rootOf, withLeaf } from '#kernel/history-chain.ts';

const VERIFIER = fileURLToPath(new URL('./verify-history.py', import.meta.url));
const LINES = readFileSync(new URL('./history-golden.ndjson', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');
const hasPython = spawnSync('python3', ['--version']).status === 0;

describe('a second verifier, in another language', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'concord-history-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const verdictOn = (lines: readonly string[]): string => {
    const file = join(folder, 'export.ndjson');
    writeFileSync(file, `${lines.join('\n')}\n`);
    return spawnSync('python3', [VERIFIER, file], { encoding: 'utf8' }).stdout.trim();
  };

  it('is run wherever Python is, and always in continuous integration', () => {
    expect(hasPython || process.env['CI'] !== 'true').toBe(true);
  });

  it('finds the same root, and the same tampering', () => {
    if (!hasPython) return;
    const entries = LINES.filter((line) => line.includes('"type":"entry"'));
    const tree = entries.map(leafHash).reduce(withLeaf, EMPTY_FRONTIER);
    expect(verdictOn(LINES)).toBe(`ok ${entries.length} ${rootOf(tree)}`);
    const edited = LINES.with(2, LINES[2]?.replace('1.0.0', '1.0.1') ?? '');
    expect(verdictOn(edited)).toContain('names another hash');
    expect(verdictOn(edited)).toContain('another root');
    expect(verdictOn(LINES.toSpliced(2, 1))).toContain('entry 3 stands where entry 2 must be');
    expect(verdictOn(LINES.slice(0, -1))).toContain('no checkpoint covers');
  });
});
