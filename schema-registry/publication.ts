import { sha256 } from '#kernel/id.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import * as store from './store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { FieldError, InvalidInput, Problem, Result } from '#kernel/problem.ts';
import type { Compose, CompositionError } from './composition.ts';
import type { SubgraphVersion, SupergraphVersion } from './store.ts';

export interface Contract {
  readonly subgraph: string;
  readonly url: string;
  readonly sdl: string;
}

export interface Publication {
  readonly subgraph: SubgraphVersion;
  readonly supergraph: SupergraphVersion;
  readonly changed: boolean;
}

export interface CompositionFailed extends Problem<'COMPOSITION_FAILED'> {
  readonly errors: readonly CompositionError[];
}

/** A contract larger than this is not one that people wrote; ours have about 60 kB. */
const SDL_MAX_BYTES = 1024 * 1024;
const SUBGRAPH_NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** What is wrong with the input itself, before anything is composed. */
export function flawsOf(contract: Contract): FieldError[] {
  const flaws: FieldError[] = [];
  if (!SUBGRAPH_NAME.test(contract.subgraph)) {
    flaws.push({
      field: 'subgraph',
      code: 'INVALID_NAME',
      message: 'Lower case letters, digits and hyphens are expected, at most 40, a letter first.',
    });
  }
  if (!/^https?:$/.test(URL.parse(contract.url)?.protocol ?? '')) {
    flaws.push({
      field: 'url',
      code: 'INVALID_URL',
      message: 'An http or https address is expected.',
    });
  }
  if (Buffer.byteLength(contract.sdl) > SDL_MAX_BYTES) {
    flaws.push({
      field: 'sdl',
      code: 'TOO_LARGE',
      message: `At most ${SDL_MAX_BYTES} bytes are accepted.`,
    });
  }
  return flaws;
}

/**
 * Publishes contracts together: composes them with the current others and stores all of it or nothing, in one
 * transaction. Publishing what is already current stores nothing and answers with it.
 */
export async function publish(
  context: { database: Database; compose: Compose; clock: Clock; publishedBy: string },
  contracts: readonly Contract[],
): Promise<Result<readonly Publication[], CompositionFailed | InvalidInput>> {
  const flaws = contracts.flatMap(flawsOf);
  if (flaws.length > 0) return refused(invalidInput(flaws));
  return context.database.transaction(async (tx) => {
    await store.lockPublications(tx);
    const current = new Map((await store.currentSubgraphs(tx)).map((row) => [row.subgraph, row]));
    const supergraph = await store.currentSupergraph(tx);
    const changed = contracts.filter(
      (contract) => !isCurrent(contract, current.get(contract.subgraph)),
    );
    if (changed.length === 0 && supergraph !== null)
      return accepted(publicationsOf(contracts, { current, supergraph, changed }));
    const now = context.clock.now();
    for (const contract of changed) {
      const version = (current.get(contract.subgraph)?.version ?? 0) + 1;
      current.set(contract.subgraph, {
        ...contract,
        version,
        sha256: sha256(contract.sdl),
        publishedBy: context.publishedBy,
        publishedAt: now,
      });
    }
    const members = [...current.values()];
    const composition = await context.compose(members);
    if (!composition.ok)
      return refused(compositionFailed(composition.errors, composition.exhausted));
    const next: SupergraphVersion = {
      version: (supergraph?.version ?? 0) + 1,
      sdl: composition.supergraphSdl,
      sha256: sha256(composition.supergraphSdl),
      members: members.map(({ subgraph, version }) => ({ subgraph, version })),
      publishedBy: context.publishedBy,
      publishedAt: now,
    };
    await storeAll(tx, { changed, current, next });
    return accepted(publicationsOf(contracts, { current, supergraph: next, changed }));
  });
}

async function storeAll(
  tx: Sql,
  rows: {
    changed: readonly Contract[];
    current: ReadonlyMap<string, SubgraphVersion>;
    next: SupergraphVersion;
  },
): Promise<void> {
  for (const { subgraph } of rows.changed) {
    const row = rows.current.get(subgraph);
    if (row !== undefined) await store.insertSubgraphVersion(tx, row);
  }
  await store.insertSupergraphVersion(tx, rows.next);
}

function isCurrent(contract: Contract, stored: SubgraphVersion | undefined): boolean {
  return stored !== undefined && stored.sdl === contract.sdl && stored.url === contract.url;
}

function publicationsOf(
  contracts: readonly Contract[],
  state: {
    current: ReadonlyMap<string, SubgraphVersion>;
    supergraph: SupergraphVersion;
    changed: readonly Contract[];
  },
): Publication[] {
  return contracts.flatMap((contract) => {
    const subgraph = state.current.get(contract.subgraph);
    return subgraph === undefined
      ? []
      : [{ subgraph, supergraph: state.supergraph, changed: state.changed.includes(contract) }];
  });
}

function compositionFailed(
  errors: readonly CompositionError[],
  exhausted: boolean,
): CompositionFailed {
  return {
    code: 'COMPOSITION_FAILED',
    message: `The contract does not compose with the others (${errors.length} error(s)); nothing was stored. First: ${errors[0]?.message ?? 'unknown'}`,
    retryable: exhausted,
    errors,
  };
}
