import { newId } from '#kernel/id.ts';
import { answer, choiceOf } from '../command.ts';
import { usageFailure } from '../failure.ts';
import { CHANGE_POLICY, READ_POLICY } from '../operations/policy.ts';
import { blocks, pairs, table } from '../render/table.ts';
import { accepted } from '../reply.ts';
import { splitPair } from '../subgraph-files.ts';
import type { Command, CommandContext, Words } from '../command.ts';
import type { ChangePolicyMutationVariables, PolicyPartsFragment } from '../generated.ts';
import type { Style } from '../render/style.ts';

type Reader = (text: string, name: string) => unknown;

const SEVERITIES = ['ERROR', 'WARNING', 'OFF'] as const;
const NEEDS = ['NEVER', 'BREAKING', 'ALWAYS'] as const;
const severity: Reader = (text, name) => choiceOf(text, SEVERITIES, name);

/** Every setting that is not a rule: its name, and how its value is read. */
const SETTINGS: Readonly<Record<string, Reader>> = {
  'usage.windowDays': whole,
  'usage.requestsMin': whole,
  'usage.excludedClients': (text) => (text === 'none' ? [] : text.split(',')),
  'usage.unusedIsSafe': yesOrNo,
  'breaking.fails': yesOrNo,
  'breaking.enumValueAdded': yesOrNo,
  'breaking.unionMemberAdded': yesOrNo,
  'breaking.dangerousFails': yesOrNo,
  'deprecation.sunsetRequired': severity,
  'deprecation.noticeDays': whole,
  'deprecation.removalGated': yesOrNo,
  'versioning.pinnedMajorDays': whole,
  'review.required': (text, name) => choiceOf(text, NEEDS, name),
  'review.signOffs': whole,
  'override.validDaysMax': whole,
};

export const POLICY_COMMANDS: readonly Command[] = [
  {
    path: 'target policy show',
    summary: 'Show what a target asks of every change',
    examples: ['target policy show', 'target policy show --graph finance@staging --format json'],
    run: async (context) => {
      const policy = await readPolicy(context);
      return answer(policy, (style) => policyText(style, policy));
    },
  },
  {
    path: 'target policy set',
    summary: 'Change what a target asks; "default" takes a decision back',
    options: [
      {
        flags: '--set <setting=value>',
        about: 'a setting, as "target policy show" lists it',
        many: true,
      },
      {
        flags: '--rule <rule=severity>',
        about: 'what a lint rule weighs: error, warning, off',
        many: true,
      },
    ],
    examples: [
      'target policy set --set deprecation.noticeDays=120 --set review.required=breaking',
      'target policy set --rule described=error --rule no-float=default',
    ],
    run: setPolicy,
  },
];

async function readPolicy(context: CommandContext): Promise<PolicyPartsFragment> {
  const { policy } = await context.registry.ask(READ_POLICY, { target: context.target() });
  return policy;
}

async function setPolicy(context: CommandContext, words: Words) {
  const changes = readSettings(words.list('set'));
  const rules = words.list('rule').map((word) => {
    const { name, value } = splitPair(word, '--rule');
    return { rule: name, severity: value === 'default' ? null : choiceOf(value, SEVERITIES, word) };
  });
  if (Object.keys(changes).length + rules.length === 0)
    throw usageFailure('Nothing to change: give --set setting=value or --rule rule=severity.');
  const { version } = await readPolicy(context);
  const input: ChangePolicyMutationVariables['input'] = {
    idempotencyKey: newId(context.clock),
    target: context.target(),
    expectedVersion: version,
    ...changes,
    ...(rules.length === 0 ? {} : { rules }),
  };
  const { changePolicy } = await context.registry.ask(CHANGE_POLICY, { input });
  const change = accepted(changePolicy);
  return answer(change, (style) =>
    change.settings.length === 0
      ? 'Everything was so already.'
      : style.good(
          `Changed: ${change.settings.join(', ')} (policy version ${change.policy.version}).`,
        ),
  );
}

/** `usage.windowDays=60` and others, as the groups of settings that the registry takes. */
function readSettings(words: readonly string[]): Record<string, Record<string, unknown>> {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const word of words) {
    const { name, value } = splitPair(word, '--set');
    const read = SETTINGS[name];
    if (read === undefined)
      throw usageFailure(
        `There is no setting "${name}"; they are ${Object.keys(SETTINGS).join(', ')}.`,
      );
    const [group = '', setting = ''] = name.split('.');
    groups[group] = { ...groups[group], [setting]: value === 'default' ? null : read(value, name) };
  }
  return groups;
}

function whole(text: string, name: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usageFailure(`${name} takes a whole number, not "${text}".`);
}

function yesOrNo(text: string, name: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw usageFailure(`${name} takes true or false, not "${text}".`);
}

function policyText(style: Style, policy: PolicyPartsFragment): string {
  const groups: Readonly<Record<string, unknown>> = { ...policy };
  const settings = Object.keys(SETTINGS).map((name): [string, string] => {
    const [group = '', setting = ''] = name.split('.');
    const value = (groups[group] as Record<string, unknown>)[setting];
    return [name, Array.isArray(value) ? value.join(',') || 'none' : String(value).toLowerCase()];
  });
  const changed =
    policy.updatedAt === null ? null : `${policy.updatedAt} by ${policy.updatedBy ?? ''}`;
  return blocks(
    pairs(style, [
      ['version', String(policy.version)],
      ['changed', changed],
    ]),
    pairs(style, settings),
    table(style, {
      heads: ['rule', 'severity', 'decided'],
      rows: policy.rules.map(({ rule, severity: weight, decided }) => [
        rule.id,
        weight.toLowerCase(),
        decided ? 'here' : 'default',
      ]),
      none: '',
    }),
  );
}
