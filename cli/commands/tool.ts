import { instantOf, SECOND_MS, shifted } from '#kernel/clock.ts';
import { answer } from '../command.ts';
import { completionScript, SHELLS } from '../completion.ts';
import { explain } from '../explanation.ts';
import { usageFailure } from '../failure.ts';
import { examine, worstExit } from '../doctor.ts';
import { readIdentity } from '../identity.ts';
import { blocks, pairs, table } from '../render/table.ts';
import type { Command, CommandContext } from '../command.ts';

export const TOOL_COMMANDS: readonly Command[] = [
  {
    path: 'whoami',
    summary: 'Show whom the registry takes the token for, and what it may do',
    examples: ['whoami'],
    run: async (context) => {
      const identity = await readIdentity(context.registry);
      return answer({ ...identity, ...claimsOf(context) }, (style) =>
        blocks(
          pairs(style, [
            ['name', identity.name],
            ...Object.entries(claimsOf(context)).map(([name, value]) => [name, value] as const),
            ['registry', context.registry.url],
          ]),
          table(style, {
            heads: ['in', 'may'],
            rows: identity.grants.map(({ targets, actions }) => [
              targets.join(' '),
              actions.join(' '),
            ]),
            none: 'It may do nothing anywhere.',
          }),
        ),
      );
    },
  },
  {
    path: 'doctor',
    summary: 'Find what keeps this program from working: from git to signatures',
    options: [
      {
        flags: '--key <id>',
        about: 'id of a signing key that is trusted, from elsewhere',
        many: true,
      },
    ],
    examples: ['doctor', 'doctor --key 5Xf… --format json'],
    run: async (context, words) => {
      const examinations = await examine(context, words.list('key'));
      const exitCode = worstExit(examinations);
      return {
        data: examinations,
        ok: exitCode === 0,
        exitCode,
        text: (style) => {
          const mark = {
            ok: style.good('✓'),
            warning: style.warn('!'),
            failed: style.bad('✗'),
            skipped: style.faint('-'),
          };
          return table(style, {
            heads: ['', 'what', 'found'],
            rows: examinations.map(({ state, name, message }) => [mark[state], name, message]),
            none: '',
          });
        },
      };
    },
  },
  {
    path: 'explain',
    summary: 'Explain a code: of an error, a finding or a lint rule',
    arguments: [{ name: '<code>', about: 'such as SUNSET_TOO_SOON or described' }],
    examples: ['explain SUNSET_TOO_SOON', 'explain no-float-for-money'],
    run: async (context, words) => {
      const explanation = explain(words.argument('code'), context.commands);
      return answer(explanation, () => explanation.text);
    },
  },
  {
    path: 'completion',
    summary: 'Print a script that completes commands and options',
    arguments: [{ name: '<shell>', about: SHELLS.join(', ') }],
    examples: [
      'completion bash > ~/.local/share/bash-completion/completions/concord',
      'completion zsh > ~/.zfunc/_concord',
      'completion fish > ~/.config/fish/completions/concord.fish',
    ],
    run: async (context, words) => {
      const shell = SHELLS.find((name) => name === words.argument('shell'));
      if (shell === undefined) throw usageFailure(`The shells are ${SHELLS.join(', ')}.`);
      const raw = completionScript(shell, context.commands);
      return { data: { shell, script: raw }, ok: true, raw };
    },
  },
];

/** What an access token of an identity provider says; the registry's own tokens say nothing. */
function claimsOf({ tokenClaims }: CommandContext): Partial<Record<'id' | 'until', string>> {
  const { sub, exp } = tokenClaims ?? {};
  return {
    ...(typeof sub === 'string' ? { id: sub } : {}),
    ...(typeof exp === 'number' ? { until: instantOfSeconds(exp) } : {}),
  };
}

function instantOfSeconds(seconds: number): string {
  return shifted(instantOf('1970-01-01T00:00:00Z'), seconds * SECOND_MS).toISOString();
}
