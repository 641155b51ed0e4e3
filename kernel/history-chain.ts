import { createHash } from 'node:crypto';

/**
 * The arithmetic of the history: entries are the leaves of a Merkle tree as RFC 6962 defines it, and each entry names the
 * hash of the one before, so that it is a chain as well. docs/history.md has the format.
 */

/** What stands before a leaf's and a node's bytes, so that neither can pass for the other (RFC 6962 §2.1). */
const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** SHA-256 of an entry's line, in hexadecimal. */
export function leafHash(line: string): string {
  return createHash('sha256').update(LEAF_PREFIX).update(line, 'utf8').digest('hex');
}

function nodeHash(left: string, right: string): string {
  return createHash('sha256')
    .update(NODE_PREFIX)
    .update(Buffer.from(left, 'hex'))
    .update(Buffer.from(right, 'hex'))
    .digest('hex');
}

/** The tops of the full subtrees of a tree, largest first: all that is needed to add leaves and to know the root. */
export interface Frontier {
  readonly size: number;
  readonly tops: readonly string[];
}

export const EMPTY_FRONTIER: Frontier = { size: 0, tops: [] };

/** The tree with one more leaf. */
export function withLeaf(frontier: Frontier, leaf: string): Frontier {
  const tops = [...frontier.tops];
  let top = leaf;
  // As in counting up by one: every full subtree of the same size joins with the new one.
  for (let rest = frontier.size; rest % 2 === 1; rest = (rest - 1) / 2)
    top = nodeHash(tops.pop() ?? '', top);
  return { size: frontier.size + 1, tops: [...tops, top] };
}

/** The Merkle root, in hexadecimal; of no leaves, the hash of nothing. */
export function rootOf(frontier: Frontier): string {
  const last = frontier.tops.at(-1);
  if (last === undefined) return createHash('sha256').digest('hex');
  return frontier.tops.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
}

/** Has the frontier as many tops as a tree of its size must have? */
export function isFrontier(frontier: Frontier): boolean {
  const subtrees = frontier.size.toString(2).replaceAll('0', '').length;
  return frontier.tops.length === subtrees && frontier.tops.every((top) => isHash(top));
}

export function isHash(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-f]{64}$/.test(text);
}
