import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { buildSchema as buildGraph, parse, validate } from 'graphql';
import { COMMANDS } from './commands.ts';
import { completionScript, SHELLS } from './completion.ts';
import { explain } from './explanation.ts';
import { EXPLANATIONS } from './explanations.ts';
import { buildProgram } from './program.ts';
import type { Call } from './program.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

function call(words: readonly string[]): { call: Call | undefined; said: string } {
  let called: Call | undefined;
  let said = '';
  const say = (text: string): void => void (said += text);
  const program = buildProgram(
    { commands: COMMANDS, version: '1.2.3', writeOut: say, writeError: say },
    (made) => void (called = made),
  );
  try {
    program.parse(words, { from: 'user' });
  } catch {
    // What was said tells why.
  }
  return { call: called, said };
}

/** The words of a line as a shell reads them, up to a redirection. */
function wordsOf(line: string): string[] {
  const [words = ''] = line.split(/ [<>]/);
  return [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

describe.each(COMMANDS.map((command) => [command.path, command] as const))(
  '%s',
  (path, command) => {
    it('says what it does, with a verb and examples that can be copied', () => {
      const { said } = call([...path.split(' '), '--help']);
      expect(command.summary).toMatch(/^[A-Z][a-z]+ .*[^.]$/);
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) {
        expect(example.startsWith(path)).toBe(true);
        expect(said).toContain(`  concord ${example}`);
        expect(call(wordsOf(example)).call?.command.path).toBe(path);
      }
    });

    it('takes no token as a word', () => {
      const { said } = call([...path.split(' '), '--help']);
      expect(said).not.toMatch(/--token[ =]|hvo1\//);
    });

    it('is completed in every shell', () => {
      for (const shell of SHELLS)
        expect(completionScript(shell, COMMANDS)).toContain(path.split(' ').at(-1));
    });
  },
);

describe('the command tree', () => {
  it('has the groups of the registry', () => {
    const groups = new Set(COMMANDS.map(({ path }) => path.split(' ')[0]));
    expect([...groups]).toEqual(
      expect.arrayContaining(
        'schema contract deprecation event proposal client history target doctor completion'.split(
          ' ',
        ),
      ),
    );
  });

  it('suggests what was meant', () => {
    expect(call(['schema', 'chek']).said).toContain('Did you mean check?');
    expect(call(['schema', 'check', '--formt', 'json']).said).toContain('Did you mean --format?');
    expect(call(['schema', 'check', '--format', 'yaml']).said).toContain('Allowed choices');
    expect(call(['schema', 'delete']).said).toContain("missing required argument 'subgraph'");
  });

  it('knows a command by its other name', () => {
    expect(call(['schema', 'retire', 'orders']).call?.command.path).toBe('schema delete');
  });

  it('lists exit codes and groups in its help', () => {
    const { said } = call(['--help']);
    expect(said).toContain('  130  interrupted');
    expect(said).toContain('Check, publish and read the schemas of subgraphs');
  });
});

describe('the completion of bash', () => {
  const complete = (...words: readonly string[]): string[] => {
    const script = `${completionScript('bash', COMMANDS)}
COMP_WORDS=(concord ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
_concord; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
  };

  it('completes groups, commands, deeper commands and options', () => {
    expect(complete('sch')).toEqual(['schema']);
    expect(complete('schema', 'pro')).toEqual(['promote']);
    expect(complete('target', 'tokens', 'cr')).toEqual(['create']);
    expect(complete('schema', 'check', '--sub')).toEqual(['--subgraph']);
    expect(complete('schema', 'check', '--subgraph', 'a=b', '--time')).toEqual(['--timeout']);
    expect(complete('schema', 'retire', '--dry')).toEqual(['--dry-run']);
  });
});

describe('operations', () => {
  const files = ['kernel/vocabulary.graphql', 'schema-registry/schema.graphql'];
  const slices = readdirSync(join(ROOT, 'schema-registry'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /^[^/\\]+[/\\]schema\.graphql$/.test(file))
    .map((file) => join('schema-registry', file));
  const sdl = [...files, ...slices]
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');
  const graph = buildGraph(sdl, { assumeValidSDL: true });
  const folder = join(ROOT, 'cli/operations');

  it.each(readdirSync(folder).filter((file) => file !== 'fragments.ts'))(
    'of %s are what the registry answers, as they are sent',
    async (file) => {
      const module = (await import(join(folder, file))) as Record<string, { text: string }>;
      const operations = Object.values(module);
      expect(operations.length).toBeGreaterThan(0);
      for (const { text } of operations) expect(validate(graph, parse(text))).toEqual([]);
    },
  );
});

describe('explanations', () => {
  it('are there for every problem and every finding of the registry', () => {
    const sources = readdirSync(join(ROOT, 'schema-registry'), {
      recursive: true,
      encoding: 'utf8',
    })
      .filter((file) => /^(check|deprecation|event-contract|publication)[/\\].*\.ts$/.test(file))
      .filter((file) => !/test|world/.test(file))
      .map((file) => readFileSync(join(ROOT, 'schema-registry', file), 'utf8'))
      .join('\n');
    const findings = [
      ...sources.matchAll(
        /code: '((?:SUNSET|EVENT_FIELD|VERSION|FREEZE|PROPOSAL|CONTRACT)_[A-Z_]+)'/g,
      ),
    ];
    const bars = [...sources.matchAll(/^ {2}\| '([A-Z_]+)';?$/gm)];
    const codes = [...findings, ...bars].map(([, code = '']) => code);
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code) => EXPLANATIONS[code] === undefined)).toEqual([]);
  });

  it('name pages that exist', () => {
    const pages = Object.values(EXPLANATIONS).flatMap(({ page }) => page ?? []);
    for (const page of pages) expect(readFileSync(join(ROOT, page), 'utf8')).not.toBe('');
  });

  it('are found by code, rule or exit code, however they are written', () => {
    expect(explain('sunset-too-soon', COMMANDS).code).toBe('SUNSET_TOO_SOON');
    expect(explain('no-float-for-money', COMMANDS).page).toBe(
      'docs/policies/rules/no-float-for-money.md',
    );
    expect(explain('4', COMMANDS).text).toContain('TOKEN_INVALID');
    expect(() => explain('NOBODY_KNOWS', COMMANDS)).toThrow(/Nothing is known/);
    expect(() => explain('../../../etc/passwd', COMMANDS)).toThrow(/Nothing is known/);
  });
});
