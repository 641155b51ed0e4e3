import { parseMoney, toWire } from '#kernel/money.ts';
import { isRecord } from '#kernel/json.ts';
import { PeerUnavailable } from '#kernel/peer.ts';
import { accepted, refused, unavailable } from '#kernel/problem.ts';
import type { Money } from '#kernel/money.ts';
import type { Peer } from '#kernel/peer.ts';
import type {
  ReleaseMutationVariables,
  ReserveMutationVariables,
} from './peer-operations/generated.ts';
import type { Problem, Result, Unavailable } from '#kernel/problem.ts';

/** The budget does not cover it; nothing was reserved. */
export interface InsufficientFunds extends Problem<'INSUFFICIENT_FUNDS'> {
  readonly available: Money;
  readonly requested: Money;
  readonly budgetLineId: string;
}

/** Budgets refused for another reason than the amount; nothing was reserved. */
export interface FundsRefused extends Problem<'FUNDS_REFUSED'> {
  /** The reason as budgets codes it, such as `NO_BUDGET_LINE`. */
  readonly reason: string;
}

export interface FundsRequest {
  readonly idempotencyKey: string;
  readonly requisitionId: string;
  readonly requisitionNumber: string;
  readonly costCentreId: string;
  readonly category: string;
  readonly amount: Money;
  /** The date whose budget period is charged. */
  readonly on: string;
  readonly correlationId: string;
}

export type ReleaseRequest = Pick<
  FundsRequest,
  'idempotencyKey' | 'requisitionId' | 'on' | 'correlationId'
>;

/** Asks budgets, which owns every reservation. */
export interface Funds {
  /** Reserves the amount for the requisition; the same key reserves once. */
  reserve(
    request: FundsRequest,
  ): Promise<Result<null, InsufficientFunds | FundsRefused | Unavailable>>;
  /** Gives back whatever is reserved for the requisition; nothing reserved is success. False when budgets did not answer. */
  release(request: ReleaseRequest): Promise<boolean>;
}

const RESERVE = /* GraphQL */ `
  mutation Reserve($input: ReserveFundsInput!) {
    reserveFunds(input: $input) {
      __typename
      ... on Problem {
        code
        message
      }
      ... on InsufficientFundsProblem {
        available {
          amount
          currency
        }
        requested {
          amount
          currency
        }
        budgetLineId
      }
    }
  }
`;

const RELEASE = /* GraphQL */ `
  mutation Release($input: ReleaseFundsInput!) {
    releaseFunds(input: $input) {
      __typename
      ... on Problem {
        code
        message
      }
    }
  }
`;

export function createFunds(peer: Peer): Funds {
  return {
    reserve: (request) => reserve(peer, request),
    release: (request) => release(peer, request),
  };
}

async function reserve(
  peer: Peer,
  request: FundsRequest,
): Promise<Result<null, InsufficientFunds | FundsRefused | Unavailable>> {
  const input: ReserveMutationVariables['input'] = {
    idempotencyKey: request.idempotencyKey,
    documentType: 'REQUISITION',
    documentId: request.requisitionId,
    documentNumber: request.requisitionNumber,
    costCentreId: request.costCentreId,
    category: request.category,
    amount: toWire(request.amount),
    on: request.on,
    correlationId: request.correlationId,
  };
  try {
    const data = await peer.call<unknown>({
      query: RESERVE,
      variables: { input },
      correlationId: request.correlationId,
    });
    return readReservation(isRecord(data) ? data['reserveFunds'] : null, request.amount);
  } catch (error) {
    if (error instanceof PeerUnavailable) return refused(unavailable(error.service, error.message));
    throw error;
  }
}

function readReservation(
  answer: unknown,
  requested: Money,
): Result<null, InsufficientFunds | FundsRefused | Unavailable> {
  if (!isRecord(answer) || typeof answer['__typename'] !== 'string')
    return refused(unavailable('budgets', 'its answer cannot be read'));
  const code = typeof answer['code'] === 'string' ? answer['code'] : null;
  const message = typeof answer['message'] === 'string' ? answer['message'] : '';
  if (code === null) return accepted(null);
  if (code === 'UNAVAILABLE') return refused(unavailable('budgets', message));
  // The key was used on another day: an earlier attempt is being undone, after which there is a new key.
  if (code === 'IDEMPOTENCY_KEY_REUSED')
    return refused(unavailable('budgets', 'it still undoes an earlier submission'));
  const available = readMoney(answer['available']);
  if (code === 'INSUFFICIENT_FUNDS' && available !== null) {
    const budgetLineId = typeof answer['budgetLineId'] === 'string' ? answer['budgetLineId'] : '';
    return refused({
      code,
      message,
      retryable: true,
      available,
      requested: readMoney(answer['requested']) ?? requested,
      budgetLineId,
    });
  }
  return refused({ code: 'FUNDS_REFUSED', message, retryable: false, reason: code });
}

async function release(peer: Peer, request: ReleaseRequest): Promise<boolean> {
  const { idempotencyKey, requisitionId, on, correlationId } = request;
  const input: ReleaseMutationVariables['input'] = {
    idempotencyKey,
    documentType: 'REQUISITION',
    documentId: requisitionId,
    on,
  };
  try {
    const data = await peer.call<unknown>({ query: RELEASE, variables: { input }, correlationId });
    const answer = isRecord(data) ? data['releaseFunds'] : null;
    return isRecord(answer) && RELEASED.has(String(answer['code'] ?? answer['__typename']));
  } catch (error) {
    if (error instanceof PeerUnavailable) return false;
    throw error;
  }
}

/** Answers that mean that nothing is reserved for the requisition any more. */
const RELEASED = new Set(['FundsReservation', 'NOT_FOUND', 'ILLEGAL_TRANSITION']);

function readMoney(value: unknown): Money | null {
  if (
    !isRecord(value) ||
    typeof value['amount'] !== 'string' ||
    typeof value['currency'] !== 'string'
  )
    return null;
  const money = parseMoney({ amount: value['amount'], currency: value['currency'] });
  return typeof money === 'string' ? null : money;
}
