import { parse } from 'graphql';
import { newId } from '#kernel/id.ts';
import { firstAnswer, once } from '#kernel/idempotency.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { requireAction, scopeOf } from '../access/principal.ts';
import { knownTarget, responsiblePerson, targetFor } from './asking.ts';
import { changeProposal, tellProposal } from './proposal-change.ts';
import { closedProposal, openedProposal, PROPOSAL_LIFECYCLE, revisedProposal } from './proposal.ts';
import { insertProposal, nextProposalNumber } from './proposal-store.ts';
import { readProposedContracts } from './proposed-contract.ts';
import {
  insertRevision,
  readCurrentContracts,
  readRevision,
  readRevisionContracts,
} from './revision-store.ts';
import { checkedInput } from './text-input.ts';
import { touchedCoordinates } from './touched-coordinate.ts';
import type { Transaction } from '#kernel/database.ts';
import type {
  IdempotencyKeyReused,
  IllegalTransition,
  InvalidInput,
  NotFound,
  Problem,
  Result,
} from '#kernel/problem.ts';
import type { CheckResult } from '../check/result.ts';
import type { RegistryCommands } from '../commands.ts';
import type { Target } from '../target.ts';
import type { Asking, TargetName } from './asking.ts';
import type { CommonProblem, OnProposal, Told } from './proposal-change.ts';
import type { Proposal, ProposalNotComposable, Revision } from './proposal.ts';
import type { ProposedContracts, ProposedInput } from './proposed-contract.ts';

/** What proposing needs beside: the registry's check, which says what the contracts would change. */
export interface Proposing extends Asking {
  readonly commands: Pick<RegistryCommands, 'check'>;
}

export interface ProposalCheckRefused extends Problem<'PROPOSAL_CHECK_REFUSED'> {
  /** The code of the refusal of the check. */
  readonly cause: string;
}

interface CreateInput extends ProposedInput {
  readonly idempotencyKey: string;
  readonly target: TargetName;
  readonly title: string;
  readonly description: string;
}

interface ReviseInput extends ProposedInput, OnProposal {
  readonly expectedVersion: number;
  readonly summary: string;
}

/** Long enough to say what, short enough for a list. */
const TITLE_LENGTH_MAX = 200;
/** Some pages; longer reasons belong into a document of their own. */
export const PROSE_LENGTH_MAX = 20_000;
/** Nobody follows a proposal through more; it is better proposed anew. */
const REVISIONS_MAX = 200;

/** Proposes contracts as a draft: they are checked, and what they touch is kept with them. */
export async function createProposal(
  asking: Proposing,
  input: CreateInput,
): Promise<
  Result<Proposal, NotFound | InvalidInput | IdempotencyKeyReused | ProposalCheckRefused>
> {
  const target = await targetToPropose(asking, input.target, input);
  if (!target.ok) return target;
  const read = checkedInput((check) => ({
    title: check.text('title', input.title, { min: 1, max: TITLE_LENGTH_MAX }),
    description: check.text('description', input.description, { min: 0, max: PROSE_LENGTH_MAX }),
    proposed: readProposedContracts(input, check),
  }));
  if (!read.ok) return read;
  const { idempotencyKey, ...rest } = input;
  const command = {
    caller: asking.principal.id,
    idempotencyKey,
    operation: 'createProposal',
    input: rest,
  };
  const first = await firstAnswer<Proposal>(asking.database, command);
  if (first !== null) return first;
  const drafted = await checkedDraft(asking, target.value, read.value.proposed);
  if (!drafted.ok) return drafted;
  return once<Proposal, never>(asking.database, command, async (tx) =>
    accepted(
      await storeNew(asking, tx, {
        target: target.value,
        proposed: read.value.proposed,
        texts: read.value,
        revision: {
          ...drafted.value,
          proposalId: newId(asking.clock),
          number: 1,
          summary: 'First proposed.',
        },
      }),
    ),
  );
}

async function storeNew(
  asking: Asking,
  tx: Transaction,
  added: {
    readonly target: Target;
    readonly texts: { readonly title: string; readonly description: string };
    readonly revision: Revision;
    readonly proposed: ProposedContracts;
  },
): Promise<Proposal> {
  const { revision, target } = added;
  const { title, description } = added.texts;
  const proposal: Proposal = {
    id: revision.proposalId,
    targetId: target.id,
    number: await nextProposalNumber(tx, target.id),
    state: PROPOSAL_LIFECYCLE.initial,
    version: 1,
    title,
    description,
    authorId: revision.authorId,
    authorName: revision.authorName,
    revision: revision.number,
    createdAt: revision.createdAt,
    updatedAt: revision.createdAt,
    closedReason: null,
    implementedVersionId: null,
  };
  await insertProposal(tx, proposal);
  await insertRevision(tx, revision, added.proposed.stored);
  const told = toldOfRevision('proposal.created', revision, added.proposed);
  const actorId = asking.principal.id;
  await tellProposal(tx, { proposal, told, target, actorId, at: revision.createdAt });
  return proposal;
}

/** Proposes something else under the same number. Every review so far was of something else, and counts no more. */
export async function reviseProposal(
  asking: Proposing,
  input: ReviseInput,
): Promise<
  Result<
    Proposal,
    CommonProblem | InvalidInput | IllegalTransition | ProposalNotComposable | ProposalCheckRefused
  >
> {
  const target = await targetToPropose(asking, input.target, input);
  if (!target.ok) return target;
  const read = checkedInput((check) => ({
    summary: check.text('summary', input.summary, { min: 1, max: PROSE_LENGTH_MAX }),
    proposed: readProposedContracts(input, check),
  }));
  if (!read.ok) return read;
  const { proposed, summary } = read.value;
  const { idempotencyKey, ...rest } = input;
  const first = await firstAnswer<Proposal>(asking.database, {
    caller: asking.principal.id,
    idempotencyKey,
    operation: 'reviseProposal',
    input: rest,
  });
  if (first !== null) return first;
  const drafted = await checkedDraft(asking, target.value, proposed);
  if (!drafted.ok) return drafted;
  const command = {
    operation: 'reviseProposal',
    target: target.value,
    input,
    expectedVersion: input.expectedVersion,
  };
  return changeProposal<InvalidInput | IllegalTransition | ProposalNotComposable>(
    asking,
    command,
    async ({ tx, proposal }) => {
      for (const subgraph of await subgraphsOf(tx, proposal))
        requireAction(asking.principal, 'schema:propose', scopeOf(target.value, subgraph));
      if (proposal.revision >= REVISIONS_MAX) return refused(tooManyRevisions());
      const number = proposal.revision + 1;
      const revision = { ...drafted.value, proposalId: proposal.id, number, summary };
      const revised = revisedProposal(proposal, revision);
      if (!revised.ok) return revised;
      await insertRevision(tx, revision, proposed.stored);
      const told = toldOfRevision('proposal.revised', revision, proposed);
      return accepted({ proposal: revised.value, told });
    },
  );
}

/** Asks for reviews of a draft. */
export async function openProposal(
  asking: Asking,
  input: OnProposal & { readonly expectedVersion: number },
): Promise<Result<Proposal, CommonProblem | IllegalTransition | ProposalNotComposable>> {
  const target = await targetFor(asking, input.target, 'schema:propose');
  if (!target.ok) return target;
  const { expectedVersion } = input;
  const command = { operation: 'openProposal', target: target.value, input, expectedVersion };
  return changeProposal(asking, command, async ({ tx, proposal, at }) => {
    const revision = await readRevision(tx, proposal.id, proposal.revision);
    const opened = openedProposal(proposal, revision, at);
    if (!opened.ok) return opened;
    const details = { contentSha256: revision.contentSha256 };
    return accepted({ proposal: opened.value, told: { action: 'proposal.opened', details } });
  });
}

/** Gives a proposal up, with a reason for those who read it later. */
export async function closeProposal(
  asking: Asking,
  input: OnProposal & { readonly expectedVersion: number; readonly reason: string },
): Promise<Result<Proposal, CommonProblem | InvalidInput | IllegalTransition>> {
  const target = await targetFor(asking, input.target, 'schema:propose');
  if (!target.ok) return target;
  const read = checkedInput((check) =>
    check.text('reason', input.reason, { min: 1, max: PROSE_LENGTH_MAX }),
  );
  if (!read.ok) return read;
  const { expectedVersion } = input;
  const command = { operation: 'closeProposal', target: target.value, input, expectedVersion };
  return changeProposal(asking, command, ({ proposal, at }) => {
    const closed = closedProposal(proposal, read.value, at);
    if (!closed.ok) return Promise.resolve(closed);
    const told = { action: 'proposal.closed', details: { reason: read.value } };
    return Promise.resolve(accepted({ proposal: closed.value, told }));
  });
}

/** A token of one subgraph may propose for that one. */
async function targetToPropose(
  asking: Asking,
  name: TargetName,
  input: ProposedInput,
): Promise<Result<Target, NotFound>> {
  const target = await knownTarget(asking.database, name);
  if (!target.ok) return target;
  const touched = [...input.contracts.map((put) => put.subgraph), ...input.retire];
  for (const subgraph of touched.length === 0 ? [null] : touched)
    requireAction(asking.principal, 'schema:propose', scopeOf(target.value, subgraph));
  return target;
}

/** What the newest revision proposes for; another revision takes it back, so that needs the same right. */
async function subgraphsOf(tx: Transaction, proposal: Proposal): Promise<string[]> {
  const contracts = await readRevisionContracts(tx, [proposal.id]);
  return contracts
    .filter(({ revision }) => revision === proposal.revision)
    .map(({ subgraph }) => subgraph);
}

type Draft = Omit<Revision, 'proposalId' | 'number' | 'summary'>;

/** Checks the contracts as they stand against the target's graph, and says what they touch. */
async function checkedDraft(
  asking: Proposing,
  target: Target,
  proposed: ProposedContracts,
): Promise<Result<Draft, InvalidInput | ProposalCheckRefused>> {
  const checked = await asking.commands.check({
    target,
    principal: asking.principal,
    put: proposed.put,
    retire: proposed.retire,
    source: { author: asking.principal.name, commit: null },
    // The revision keeps the check that is its own; a context would go stale before a long discussion is over.
    contextId: null,
  });
  if (!checked.ok) return refused(checkRefused(checked.problem));
  const { result } = checked.value;
  const current = await readCurrentContracts(asking.database, target.id);
  return accepted({
    contentSha256: proposed.contentSha256,
    checkId: checked.value.id,
    conclusion: result.conclusion,
    composes: composes(result),
    touched: touchedOf(result, proposed, current),
    authorId: asking.principal.id,
    authorName: asking.principal.name,
    responsibleId: await responsiblePerson(asking.database, asking.principal),
    createdAt: asking.clock.now(),
  });
}

function composes({ steps }: CheckResult): boolean {
  return steps.some(({ name, status }) => name === 'COMPOSITION' && status === 'COMPLETED');
}

function touchedOf(
  result: CheckResult,
  proposed: ProposedContracts,
  current: readonly { readonly subgraph: string; readonly sdl: string }[],
): Revision['touched'] {
  const before = new Map(
    current.map(({ subgraph, sdl }) => [subgraph, parse(sdl, { noLocation: true })]),
  );
  const contracts = proposed.stored.map(({ subgraph }) => ({
    subgraph,
    before: before.get(subgraph) ?? null,
    after: proposed.documents.get(subgraph) ?? null,
  }));
  const names = new Set(contracts.map(({ subgraph }) => subgraph));
  const others = [...before].filter(([subgraph]) => !names.has(subgraph)).map(([, sdl]) => sdl);
  return touchedCoordinates(result.changes, contracts, others);
}

/** What the check refuses to look at cannot be proposed; its words are passed on. */
function checkRefused(problem: Problem): ProposalCheckRefused {
  return {
    code: 'PROPOSAL_CHECK_REFUSED',
    message: `The proposed contracts were not checked, and nothing was stored. ${problem.message}`,
    retryable: problem.retryable,
    cause: problem.code,
  };
}

function tooManyRevisions(): InvalidInput {
  const message = `A proposal has at most ${REVISIONS_MAX} revisions. Close it and propose anew.`;
  return invalidInput([{ field: 'number', code: 'TOO_MANY', message }]);
}

function toldOfRevision(action: string, revision: Revision, proposed: ProposedContracts): Told {
  const { contentSha256, checkId, summary } = revision;
  const contracts = proposed.stored.map((contract) => ({
    subgraph: contract.subgraph,
    contentSha256: contract.contentSha256,
  }));
  return { action, details: { contentSha256, checkId, summary, contracts } };
}
