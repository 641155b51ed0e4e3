import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { KEYWORD_TABLE } from './keyword-table.ts';
import { isSilent, VOCABULARY } from './schema-vocabulary.ts';

const PAGE = new URL('../../docs/policies/event-contracts.md', import.meta.url);

describe('the keyword table', () => {
  it('has a row with a rule and a reason for every keyword of the vocabulary', () => {
    expect(Object.keys(KEYWORD_TABLE).sort()).toEqual(Object.keys(VOCABULARY).sort());
    for (const row of Object.values(KEYWORD_TABLE)) {
      expect(row.rule).toMatch(/^[A-Z_]+$/);
      expect(row.reason.length).toBeGreaterThan(10);
    }
  });

  it('ignores exactly the keywords that say nothing of which values are valid', () => {
    const ignored = Object.entries(KEYWORD_TABLE).filter(([, row]) => row.decided === 'never');
    expect(ignored.map(([keyword]) => keyword).sort()).toEqual(
      Object.keys(VOCABULARY).filter(isSilent).sort(),
    );
  });

  it('is the table on the policy page, row by row', async () => {
    const lines = new Set((await readFile(PAGE, 'utf8')).split('\n'));
    const rows = Object.entries(KEYWORD_TABLE).map(([keyword, row]) => {
      const decided = row.decided === 'with' ? `with \`${row.keyword}\`` : row.decided;
      return `| \`${keyword}\` | ${decided} | ${row.rule} | ${row.reason} |`;
    });
    expect(rows.filter((row) => !lines.has(row))).toEqual([]);
  });
});
