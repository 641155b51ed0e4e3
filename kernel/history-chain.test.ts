import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EMPTY_FRONTIER, isFrontier, leafHash, rootOf, withLeaf } from './history-chain.ts';
import type { Frontier } from './history-chain.ts';

/** The leaves and roots that the tests of Certificate Transparency's own implementations use. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const treeOf = (leaves: readonly string[]): Frontier =>
  leaves.map(leafHash).reduce(withLeaf, EMPTY_FRONTIER);

describe('the Merkle tree of the history', () => {
  it.each(ROOTS.map((root, size) => [size, root] as const))(
    'of %i leaves has the root that RFC 6962 gives it',
    (size, root) => {
      const leaves = LEAVES.slice(0, size).map((hex) => Buffer.from(hex, 'hex').toString());
      expect(rootOf(treeOf(leaves))).toBe(root);
    },
  );

  it('has another root with any other leaves, and always a frontier of its size', () => {
    const leaves = fc.array(fc.string({ maxLength: 3 }), { maxLength: 20 });
    fc.assert(
      fc.property(leaves, leaves, (a, b) => {
        expect(isFrontier(treeOf(a))).toBe(true);
        expect(rootOf(treeOf(a)) === rootOf(treeOf(b))).toBe(
          a.join('\n') === b.join('\n') && a.length === b.length,
        );
      }),
    );
  });

  it('has no frontier of another size', () => {
    const { size, tops } = treeOf(['a', 'b', 'c']);
    expect(isFrontier({ size: size + 1, tops })).toBe(false);
    expect(isFrontier({ size, tops: [...tops.slice(1), 'x'] })).toBe(false);
  });
});
