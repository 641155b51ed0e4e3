import { DAY_MS, shifted } from '#kernel/clock.ts';
import { answer, choiceOf } from '../command.ts';
import * as operations from '../operations/access.ts';
import { blocks, pairs, table } from '../render/table.ts';
import { accepted } from '../reply.ts';
import type { Command, CommandContext, Words } from '../command.ts';
import type { ListTokensQuery, RegistryAction, TokenPartsFragment } from '../generated.ts';

const ACTIONS: readonly RegistryAction[] = [
  'SCHEMA_READ',
  'SCHEMA_CHECK',
  'SCHEMA_PUBLISH',
  'SCHEMA_DELETE',
  'SCHEMA_PROMOTE',
  'SCHEMA_PROPOSE',
  'SCHEMA_REVIEW',
  'SCHEMA_GOVERN',
  'EVENT_PUBLISH',
  'APP_PUBLISH',
  'ARTIFACT_READ',
  'USAGE_REPORT',
];
const PAGE = 100;
/** A graph has a token per pipeline and gateway; nobody reads through more in a terminal. */
const PAGES_MAX = 50;

export const ACCESS_COMMANDS: readonly Command[] = [
  {
    path: 'target tokens create',
    summary: 'Make a token; it is shown this once',
    options: [
      { flags: '--title <text>', about: 'what it is for', required: true },
      {
        flags: '--action <name>',
        about: 'what it may do, such as schema:check',
        many: true,
        required: true,
      },
      { flags: '--days <count>', about: 'for how many days, 1 to 400; 90 otherwise' },
      { flags: '--subgraph <name>', about: 'only this subgraph may be changed with it' },
      { flags: '--whole-graph', about: 'for all targets of the graph' },
    ],
    examples: [
      'target tokens create --title "orders pipeline" --action schema:read --action schema:check --action schema:publish --subgraph orders',
      'target tokens create --title "gateway" --action artifact:read --action usage:report --days 365',
    ],
    run: createToken,
  },
  {
    path: 'target tokens list',
    summary: 'List the tokens of the graph',
    options: [{ flags: '--all', about: 'revoked and expired ones as well' }],
    examples: ['target tokens list'],
    run: listTokens,
  },
  {
    path: 'target tokens revoke',
    summary: 'Make a token worthless from now on',
    arguments: [{ name: '<id>', about: 'id of the token' }],
    examples: ['target tokens revoke 01990f1e-7d4c-7b6a-9d5e-2f1d3c4b5a69'],
    run: async (context, words) => {
      const { revokeToken } = await context.registry.ask(operations.REVOKE_TOKEN, {
        id: words.argument('id'),
      });
      const token = accepted(revokeToken);
      return answer(token, (style) => style.good(`The token "${token.title}" is revoked.`));
    },
  },
  {
    path: 'target keys list',
    summary: 'List the keys that artefacts and the history are signed with',
    options: [
      { flags: '--published', about: 'as the registry publishes them, to be kept and trusted' },
    ],
    examples: ['target keys list', 'target keys list --published --output keys.json'],
    run: listKeys,
  },
  {
    path: 'target keys rotate',
    summary: 'Make a new signing key, endorsed by the one before',
    options: [{ flags: '--reason <text>', about: 'why, for the history', required: true }],
    examples: ['target keys rotate --reason "Yearly rotation"'],
    run: async (context, words) => {
      const { rotateSigningKey } = await context.registry.ask(operations.ROTATE_KEY, {
        input: { reason: words.required('reason') },
      });
      const key = accepted(rotateSigningKey);
      return answer(key, (style) => style.good(`Signed is with ${key.kid} from now on.`));
    },
  },
];

async function createToken(context: CommandContext, words: Words) {
  const { graph, target } = context.target();
  const days = words.count('days', { min: 1, max: 400, fallback: 90 });
  const input = {
    title: words.required('title'),
    graph,
    target: words.flag('whole-graph') ? null : target,
    subgraph: words.text('subgraph'),
    actions: words
      .list('action')
      .map((action) => choiceOf(action.replace(':', '-'), ACTIONS, '--action')),
    expiresAt: shifted(context.clock.now(), days * DAY_MS).toISOString(),
  };
  const { createToken: made } = await context.registry.ask(operations.CREATE_TOKEN, { input });
  const { token, accessToken } = accepted(made);
  context.progress('The token is shown this once; keep it where secrets are kept.');
  return answer({ token, accessToken }, (style) =>
    blocks(
      token,
      pairs(style, [
        ['id', accessToken.id],
        ['for', placeOf(accessToken)],
        ['may', accessToken.actions.map(actionName).join(' ')],
        ['until', accessToken.expiresAt],
      ]),
    ),
  );
}

async function listTokens(context: CommandContext, words: Words) {
  const { graph } = context.target();
  const tokens: TokenPartsFragment[] = [];
  let after: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const asked: ListTokensQuery = await context.registry.ask(operations.LIST_TOKENS, {
      graph,
      first: PAGE,
      after,
    });
    tokens.push(...asked.tokens.nodes);
    after = asked.tokens.pageInfo.endCursor;
    if (!asked.tokens.pageInfo.hasNextPage) break;
  }
  const now = context.clock.now().toISOString();
  const shown = tokens.filter(
    ({ revokedAt, expiresAt }) => words.flag('all') || (revokedAt === null && expiresAt > now),
  );
  return answer(shown, (style) =>
    table(style, {
      heads: ['title', 'ends with', 'for', 'may', 'until', 'last used', 'id'],
      rows: shown.map((token) => [
        token.title,
        `…${token.hint}`,
        placeOf(token),
        token.actions.map(actionName).join(' '),
        token.revokedAt === null ? token.expiresAt : `revoked ${token.revokedAt}`,
        token.lastUsedAt,
        token.id,
      ]),
      none: 'There are no tokens.',
    }),
  );
}

async function listKeys(context: CommandContext, words: Words) {
  if (words.flag('published')) {
    const file = await context.registry.get('/.well-known/concord-keys.json', { anonymous: true });
    const raw = await file.text();
    return { data: JSON.parse(raw) as unknown, ok: true, raw };
  }
  const { signingKeys } = await context.registry.ask(operations.LIST_KEYS, {});
  return answer(signingKeys, (style) =>
    table(style, {
      heads: ['key', 'state', 'made', 'endorsed by'],
      rows: signingKeys.map(({ kid, state, createdAt, endorsedBy }) => [
        kid,
        state.toLowerCase(),
        createdAt,
        endorsedBy,
      ]),
      none: 'There are no keys.',
    }),
  );
}

/** `SCHEMA_READ` is `schema:read` everywhere else. */
function actionName(action: RegistryAction): string {
  return action.toLowerCase().replace('_', ':');
}

function placeOf({ graph, target, subgraph }: TokenPartsFragment): string {
  return `${graph}@${target ?? '*'}${subgraph === null ? '' : ` ${subgraph}`}`;
}
