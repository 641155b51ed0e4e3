import { answer, wholeNumber } from '../command.ts';
import {
  LIST_CLIENTS,
  PIN_CLIENT,
  READ_CLIENT,
  READ_COVERAGE,
  RETIRE_GATEWAY,
  UNPIN_CLIENT,
} from '../operations/client.ts';
import { blocks, pairs, table } from '../render/table.ts';
import { accepted, found, targetText } from '../reply.ts';
import type { Argument, Command, CommandContext, Option, Words } from '../command.ts';
import type { ListClientsQuery } from '../generated.ts';

const PAGE = 100;
/** More clients than this are a mistake of somebody who names them by the second. */
const PAGES_MAX = 50;
const DAYS_RANGE = { min: 1, max: 400, fallback: 30 };
const NAME: Argument = { name: '<client>', about: 'the name that the client gives itself' };
const REASON: Option = { flags: '--reason <text>', about: 'why', required: true };
const DAYS: Option = {
  flags: '--days <count>',
  about: 'how many days back, 1 to 400; 30 otherwise',
};

export const CLIENT_COMMANDS: readonly Command[] = [
  {
    path: 'client list',
    summary: 'List the clients that were seen or pinned',
    examples: ['client list'],
    run: listClients,
  },
  {
    path: 'client show',
    summary: 'Show what a client still uses',
    arguments: [NAME],
    options: [DAYS, { flags: '--deprecated', about: 'only what is deprecated' }],
    examples: ['client show portal --deprecated', 'client show portal --days 90'],
    run: showClient,
  },
  {
    path: 'client pin',
    summary: 'Keep a client on a major version',
    arguments: [NAME],
    options: [{ flags: '--major <number>', about: 'the major version', required: true }, REASON],
    examples: ['client pin portal --major 1 --reason "Moves after period close."'],
    run: async (context, words) => {
      const major = wholeNumber(words.required('major'), {
        what: '--major',
        min: 0,
        max: 1_000_000,
      });
      const target = context.target();
      const input = {
        target,
        client: words.argument('client'),
        major,
        reason: words.required('reason'),
      };
      const { pinClient } = await context.registry.ask(PIN_CLIENT, { input });
      const pin = accepted(pinClient);
      return answer(pin, (style) =>
        style.good(`${pin.client} stays on major version ${pin.major}.`),
      );
    },
  },
  {
    path: 'client unpin',
    summary: 'Let a client go on with the newest version',
    arguments: [NAME],
    options: [REASON],
    examples: ['client unpin portal --reason "It moved."'],
    run: async (context, words) => {
      const client = words.argument('client');
      const input = { target: context.target(), client, reason: words.required('reason') };
      const { unpinClient } = await context.registry.ask(UNPIN_CLIENT, { input });
      const unpinned = accepted(unpinClient);
      return answer(unpinned, (style) =>
        style.good(`${unpinned.client} follows the newest version.`),
      );
    },
  },
  {
    path: 'client gateways',
    summary: 'Show which gateways report usage, and which days are covered',
    options: [DAYS],
    examples: ['client gateways', 'client gateways --days 90'],
    run: showCoverage,
  },
  {
    path: 'client retire-gateway',
    summary: 'Expect no more reports of a gateway that is gone',
    arguments: [{ name: '<gateway>', about: 'its name, as "client gateways" shows it' }],
    options: [REASON],
    examples: ['client retire-gateway eu-west-1 --reason "Taken down on Monday."'],
    run: async (context, words) => {
      const gateway = words.argument('gateway');
      const input = { target: context.target(), gateway, reason: words.required('reason') };
      const { retireGateway } = await context.registry.ask(RETIRE_GATEWAY, { input });
      const retired = accepted(retireGateway);
      return answer(retired, (style) =>
        style.good(`${retired.gateway} is not expected to report since ${retired.retiredAt}.`),
      );
    },
  },
];

async function listClients(context: CommandContext) {
  const target = context.target();
  const clients: NonNullable<ListClientsQuery['clients']>[number][] = [];
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const after = clients.at(-1)?.name ?? null;
    const asked = await context.registry.ask(LIST_CLIENTS, { target, first: PAGE, after });
    const more = found(asked.clients, targetText(target));
    clients.push(...more);
    if (more.length < PAGE) break;
  }
  return answer(clients, (style) =>
    table(style, {
      heads: ['client', 'versions', 'last seen', 'pinned to'],
      rows: clients.map(({ name, versions, lastSeenAt, pin }) => [
        name,
        versions.map(({ version }) => version).join(', '),
        lastSeenAt,
        pin === null ? null : `major ${pin.major}`,
      ]),
      none: 'No client was seen yet.',
    }),
  );
}

async function showClient(context: CommandContext, words: Words) {
  const name = words.argument('client');
  const asked = await context.registry.ask(READ_CLIENT, {
    target: context.target(),
    name,
    days: words.count('days', DAYS_RANGE),
    deprecatedOnly: words.flag('deprecated'),
  });
  const client = found(asked.client, `client "${name}"`);
  const { pin } = client;
  return answer(client, (style) =>
    blocks(
      pairs(style, [
        ['client', client.name],
        ['last seen', client.lastSeenAt],
        ['versions', client.versions.map(({ version }) => version).join(', ')],
        ['pinned', pin === null ? null : `major ${pin.major}, by ${pin.pinnedBy}: ${pin.reason}`],
      ]),
      table(style, {
        heads: ['still uses', 'requests', 'last used', 'versions', 'deprecated'],
        rows: client.stillUses.map((use) => [
          use.coordinate,
          String(use.requests),
          use.lastSeenAt,
          use.versions.join(', '),
          use.deprecationReason,
        ]),
        none: 'It used nothing within these days.',
      }),
    ),
  );
}

async function showCoverage(context: CommandContext, words: Words) {
  const target = context.target();
  const { reportingCoverage } = await context.registry.ask(READ_COVERAGE, {
    target,
    days: words.count('days', DAYS_RANGE),
  });
  const coverage = found(reportingCoverage, targetText(target));
  const missing = coverage.days.filter(({ state }) => state === 'MISSING');
  return answer(coverage, (style) =>
    blocks(
      pairs(style, [
        ['covered days', `${coverage.days.length - missing.length} of ${coverage.days.length}`],
        ['without a gap since', coverage.coveredSince],
        ['output fields only', coverage.outputFieldsOnly ? 'yes' : 'no'],
      ]),
      table(style, {
        heads: ['gateway', 'first report', 'last report', 'retired'],
        rows: coverage.gateways.map(({ gateway, firstSeenAt, lastSeenAt, retiredAt }) => [
          gateway,
          firstSeenAt,
          lastSeenAt,
          retiredAt,
        ]),
        none: 'No gateway ever reported.',
      }),
    ),
  );
}
