import { NO_PLACES } from '../coordinate-place.ts';
import { usageFailure } from '../failure.ts';
import { CHECK_SCHEMA, READ_CHECK } from '../operations/schema.ts';
import { checkReport, checkText, onlyStep, reportText } from '../render/check-text.ts';
import { counted } from '../render/style.ts';
import { accepted, found, nameOf } from '../reply.ts';
import { readSubgraphFiles, STATED_VERSION_OPTION, SUBGRAPH_OPTIONS } from '../subgraph-files.ts';
import type { Command, CommandContext, Option, Outcome, Words } from '../command.ts';
import type { CheckOutcomePartsFragment } from '../generated.ts';

/** What both checks and publications say of where a change comes from. */
export const SOURCE_OPTIONS: readonly Option[] = [
  { flags: '--author <name>', about: 'who made the change; found in git otherwise' },
  { flags: '--commit <id>', about: 'the commit it was made in; found in git otherwise' },
];

const CONTEXT_OPTION: Option = {
  flags: '--context-id <id>',
  about: 'groups the checks of one pull request; found in pipelines by itself',
};

export const SCHEMA_CHECK_COMMANDS: readonly Command[] = [
  {
    path: 'schema check',
    summary: 'Check what a change of subgraphs would break',
    options: [
      ...SUBGRAPH_OPTIONS,
      STATED_VERSION_OPTION,
      { flags: '--retire <name>', about: 'a subgraph that is to be taken out', many: true },
      CONTEXT_OPTION,
      ...SOURCE_OPTIONS,
    ],
    examples: [
      'schema check --subgraph orders=./orders.graphql',
      'schema check --subgraph orders=./orders.graphql --subgraph invoices=./invoices.graphql',
      'schema check --subgraph orders=./orders.graphql --format github',
      'schema check --subgraph orders=- < orders.graphql',
    ],
    reports: true,
    run: async (context, words) => {
      const { check, outcome, report } = await checkFiles(context, words, words.list('retire'));
      return {
        data: check,
        ok: report.ok,
        report,
        text: (style) => checkedText(check, checkText(style, outcome, report)),
      };
    },
  },
  {
    path: 'schema lint',
    summary: "Check only the target's lint rules, on what changed",
    options: [...SUBGRAPH_OPTIONS, CONTEXT_OPTION, ...SOURCE_OPTIONS],
    examples: ['schema lint --subgraph orders=./orders.graphql'],
    reports: true,
    run: async (context, words) => {
      const checked = await checkFiles(context, words, []);
      const composes = checked.report.steps.every(
        ({ name, status }) => name !== 'policies' || status !== 'skipped',
      );
      const report = onlyStep(checked.report, composes ? 'policies' : 'composition');
      const data = checked.check.result.steps.filter(
        ({ name }) => name === (composes ? 'POLICIES' : 'COMPOSITION'),
      );
      return { data, ok: report.ok, report, text: (style) => reportText(style, report) };
    },
  },
  {
    path: 'schema show-check',
    summary: 'Show a check again',
    arguments: [{ name: '<id>', about: 'id of the check' }],
    examples: ['schema show-check 01990f1e-7d4c-7b6a-9d5e-2f1d3c4b5a69'],
    reports: true,
    run: async (context, words) => {
      const id = words.argument('id');
      const { check } = await context.registry.ask(READ_CHECK, { id });
      const { result } = found(check, `check ${id}`);
      const report = checkReport(result, { title: `Check ${id}`, places: NO_PLACES });
      return {
        data: check,
        ok: report.ok,
        report,
        text: (style) => checkText(style, result, report),
      };
    },
  },
];

async function checkFiles(context: CommandContext, words: Words, retire: readonly string[]) {
  const target = context.target();
  const { subgraphs, places } = await readSubgraphFiles(context, words);
  if (subgraphs.length + retire.length === 0)
    throw usageFailure(
      'Nothing to check: give --subgraph name=file, or name the subgraphs in concord.config.json.',
    );
  const source = await sourceOf(context, words);
  context.progress(
    `Checking ${counted(subgraphs.length + retire.length, 'subgraph')} of ${nameOf(target)} …`,
  );
  const { checkSubgraphs } = await context.registry.ask(CHECK_SCHEMA, {
    input: { target, subgraphs, retire, ...source },
  });
  const check = accepted(checkSubgraphs);
  const title = `Schema check of ${nameOf(target)}`;
  return { check, outcome: check.result, report: checkReport(check.result, { title, places }) };
}

/** Author, commit and context: as told, else as the pipeline or git knows them. */
export async function sourceOf(context: CommandContext, words: Words) {
  const known = await context.provenance();
  return {
    author: words.text('author') ?? known.author,
    commit: words.text('commit') ?? known.commit,
    contextId: words.text('context-id') ?? known.contextId,
  };
}

/** Checks that subgraphs could be taken out. */
export async function checkRetirement(
  context: CommandContext,
  words: Words,
  retire: readonly string[],
): Promise<Outcome> {
  const target = context.target();
  const source = await sourceOf(context, words);
  const { checkSubgraphs } = await context.registry.ask(CHECK_SCHEMA, {
    input: { target, subgraphs: [], retire, ...source },
  });
  const check = accepted(checkSubgraphs);
  const title = `Taking ${retire.join(', ')} out of ${nameOf(target)} (dry run)`;
  const report = checkReport(check.result, { title, places: NO_PLACES });
  return {
    data: check,
    ok: report.ok,
    report,
    text: (style) => checkedText(check, checkText(style, check.result, report)),
  };
}

/** With the check's id, and where changes break somebody, how to ask for a permission. */
function checkedText(
  check: { readonly id: string; readonly result: CheckOutcomePartsFragment },
  text: string,
): string {
  const stands = check.result.changes.some(
    ({ severity, acceptedBy }) => severity === 'BREAKING' && acceptedBy === null,
  );
  const hint =
    !stands || check.result.conclusion === 'PASSED'
      ? ''
      : `\n\nTo ask somebody else to permit what breaks:\n  concord deprecation overrides request --check ${check.id} --reason "…"`;
  return `${text}\nCheck ${check.id}${hint}`;
}
