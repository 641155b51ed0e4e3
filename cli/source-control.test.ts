import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gitVersion, readProvenance } from './source-control.ts';

let checkout: string;
let bare: string;

beforeAll(async () => {
  [checkout, bare] = await Promise.all([
    mkdtemp(join(tmpdir(), 'concord-git-')),
    mkdtemp(join(tmpdir(), 'concord-no-git-')),
  ]);
  const git = (...words: readonly string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...words], {
      cwd: checkout,
      stdio: 'ignore',
    });
  git('init');
  git('commit', '--allow-empty', '-m', 'first');
});
afterAll(() => Promise.all([rm(checkout, { recursive: true }), rm(bare, { recursive: true })]));

describe('where a change comes from', () => {
  it('is found in git', async () => {
    expect(await readProvenance({}, checkout)).toEqual({
      author: 'Ada <ada@example.com>',
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      contextId: null,
    });
    expect(await gitVersion(checkout)).toMatch(/^git version/);
  });

  it('is told by a pipeline, whose commit wins over that of the merge that it has checked out', async () => {
    const environment = {
      GITHUB_SHA: 'c0ffee',
      GITHUB_ACTOR: 'ada',
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_REF: 'refs/pull/42/merge',
    };
    expect(await readProvenance(environment, bare)).toEqual({
      author: 'ada',
      commit: 'c0ffee',
      contextId: 'acme/shop#42',
    });
    expect(await readProvenance(environment, checkout)).toMatchObject({
      author: 'Ada <ada@example.com>',
      commit: 'c0ffee',
    });
  });

  it('is as it is told by hand', async () => {
    const environment = {
      GITHUB_SHA: 'c0ffee',
      GITHUB_REF: 'refs/pull/42/merge',
      CONCORD_COMMIT: 'beef',
      CONCORD_AUTHOR: 'Grace',
      CONCORD_CONTEXT_ID: 'mine',
    };
    expect(await readProvenance(environment, checkout)).toEqual({
      author: 'Grace',
      commit: 'beef',
      contextId: 'mine',
    });
  });

  it.each([
    [{ GITHUB_REF: 'refs/heads/main' }, null],
    [{ CI_MERGE_REQUEST_IID: '7' }, '7'],
    [{ GITHUB_REF: 'refs/pull/42/merge', GITHUB_REPOSITORY: 'a b' }, null],
  ])('of %j has the context %s', async (environment, contextId) => {
    expect(await readProvenance(environment, bare)).toMatchObject({ contextId });
  });

  it('is not known outside of git and pipelines', async () => {
    expect(await readProvenance({}, bare)).toEqual({ author: null, commit: null, contextId: null });
  });
});
