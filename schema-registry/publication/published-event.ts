import { systemClock } from '#kernel/clock.ts';
import { createEventFactory } from '#kernel/event.ts';
import { newId } from '#kernel/id.ts';
import type { ChangeRequest, SupergraphVersion } from '../commands.ts';
import type { SchemaRegistryEvent } from '../events.ts';

export const registryEvent = createEventFactory('/schema-registry', systemClock);

/** Schemas belong to no company: whoever may read documents of any company may hear of them. */
export const SCHEMA_AUDIENCE = { companyCode: '*', costCentreId: null, ownerId: null } as const;

/** The fact that a target has another version, for whoever follows the event log. */
export function publishedEvent(
  version: SupergraphVersion,
  { target, principal }: Pick<ChangeRequest, 'target' | 'principal'>,
  breakingChanges: number,
): SchemaRegistryEvent {
  const correlationId = newId();
  return registryEvent(
    { correlationId, causationId: correlationId, traceparent: null, actorId: principal.id },
    {
      type: 'concord.schema.published.v1',
      document: {
        type: 'Supergraph',
        id: target.id,
        number: `${target.graphSlug}/${target.slug}`,
        status: version.version,
      },
      sequence: version.number,
      audience: SCHEMA_AUDIENCE,
      data: {
        graph: target.graphSlug,
        target: target.slug,
        versionId: version.id,
        number: version.number,
        version: version.version,
        cause: version.cause,
        supergraphSha256: version.supergraphSha256,
        subgraphs: version.members.map(({ subgraph, version: number }) => ({
          subgraph,
          version: number,
        })),
        breakingChanges,
      },
    },
  );
}
