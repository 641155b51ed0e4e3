import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '#kernel/clock.ts';
import { Secret } from '#kernel/config.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { seal, unseal } from './sealed-secret.ts';
import { openSigningKeys } from './signing-key.ts';
import type { Database } from '#kernel/database.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { Principal } from '../access/principal.ts';
import type { SigningKeys } from './signing-key.ts';

const SECRET = new Secret('a secret of the test, long enough');
const OTHER = new Secret('another secret of the test, also long enough');
const person = (isAllowed: boolean): Principal => ({
  id: 'ana',
  name: 'Ana',
  kind: 'person',
  allows: () => isAllowed,
});

describe('signing keys', () => {
  let db: TestDatabase;
  let database: Database;
  let keys: SigningKeys;
  const open = (secret: Secret): Promise<SigningKeys> =>
    openSigningKeys({ database, clock: systemClock, secret });
  beforeAll(async () => {
    db = await createTestDatabase();
    database = await db.open('schema_registry', new URL('../migrations/', import.meta.url));
  });
  afterAll(async () => db[Symbol.asyncDispose]());

  it('begin with one, however many processes start at once', async () => {
    const [first, ...others] = await Promise.all([open(SECRET), open(SECRET), open(SECRET)]);
    keys = first;
    const opened = [first, ...others];
    const kids = await Promise.all(opened.map(async (each) => (await each.active()).kid));
    expect(new Set(kids).size).toBe(1);
    expect((await keys.published()).keys).toMatchObject([
      { kid: kids[0], state: 'ACTIVE', endorsedBy: null },
    ]);
    const entries = await database.query('select action from history_entry');
    expect(entries).toEqual([{ action: 'signing-key.created' }]);
  });

  it('rotate only for those who govern the registry, each endorsed by the one before', async () => {
    const before = await keys.active();
    await expect(keys.rotate(person(false), 'yearly')).rejects.toMatchObject({
      extensions: { code: 'FORBIDDEN', permission: 'schema:govern' },
    });
    expect(await keys.rotate(person(true), ' ')).toMatchObject({
      ok: false,
      problem: { code: 'INVALID_INPUT', fields: [{ field: 'reason' }] },
    });
    const next = await keys.rotate(person(true), 'yearly');
    if (!next.ok) throw new Error(next.problem.message);
    expect(next.value).toMatchObject({ state: 'ACTIVE', endorsedBy: before.kid });
    expect((await keys.active()).kid).toBe(next.value.kid);
    await Promise.all([keys.rotate(person(true), 'a'), keys.rotate(person(true), 'b')]);
    const { keys: published } = await keys.published();
    expect(published).toHaveLength(4);
    expect(published.filter(({ state }) => state === 'ACTIVE')).toHaveLength(1);
    expect(new Set(published.map(({ endorsedBy }) => endorsedBy)).size).toBe(4);
  });

  it('are readable in the database only with the secret', async () => {
    const rows = await database.query<{ sealed_private_key: string }>('select * from signing_key');
    expect(JSON.stringify(rows)).not.toMatch(/PRIVATE KEY|"d":/);
    await expect(open(OTHER)).rejects.toThrow('REGISTRY_SECRET');
    await expect(open(new Secret('short'))).rejects.toThrow('32 characters');
  });

  it('cannot be swapped for another row', async () => {
    const statement = `update signing_key set sealed_private_key =
      (select sealed_private_key from signing_key where state = 'RETIRED' limit 1) where state = 'ACTIVE'`;
    await database.query(statement);
    await expect(open(SECRET)).rejects.toThrow('does not open');
  });

  it('begin anew, endorsed by nobody, when the active one was retired because its secret is lost', async () => {
    await database.query(`update signing_key set state = 'RETIRED' where state = 'ACTIVE'`);
    const anew = await open(OTHER);
    const { kid } = await anew.active();
    const { keys: published } = await anew.published();
    expect(published).toHaveLength(5);
    expect(published.find((key) => key.kid === kid)).toMatchObject({
      state: 'ACTIVE',
      endorsedBy: null,
    });
  });
});

describe('a sealed text', () => {
  it('opens with its secret and for its subject only, and unchanged only', () => {
    const sealed = seal('key', 'kid-1', SECRET);
    expect(unseal(sealed, 'kid-1', SECRET)).toBe('key');
    expect(seal('key', 'kid-1', SECRET)).not.toBe(sealed);
    expect(() => unseal(sealed, 'kid-2', SECRET)).toThrow('does not open');
    expect(() => unseal(sealed, 'kid-1', OTHER)).toThrow('does not open');
    for (const changed of [
      '',
      'v1.',
      sealed.slice(0, -2),
      `${sealed}AAAA`,
      sealed.replace('v1', 'v2'),
    ])
      expect(() => unseal(changed, 'kid-1', SECRET)).toThrow('does not open');
  });
});
