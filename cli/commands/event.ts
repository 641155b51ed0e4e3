import { answer, choiceOf } from '../command.ts';
import { notThere, usageFailure } from '../failure.ts';
import {
  CHECK_EVENTS,
  LIST_EVENTS,
  PUBLISH_EVENTS,
  READ_ASYNC_API,
  READ_EVENT,
  RETIRE_EVENT,
} from '../operations/event.ts';
import { eventReport, eventText } from '../render/event-text.ts';
import { blocks, pairs, table } from '../render/table.ts';
import { accepted, found, nameOf } from '../reply.ts';
import { splitPair } from '../subgraph-files.ts';
import { SOURCE_OPTIONS, sourceOf } from './schema-check.ts';
import type { Command, CommandContext, Option, Outcome, Words } from '../command.ts';
import type { EventOutcomePartsFragment, ListEventsQuery } from '../generated.ts';

const DIRECTIONS = ['OUTBOUND', 'INBOUND'] as const;
const PAGE = 100;
/** A target with more subjects than this is none that somebody reads in a terminal. */
const PAGES_MAX = 50;
const OPTIONS: readonly Option[] = [
  {
    flags: '--event <subject=file>',
    about: 'a subject and the file with its JSON Schema',
    many: true,
    required: true,
  },
  { flags: '--owner <team>', about: 'the team or room that answers for them', required: true },
  { flags: '--direction <way>', about: 'outbound (ours, the default) or inbound' },
];

export const EVENT_COMMANDS: readonly Command[] = [
  {
    path: 'event check',
    summary: 'Check what publishing the schemas of events would do',
    options: OPTIONS,
    examples: ['event check --event concord.invoice.captured.v1=./captured.json --owner invoices'],
    reports: true,
    run: async (context, words) => {
      const { contracts, fileOf } = await readContracts(context, words);
      const target = context.target();
      const { checkEventContracts } = await context.registry.ask(CHECK_EVENTS, {
        input: { target, contracts },
      });
      const check = accepted(checkEventContracts);
      const title = `Event check of ${nameOf(target)}`;
      return eventOutcome(check, { title, fileOf, ok: check.conclusion === 'PASSED' });
    },
  },
  {
    path: 'event publish',
    summary: 'Publish the schemas of events, all of them or none',
    options: [...OPTIONS, ...SOURCE_OPTIONS],
    examples: [
      'event publish --event concord.invoice.captured.v1=./captured.json --owner invoices',
      'event publish --event erp.payment.booked.v1=./booked.json --owner integration --direction inbound',
    ],
    reports: true,
    run: async (context, words) => {
      const { contracts, fileOf } = await readContracts(context, words);
      const target = context.target();
      const { author, commit } = await sourceOf(context, words);
      const { publishEventContracts } = await context.registry.ask(PUBLISH_EVENTS, {
        input: { target, contracts, author, commit },
      });
      const title = `Event publication to ${nameOf(target)}`;
      const isFailed = publishEventContracts.__typename === 'EventCheckFailedProblem';
      const said = isFailed ? publishEventContracts : accepted(publishEventContracts);
      return eventOutcome(said, { title, fileOf, ok: !isFailed });
    },
  },
  {
    path: 'event list',
    summary: 'List the event contracts of a target',
    options: [
      { flags: '--direction <way>', about: 'only outbound or inbound ones' },
      { flags: '--retired', about: 'retired ones as well' },
    ],
    examples: ['event list', 'event list --direction inbound --retired'],
    run: listEvents,
  },
  {
    path: 'event show',
    summary: 'Show an event contract with its schema and versions',
    arguments: [{ name: '<subject>', about: 'such as concord.invoice.captured.v1' }],
    examples: ['event show concord.invoice.captured.v1'],
    run: showEvent,
  },
  {
    path: 'event asyncapi',
    summary: 'Print the event contracts as an AsyncAPI 3 document',
    examples: ['event asyncapi --output asyncapi.json'],
    run: async (context) => {
      const target = context.target();
      const { asyncApi } = await context.registry.ask(READ_ASYNC_API, { target });
      if (asyncApi === null) throw notThere(`${nameOf(target)} has no event contracts.`);
      return { data: JSON.parse(asyncApi) as unknown, ok: true, raw: asyncApi };
    },
  },
  {
    path: 'event retire',
    summary: 'Take an event contract out of what is current',
    arguments: [{ name: '<subject>', about: 'such as concord.invoice.captured.v1' }],
    options: [{ flags: '--dry-run', about: 'only show what it would do' }],
    examples: ['event retire concord.invoice.captured.v1 --dry-run'],
    run: async (context, words) => {
      const input = {
        target: context.target(),
        subject: words.argument('subject'),
        dryRun: words.flag('dry-run'),
      };
      const { retireEventContract } = await context.registry.ask(RETIRE_EVENT, { input });
      const retirement = accepted(retireEventContract);
      const verb = input.dryRun ? 'would be' : retirement.changed ? 'is' : 'was already';
      return answer(retirement, () =>
        [
          `${retirement.contract.subject} ${verb} retired.`,
          `Coordinates that may be removed then: ${retirement.freed.join(', ') || 'none'}.`,
        ].join('\n'),
      );
    },
  },
];

async function readContracts(context: CommandContext, words: Words) {
  const named = words.list('event').map((word) => splitPair(word, '--event'));
  const owner = words.required('owner');
  const direction = choiceOf(words.text('direction') ?? 'outbound', DIRECTIONS, '--direction');
  if (named.length === 0) throw usageFailure('--event is missing.');
  const contracts = await Promise.all(
    named.map(async ({ name, value }) => ({
      subject: name,
      owner,
      direction,
      schema: await context.readText(value),
    })),
  );
  return { contracts, fileOf: new Map(named.map(({ name, value }) => [name, value])) };
}

function eventOutcome(
  said: { readonly outcomes: readonly EventOutcomePartsFragment[] },
  named: { title: string; fileOf: ReadonlyMap<string, string>; ok: boolean },
): Outcome {
  const report = eventReport(said.outcomes, named);
  return {
    data: said,
    ok: named.ok,
    report,
    text: (style) => eventText(style, said.outcomes, report),
  };
}

async function listEvents(context: CommandContext, words: Words) {
  const target = context.target();
  const way = words.text('direction');
  const direction = way === null ? null : choiceOf(way, DIRECTIONS, '--direction');
  const includeRetired = words.flag('retired');
  const contracts: ListEventsQuery['eventContracts'][number][] = [];
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const after = contracts.at(-1)?.subject ?? null;
    const { eventContracts } = await context.registry.ask(LIST_EVENTS, {
      target,
      direction,
      includeRetired,
      first: PAGE,
      after,
    });
    contracts.push(...eventContracts);
    if (eventContracts.length < PAGE) break;
  }
  return answer(contracts, (style) =>
    table(style, {
      heads: ['subject', 'version', 'owner', 'direction', 'compatibility', 'published'],
      rows: contracts.map((contract) => [
        contract.retiredAt === null ? contract.subject : `${contract.subject} (retired)`,
        contract.current.version,
        contract.owner,
        contract.direction.toLowerCase(),
        `${contract.compatibility.toLowerCase()}, ${contract.openness.toLowerCase()}`,
        contract.current.publishedAt,
      ]),
      none: 'There are no event contracts.',
    }),
  );
}

async function showEvent(context: CommandContext, words: Words) {
  const subject = words.argument('subject');
  const { eventContract } = await context.registry.ask(READ_EVENT, {
    target: context.target(),
    subject,
  });
  const contract = found(eventContract, `event contract "${subject}"`);
  return answer(contract, (style) =>
    blocks(
      pairs(style, [
        ['subject', contract.subject],
        ['owner', contract.owner],
        ['direction', contract.direction.toLowerCase()],
        [
          'compatibility',
          `${contract.compatibility.toLowerCase()}, ${contract.openness.toLowerCase()}`,
        ],
        ['retired', contract.retiredAt],
      ]),
      contract.current.schema.trimEnd(),
      table(style, {
        heads: ['number', 'version', 'published', 'by', 'commit'],
        rows: contract.versions.map((version) => [
          String(version.number),
          version.version,
          version.publishedAt,
          version.author ?? version.publishedBy,
          version.commit,
        ]),
        none: '',
      }),
    ),
  );
}
