import { Kind } from 'graphql';
import { sha256 } from '#kernel/id.ts';
import { annotationsOf } from './annotations.ts';
import { crossCheck } from '../event-contract/cross-check.ts';
import { changedCoordinates } from '../policy/changed-coordinates.ts';
import { lintContract, lintSupergraph } from '../policy/graph-lint.ts';
import { lintSubgraph } from '../policy/lint.ts';
import { contentHashOf } from '../proposal/contract-content.ts';
import { compose } from './compose.ts';
import { placesOf } from './coordinates.ts';
import { filterSupergraph } from './contract-filter.ts';
import { levelOf, diffSubgraphs } from './subgraph-diff.ts';
import { diffSchemas, removedCoordinates } from './schema-diff.ts';
import { apiOf, printed } from './supergraph-text.ts';
import type { DocumentNode } from 'graphql';
import type { Finding } from '../check/result.ts';
import type { GraphReference } from '../event-contract/graph-reference.ts';
import type { Owners } from '../policy/lint-context.ts';
import type { TargetPolicy } from '../policy/target-policy.ts';
import type { Annotation } from './annotations.ts';
import type { AnalysisCache } from './analysis-cache.ts';
import type { CompositionError, ComposedMember, Member } from './compose.ts';
import type { TagFilter } from './contract-filter.ts';
import type { DetectedChange, RemovedCoordinate, SchemaView } from './schema-diff.ts';
import type { LevelProof } from './subgraph-diff.ts';

/** What is to be looked at: texts are named by their hash and lie in the cache. */
export interface AnalysisJob {
  /** The graph as it would be. */
  readonly members: readonly Member[];
  /** The subgraphs that differ from what is current, with the hashes of their contracts before and after. */
  readonly changed: readonly ChangedSubgraph[];
  /** What is current; null before the first publication. */
  readonly before: StoredSchema | null;
  readonly contracts: readonly ContractJob[];
  readonly policy: Pick<TargetPolicy, 'rules'>;
  /** Properties of event payloads that name a coordinate. */
  readonly references: readonly GraphReference[];
  /** Who answers for the changed subgraphs and their types, by subgraph. */
  readonly owners: Readonly<Record<string, Owners>>;
}

export interface ChangedSubgraph {
  readonly subgraph: string;
  readonly before: string | null;
  readonly after: string | null;
}

export interface StoredSchema {
  readonly supergraphSha256: string;
  readonly apiSha256: string;
}

export interface ContractJob {
  readonly name: string;
  readonly filter: TagFilter;
  readonly forbiddenTags: readonly string[];
  readonly beforeApiSha256: string | null;
}

export interface Text {
  readonly sdl: string;
  readonly sha256: string;
}

export type Analysis =
  | { readonly ok: false; readonly errors: readonly CompositionError[] }
  | {
      readonly ok: true;
      readonly supergraph: Text;
      readonly api: Text;
      readonly changes: readonly DetectedChange[];
      readonly level: LevelProof;
      /** Coordinates of the API schema before that are gone now. */
      readonly removed: readonly RemovedCoordinate[];
      readonly annotations: {
        readonly before: readonly Annotation[];
        readonly after: readonly Annotation[];
      };
      readonly subgraphs: readonly SubgraphAnalysis[];
      /** Where event contracts and the schema disagree. */
      readonly events: readonly Finding[];
      /** Findings on the graph as a whole. */
      readonly lint: readonly Finding[];
      readonly contracts: readonly ContractAnalysis[];
    };

export interface SubgraphAnalysis {
  readonly subgraph: string;
  readonly level: LevelProof;
  /** Hash of what the contract says, whatever its layout; null when it is taken out. */
  readonly content: string | null;
  /** Coordinates of the contract that were added, changed or removed. */
  readonly touched: readonly string[];
  readonly lint: readonly Finding[];
  /** Where the coordinates that carry an end stand in the SDL that was sent. */
  readonly places: Readonly<Record<string, { readonly line: number; readonly column: number }>>;
}

export type ContractAnalysis =
  | { readonly name: string; readonly ok: false; readonly errors: readonly CompositionError[] }
  | {
      readonly name: string;
      readonly ok: true;
      readonly supergraph: Text;
      readonly api: Text;
      readonly changes: readonly DetectedChange[];
      readonly removed: readonly RemovedCoordinate[];
      /** What is classified and shown although the contract forbids it. */
      readonly exposed: readonly Finding[];
    };

const FIRST: LevelProof = { level: 'MINOR', because: 'It is the first version.' };
const EMPTY: DocumentNode = { kind: Kind.DOCUMENT, definitions: [] };

/** Composes, compares with what is current and cuts the contracts. Everything that was seen before comes from the cache. */
export async function analyse(job: AnalysisJob, cache: AnalysisCache): Promise<Analysis> {
  const parsed = parseMembers(job.members, cache);
  if (!parsed.ok) return parsed;
  const changedNames = new Set(job.changed.map(({ subgraph }) => subgraph));
  const composed = cache.composition(job.members, () => compose(parsed.members, changedNames));
  if (!composed.ok) return composed;
  const after = cache.view(composed.apiSdl);
  const before = job.before === null ? null : cache.storedView(job.before.apiSha256);
  const changes = before === null ? [] : await diffSchemas(before, after);
  return {
    ok: true,
    supergraph: textOf(composed.supergraphSdl),
    api: textOf(composed.apiSdl),
    changes,
    level: before === null ? FIRST : levelOf(changes),
    removed: before === null ? [] : removedCoordinates(before, after),
    annotations: {
      before: job.before === null ? [] : annotationsOf(cache.stored(job.before.supergraphSha256)),
      after: annotationsOf(composed.supergraph),
    },
    subgraphs: await Promise.all(job.changed.map((change) => analyseSubgraph(change, job, cache))),
    contracts: await Promise.all(
      job.contracts.map((contract) =>
        analyseContract(contract, { supergraph: composed.supergraph, policy: job.policy }, cache),
      ),
    ),
    events: crossCheck(job.references, after.schema),
    // Old types that nothing leads to were told when they became so.
    lint: lintSupergraph({
      document: after.document,
      changedCoordinates: before === null ? null : newDefinitions(before, after),
      policy: job.policy,
    }),
  };
}

function newDefinitions(before: SchemaView, after: SchemaView): Set<string> {
  return new Set(
    [...after.definitions]
      .filter(([coordinate, { text }]) => before.definitions.get(coordinate)?.text !== text)
      .map(([coordinate]) => coordinate),
  );
}

function parseMembers(
  members: readonly Member[],
  cache: AnalysisCache,
):
  | { readonly ok: true; readonly members: readonly ComposedMember[] }
  | { readonly ok: false; readonly errors: readonly CompositionError[] } {
  const errors: CompositionError[] = [];
  const parsed = members.flatMap((member) => {
    const result = cache.parsed(member.sha256);
    if (result.ok) return [{ ...member, document: result.document }];
    errors.push({ ...result.error, subgraph: member.subgraph });
    return [];
  });
  return errors.length > 0 ? { ok: false, errors } : { ok: true, members: parsed };
}

async function analyseSubgraph(
  { subgraph, before, after }: ChangedSubgraph,
  { policy, owners }: AnalysisJob,
  cache: AnalysisCache,
): Promise<SubgraphAnalysis> {
  const old = before === null ? null : cache.stored(before);
  const now = after === null ? EMPTY : cache.stored(after);
  const level = old === null ? FIRST : (await diffSubgraphs(old, now)).proof;
  const touched = changedCoordinates(old, now);
  const content = after === null ? null : contentHashOf(now);
  const sent = after === null ? null : cache.parsed(after);
  if (sent?.ok !== true)
    return { subgraph, level, content, touched: [...touched], lint: [], places: {} };
  const lint = lintSubgraph({
    subgraph,
    document: sent.document,
    changedCoordinates: old === null ? null : touched,
    policy,
    owners: owners[subgraph] ?? NO_OWNERS,
  });
  return {
    subgraph,
    level,
    content,
    touched: [...touched],
    lint,
    places: placesOfEnds(sent.document),
  };
}

const NO_OWNERS: Owners = { subgraph: null, types: {} };

function placesOfEnds(document: DocumentNode): SubgraphAnalysis['places'] {
  const places = placesOf(document);
  return Object.fromEntries(
    annotationsOf(document).flatMap(({ coordinate }) => {
      const place = places.get(coordinate);
      return place === undefined ? [] : [[coordinate, place]];
    }),
  );
}

async function analyseContract(
  { name, filter, forbiddenTags, beforeApiSha256 }: ContractJob,
  { supergraph, policy }: { supergraph: DocumentNode; policy: AnalysisJob['policy'] },
  cache: AnalysisCache,
): Promise<ContractAnalysis> {
  const filtered = filterSupergraph(supergraph, filter);
  if (!filtered.ok) return { name, ok: false, errors: filtered.errors };
  const apiText = textOf(printed(apiOf(filtered.document)));
  const after = cache.view(apiText.sdl);
  const before: SchemaView | null =
    beforeApiSha256 === null ? null : cache.storedView(beforeApiSha256);
  return {
    name,
    ok: true,
    supergraph: textOf(printed(filtered.document)),
    api: apiText,
    changes: before === null ? [] : await diffSchemas(before, after),
    removed: before === null ? [] : removedCoordinates(before, after),
    exposed: lintContract({
      contract: name,
      supergraph,
      visible: new Set(after.definitions.keys()),
      forbiddenTags,
      policy,
    }),
  };
}

function textOf(sdl: string): Text {
  return { sdl, sha256: sha256(sdl) };
}
