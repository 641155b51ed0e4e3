import { describe, expect, it } from '@jest/globals';
import { parse } from 'graphql';
import { runEslint } from './eslint-rules.ts';
import { lintSource } from './lint-context.ts';
import { excerptOf } from './sdl-excerpt.ts';
import type { EslintOutcome } from './eslint-rules.ts';

const run = (sdl: string, interest: readonly string[] | null, ...rules: string[]): EslintOutcome =>
  runEslint(lintSource(parse(sdl)), interest === null ? null : new Set(interest), rules);

describe("graphql-eslint's rules", () => {
  it('run all the same when one of them throws, and it is named', () => {
    // This rule needs operations, which a registry does not give it: it throws when it is loaded.
    const outcome = run('type bad_name { id: ID }', null, 'no-unused-fields', 'naming-convention');
    expect(outcome.failed).toMatchObject([{ rule: 'no-unused-fields' }]);
    expect(outcome.messages).toMatchObject([{ rule: 'naming-convention', line: 1, column: 6 }]);
  });

  it('are told of by the name of all when ESLint itself refuses', () => {
    const outcome = run('type bad_name { id: ID }', null, 'no-such-rule', 'naming-convention');
    expect(outcome).toMatchObject({ messages: [], failed: [{ rule: 'graphql-eslint' }] });
  });

  it('are run in batches that together are the document', () => {
    const types = Array.from(
      { length: 250 },
      (_, index) => `type T_${index} { a: T_${249 - index} }`,
    );
    const sdl = `schema { query: T_0 query: T_1 }\n${types.join('\n')}\ntype T_0 { a: ID }`;
    const { messages } = run(
      sdl,
      null,
      'naming-convention',
      'unique-type-names',
      'unique-operation-types',
    );
    const count = (rule: string) => messages.filter((message) => message.rule === rule).length;
    expect(count('naming-convention')).toBe(251);
    expect(count('unique-type-names')).toBe(1);
    expect(count('unique-operation-types')).toBe(1);
    expect(new Set(messages.map(({ line }) => line)).size).toBe(252);
  });

  it('are given nothing but what is of interest', () => {
    const document = parse(
      '# A.\ntype A { a: B }\n\n# B.\n# Two.\n\ntype B { b: A } # Not C.\ntype C { c: C }',
    );
    const excerpt = excerptOf(document, new Set(['B', 'C']), true);
    expect(excerpt.sdl).toBe('# B.\n# Two.\n\ntype B { b: A }\ntype C { c: C }');
    expect(excerpt.placeOf(1, 1)).toEqual({ line: 4, column: 1 });
    expect(excerpt.placeOf(4, 6)).toEqual({ line: 7, column: 6 });
    expect(excerpt.placeOf(5, 10)).toEqual({ line: 8, column: 10 });
  });
});
