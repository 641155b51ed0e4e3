import { GraphQLError, parse } from 'graphql';
import { errorText } from '#kernel/log.ts';
import { isOwnerSubject } from '../ownership/owner.ts';
import { contentHashOf, contentHashOfAll } from './contract-content.ts';
import type { DocumentNode } from 'graphql';
import type { SubgraphInput } from '../commands.ts';
import type { NewContract } from './revision-store.ts';
import type { InputCheck } from './text-input.ts';

/** As much as a publication takes. */
const SDL_LENGTH_MAX = 1024 * 1024;
/**
 * Of all contracts together. They are read and hashed in the registry's own process, which answers nobody meanwhile: a second
 * or two for each MiB of the densest text.
 */
const TEXT_LENGTH_MAX = 2 * 1024 * 1024;
/** More subgraphs at once than a change that people can review has. */
const CONTRACTS_MAX = 50;

/** The contracts that somebody proposes: some to put, some to take out. */
export interface ProposedInput {
  readonly contracts: readonly {
    readonly subgraph: string;
    readonly sdl: string;
    /** Null keeps the address that is known. */
    readonly url: string | null;
  }[];
  readonly retire: readonly string[];
}

/** Proposed contracts that were read: each is GraphQL, and no subgraph comes twice. */
export interface ProposedContracts {
  readonly put: readonly SubgraphInput[];
  readonly retire: readonly string[];
  readonly stored: readonly NewContract[];
  readonly documents: ReadonlyMap<string, DocumentNode>;
  readonly contentSha256: string;
}

export function readProposedContracts(input: ProposedInput, check: InputCheck): ProposedContracts {
  const names = [...input.contracts.map(({ subgraph }) => subgraph), ...input.retire];
  refuseNames(names, check);
  const texts = isTooMuch(input, check) ? [] : input.contracts.slice(0, CONTRACTS_MAX);
  const documents = new Map<string, DocumentNode>();
  const put: NewContract[] = [];
  texts.forEach(({ subgraph, sdl, url }, at) => {
    const document = readSdl(sdl, `contracts.${at}.sdl`, check);
    if (document === null) return;
    documents.set(subgraph, document);
    put.push({ subgraph, sdl, url, contentSha256: contentHashOf(document) });
  });
  const retired = input.retire.map((subgraph): NewContract => {
    return { subgraph, sdl: null, url: null, contentSha256: null };
  });
  const stored = [...put, ...retired];
  return {
    put: input.contracts.map((contract) => ({
      ...contract,
      version: null,
    })),
    retire: input.retire,
    stored,
    documents,
    contentSha256: contentHashOfAll(
      stored.map((contract) => ({ subgraph: contract.subgraph, sha256: contract.contentSha256 })),
    ),
  };
}

function isTooMuch({ contracts }: ProposedInput, check: InputCheck): boolean {
  const length = contracts.reduce((sum, { sdl }) => sum + sdl.length, 0);
  if (length <= TEXT_LENGTH_MAX) return false;
  const message = `At most ${TEXT_LENGTH_MAX} characters together are expected, not ${length}.`;
  check.refuse('contracts', 'BAD_LENGTH', message);
  return true;
}

function refuseNames(names: readonly string[], check: InputCheck): void {
  if (names.length === 0 || names.length > CONTRACTS_MAX)
    check.refuse(
      'contracts',
      'BAD_LENGTH',
      `From 1 to ${CONTRACTS_MAX} subgraphs to put or to retire are expected, not ${names.length}.`,
    );
  for (const name of new Set(names)) {
    if (!isOwnerSubject(`subgraph:${name}`))
      check.refuse('contracts', 'INVALID_NAME', `"${name.slice(0, 60)}" names no subgraph.`);
    if (names.indexOf(name) !== names.lastIndexOf(name))
      check.refuse('contracts', 'TWICE', `The subgraph "${name.slice(0, 60)}" comes twice.`);
  }
}

function readSdl(sdl: string, field: string, check: InputCheck): DocumentNode | null {
  if (sdl.length > SDL_LENGTH_MAX) {
    const message = `At most ${SDL_LENGTH_MAX} characters are expected, not ${sdl.length}.`;
    check.refuse(field, 'BAD_LENGTH', message);
    return null;
  }
  if (sdl.includes('\u0000')) {
    check.refuse(field, 'CONTROL_CHARACTER', 'Text without control characters is expected.');
    return null;
  }
  try {
    return parse(sdl, { noLocation: true });
  } catch (error) {
    // What is nested too deeply ends the parser by its stack; that is the text's fault too.
    check.refuse(field, 'NOT_GRAPHQL', whereAndWhat(error));
    return null;
  }
}

function whereAndWhat(error: unknown): string {
  const place = error instanceof GraphQLError ? error.locations?.[0] : undefined;
  return place === undefined
    ? errorText(error)
    : `Line ${place.line}, column ${place.column}: ${errorText(error)}`;
}
