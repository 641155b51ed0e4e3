import { step } from '#kernel/lifecycle.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { IllegalTransition, Result } from '#kernel/problem.ts';

/** What a block forbids: new orders, posting of invoices, payment. */
export type BlockKind = 'PURCHASE' | 'POSTING' | 'PAYMENT';

/** Where a block comes from: a person, or a change of bank account that waits for its decision. */
export type BlockName = 'MANUAL' | 'BANK_CHANGE_OPEN';

/** A block that applies now. */
export interface SupplierBlock {
  readonly supplierId: string;
  readonly kind: BlockKind;
  readonly name: BlockName;
  readonly reason: string;
  readonly blockedBy: string;
  readonly blockedAt: Date;
}

type BlockState = 'NOT_BLOCKED' | 'BLOCKED';
export type BlockStep = 'block' | 'unblock';

/** The life of one kind of block that people set: at most one of a kind applies at a time. */
export const blockLifecycle: Lifecycle<BlockState, BlockStep> = {
  entity: 'supplier block',
  initial: 'NOT_BLOCKED',
  transitions: {
    NOT_BLOCKED: { block: 'BLOCKED' },
    BLOCKED: { unblock: 'NOT_BLOCKED' },
  },
};

/** May this kind be set or lifted, given the blocks that apply? Only those that people set count. */
export function decideBlock(
  blocks: readonly SupplierBlock[],
  kind: BlockKind,
  event: BlockStep,
): Result<BlockState, IllegalTransition> {
  const isBlocked = blocks.some((block) => block.name === 'MANUAL' && block.kind === kind);
  return step(blockLifecycle, isBlocked ? 'BLOCKED' : 'NOT_BLOCKED', event);
}
