import {
  createCallSigner,
  createCallVerifier,
  generateInternalKey,
} from '#kernel/internal-token.ts';
import { silentLog } from '#kernel/log.ts';
import { readSubgraphSdl, serveSubgraph } from '#kernel/subgraph.ts';
import type { CallSigner } from '#kernel/internal-token.ts';
import type { SubgraphServer } from '#kernel/subgraph.ts';

/**
 * Budgets and suppliers as this room meets them: servers that speak their published schema over signed HTTP, with a
 * small ledger behind it that a test can look into, fill and disturb.
 */
export interface TestPeers extends AsyncDisposable {
  readonly budgets: TestBudgets;
  readonly suppliers: TestSuppliers;
  readonly budgetsUrl: string;
  readonly suppliersUrl: string;
  readonly sign: CallSigner;
}

export interface TestBudgets {
  availableMinor: bigint;
  /** `LOST_ANSWER` does the work and then fails, as a crash between commit and answer does. */
  fault: 'NONE' | 'DOWN' | 'LOST_ANSWER' | 'PERIOD_CLOSED';
  /** What is reserved, by the document's id. */
  readonly reserved: Map<string, bigint>;
  /** Keys of reservations that were asked for, every time. */
  readonly asked: string[];
  /** Runs between the reservation and its answer: what happens meanwhile. */
  meanwhile: (() => Promise<void>) | null;
}

export interface TestSuppliers {
  isDown: boolean;
  readonly standing: Map<string, { readonly status: string; readonly blocks: readonly string[] }>;
  asked: number;
}

export async function startTestPeers(): Promise<TestPeers> {
  const key = generateInternalKey('purchase-orders');
  const budgets: TestBudgets = {
    availableMinor: 100_000_000n,
    fault: 'NONE',
    reserved: new Map(),
    asked: [],
    meanwhile: null,
  };
  const suppliers: TestSuppliers = { isDown: false, standing: new Map(), asked: 0 };
  const serve = (name: 'budgets' | 'suppliers', resolvers: object): Promise<SubgraphServer> =>
    servePeer(name, resolvers, key);
  const budgetsServer = await serve('budgets', budgetResolvers(budgets));
  const suppliersServer = await serve('suppliers', supplierResolvers(suppliers));
  return {
    budgets,
    suppliers,
    budgetsUrl: budgetsServer.url,
    suppliersUrl: suppliersServer.url,
    sign: createCallSigner(key),
    [Symbol.asyncDispose]: async () => {
      await budgetsServer.close();
      await suppliersServer.close();
    },
  };
}

async function servePeer(
  name: 'budgets' | 'suppliers',
  resolvers: object,
  key: ReturnType<typeof generateInternalKey>,
): Promise<SubgraphServer> {
  return serveSubgraph({
    name,
    sdl: await readSubgraphSdl(new URL(`../../${name}/schema.graphql`, import.meta.url)),
    resolvers,
    createContext: (request) => request,
    verifyCall: createCallVerifier({
      audience: name,
      trusted: { 'purchase-orders': key.publicJwk },
    }),
    host: '127.0.0.1',
    port: 0,
    ready: () => [],
    log: silentLog,
  });
}

interface ReserveArguments {
  readonly input: {
    readonly idempotencyKey: string;
    readonly documentId: string;
    readonly amount: {
      readonly amount: { readonly units: bigint; readonly scale: number };
      readonly currency: string;
    };
  };
}

function budgetResolvers(state: TestBudgets): object {
  const problem = (code: string, typeName: string, fields: object): object => ({
    __typename: typeName,
    code,
    message: 'refused by the test',
    correlationId: 'test',
    retryable: false,
    ...fields,
  });
  const spent = new Map<string, bigint>();
  return {
    Mutation: {
      reserveFunds: async (_parent: unknown, { input }: ReserveArguments) => {
        state.asked.push(input.idempotencyKey);
        if (state.fault === 'DOWN') throw new Error('down');
        if (state.fault === 'PERIOD_CLOSED') {
          return problem('PERIOD_CLOSED', 'PeriodClosedProblem', {
            companyCode: 'DE01',
            on: '2026-11-23',
          });
        }
        const { units } = input.amount.amount;
        const money = (minor: bigint): object => ({
          amount: `${minor / 100n}.${String(minor % 100n).padStart(2, '0')}`,
          currency: 'EUR',
        });
        if (!spent.has(input.idempotencyKey)) {
          const available = state.availableMinor;
          if (units > available) {
            const [has, wants] = [money(available), money(units)];
            return problem('INSUFFICIENT_FUNDS', 'InsufficientFundsProblem', {
              available: has,
              requested: wants,
              budgetLineId: 'line-1',
            });
          }
          spent.set(input.idempotencyKey, units);
          state.availableMinor += (state.reserved.get(input.documentId) ?? 0n) - units;
          state.reserved.set(input.documentId, units);
        }
        await state.meanwhile?.();
        if (state.fault === 'LOST_ANSWER') throw new Error('lost');
        return { __typename: 'FundsReservation', id: input.documentId };
      },
      releaseFunds: (_parent: unknown, { input }: ReserveArguments) => {
        if (state.fault === 'DOWN') throw new Error('down');
        const held = state.reserved.get(input.documentId);
        if (held === undefined)
          return problem('NOT_FOUND', 'NotFoundProblem', {
            entity: 'funds reservation',
            id: input.documentId,
          });
        state.reserved.delete(input.documentId);
        state.availableMinor += held;
        return { __typename: 'FundsReservation', id: input.documentId };
      },
    },
  };
}

function supplierResolvers(state: TestSuppliers): object {
  return {
    Query: {
      supplierStanding: (_parent: unknown, { id }: { readonly id: string }) => {
        state.asked += 1;
        if (state.isDown) throw new Error('down');
        const standing = state.standing.get(id);
        if (standing === undefined) return null;
        return {
          id,
          number: 'SUP-1',
          legalName: 'Supplier',
          countryCode: 'DE',
          currency: 'EUR',
          version: 1,
          ...standing,
        };
      },
    },
  };
}
