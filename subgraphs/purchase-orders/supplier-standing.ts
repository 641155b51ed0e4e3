import { isRecord } from '#kernel/json.ts';
import { PeerUnavailable } from '#kernel/peer.ts';
import { accepted, refused, unavailable } from '#kernel/problem.ts';
import type { Peer } from '#kernel/peer.ts';
import type { StandingQueryVariables } from './peer-operations/generated.ts';
import type { Problem, Result, Unavailable } from '#kernel/problem.ts';

/** Nothing may be bought from the supplier now. */
export interface SupplierBlocked extends Problem<'SUPPLIER_BLOCKED'> {
  readonly supplierId: string;
  readonly obstacle: 'NOT_ACTIVE' | 'PURCHASE_BLOCK';
  readonly supplierStatus: string;
}

/** Asks suppliers, which owns the golden record, whether one may be bought from at this moment. */
export interface SupplierStanding {
  check(request: {
    readonly supplierId: string;
    readonly correlationId: string;
  }): Promise<Result<null, SupplierBlocked | Unavailable>>;
}

const STANDING = /* GraphQL */ `
  query Standing($id: ID!) {
    supplierStanding(id: $id) {
      status
      blocks
    }
  }
`;

export function createSupplierStanding(peer: Peer): SupplierStanding {
  return {
    check: async ({ supplierId, correlationId }) => {
      try {
        const data = await peer.call<unknown>({
          query: STANDING,
          variables: { id: supplierId } satisfies StandingQueryVariables,
          correlationId,
        });
        return readStanding(supplierId, isRecord(data) ? data['supplierStanding'] : null);
      } catch (error) {
        if (error instanceof PeerUnavailable)
          return refused(unavailable(error.service, error.message));
        throw error;
      }
    },
  };
}

/** A supplier that its owner does not know any more is not active. */
function readStanding(
  supplierId: string,
  answer: unknown,
): Result<null, SupplierBlocked | Unavailable> {
  if (answer === null) return refused(supplierBlocked(supplierId, 'NOT_ACTIVE', 'UNKNOWN'));
  const status = isRecord(answer) ? answer['status'] : null;
  const blocks = isRecord(answer) ? answer['blocks'] : null;
  if (typeof status !== 'string' || !Array.isArray(blocks))
    return refused(unavailable('suppliers', 'its answer cannot be read'));
  if (status !== 'ACTIVE') return refused(supplierBlocked(supplierId, 'NOT_ACTIVE', status));
  if (blocks.includes('PURCHASE'))
    return refused(supplierBlocked(supplierId, 'PURCHASE_BLOCK', status));
  return accepted(null);
}

function supplierBlocked(
  supplierId: string,
  obstacle: SupplierBlocked['obstacle'],
  status: string,
): SupplierBlocked {
  const why = obstacle === 'NOT_ACTIVE' ? `is ${status}, not ACTIVE` : 'is under a purchase block';
  return {
    code: 'SUPPLIER_BLOCKED',
    message: `The supplier ${why}; nothing was submitted. Choose another supplier, or ask a supplier steward.`,
    retryable: false,
    supplierId,
    obstacle,
    supplierStatus: status,
  };
}
