import { requireAction, scopeOf } from '../access/principal.ts';
import { checkById } from '../check/check-store.ts';
import { roverWorkflow } from './rover-check.ts';
import { currentVersion, membersOfVersion } from './served-version.ts';
import type { Sql } from '#kernel/database.ts';
import type { Target } from '../target.ts';
import type { Caller } from './caller.ts';
import type { ServedMember } from './served-version.ts';

/** A graph with the targets of it that the key reaches; there is at least one. */
export function roverGraph(sql: Sql, targets: readonly Target[], caller: Caller): object {
  const [first] = targets;
  const slug = first?.graphSlug ?? '';
  // Rover takes a target that has no subgraphs yet for one that cannot have any, and one that it is not told of for a new one.
  const published = targets.filter((target) => target.currentVersionId !== null);
  return {
    __typename: 'Graph',
    id: slug,
    title: slug,
    asActor: { type: 'GRAPH' },
    variants: () => published.map((target) => ({ id: refOf(target), name: target.slug })),
    variant: ({ name }: { name: string }) => {
      const target = published.find((candidate) => candidate.slug === name);
      return target === undefined ? null : roverVariant(sql, target, caller);
    },
    checkWorkflow: async ({ id }: { id: string }) => {
      const check = await checkById(sql, id);
      const target = targets.find((candidate) => candidate.id === check?.targetId);
      if (check === null || target === undefined) return null;
      requireAction(caller.principal, 'schema:check', scopeOf(target));
      return roverWorkflow(check.result);
    },
  };
}

export function roverVariant(sql: Sql, target: Target, caller: Caller): object {
  const read = async (): Promise<ServedMember[]> => {
    requireAction(caller.principal, 'schema:read', scopeOf(target));
    return target.currentVersionId === null ? [] : membersOfVersion(sql, target.currentVersionId);
  };
  const version = async () => {
    requireAction(caller.principal, 'schema:read', scopeOf(target));
    return currentVersion(sql, target.id);
  };
  return {
    __typename: 'GraphVariant',
    id: refOf(target),
    name: target.slug,
    subgraphs: async () => (await read()).map(roverSubgraph),
    subgraph: async ({ name }: { name: string }) => {
      const member = (await read()).find((candidate) => candidate.subgraph === name);
      return member === undefined ? null : roverSubgraph(member);
    },
    latestPublication: async () => {
      const served = await version();
      return served === null ? null : { schema: { document: served.apiSdl } };
    },
    latestApprovedLaunch: async () => {
      const served = await version();
      if (served === null) return null;
      const coreSchema = { coreDocument: served.supergraphSdl };
      return { build: { result: { __typename: 'BuildSuccess', coreSchema } } };
    },
  };
}

function roverSubgraph(member: ServedMember): object {
  return {
    name: member.subgraph,
    url: member.url,
    updatedAt: member.publishedAt.toISOString(),
    activePartialSchema: { sdl: member.sdl },
  };
}

function refOf(target: Target): string {
  return `${target.graphSlug}@${target.slug}`;
}
