import { newId } from '#kernel/id.ts';
import { AUTHOR, reviewer, somebody } from './world.ts';
import type { Principal } from '../access/principal.ts';
import type { ReviewWorld } from './world.ts';

/** A mutation's answer as far as tests take it apart; the rest is compared as a whole. */
export interface Answer {
  readonly __typename: string;
  readonly number: number;
  readonly version: number;
  readonly revision: { readonly number: number };
  readonly threads: readonly { readonly id: string }[];
}

/** Mutations on proposals of the subgraph "invoices", which Billing owns and whose bank data Treasury answers for. */
export interface ProposalDesk {
  run(as: Principal, mutation: string, input: object): Promise<Answer>;
  create(input?: object, as?: Principal): Promise<Answer>;
  opened(input?: object, as?: Principal): Promise<Answer>;
  signOff(who: string, proposal: Answer, input?: object): Promise<Answer>;
  revise(proposal: Answer, input?: object, as?: Principal): Promise<Answer>;
}

export const BEFORE =
  'type Query { invoice: Invoice } type Invoice { id: ID! total: Int iban: String @tag(name: "bank") }';
export const AFTER = BEFORE.replace('total', 'amount');

const OWNERS = [
  { subject: 'subgraph:invoices', team: 'Billing', members: ['ana', 'author'] },
  { subject: 'classification:bank', team: 'Treasury', members: ['tess'] },
];

const SELECTIONS: Readonly<Record<string, string>> = {
  Proposal: `number state version title authorId closedReason
    revision { number summary contentHash passed composes contracts { subgraph sdl url contentHash }
      touched { coordinate subgraphs classifications changes { type severity } } }
    revisions { number } reviews { revision decision coordinates reviewerId threadId }
    requirements { kind subject team members coordinates signOffs met missing { coordinate missing } }
    threads { id coordinate resolvedBy comments { body authorId revision } }`,
  InvalidInputProblem: 'fields { field code message }',
  VersionConflictProblem: 'currentVersion',
  SegregationOfDutiesProblem: 'rule',
  IllegalTransitionProblem: 'legalEvents',
  ProposalCheckRefusedProblem: 'cause',
};

export async function openProposalDesk(world: ReviewWorld): Promise<ProposalDesk> {
  await world.publish({ invoices: BEFORE, orders: 'type Order { id: ID! }' });
  const run: ProposalDesk['run'] = async (as, mutation, input) => {
    const answer = await world.ask<Record<string, Answer>>(
      as,
      world.mutation(mutation, SELECTIONS),
      {
        input: { idempotencyKey: newId(), target: world.name, ...input },
      },
    );
    const given = answer[mutation];
    if (given === undefined) throw new Error(`${mutation} answered nothing.`);
    return given;
  };
  const governor = somebody('architect', ['schema:govern']);
  for (const owner of OWNERS)
    await world.ask(governor, world.mutation('setOwner', {}), {
      input: { target: world.name, ...owner },
    });
  const create: ProposalDesk['create'] = (input = {}, as = AUTHOR) => {
    const contracts = [{ subgraph: 'invoices', sdl: AFTER }];
    return run(as, 'createProposal', { title: 'Amounts', contracts, ...input });
  };
  return {
    run,
    create,
    opened: async (input, as = AUTHOR) => {
      const { number, version } = await create(input, as);
      return run(as, 'openProposal', { number, expectedVersion: version });
    },
    signOff: (who, { number, revision }, input = {}) =>
      run(reviewer(who), 'signOffProposal', { number, revision: revision.number, ...input }),
    revise: ({ number, version }, input = {}, as = AUTHOR) => {
      const contracts = [{ subgraph: 'invoices', sdl: AFTER.replace('amount', 'sum') }];
      const revision = { number, expectedVersion: version, summary: 'Better.', contracts };
      return run(as, 'reviseProposal', { ...revision, ...input });
    },
  };
}
