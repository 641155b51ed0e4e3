import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse, visit } from 'graphql';
import { coordinatesOf } from './element.ts';
import { lintContract, lintSupergraph } from './graph-lint.ts';
import { lintSubgraph } from './lint.ts';
import { RULES } from './rules.ts';
import type { DocumentNode } from 'graphql';
import type { Finding } from '../check/result.ts';
import type { Rule } from './rules.ts';

const PAGES = new URL('../../docs/policies/', import.meta.url);
const page = (id: string): string => readFileSync(new URL(`rules/${id}.md`, PAGES), 'utf8');
const HEADINGS = ['Why', 'Wrong', 'Right'];

function sectionsOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const [heading = '', ...lines] = section.split('\n');
        return [heading, lines.join('\n').trim()];
      }),
  );
}

function exampleIn(section: string | undefined): string {
  return /^```graphql\n([\s\S]*?)\n```$/.exec(section ?? '')?.[1] ?? '';
}

/** Only the rule in question is on. */
function findings(rule: Rule, sdl: string): Finding[] {
  const document = parse(sdl);
  const policy = { rules: Object.fromEntries(RULES.map(({ id }) => [id, 'OFF' as const])) };
  const only = { rules: { ...policy.rules, [rule.id]: 'ERROR' as const } };
  switch (rule.scope) {
    case 'SUBGRAPH':
      return lintSubgraph({
        subgraph: 'example',
        document,
        changedCoordinates: null,
        policy: only,
        owners: { subgraph: null, types: { Invoice: 'accounts-payable' } },
      });
    case 'SUPERGRAPH':
      return lintSupergraph({ document, changedCoordinates: null, policy: only });
    case 'CONTRACT':
      return lintContract({
        contract: 'partner',
        supergraph: document,
        visible: coordinatesOf(withoutTagged(document)),
        forbiddenTags: ['bank'],
        policy: only,
      });
  }
}

/** What a contract leaves that excludes the tag `bank`: no more than what carries the tag itself is taken out. */
function withoutTagged(document: DocumentNode): DocumentNode {
  return visit(document, {
    enter: (node) =>
      'directives' in node && node.directives?.some(({ name }) => name.value === 'tag')
        ? null
        : undefined,
  });
}

describe('the pages of the rules', () => {
  it('are one for each rule and no others', () => {
    const pages = readdirSync(new URL('rules/', PAGES)).map((file) => file.replace(/\.md$/, ''));
    expect(pages.sort()).toEqual(RULES.map(({ id }) => id).sort());
  });

  it('are listed with severities in the overview', () => {
    const overview = readFileSync(new URL('README.md', PAGES), 'utf8');
    const rows = RULES.map(
      ({ id, source, scope, severity, why }) =>
        `| [${id}](rules/${id}.md) | ${source} | ${scope.toLowerCase()} | ${severity.strict} | ${severity.development} | ${why} |`,
    );
    expect(overview.split('\n').filter((line) => line.startsWith('| ['))).toEqual(rows);
  });

  describe.each(RULES)('$id', (rule) => {
    const text = page(rule.id);
    const sections = sectionsOf(text);

    it('says why, and shows wrong and right', () => {
      expect(text.startsWith(`# \`${rule.id}\`\n`)).toBe(true);
      expect([...sections.keys()]).toEqual(HEADINGS);
      expect(sections.get('Why')?.length).toBeGreaterThan(60);
    });

    it('is broken by its wrong example', () => {
      const found = findings(rule, exampleIn(sections.get('Wrong')));
      expect(found.map(({ code }) => code)).toEqual(found.map(() => rule.id));
      expect(found.length).toBeGreaterThan(0);
    });

    it('is kept by its right example', () => {
      const right = exampleIn(sections.get('Right'));
      expect(right).not.toBe('');
      expect(findings(rule, right)).toEqual([]);
    });
  });
});
