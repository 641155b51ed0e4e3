import { sha256 } from '#kernel/id.ts';
import type { Sql } from '#kernel/database.ts';

/** Keeps texts, each once under its hash; a text that is known is left as it is. */
export async function keepTexts(tx: Sql, texts: readonly string[]): Promise<void> {
  const unique = [...new Set(texts)];
  await tx.query(
    `insert into document (sha256, body) select * from unnest($1::text[], $2::text[]) on conflict do nothing`,
    [unique.map((text) => sha256(text)), unique],
  );
}

/** Texts by hash; those that are not kept are left out. */
export async function textsByHash(
  sql: Sql,
  hashes: readonly string[],
): Promise<Record<string, string>> {
  const rows = await sql.query<{ sha256: string; body: string }>(
    'select sha256, body from document where sha256 = any($1)',
    [hashes],
  );
  return Object.fromEntries(rows.map((row) => [row.sha256, row.body]));
}

/** Texts that must be kept, because something refers to them: a reader of each by its hash. */
export async function keptTexts(
  sql: Sql,
  hashes: readonly string[],
): Promise<(hash: string) => string> {
  const texts = await textsByHash(sql, hashes);
  return (hash) => {
    const text = texts[hash];
    if (text === undefined) throw new Error(`The text ${hash} is referred to but not kept.`);
    return text;
  };
}

/** One text that must be kept. */
export async function textOf(sql: Sql, hash: string): Promise<string> {
  return (await keptTexts(sql, [hash]))(hash);
}
