import { coordinateNodes, textArgument } from './coordinates.ts';
import type { DocumentNode } from 'graphql';

/** What a schema says of the end of a coordinate. */
export interface Annotation {
  readonly coordinate: string;
  /** The reason of `@deprecated`, or null when it is not deprecated. */
  readonly deprecated: string | null;
  readonly sunset: Sunset | null;
}

/** The arguments of `@sunset(on:, replacement:, owner:)`. */
export interface Sunset {
  /** Calendar date, `YYYY-MM-DD`; the coordinate may go on the day after. */
  readonly on: string;
  readonly replacement: string | null;
  readonly owner: string;
}

const DEFAULT_REASON = 'No longer supported';

/**
 * Every coordinate that carries `@deprecated` or `@sunset`, once; a supergraph says it for all subgraphs. Where they name
 * several dates the latest holds: clients may rely on it.
 */
export function annotationsOf(document: DocumentNode): Annotation[] {
  const found = new Map<string, Annotation>();
  for (const { coordinate, node } of coordinateNodes(document)) {
    const deprecated = node.directives?.find(({ name }) => name.value === 'deprecated');
    const [sunset] = (node.directives ?? [])
      .filter(({ name }) => name.value === 'sunset')
      .sort((a, b) => ((textArgument(a, 'on') ?? '') > (textArgument(b, 'on') ?? '') ? -1 : 1));
    if (deprecated === undefined && sunset === undefined) continue;
    found.set(coordinate, {
      coordinate,
      deprecated:
        deprecated === undefined ? null : (textArgument(deprecated, 'reason') ?? DEFAULT_REASON),
      sunset:
        sunset === undefined
          ? null
          : {
              on: textArgument(sunset, 'on') ?? '',
              replacement: textArgument(sunset, 'replacement'),
              owner: textArgument(sunset, 'owner') ?? '',
            },
    });
  }
  return [...found.values()];
}
