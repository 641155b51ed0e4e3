import { print } from 'graphql';
import { coordinateNodes } from './coordinates.ts';
import type { AnalysisCache } from './analysis-cache.ts';
import type { CoordinateNode } from './coordinates.ts';

export interface SearchJob {
  readonly apiSha256: string;
  /** Part of a name or of a description; case does not matter. */
  readonly text: string;
  readonly limit: number;
}

/** A type, field, argument, input field or value that fits the text. */
export interface SearchHit {
  readonly coordinate: string;
  readonly kind: CoordinateNode['kind'];
  readonly description: string | null;
  /** Its type as written, such as `[Invoice!]!`; null for types and values. */
  readonly type: string | null;
  readonly deprecated: boolean;
}

/** Finds by name first, then by description; an exact name comes before a part of one. */
export function searchSchema(job: SearchJob, cache: AnalysisCache): SearchHit[] {
  const wanted = job.text.toLowerCase();
  const ranked: { rank: number; hit: CoordinateNode }[] = [];
  for (const hit of coordinateNodes(cache.stored(job.apiSha256))) {
    const rank = rankOf(hit, wanted);
    if (rank !== null) ranked.push({ rank, hit });
  }
  return ranked
    .sort((a, b) => a.rank - b.rank || a.hit.coordinate.length - b.hit.coordinate.length)
    .slice(0, job.limit)
    .map(({ hit }) => describe(hit));
}

function rankOf({ coordinate, node }: CoordinateNode, wanted: string): number | null {
  const name = node.name.value.toLowerCase();
  if (name === wanted || coordinate.toLowerCase() === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  if (name.includes(wanted) || coordinate.toLowerCase().includes(wanted)) return 2;
  const description = 'description' in node ? node.description?.value.toLowerCase() : undefined;
  return description?.includes(wanted) === true ? 3 : null;
}

function describe({ coordinate, kind, node }: CoordinateNode): SearchHit {
  return {
    coordinate,
    kind,
    description: 'description' in node ? (node.description?.value ?? null) : null,
    type: 'type' in node ? print(node.type) : null,
    deprecated: node.directives?.some(({ name }) => name.value === 'deprecated') === true,
  };
}
