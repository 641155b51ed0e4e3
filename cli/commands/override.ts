import { answer, choiceOf } from '../command.ts';
import { notThere } from '../failure.ts';
import {
  GRANT_OVERRIDE,
  LIST_OVERRIDES,
  REFUSE_OVERRIDE,
  REQUEST_OVERRIDE,
  WITHDRAW_OVERRIDE,
} from '../operations/deprecation.ts';
import { READ_CHECK } from '../operations/schema.ts';
import { table } from '../render/table.ts';
import { accepted, found, targetText } from '../reply.ts';
import type { Command, CommandContext, Outcome, Words } from '../command.ts';
import type {
  GrantOverrideMutation,
  GrantOverrideMutationVariables,
  OverridePartsFragment,
  RefuseOverrideMutation,
  WithdrawOverrideMutation,
} from '../generated.ts';
import type { Operation } from '../operation.ts';

const STATES = ['REQUESTED', 'GRANTED', 'REFUSED', 'WITHDRAWN'] as const;
const DAYS = { min: 1, max: 365, fallback: 7 };
const ID = '01990f1e-7d4c-7b6a-9d5e-2f1d3c4b5a69';

export const OVERRIDE_COMMANDS: readonly Command[] = [
  {
    path: 'deprecation overrides list',
    summary: 'List overrides, newest first',
    options: [{ flags: '--state <state>', about: 'requested, granted, refused or withdrawn' }],
    examples: ['deprecation overrides list --state requested'],
    run: listOverrides,
  },
  {
    path: 'deprecation overrides request',
    summary: 'Ask somebody else to permit breaking changes of a check',
    options: [
      { flags: '--check <id>', about: 'the check that told of the changes', required: true },
      {
        flags: '--change <hash>',
        about: 'hash of a change, as the check shows it; all that break somebody otherwise',
        many: true,
      },
      { flags: '--reason <text>', about: 'why it may break whom', required: true },
      { flags: '--days <count>', about: 'for how many days, 7 otherwise' },
    ],
    examples: [
      `deprecation overrides request --check ${ID} --reason "The portal moved yesterday."`,
      `deprecation overrides request --check ${ID} --change 3f2a… --reason "Only we use it." --days 3`,
    ],
    run: requestOverrides,
  },
  decision('grant', 'Permit the changes that overrides are bound to', GRANT_OVERRIDE),
  decision('refuse', 'Refuse overrides', REFUSE_OVERRIDE),
  decision('withdraw', 'Take requests or permissions back', WITHDRAW_OVERRIDE),
];

async function listOverrides(context: CommandContext, words: Words): Promise<Outcome> {
  const name = context.target();
  const state = words.text('state');
  const { target } = await context.registry.ask(LIST_OVERRIDES, {
    target: name,
    state: state === null ? null : choiceOf(state, STATES, '--state'),
  });
  return overridesOutcome(found(target, targetText(name)).overrides);
}

async function requestOverrides(context: CommandContext, words: Words): Promise<Outcome> {
  const check = words.required('check');
  const named = words.list('change');
  const changes = named.length > 0 ? named : await standingChanges(context, check);
  const request = {
    target: context.target(),
    check,
    reason: words.required('reason'),
    days: words.count('days', DAYS),
  };
  const overrides: OverridePartsFragment[] = [];
  for (const change of changes) {
    const { requestOverride } = await context.registry.ask(REQUEST_OVERRIDE, {
      input: { ...request, change },
    });
    overrides.push(accepted(requestOverride));
  }
  return overridesOutcome(overrides);
}

/** Hashes of the changes of a check that break somebody and are not accepted. */
async function standingChanges(context: CommandContext, id: string): Promise<readonly string[]> {
  const { check } = await context.registry.ask(READ_CHECK, { id });
  const standing = found(check, `check ${id}`).result.changes.filter(
    ({ severity, acceptedBy }) => severity === 'BREAKING' && acceptedBy === null,
  );
  if (standing.length === 0)
    throw notThere(`The check ${id} tells of no breaking change that stands.`);
  return [...new Set(standing.map(({ hash }) => hash))];
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
    arguments: [{ name: '<id...>', about: 'ids of overrides' }],
    options: [{ flags: '--comment <text>', about: 'what is to be said with it' }],
    examples: [`deprecation overrides ${verb} ${ID}`],
    run: async (context, words) => {
      const overrides: OverridePartsFragment[] = [];
      for (const override of words.arguments('id')) {
        const { decided } = await context.registry.ask(operation, {
          input: { target: context.target(), override, comment: words.text('comment') },
        });
        overrides.push(accepted(decided));
      }
      return overridesOutcome(overrides);
    },
  };
}

function overridesOutcome(overrides: readonly OverridePartsFragment[]): Outcome {
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
