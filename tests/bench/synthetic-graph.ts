/** One made-up subgraph of a large graph. */
export interface SyntheticSubgraph {
  readonly subgraph: string;
  readonly url: string;
  readonly sdl: string;
}

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@tag"])';
const EVERYBODY = '@tag(name: "portal") @tag(name: "partner") @tag(name: "internal")';
/**
 * So many types follow each other in a circle, as those of one domain do, and the first of them has a field of its
 * neighbour in the next subgraph, as entities do.
 */
const CIRCLE = 25;
const ROOT_EVERY = 10;

/** A graph like those of large companies: described, tagged for three contracts, its subgraphs joined by entities. */
export function syntheticGraph(subgraphs: number, typesEach: number): SyntheticSubgraph[] {
  return Array.from({ length: subgraphs }, (_, index) => ({
    subgraph: `sub-${index}`,
    url: `http://sub-${index}.example/graphql`,
    sdl: sdlOf(index, typesEach),
  }));
}

function sdlOf(index: number, count: number): string {
  const numbers = Array.from({ length: count }, (_, type) => type);
  const roots = numbers
    .filter((type) => type % ROOT_EVERY === 0)
    .map(
      (type) =>
        `  "One document."\n  document${index}x${type}(id: ID! ${EVERYBODY}): Document${index}x${type} ${EVERYBODY}`,
    );
  return [
    LINK,
    `type Query {\n${roots.join('\n')}\n}`,
    ...numbers.map((type) => typeOf(index, type, count)),
    ...(index === 0 ? [] : numbers.filter((type) => type % CIRCLE === 0).map(backTo(index))),
  ].join('\n\n');
}

function typeOf(index: number, type: number, count: number): string {
  const last = type % CIRCLE === CIRCLE - 1 || type === count - 1;
  const next = `Document${index}x${last ? type - (type % CIRCLE) : type + 1}`;
  const tag = ['portal', 'partner', 'internal'][type % 3] ?? 'portal';
  const other =
    index > 0 && type % CIRCLE === 0
      ? `\n  "Its neighbour."\n  neighbour: Document${index - 1}x${type} ${EVERYBODY}`
      : '';
  return `"Document ${type} of subgraph ${index}."
type Document${index}x${type} @key(fields: "id") {
  "Opaque id."
  id: ID! ${EVERYBODY}
  "Human number."
  number: String! @tag(name: "${tag}")
  "Units."
  units(of: String @tag(name: "${tag}")): Int @tag(name: "${tag}")
  "What comes next."
  next: ${next} ${EVERYBODY}${other}
}`;
}

function backTo(index: number): (type: number) => string {
  return (type) => `extend type Document${index - 1}x${type} @key(fields: "id") {
  id: ID! @external
  "Back again."
  back${index}: Document${index}x${type} ${EVERYBODY}
}`;
}
