import { sha256 } from '#kernel/id.ts';
import type { Baseline, SupergraphVersion } from '../commands.ts';
import type { Analysis, AnalysisJob } from '../composition/analysis.ts';
import type { CompositionError, Member } from '../composition/compose.ts';

/** What is analysed: a job, and the texts that it names and that are stored nowhere. */
export interface Analysing<Job extends AnalysisJob> {
  readonly job: Job;
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Holds a job against a baseline: its contract, composed with the others that are current, takes the place of what is
 * current. A baseline that does not compose is an error, since nothing can be compared with it.
 */
export async function againstBaseline<Job extends AnalysisJob>(
  { job, texts }: Analysing<Job>,
  held: { readonly baseline: Baseline; readonly base: SupergraphVersion | null },
  analyse: (analysing: Analysing<Job>) => Promise<Analysis>,
): Promise<
  | ({ readonly ok: true } & Analysing<Job>)
  | { readonly ok: false; readonly errors: readonly CompositionError[] }
> {
  const { subgraph, sdl } = held.baseline;
  const hash = sha256(sdl);
  const contracts = job.contracts.map((contract) => ({ ...contract, beforeApiSha256: null }));
  const analysis = await analyse({
    job: {
      ...job,
      members: membersOf(job, held, hash),
      changed: [],
      before: null,
      contracts,
      withTexts: true,
    },
    texts: new Map([...texts, [hash, sdl]]),
  });
  if (!analysis.ok) {
    return {
      ok: false,
      errors: analysis.errors.map((error) => ({
        ...error,
        message: `The baseline does not compose. ${error.message}`,
      })),
    };
  }
  if (analysis.texts === null) throw new Error('The texts of a baseline were asked for.');
  const apis = new Map(
    analysis.contracts.flatMap((contract) =>
      contract.ok && contract.texts !== null ? [[contract.name, contract.texts.api] as const] : [],
    ),
  );
  const { supergraph, api } = analysis.texts;
  const after = job.members.find((member) => member.subgraph === subgraph)?.sha256 ?? null;
  const others = job.changed.filter((change) => change.subgraph !== subgraph);
  return {
    ok: true,
    texts: new Map([
      ...texts,
      [hash, sdl],
      ...[supergraph, api, ...apis.values()].map((text) => [text.sha256, text.sdl] as const),
    ]),
    job: {
      ...job,
      changed: after === hash ? others : [...others, { subgraph, before: hash, after }],
      before: { supergraphSha256: supergraph.sha256, apiSha256: api.sha256 },
      contracts: job.contracts.map((contract) => ({
        ...contract,
        beforeApiSha256: apis.get(contract.name)?.sha256 ?? null,
      })),
    },
  };
}

function membersOf(
  job: AnalysisJob,
  { baseline, base }: { readonly baseline: Baseline; readonly base: SupergraphVersion | null },
  hash: string,
): Member[] {
  const url =
    base?.members.find(({ subgraph }) => subgraph === baseline.subgraph)?.url ??
    job.members.find(({ subgraph }) => subgraph === baseline.subgraph)?.url ??
    '';
  const others = (base?.members ?? [])
    .filter(({ subgraph }) => subgraph !== baseline.subgraph)
    .map((member) => ({ subgraph: member.subgraph, url: member.url, sha256: member.sha256 }));
  return [...others, { subgraph: baseline.subgraph, url, sha256: hash }];
}
