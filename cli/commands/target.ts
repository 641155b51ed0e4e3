import { newId } from '#kernel/id.ts';
import { instantOf } from '#kernel/clock.ts';
import { answer, choiceOf } from '../command.ts';
import { readTargetName } from '../configuration.ts';
import { usageFailure } from '../failure.ts';
import * as operations from '../operations/target.ts';
import { pairs, table } from '../render/table.ts';
import { accepted, nameOf } from '../reply.ts';
import type { Command, CommandContext, Words } from '../command.ts';

const KINDS = ['PUBLISH', 'SUNSET', 'BOTH'] as const;

export const TARGET_COMMANDS: readonly Command[] = [
  {
    path: 'target list',
    summary: 'List graphs and their targets',
    examples: ['target list'],
    run: listTargets,
  },
  {
    path: 'target create',
    summary: 'Create a graph with its three targets, or a further target of one',
    arguments: [
      { name: '<name>', about: 'a graph such as payroll, or a target such as payroll@acceptance' },
    ],
    options: [{ flags: '--title <text>', about: 'what people call the graph; its name otherwise' }],
    examples: ['target create payroll --title "Payroll"', 'target create payroll@acceptance'],
    run: createTarget,
  },
  {
    path: 'target owners list',
    summary: 'List which team answers for what',
    examples: ['target owners list'],
    run: async (context) => {
      const { owners } = await context.registry.ask(operations.LIST_OWNERS, {
        target: context.target(),
      });
      return answer(owners, (style) =>
        table(style, {
          heads: ['subject', 'team', 'members', 'since'],
          rows: owners.map(({ subject, team, members, setAt }) => [
            subject,
            team,
            members.join(', '),
            setAt,
          ]),
          none: 'Nobody owns anything yet.',
        }),
      );
    },
  },
  {
    path: 'target owners set',
    summary: 'Make a team the owner of a subgraph, type or classification',
    arguments: [
      { name: '<subject>', about: 'subgraph:orders, type:Invoice or classification:bank' },
    ],
    options: [
      { flags: '--team <name>', about: "the team's name", required: true },
      { flags: '--member <id>', about: 'id of one of its people', many: true, required: true },
    ],
    examples: [
      'target owners set type:Invoice --team "Invoice squad" --member architect --member auditor',
    ],
    run: async (context, words) => {
      const input = {
        target: context.target(),
        subject: words.argument('subject'),
        team: words.required('team'),
        members: words.list('member'),
      };
      const { setOwner } = await context.registry.ask(operations.SET_OWNER, { input });
      const owner = accepted(setOwner);
      return answer(owner, (style) => style.good(`${owner.team} answers for ${owner.subject}.`));
    },
  },
  {
    path: 'target owners remove',
    summary: 'Take the owner of a subject away',
    arguments: [{ name: '<subject>', about: 'such as type:Invoice' }],
    examples: ['target owners remove type:Invoice'],
    run: async (context, words) => {
      const input = { target: context.target(), subject: words.argument('subject') };
      const { removeOwner } = await context.registry.ask(operations.REMOVE_OWNER, { input });
      const owner = accepted(removeOwner);
      return answer(owner, (style) => style.good(`Nobody answers for ${owner.subject} any more.`));
    },
  },
  {
    path: 'target freeze list',
    summary: 'List freeze windows that are not over',
    options: [{ flags: '--cancelled', about: 'cancelled ones as well' }],
    examples: ['target freeze list'],
    run: listFreezeWindows,
  },
  {
    path: 'target freeze create',
    summary: 'Announce a time in which nothing is published or no sunset falls',
    options: [
      {
        flags: '--from <instant>',
        about: 'ISO 8601, such as 2026-12-30T18:00:00Z',
        required: true,
      },
      { flags: '--until <instant>', about: 'the first instant after it', required: true },
      { flags: '--reason <text>', about: 'why, for those who run into it', required: true },
      { flags: '--kind <kind>', about: 'publish, sunset or both (the default)' },
    ],
    examples: [
      'target freeze create --from 2026-12-30T18:00:00Z --until 2027-01-05T06:00:00Z --reason "Year-end close"',
    ],
    run: createFreezeWindow,
  },
  {
    path: 'target freeze cancel',
    summary: 'Lift a freeze window',
    arguments: [{ name: '<id>', about: 'id of the window' }],
    examples: ['target freeze cancel 01990f1e-7d4c-7b6a-9d5e-2f1d3c4b5a69'],
    run: async (context, words) => {
      const input = { target: context.target(), id: words.argument('id') };
      const { cancelFreezeWindow } = await context.registry.ask(operations.CANCEL_FREEZE_WINDOW, {
        input,
      });
      const window = accepted(cancelFreezeWindow);
      return answer(window, (style) =>
        style.good(`The freeze window "${window.reason}" is lifted.`),
      );
    },
  },
];

async function listTargets(context: CommandContext) {
  const { graphs } = await context.registry.ask(operations.LIST_TARGETS, {});
  const rows = graphs.flatMap(({ slug: graph, targets }) =>
    targets.map(({ slug, id, current }) => [
      `${graph}@${slug}`,
      current?.version ?? null,
      current === null ? null : String(current.number),
      current?.publishedAt ?? null,
      id,
    ]),
  );
  return answer(graphs, (style) =>
    table(style, {
      heads: ['target', 'version', 'number', 'published', 'id'],
      rows,
      none: 'There is no graph that this token may read as a whole.',
    }),
  );
}

async function createTarget(context: CommandContext, words: Words) {
  const name = words.argument('name');
  if (name.includes('@')) {
    const { createTarget: made } = await context.registry.ask(operations.CREATE_TARGET, {
      input: readTargetName(name),
    });
    const target = accepted(made);
    return answer(target, (style) =>
      style.good(
        `${nameOf({ graph: target.graphSlug, target: target.slug })} is there: ${target.id}`,
      ),
    );
  }
  const input = { slug: name, title: words.text('title') ?? name };
  const { createGraph } = await context.registry.ask(operations.CREATE_GRAPH, { input });
  const graph = accepted(createGraph);
  return answer(graph, (style) =>
    pairs(
      style,
      graph.targets.map(({ slug, id }) => [`${graph.slug}@${slug}`, id]),
    ),
  );
}

async function listFreezeWindows(context: CommandContext, words: Words) {
  const { freezeWindows } = await context.registry.ask(operations.LIST_FREEZE_WINDOWS, {
    target: context.target(),
    includeCancelled: words.flag('cancelled'),
  });
  return answer(freezeWindows, (style) =>
    table(style, {
      heads: ['from', 'until', 'forbids', 'reason', 'by', 'id'],
      rows: freezeWindows.map((window) => [
        window.startsAt,
        window.endsAt,
        window.kind.toLowerCase(),
        window.cancelledAt === null ? window.reason : `(cancelled) ${window.reason}`,
        window.createdBy,
        window.id,
      ]),
      none: 'Nothing is frozen.',
    }),
  );
}

async function createFreezeWindow(context: CommandContext, words: Words) {
  const input = {
    idempotencyKey: newId(context.clock),
    target: context.target(),
    kind: choiceOf(words.text('kind') ?? 'both', KINDS, '--kind'),
    startsAt: readInstant(words.required('from'), '--from'),
    endsAt: readInstant(words.required('until'), '--until'),
    reason: words.required('reason'),
  };
  const { createFreezeWindow: made } = await context.registry.ask(operations.CREATE_FREEZE_WINDOW, {
    input,
  });
  const window = accepted(made);
  return answer(window, (style) =>
    style.good(`Frozen from ${window.startsAt} until ${window.endsAt}: ${window.id}`),
  );
}

/** Reads an instant with its offset: a local time would mean another instant on each machine. */
export function readInstant(text: string, option: string): string {
  try {
    if (/(Z|[+-]\d\d:\d\d)$/.test(text)) return instantOf(text).toISOString();
  } catch {
    // Told below.
  }
  throw usageFailure(`${option} takes an instant such as 2026-12-30T18:00:00Z, not "${text}".`);
}
