import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildSchema, parse, validate, validateSchema } from 'graphql';
import { sha256 } from '#kernel/id.ts';
import { readSubgraphSdl } from '#kernel/subgraph.ts';
import { DEMO_PROGRAMS } from '../../hub/demo/registry.ts';
import { HOUSE_CONTRACTS } from '../../hub/house-contracts.ts';
import { createWorkshop } from '../../schema-registry/composition/workshop.ts';
import { classificationsOf } from '../../schema-registry/policy/classification.ts';
import { coordinatesOf } from '../../schema-registry/policy/element.ts';
import { defaultPolicy } from '../../schema-registry/policy/target-policy.ts';
import type { GraphQLSchema } from 'graphql';
import type { Analysis } from '../../schema-registry/composition/analysis.ts';

const ROOT = new URL('../../', import.meta.url);
const ROOMS = {
  suppliers: 'subgraphs/suppliers',
  budgets: 'subgraphs/budgets',
  approvals: 'subgraphs/approvals',
  'purchase-orders': 'subgraphs/purchase-orders',
  invoices: 'subgraphs/invoices',
  operations: 'integration',
};

type Composed = Extract<Analysis, { ok: true }>;
type Cut = Extract<Composed['contracts'][number], { ok: true }>;
let composed: Composed;

beforeAll(async () => {
  composed = await analysed();
});

/** The six contracts composed and cut as the registry does it at every check. */
async function analysed(): Promise<Composed> {
  const texts: Record<string, string> = {};
  const members = await Promise.all(
    Object.entries(ROOMS).map(async ([subgraph, folder]) => {
      const sdl = await readSubgraphSdl(new URL(`${folder}/schema.graphql`, ROOT));
      texts[sha256(sdl)] = sdl;
      return { subgraph, url: `http://127.0.0.1/${subgraph}`, sha256: sha256(sdl) };
    }),
  );
  const workshop = createWorkshop();
  try {
    const analysis = await workshop.run<'analyse'>(
      {
        kind: 'analyse',
        members,
        changed: [],
        before: null,
        contracts: HOUSE_CONTRACTS.map((contract) => ({
          name: contract.name,
          filter: {
            include: contract.includeTags,
            exclude: contract.excludeTags,
            removeUnreachable: contract.removeUnreachable,
          },
          forbiddenTags: contract.forbiddenTags,
          beforeApiSha256: null,
        })),
        policy: defaultPolicy('production'),
        withTexts: true,
        references: [],
        owners: {},
      },
      () => Promise.resolve(texts),
    );
    if (!analysis.ok) throw new Error(JSON.stringify(analysis.errors));
    return analysis;
  } finally {
    await workshop.close();
  }
}

function cut(name: string): Cut {
  const contract = composed.contracts.find((one) => one.name === name);
  if (contract?.ok !== true) throw new Error(JSON.stringify(contract?.errors ?? name));
  return contract;
}

const built = new Map<string, GraphQLSchema>();

function schema(name: string): GraphQLSchema {
  const known = built.get(name) ?? buildSchema(cut(name).texts?.api.sdl ?? '');
  built.set(name, known);
  return known;
}

function visibleIn(name: string): ReadonlySet<string> {
  return coordinatesOf(parse(cut(name).texts?.api.sdl ?? ''));
}

function flaws(name: string, query: string): readonly string[] {
  return validate(schema(name), parse(query)).map(({ message }) => message);
}

const names = HOUSE_CONTRACTS.map(({ name }) => name);

interface Shown {
  readonly login: string;
  readonly query: string;
}

/** Every operation that a text tells people to run, with the login that it is run as. */
function shownIn(path: string): Shown[] {
  const text = readFileSync(new URL(path, ROOT), 'utf8');
  return [
    ...text.matchAll(/(?:token -- |graph )([\w-]+)(?:[^\n]*\n){0,2}?[^\n]*?"query":"([^"\\]*)"/g),
  ].map(([, login = '', query = '']) => ({ login, query }));
}

const SHOWN = ['README.md', 'docs/recipes/requisition-to-payment.md', 'hub/welcome.ts'].flatMap(
  shownIn,
);
/** Who works in the portal; the others have applications of their own. */
const PORTAL_LOGINS = ['requestor', 'approver', 'buyer', 'receiver'];
const shownQueries = SHOWN.map(({ login, query }) => [login, query] as const);

describe('the contracts of the house', () => {
  it.each(names)('%s composes to a schema that is valid', (name) => {
    expect(validateSchema(schema(name))).toEqual([]);
  });

  it.each(names)('%s shows nothing of what it forbids', (name) => {
    expect(cut(name).exposed.map(({ message }) => message)).toEqual([]);
  });

  it('forbid what is there: each classification is carried by fields that they must leave out', () => {
    const classified = classificationsOf(parse(composed.texts?.supergraph.sdl ?? ''));
    const tagsOf = (coordinate: string): string[] =>
      (classified.get(coordinate) ?? []).map(({ tag }) => tag).toSorted();
    expect(tagsOf('Supplier.bankAccounts')).toEqual(['bank', 'restricted']);
    expect(tagsOf('BankAccount.holderName')).toEqual(['bank', 'pii', 'restricted']);
    expect(tagsOf('Mutation.proposeBankChange(input:)')).toEqual(['bank', 'restricted']);
    expect(tagsOf('Invoice.paymentMeans')).toEqual(['bank', 'restricted']);
    expect(tagsOf('Supplier.taxRegistrations')).toEqual(['pii']);
    expect(tagsOf('InvoiceParty.taxNumbers')).toEqual(['pii']);
    expect(tagsOf('Supplier.legalName')).toEqual([]);
  });
});

describe('the portal', () => {
  it('can go on asking all that texts and demo ask in it', () => {
    const asked = SHOWN.filter(({ login }) => PORTAL_LOGINS.includes(login));
    expect(asked.length).toBeGreaterThanOrEqual(9);
  });

  it.each(shownQueries.filter(([login]) => PORTAL_LOGINS.includes(login)))(
    'answers %s: %s',
    (_login, query) => {
      expect(flaws('portal', query)).toEqual([]);
    },
  );

  it('has its feed of status events', () => {
    const feed = readFileSync(new URL('hub/watch.ts', ROOT), 'utf8').match(
      /QUERY = `([^`]+)`/,
    )?.[1];
    expect(flaws('portal', feed ?? '')).toEqual([]);
  });

  it('does not lead to ledger, policies, exceptions, bank or tax data', () => {
    const visible = visibleIn('portal');
    const hidden = [
      'BudgetLine.ledgerEntries',
      'ApprovalRequest.policy',
      'Supplier.externalRefs',
      'Supplier.taxRegistrations',
      'Supplier.bankAccounts',
      'Invoice.paymentMeans',
      'Query.exceptions',
      'Query.supplierStanding',
      'Mutation.captureInvoice',
      'Mutation.activateSupplier',
      'BankChangeOpenProblem',
    ];
    expect(hidden.filter((coordinate) => visible.has(coordinate))).toEqual([]);
  });
});

describe('a partner', () => {
  const OWN_INVOICES = `query { invoices(filter: { supplierInvoiceNumber: "RE-1" }, first: 10) { nodes { number status paymentStatus
    dueOn grossAmount { amount currency } lines { description quantity { value } } payments { number status valueOn }
    purchaseOrder { number status supplier { number legalName } } } pageInfo { endCursor } } }`;
  const OWN_ORDER = `query { purchaseOrderByNumber(number: "PO-DE01-000042") { number status total { amount currency }
    lines { lineNumber receivedQuantity { value unitCode } } invoices(first: 5) { nodes { number } } payments { status } } }`;

  it.each([OWN_INVOICES, OWN_ORDER])('reads its own orders, invoices and payments: %s', (query) => {
    expect(flaws('partner', query)).toEqual([]);
  });

  it('sees these types and no other: no budget, no approval, no requisition, no person', () => {
    const types = [...visibleIn('partner')].filter((name) => /^\w+$/.test(name));
    expect(types.toSorted()).toEqual([
      'Date',
      'DateTime',
      'Decimal',
      'Invoice',
      'InvoiceConnection',
      'InvoiceEdge',
      'InvoiceFilter',
      'InvoiceKind',
      'InvoiceLine',
      'InvoiceStatus',
      'Money',
      'OrderInvoiceStatus',
      'PageInfo',
      'Payment',
      'PaymentState',
      'PaymentStatus',
      'PurchaseOrder',
      'PurchaseOrderConnection',
      'PurchaseOrderEdge',
      'PurchaseOrderFilter',
      'PurchaseOrderLine',
      'PurchaseOrderStatus',
      'Quantity',
      'Query',
      'ReceiptStatus',
      'Supplier',
    ]);
  });

  it('sees of an order and an invoice neither who asked for it nor who pays, approves or holds it', () => {
    const visible = visibleIn('partner');
    const inside = [
      'requesterId',
      'costCentre',
      'requisition',
      'approval',
      'fundsReservations',
      'holds',
    ];
    const shown = ['PurchaseOrder', 'Invoice'].flatMap((type) =>
      inside.map((field) => `${type}.${field}`).filter((coordinate) => visible.has(coordinate)),
    );
    expect(shown).toEqual([]);
  });
});

describe('internal applications', () => {
  it.each(shownQueries.filter(([login]) => login !== 'architect'))(
    'answer %s: %s',
    (_login, query) => {
      expect(flaws('internal', query)).toEqual([]);
    },
  );

  it('capture invoices and make suppliers, without bank accounts', () => {
    const visible = visibleIn('internal');
    expect(visible.has('Mutation.captureInvoice')).toBe(true);
    expect(visible.has('Mutation.createSupplier')).toBe(true);
    expect(visible.has('CreateSupplierInput.bankAccounts')).toBe(false);
    expect(
      [...visible].filter((coordinate) => /^BankAccount|^BankChange/.test(coordinate)),
    ).toEqual([]);
  });
});

describe("the demo's applications", () => {
  const operations = DEMO_PROGRAMS.flatMap(({ name, contract, operations: asked }) =>
    asked.map(({ query }) => [name, contract, query] as const),
  );
  it.each(operations)('%s asks within the contract %s: %s', (_name, contract, query) => {
    expect(flaws(contract, query)).toEqual([]);
  });
});
