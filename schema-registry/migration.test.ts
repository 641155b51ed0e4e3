import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { migrate } from '#kernel/database.ts';
import { silentLog } from '#kernel/log.ts';
import { createTestDatabase } from '../tests/support/test-database.ts';
import { subgraphVersionsBefore } from './publication/version-store.ts';
import { findTarget } from './target.ts';

const MIGRATIONS = new URL('./migrations/', import.meta.url);

describe('the tables of the minimum registry', () => {
  it('become the first history of production, with every text', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'concord-migration-'));
    await using db = await createTestDatabase();
    try {
      await copyFile(new URL('0001-versions.sql', MIGRATIONS), join(folder, '0001-versions.sql'));
      const database = await db.open('schema_registry', pathToFileURL(`${folder}/`));
      await database.query(
        `insert into subgraph_version (subgraph, version, url, sdl, sdl_sha256, published_by, published_at)
         values ('orders', 1, 'http://o', 'type Query { a: Int }', 'one', 'hub', now()),
                ('orders', 2, 'http://o', 'type Query { a: Int b: Int }', 'two', 'hub', now())`,
      );
      await database.query(
        `insert into supergraph_version (version, sdl, sdl_sha256, members, published_by, published_at)
         values (1, 'schema', 'three', '[]', 'hub', now())`,
      );
      await migrate(database, MIGRATIONS, silentLog);
      const target = await findTarget(database, { graph: 'finance', target: 'production' });
      expect(target).toMatchObject({ currentVersionId: null });
      const page = { targetId: target?.id ?? '', subgraph: 'orders', before: null, limit: 10 };
      expect(await subgraphVersionsBefore(database, page)).toMatchObject([
        { number: 2, version: '1.1.0', sha256: 'two' },
        { number: 1, version: '1.0.0', sha256: 'one' },
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
