import { answer } from '../command.ts';
import { LIST_DEPRECATIONS } from '../operations/deprecation.ts';
import { table } from '../render/table.ts';
import { found, targetText } from '../reply.ts';
import type { Command, CommandContext, Words } from '../command.ts';

export const DEPRECATION_COMMANDS: readonly Command[] = [
  {
    path: 'deprecation list',
    summary: 'Show the sunset calendar: what goes when, and what stands against it',
    options: [{ flags: '--ended', about: 'those that ended as well' }],
    examples: ['deprecation list', 'deprecation list --ended --format json'],
    run: listDeprecations,
  },
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
