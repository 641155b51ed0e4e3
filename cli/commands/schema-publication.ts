import { NO_PLACES } from '../coordinate-place.ts';
import { usageFailure } from '../failure.ts';
import { PROMOTE_SCHEMA, PUBLISH_SCHEMA, ROLL_SCHEMA_BACK } from '../operations/schema.ts';
import { checkReport, checkText } from '../render/check-text.ts';
import { readTargetName } from '../configuration.ts';
import { counted } from '../render/style.ts';
import { accepted, nameOf } from '../reply.ts';
import { readSubgraphFiles, STATED_VERSION_OPTION, SUBGRAPH_OPTIONS } from '../subgraph-files.ts';
import { checkRetirement, SOURCE_OPTIONS, sourceOf } from './schema-check.ts';
import { versionIdOf } from './schema-version.ts';
import type { Command, CommandContext, Outcome } from '../command.ts';
import type { Places } from '../coordinate-place.ts';
import type {
  ChangeSubgraphsInput,
  CheckOutcomePartsFragment,
  PublishedPartsFragment,
} from '../generated.ts';
import type { Style } from '../render/style.ts';

export const SCHEMA_PUBLICATION_COMMANDS: readonly Command[] = [
  {
    path: 'schema publish',
    summary: 'Publish subgraphs together, if they pass their check',
    options: [...SUBGRAPH_OPTIONS, STATED_VERSION_OPTION, ...SOURCE_OPTIONS],
    examples: [
      'schema publish --subgraph orders=./orders.graphql',
      'schema publish --subgraph orders=./orders.graphql --url orders=http://orders:4001/graphql',
      'schema publish --subgraph orders=./orders.graphql --as-version orders=2.0.0',
    ],
    reports: true,
    run: async (context, words) => {
      const { subgraphs, places } = await readSubgraphFiles(context, words);
      if (subgraphs.length === 0)
        throw usageFailure(
          'Nothing to publish: give --subgraph name=file, or name the subgraphs in concord.config.json.',
        );
      const target = context.target();
      const { author, commit } = await sourceOf(context, words);
      context.progress(
        `Publishing ${counted(subgraphs.length, 'subgraph')} to ${nameOf(target)} …`,
      );
      const published = await publish(context, { target, subgraphs, retire: [], author, commit });
      return publicationOutcome(published, `Publication to ${nameOf(target)}`, places);
    },
  },
  {
    path: 'schema delete',
    aliases: ['retire'],
    summary: 'Take subgraphs out, if that breaks nobody',
    arguments: [{ name: '<subgraph>', about: 'name of the subgraph' }],
    options: [{ flags: '--dry-run', about: 'only show what it would break' }, ...SOURCE_OPTIONS],
    examples: ['schema delete shipping --dry-run', 'schema delete shipping'],
    reports: true,
    run: async (context, words) => {
      const subgraph = words.argument('subgraph');
      if (words.flag('dry-run')) return checkRetirement(context, words, [subgraph]);
      const target = context.target();
      const { author, commit } = await sourceOf(context, words);
      const change = { target, subgraphs: [], retire: [subgraph], author, commit };
      const title = `Taking ${subgraph} out of ${nameOf(target)}`;
      return publicationOutcome(await publish(context, change), title);
    },
  },
  {
    path: 'schema promote',
    summary: "Make another target's version current here, if it passes the check",
    options: [
      { flags: '--from <graph@target>', about: 'the target whose current version is taken' },
      { flags: '--from-version <id>', about: 'id of the version that is taken, instead of --from' },
    ],
    examples: ['schema promote --from finance@staging --graph finance@production'],
    reports: true,
    run: async (context, words) => {
      const from = words.text('from');
      const fromVersion = words.text('from-version');
      if ((from === null) === (fromVersion === null))
        throw usageFailure('Give either --from or --from-version.');
      const to = context.target();
      const input = from === null ? { fromVersion, to } : { from: readTargetName(from), to };
      const { promoteVersion } = await context.registry.ask(PROMOTE_SCHEMA, { input });
      return publicationOutcome(promoteVersion, `Promotion to ${nameOf(to)}`);
    },
  },
  {
    path: 'schema rollback',
    summary: 'Serve an older version again, at once',
    options: [
      {
        flags: '--to <version>',
        about: 'number, semantic version or id of the older version',
        required: true,
      },
      { flags: '--reason <text>', about: 'why, for the history', required: true },
    ],
    examples: ['schema rollback --to 41 --reason "The portal shows no totals."'],
    reports: true,
    run: async (context, words) => {
      const target = context.target();
      const version = await versionIdOf(context, words.required('to'));
      const { rollbackVersion } = await context.registry.ask(ROLL_SCHEMA_BACK, {
        input: { target, version, reason: words.required('reason') },
      });
      return publicationOutcome(rollbackVersion, `Rollback of ${nameOf(target)}`);
    },
  },
];

async function publish(
  context: CommandContext,
  input: ChangeSubgraphsInput,
): Promise<PublishedPartsFragment> {
  const { publishSubgraphs } = await context.registry.ask(PUBLISH_SCHEMA, { input });
  return publishSubgraphs;
}

/** What became current, or the check that it failed; other refusals end the command. */
function publicationOutcome(
  published: PublishedPartsFragment,
  title: string,
  places: Places = NO_PLACES,
): Outcome {
  const isFailed = published.__typename === 'CheckFailedProblem';
  const said = isFailed ? published : accepted(published);
  // A rollback is served although it breaks clients: its check only tells whom.
  const report = { ...checkReport(said.result, { title, places }), ok: !isFailed };
  const head = (style: Style): string =>
    'version' in said ? servedText(style, said) : style.bad('Nothing was published.');
  return {
    data: published,
    ok: !isFailed,
    report,
    text: (style) => `${checkText(style, toldOutcome(said), report)}\n\n${head(style)}`,
  };
}

/** What is served again keeps its version: the one that a publication of it would have had is not told. */
function toldOutcome({
  result,
  version,
}: {
  readonly result: CheckOutcomePartsFragment;
  readonly version?: Extract<PublishedPartsFragment, { __typename: 'Publication' }>['version'];
}): CheckOutcomePartsFragment {
  return version?.cause === 'ROLLBACK'
    ? { ...result, supergraphVersion: version.version, subgraphVersions: [] }
    : result;
}

function servedText(
  style: Style,
  { version, changed }: Extract<PublishedPartsFragment, { __typename: 'Publication' }>,
): string {
  const name = `${version.version} (number ${version.number}, ${version.id})`;
  return changed
    ? style.good(`Served now: version ${name}`)
    : `Everything was current already; served is still version ${name}`;
}
