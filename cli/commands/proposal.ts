import { newId } from '#kernel/id.ts';
import { answer, choiceOf, wholeNumber } from '../command.ts';
import { usageFailure } from '../failure.ts';
import * as operations from '../operations/proposal.ts';
import { proposalText } from '../render/proposal-text.ts';
import { table } from '../render/table.ts';
import { accepted, found } from '../reply.ts';
import { readSubgraphFiles, SUBGRAPH_OPTIONS } from '../subgraph-files.ts';
import type { Argument, Command, CommandContext, Option, Words } from '../command.ts';
import type {
  CloseProposalMutation,
  CommentOnProposalMutation,
  CreateProposalMutation,
  OpenProposalMutation,
  ReviseProposalMutation,
  SignProposalOffMutation,
} from '../generated.ts';
import type { Operation } from '../operation.ts';

type ChangedProposal = (
  | CloseProposalMutation
  | CommentOnProposalMutation
  | CreateProposalMutation
  | OpenProposalMutation
  | ReviseProposalMutation
  | SignProposalOffMutation
)['answer'];

const STATES = [
  'DRAFT',
  'OPEN',
  'CHANGES_REQUESTED',
  'SIGNED_OFF',
  'IMPLEMENTED',
  'CLOSED',
] as const;
const NUMBER: Argument = { name: '<number>', about: "the proposal's number" };
const RETIRE: Option = {
  flags: '--retire <name>',
  about: 'a subgraph that is taken out',
  many: true,
};
const REVISION: Option = {
  flags: '--revision <number>',
  about: 'the revision that was read, so that another one is not reviewed unseen',
  required: true,
};
const COORDINATES: Option = {
  flags: '--coordinate <coordinate>',
  about: 'only this, such as Invoice.total; the whole revision otherwise',
  many: true,
};

export const PROPOSAL_COMMANDS: readonly Command[] = [
  {
    path: 'proposal create',
    summary: 'Propose a change as a draft',
    options: [
      { flags: '--title <text>', about: 'what it is about', required: true },
      { flags: '--description <text>', about: 'what it is for' },
      ...SUBGRAPH_OPTIONS,
      RETIRE,
    ],
    examples: [
      'proposal create --title "Totals get a currency" --subgraph invoices=./invoices.graphql',
    ],
    run: async (context, words) => {
      const input = {
        ...(await contentOf(context, words)),
        title: words.required('title'),
        description: words.text('description') ?? '',
      };
      return change(context, operations.CREATE_PROPOSAL, input);
    },
  },
  {
    path: 'proposal revise',
    summary: 'Propose something else under the same number; all reviews are asked for anew',
    arguments: [NUMBER],
    options: [
      { flags: '--summary <text>', about: 'what is different', required: true },
      ...SUBGRAPH_OPTIONS,
      RETIRE,
    ],
    examples: [
      'proposal revise 7 --summary "The currency is required" --subgraph invoices=./invoices.graphql',
    ],
    run: async (context, words) => {
      const { number, version } = await readKnown(context, words);
      const content = await contentOf(context, words);
      const input = {
        ...content,
        number,
        expectedVersion: version,
        summary: words.required('summary'),
      };
      return change(context, operations.REVISE_PROPOSAL, input);
    },
  },
  {
    path: 'proposal open',
    summary: 'Ask for reviews of a draft',
    arguments: [NUMBER],
    examples: ['proposal open 7'],
    run: async (context, words) => {
      const { number, version } = await readKnown(context, words);
      const input = { ...requestOf(context), number, expectedVersion: version };
      return change(context, operations.OPEN_PROPOSAL, input);
    },
  },
  {
    path: 'proposal list',
    summary: 'List proposals, newest first',
    options: [
      { flags: '--state <state>', about: 'such as open or signed-off', many: true },
      { flags: '--first <count>', about: 'how many, 1 to 100' },
    ],
    examples: ['proposal list', 'proposal list --state open --state changes-requested'],
    run: listProposals,
  },
  {
    path: 'proposal show',
    summary: 'Show a proposal: what it touches, what is missing, what was said',
    arguments: [NUMBER],
    examples: ['proposal show 7'],
    run: async (context, words) => {
      const number = numberOf(words);
      const { proposal } = await context.registry.ask(operations.READ_PROPOSAL, {
        target: context.target(),
        number,
      });
      const shown = found(proposal, `proposal ${number}`);
      return answer(shown, (style) => proposalText(style, shown));
    },
  },
  {
    path: 'proposal sign-off',
    summary: "Sign another author's revision off",
    arguments: [NUMBER],
    options: [REVISION, COORDINATES, { flags: '--comment <text>', about: 'what is said to it' }],
    examples: [
      'proposal sign-off 7 --revision 2',
      'proposal sign-off 7 --revision 2 --coordinate Invoice.total',
    ],
    run: (context, words) =>
      change(context, operations.SIGN_PROPOSAL_OFF, {
        ...reviewOf(context, words),
        comment: words.text('comment') ?? '',
      }),
  },
  {
    path: 'proposal request-changes',
    summary: "Ask for changes of another author's revision",
    arguments: [NUMBER],
    options: [
      REVISION,
      COORDINATES,
      { flags: '--comment <text>', about: 'which changes', required: true },
    ],
    examples: ['proposal request-changes 7 --revision 2 --comment "Keep total until March."'],
    run: (context, words) =>
      change(context, operations.REQUEST_CHANGES, {
        ...reviewOf(context, words),
        comment: words.required('comment'),
      }),
  },
  {
    path: 'proposal comment',
    summary: 'Say something to a proposal',
    arguments: [NUMBER],
    options: [
      { flags: '--body <text>', about: 'what is said', required: true },
      { flags: '--coordinate <coordinate>', about: 'what a new thread is about' },
      { flags: '--thread <id>', about: 'the thread that is answered' },
    ],
    examples: ['proposal comment 7 --body "Treasury reads it too." --coordinate Invoice.total'],
    run: (context, words) =>
      change(context, operations.COMMENT_ON_PROPOSAL, {
        ...requestOf(context),
        number: numberOf(words),
        threadId: words.text('thread'),
        coordinate: words.text('coordinate'),
        body: words.required('body'),
      }),
  },
  {
    path: 'proposal close',
    summary: 'Give a proposal up',
    arguments: [NUMBER],
    options: [{ flags: '--reason <text>', about: 'why', required: true }],
    examples: ['proposal close 7 --reason "The portal is replaced first."'],
    run: async (context, words) => {
      const { number, version } = await readKnown(context, words);
      const reason = words.required('reason');
      const input = { ...requestOf(context), number, expectedVersion: version, reason };
      return change(context, operations.CLOSE_PROPOSAL, input);
    },
  },
];

/** Every mutation of a proposal answers it or a problem, under the same name. */
async function change<Input>(
  context: CommandContext,
  operation: Operation<{ readonly answer: ChangedProposal }, { input: Input }>,
  input: Input,
) {
  const answered = await context.registry.ask(operation, { input });
  const proposal = accepted(answered.answer);
  return answer(proposal, (style) => proposalText(style, proposal));
}

function requestOf(context: CommandContext) {
  return { idempotencyKey: newId(context.clock), target: context.target() };
}

async function contentOf(context: CommandContext, words: Words) {
  const { subgraphs } = await readSubgraphFiles(context, words);
  const retire = words.list('retire');
  if (subgraphs.length + retire.length === 0)
    throw usageFailure('Nothing to propose: give --subgraph name=file or --retire name.');
  const contracts = subgraphs.map(({ subgraph, sdl, url }) => ({ subgraph, sdl, url }));
  return { ...requestOf(context), contracts, retire };
}

function reviewOf(context: CommandContext, words: Words) {
  const revision = wholeNumber(words.required('revision'), {
    what: '--revision',
    min: 1,
    max: 200,
  });
  const coordinates = words.list('coordinate');
  return { ...requestOf(context), number: numberOf(words), revision, coordinates };
}

function numberOf(words: Words): number {
  return wholeNumber(words.argument('number'), { what: '<number>', min: 1, max: 2 ** 31 - 1 });
}

async function readKnown(context: CommandContext, words: Words) {
  const number = numberOf(words);
  const { proposal } = await context.registry.ask(operations.READ_PROPOSAL_VERSION, {
    target: context.target(),
    number,
  });
  return { number, version: found(proposal, `proposal ${number}`).version };
}

async function listProposals(context: CommandContext, words: Words) {
  const states = words.list('state').map((state) => choiceOf(state, STATES, '--state'));
  const { proposals } = await context.registry.ask(operations.LIST_PROPOSALS, {
    target: context.target(),
    states: states.length === 0 ? null : states,
    last: words.count('first', { min: 1, max: 100, fallback: 20 }),
  });
  const newestFirst = proposals.nodes.toReversed();
  return answer(newestFirst, (style) =>
    table(style, {
      heads: ['number', 'state', 'title', 'author', 'revision', 'check', 'changed'],
      rows: newestFirst.map((proposal) => [
        String(proposal.number),
        proposal.state.toLowerCase().replace('_', ' '),
        proposal.title,
        proposal.authorName,
        String(proposal.revision.number),
        proposal.revision.passed ? 'passed' : 'failed',
        proposal.updatedAt,
      ]),
      none: 'There are no proposals.',
    }),
  );
}
