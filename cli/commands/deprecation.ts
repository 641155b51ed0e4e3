import { answer, choiceOf } from '../command.ts';
import {
  GRANT_OVERRIDE,
  LIST_DEPRECATIONS,
  LIST_OVERRIDES,
  REFUSE_OVERRIDE,
  REQUEST_OVERRIDE,
  WITHDRAW_OVERRIDE,
} from '../operations/deprecation.ts';
import { pairs, table } from '../render/table.ts';
import { accepted, found, targetText } from '../reply.ts';
import type { Command, CommandContext, Option, Words } from '../command.ts';
import type {
  GrantOverrideMutation,
  GrantOverrideMutationVariables,
  OverridePartsFragment,
  RefuseOverrideMutation,
  WithdrawOverrideMutation,
} from '../generated.ts';
import type { Operation } from '../operation.ts';
import type { Style } from '../render/style.ts';

const STATES = ['REQUESTED', 'GRANTED', 'REFUSED', 'WITHDRAWN'] as const;
const COMMENT: Option = { flags: '--comment <text>', about: 'what is to be said with it' };

export const DEPRECATION_COMMANDS: readonly Command[] = [
  {
    path: 'deprecation list',
    summary: 'Show the sunset calendar: what goes when, and what stands against it',
    options: [{ flags: '--ended', about: 'those that ended as well' }],
    examples: ['deprecation list', 'deprecation list --ended --format json'],
    run: listDeprecations,
  },
  {
    path: 'deprecation overrides list',
    summary: 'List overrides, newest first',
    options: [{ flags: '--state <state>', about: 'requested, granted, refused or withdrawn' }],
    examples: ['deprecation overrides list --state requested'],
    run: listOverrides,
  },
  {
    path: 'deprecation overrides request',
    summary: 'Ask that one breaking change of a check be permitted',
    options: [
      { flags: '--check <id>', about: 'the check that told of the change', required: true },
      {
        flags: '--change <hash>',
        about: 'hash of the change, as the check shows it',
        required: true,
      },
      { flags: '--reason <text>', about: 'why it may break whom', required: true },
      { flags: '--days <count>', about: 'for how many days, 7 otherwise' },
    ],
    examples: [
      'deprecation overrides request --check 01990f1e-7d4c-7b6a-9d5e-2f1d3c4b5a69 --change 3f2a… --reason "Nobody outside uses it, the portal moves on Friday."',
    ],
    run: async (context, words) => {
      const input = {
        target: context.target(),
        check: words.required('check'),
        change: words.required('change'),
        reason: words.required('reason'),
        days: words.count('days', { min: 1, max: 365, fallback: 7 }),
      };
      const { requestOverride } = await context.registry.ask(REQUEST_OVERRIDE, { input });
      const override = accepted(requestOverride);
      return answer(override, (style) => overrideText(style, override));
    },
  },
  decision('grant', 'Permit the change that an override is bound to', GRANT_OVERRIDE),
  decision('refuse', 'Refuse an override', REFUSE_OVERRIDE),
  decision('withdraw', 'Take a request or a permission back', WITHDRAW_OVERRIDE),
];

async function listDeprecations(context: CommandContext, words: Words) {
  const name = context.target();
  const { target } = await context.registry.ask(LIST_DEPRECATIONS, {
    target: name,
    ended: words.flag('ended'),
  });
  const { deprecations } = found(target, targetText(name));
  return answer(deprecations, (style) =>
    table(style, {
      heads: ['sunset', 'coordinate', 'instead', 'owner', 'requests', 'removal'],
      rows: deprecations.map(({ removal, ...end }) => [
        end.sunsetOn,
        end.coordinate,
        end.replacement ?? end.reason,
        end.owner,
        removal === null ? null : String(removal.usage.requests),
        removal === null
          ? `${end.endedAs?.toLowerCase() ?? 'ended'} ${end.endedOn ?? ''}`
          : removal.allowed
            ? style.good('may go now')
            : `${removal.earliest} at the earliest: ${removal.message}`,
      ]),
      none: 'Nothing is on its way out.',
    }),
  );
}

async function listOverrides(context: CommandContext, words: Words) {
  const name = context.target();
  const state = words.text('state');
  const { target } = await context.registry.ask(LIST_OVERRIDES, {
    target: name,
    state: state === null ? null : choiceOf(state, STATES, '--state'),
  });
  const { overrides } = found(target, targetText(name));
  return answer(overrides, (style) =>
    table(style, {
      heads: ['state', 'change', 'coordinate', 'reason', 'asked by', 'decided by', 'until', 'id'],
      rows: overrides.map((override) => [
        override.state.toLowerCase(),
        override.changeType,
        override.coordinate,
        override.reason,
        override.requestedBy,
        override.decidedBy,
        override.expiresAt,
        override.id,
      ]),
      none: 'There are no overrides.',
    }),
  );
}

type Decision = GrantOverrideMutation | RefuseOverrideMutation | WithdrawOverrideMutation;

function decision(
  verb: string,
  summary: string,
  operation: Operation<Decision, GrantOverrideMutationVariables>,
): Command {
  return {
    path: `deprecation overrides ${verb}`,
    summary,
    arguments: [{ name: '<id>', about: 'id of the override' }],
    options: [COMMENT],
    examples: [`deprecation overrides ${verb} 01990f1e-7d4c-7b6a-9d5e-2f1d3c4b5a69`],
    run: async (context, words) => {
      const input = {
        target: context.target(),
        override: words.argument('id'),
        comment: words.text('comment'),
      };
      const { decided } = await context.registry.ask(operation, { input });
      const override = accepted(decided);
      return answer(override, (style) => overrideText(style, override));
    },
  };
}

function overrideText(style: Style, override: OverridePartsFragment): string {
  return pairs(style, [
    ['override', override.id],
    ['state', override.state.toLowerCase()],
    ['change', `${override.changeType} ${override.coordinate ?? ''}`],
    ['what', override.message],
    ['reason', override.reason],
    ['asked by', override.requestedBy],
    ['decided by', override.decidedBy],
    ['holds until', override.expiresAt],
  ]);
}
