import { Kind } from 'graphql';
import { sha256 } from '#kernel/id.ts';
import { annotationsOf } from './annotations.ts';
import { crossCheck } from '../event-contract/cross-check.ts';
import { changedCoordinates } from '../policy/changed-coordinates.ts';
import { lintContract, lintSupergraph } from '../policy/graph-lint.ts';
import { lintSubgraph } from '../policy/lint.ts';
import { contentHashOf } from '../proposal/contract-content.ts';
import { placesOf } from './coordinates.ts';
import { levelOf, diffSubgraphs } from './subgraph-diff.ts';
import { diffSchemas, removedCoordinates } from './schema-diff.ts';
import type { DocumentNode } from 'graphql';
import type { Finding } from '../check/result.ts';
import type { GraphReference } from '../event-contract/graph-reference.ts';
import type { Owners } from '../policy/lint-context.ts';
import type { TargetPolicy } from '../policy/target-policy.ts';
import type { Annotation } from './annotations.ts';
import type { AnalysisCache } from './analysis-cache.ts';
import type { CompositionError, Member } from './compose.ts';
import type { ComposedView } from './composed-view.ts';
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
  /** Whether supergraph and API schemas are wanted as texts, to be stored. */
  readonly withTexts: boolean;
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

export interface Refused {
  readonly ok: false;
  readonly errors: readonly CompositionError[];
}

export type Analysis =
  | Refused
  | {
      readonly ok: true;
      /** Null when nobody wants them: a check looks and stores nothing. */
      readonly texts: AnalysedTexts | null;
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

export interface AnalysedTexts {
  readonly supergraph: Text;
  readonly api: Text;
}

export interface SubgraphAnalysis {
  readonly subgraph: string;
  readonly level: LevelProof;
  /** Hash of what the contract says, whatever its layout; null when it is taken out. */
  readonly content: string | null;
  readonly lint: readonly Finding[];
  /** Where the coordinates that carry an end stand in the SDL that was sent. */
  readonly places: Readonly<Record<string, { readonly line: number; readonly column: number }>>;
}

export type ContractAnalysis = { readonly name: string } & (
  | Refused
  | {
      readonly ok: true;
      readonly texts: AnalysedTexts | null;
      readonly changes: readonly DetectedChange[];
      /** What is classified and shown although the contract forbids it. */
      readonly exposed: readonly Finding[];
    }
);

const FIRST: LevelProof = { level: 'MINOR', because: 'It is the first version.' };
const EMPTY: DocumentNode = { kind: Kind.DOCUMENT, definitions: [] };

/** Composes, compares with what is current and cuts the contracts. Everything that was seen before comes from the cache. */
export async function analyse(job: AnalysisJob, cache: AnalysisCache): Promise<Analysis> {
  const errors = syntaxErrors(job.members, cache);
  if (errors.length > 0) return { ok: false, errors };
  const changedNames = new Set(job.changed.map(({ subgraph }) => subgraph));
  const after = cache.composed(job.members, changedNames);
  if (!after.ok) return after;
  const before = job.before === null ? null : cache.storedView(job.before.apiSha256);
  const changes = before === null ? [] : await diffSchemas(before, after.api);
  const texts = job.withTexts ? keptTexts(after, cache) : null;
  const ends = annotationsOf(after.supergraph);
  if (texts !== null) cache.keepAnnotations(texts.supergraph.sha256, ends);
  return {
    ok: true,
    texts,
    changes,
    level: before === null ? FIRST : levelOf(changes),
    removed: before === null ? [] : removedCoordinates(before, after.api),
    annotations: {
      before: job.before === null ? [] : cache.annotations(job.before.supergraphSha256),
      after: ends,
    },
    subgraphs: await Promise.all(job.changed.map((change) => analyseSubgraph(change, job, cache))),
    contracts: await Promise.all(
      job.contracts.map((contract) => analyseContract(contract, { after, job, cache })),
    ),
    events: crossCheck(job.references, after.api.schema),
    // Old types that nothing leads to were told when they became so.
    lint: lintSupergraph({
      document: after.api.document,
      changedCoordinates:
        before === null ? null : new Set(changes.flatMap(({ coordinate }) => coordinate ?? [])),
      policy: job.policy,
    }),
  };
}

function syntaxErrors(members: readonly Member[], cache: AnalysisCache): CompositionError[] {
  return members.flatMap(({ subgraph, sha256: hash }) => {
    const parsed = cache.parsed(hash);
    return parsed.ok ? [] : [{ ...parsed.error, subgraph }];
  });
}

async function analyseSubgraph(
  { subgraph, before, after }: ChangedSubgraph,
  { policy, owners }: AnalysisJob,
  cache: AnalysisCache,
): Promise<SubgraphAnalysis> {
  const old = before === null ? null : cache.stored(before);
  const now = after === null ? EMPTY : cache.stored(after);
  const level = old === null ? FIRST : (await diffSubgraphs(old, now)).proof;
  if (after === null) return { subgraph, level, content: null, lint: [], places: {} };
  const sent = cache.located(after);
  const lint = lintSubgraph({
    subgraph,
    document: sent,
    changedCoordinates: before === null ? null : changedCoordinates(cache.located(before), sent),
    policy,
    owners: owners[subgraph] ?? NO_OWNERS,
  });
  return { subgraph, level, content: contentHashOf(now), lint, places: placesOfEnds(sent) };
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
  of: { readonly after: ComposedView; readonly job: AnalysisJob; readonly cache: AnalysisCache },
): Promise<ContractAnalysis> {
  const after = of.after.contract(filter);
  if (!after.ok) return { name, ...after };
  const before = beforeApiSha256 === null ? null : of.cache.storedView(beforeApiSha256);
  return {
    name,
    ok: true,
    texts: of.job.withTexts ? keptTexts(after, of.cache) : null,
    changes: before === null ? [] : await diffSchemas(before, after.api),
    exposed: exposedIn(name, after.api, { forbiddenTags, ...of }),
  };
}

/** What is classified and shown; a graph without the classification needs no look. */
function exposedIn(
  contract: string,
  api: SchemaView,
  of: {
    readonly forbiddenTags: readonly string[];
    readonly after: ComposedView;
    readonly job: AnalysisJob;
  },
): readonly Finding[] {
  const forbiddenTags = of.forbiddenTags.filter((tag) => of.after.tags.has(tag));
  if (forbiddenTags.length === 0) return [];
  return lintContract({
    contract,
    supergraph: of.after.supergraph,
    visible: new Set(api.definitions.keys()),
    forbiddenTags,
    policy: of.job.policy,
  });
}

function keptTexts(
  { api, texts }: Pick<ComposedView, 'api' | 'texts'>,
  cache: AnalysisCache,
): AnalysedTexts {
  const { supergraphSdl, apiSdl } = texts();
  const made = { supergraph: textOf(supergraphSdl), api: textOf(apiSdl) };
  cache.keepView(made.api.sha256, api);
  return made;
}

function textOf(sdl: string): Text {
  return { sdl, sha256: sha256(sdl) };
}
