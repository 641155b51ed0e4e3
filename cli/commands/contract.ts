import { answer } from '../command.ts';
import { NO_PLACES } from '../coordinate-place.ts';
import { LIST_CONTRACTS, REMOVE_CONTRACT, SET_CONTRACT } from '../operations/contract.ts';
import { checkReport, checkText } from '../render/check-text.ts';
import { table } from '../render/table.ts';
import { accepted, found, nameOf, targetText } from '../reply.ts';
import type { Command, CommandContext, Outcome } from '../command.ts';
import type { RemoveContractMutation, SetContractMutation } from '../generated.ts';

export const CONTRACT_COMMANDS: readonly Command[] = [
  {
    path: 'contract list',
    summary: 'List the contracts of a target',
    examples: ['contract list'],
    run: async (context) => {
      const name = context.target();
      const { target } = await context.registry.ask(LIST_CONTRACTS, { target: name });
      const contracts = found(target, targetText(name)).contractDefinitions;
      return answer(contracts, (style) =>
        table(style, {
          heads: ['contract', 'include', 'exclude', 'forbid', 'defined', 'by'],
          rows: contracts.map((contract) => [
            contract.name,
            contract.includeTags.join(' ') || 'everything',
            contract.excludeTags.join(' '),
            contract.forbiddenTags.join(' '),
            contract.createdAt,
            contract.createdBy,
          ]),
          none: 'There are no contracts.',
        }),
      );
    },
  },
  {
    path: 'contract set',
    summary: 'Define a contract, or change the one of that name',
    arguments: [{ name: '<name>', about: 'such as portal' }],
    options: [
      { flags: '--include <tag>', about: 'only what carries one of these tags', many: true },
      { flags: '--exclude <tag>', about: 'nothing that carries one of these tags', many: true },
      {
        flags: '--forbid <tag>',
        about: 'classification that must not be seen through it',
        many: true,
      },
      { flags: '--keep-unreachable', about: 'keep types that nothing visible leads to' },
    ],
    examples: [
      'contract set portal --include portal --exclude internal --forbid bank',
      'contract set partner --include partner',
    ],
    reports: true,
    run: async (context, words) => {
      const input = {
        target: context.target(),
        name: words.argument('name'),
        includeTags: words.list('include'),
        excludeTags: words.list('exclude'),
        forbiddenTags: words.list('forbid'),
        removeUnreachable: !words.flag('keep-unreachable'),
      };
      const { setContract } = await context.registry.ask(SET_CONTRACT, { input });
      return contractOutcome(
        context,
        setContract,
        `is defined; the graph has a new version with it.`,
      );
    },
  },
  {
    path: 'contract remove',
    summary: 'Take a contract away',
    arguments: [{ name: '<name>', about: 'such as portal' }],
    examples: ['contract remove partner'],
    reports: true,
    run: async (context, words) => {
      const input = { target: context.target(), name: words.argument('name') };
      const { removeContract } = await context.registry.ask(REMOVE_CONTRACT, { input });
      return contractOutcome(context, removeContract, 'is taken away.');
    },
  },
];

function contractOutcome(
  context: CommandContext,
  changed: SetContractMutation['setContract'] | RemoveContractMutation['removeContract'],
  done: string,
): Outcome {
  const title = `Contracts of ${nameOf(context.target())}`;
  if (changed.__typename === 'CheckFailedProblem') {
    const report = checkReport(changed.result, { title, places: NO_PLACES });
    return {
      data: changed,
      ok: false,
      report,
      text: (style) => checkText(style, changed.result, report),
    };
  }
  const contract = accepted(changed);
  return {
    data: contract,
    ok: true,
    report: { title, ok: true, steps: [], summary: '' },
    text: (style) => style.good(`The contract ${contract.name} ${done}`),
  };
}
