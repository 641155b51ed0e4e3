import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { systemClock } from '#kernel/clock.ts';
import { createWorkshop } from '../../schema-registry/composition/workshop.ts';
import { setContract } from '../../schema-registry/contract/contract-command.ts';
import { createGraph } from '../../schema-registry/graph/graph.ts';
import { createCommands } from '../../schema-registry/registry-commands.ts';
import { findTarget } from '../../schema-registry/target.ts';
import { round, timed } from './measure.ts';
import { openRegistryDatabase } from './registry-database.ts';
import { syntheticGraph } from './synthetic-graph.ts';
import type { Principal } from '../../schema-registry/access/principal.ts';
import type { ChangeRequest } from '../../schema-registry/commands.ts';
import type { PublishDeps } from '../../schema-registry/publication/publish.ts';
import type { Target } from '../../schema-registry/target.ts';
import type { Bench, Line } from './main.ts';
import type { SyntheticSubgraph } from './synthetic-graph.ts';

const SUBGRAPHS = 30;
const TYPES_EACH = 100;
const ROUNDS = 5;
const ANYBODY: Principal = { id: 'bench', name: 'bench', kind: 'person', allows: () => true };

interface Room extends AsyncDisposable {
  readonly deps: PublishDeps;
  readonly target: Target;
}

/**
 * A check and a publication of one changed subgraph of 30, with 3,000 types and three contracts: everything the registry does,
 * database and worker process included, against parsing and composing the same 30 texts by the library alone. Rounds alternate.
 */
export async function benchCheck(bench: Bench): Promise<Line[]> {
  const graph = syntheticGraph(SUBGRAPHS, TYPES_EACH);
  await using room = await openRoom(bench, graph);
  const cold = await coldCheck(room, graph);
  const rawCold = await timed(() => compose(graph));
  const samples = { raw: [] as number[], check: [] as number[], publish: [] as number[] };
  for (let turn = 0; turn < ROUNDS; turn += 1) {
    samples.raw.push(await timed(() => compose(changed(graph, `raw${turn}`))));
    samples.check.push(await timed(() => check(room, changed(graph, `check${turn}`))));
    samples.publish.push(await timed(() => publish(room, changed(graph, `publish${turn}`))));
  }
  const raw = median(samples.raw);
  const line = (what: string, ms: number, floorMs: number): Line => ({
    what: `${what}; ${SUBGRAPHS} subgraphs, ${SUBGRAPHS * TYPES_EACH} types, three contracts`,
    hub: `${round(ms, 0)} ms`,
    floor: `${round(floorMs, 0)} ms`,
    ratio: `${round(ms / floorMs, 2)} × one raw composition`,
  });
  return [
    line('check of one changed subgraph, warm', median(samples.check), raw),
    line('publication of one changed subgraph, warm', median(samples.publish), raw),
    line('check of one changed subgraph, cold (a new worker process)', cold, rawCold),
  ];
}

/** The one subgraph that changes gets another field; all texts are new to whoever reads them only there. */
function changed(graph: readonly SyntheticSubgraph[], field: string): readonly SyntheticSubgraph[] {
  return graph.map((one, index) =>
    index === 7
      ? {
          ...one,
          sdl: one.sdl.replace(
            'type Document7x3 @key(fields: "id") {',
            `type Document7x3 @key(fields: "id") {\n  "New."\n  ${field}: Int @tag(name: "portal")`,
          ),
        }
      : one,
  );
}

function compose(graph: readonly SyntheticSubgraph[]): Promise<number> {
  const result = composeServices(
    graph.map(({ subgraph, url, sdl }) => ({ name: subgraph, url, typeDefs: parse(sdl) })),
  );
  if (result.supergraphSdl === undefined) throw new Error('The synthetic graph does not compose.');
  return Promise.resolve(result.supergraphSdl.length);
}

function request(
  { target }: Room,
  graph: readonly SyntheticSubgraph[],
  only: string | null,
): ChangeRequest {
  return {
    target,
    principal: ANYBODY,
    put: graph
      .filter(({ subgraph }) => only === null || subgraph === only)
      .map((one) => ({ ...one, version: null })),
    retire: [],
    source: { author: null, commit: null },
    contextId: null,
  };
}

async function check(room: Room, graph: readonly SyntheticSubgraph[]): Promise<void> {
  const checked = await createCommands(room.deps).check(request(room, graph, 'sub-7'));
  if (!checked.ok || checked.value.result.conclusion !== 'PASSED')
    throw new Error(JSON.stringify(checked).slice(0, 2_000));
}

async function publish(room: Room, graph: readonly SyntheticSubgraph[]): Promise<void> {
  const published = await createCommands(room.deps).publish(request(room, graph, 'sub-7'));
  if (!published.ok) throw new Error(published.problem.message);
}

async function coldCheck(room: Room, graph: readonly SyntheticSubgraph[]): Promise<number> {
  const workshop = createWorkshop();
  const fresh = { ...room, deps: { ...room.deps, workshop } };
  const ms = await timed(() => check(fresh, changed(graph, 'cold')));
  await workshop.close();
  return ms;
}

async function openRoom(bench: Bench, graph: readonly SyntheticSubgraph[]): Promise<Room> {
  const registry = await openRegistryDatabase(bench, 'bench_check', 4);
  const { database } = registry;
  const workshop = createWorkshop();
  const deps = { database, workshop, clock: systemClock };
  const asking = { ...deps, principal: ANYBODY };
  await createGraph(asking, { slug: 'bench', title: 'Bench' });
  const target = await findTarget(database, { graph: 'bench', target: 'development' });
  if (target === null) throw new Error('The target is missing.');
  const room: Room = {
    deps,
    target,
    [Symbol.asyncDispose]: async () => {
      await workshop.close();
      await registry[Symbol.asyncDispose]();
    },
  };
  const published = await createCommands(deps).publish(request(room, graph, null));
  if (!published.ok) throw new Error(published.problem.message);
  for (const name of ['portal', 'partner', 'internal']) {
    const made = await setContract(deps, { principal: ANYBODY, target }, contract(name));
    if (!made.ok) throw new Error(made.problem.message);
  }
  return room;
}

function contract(name: string): Parameters<typeof setContract>[2] {
  return {
    name,
    includeTags: [name],
    excludeTags: [],
    forbiddenTags: ['bank'],
    removeUnreachable: true,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
