import { dateOf, systemClock } from '#kernel/clock.ts';
import { errorText } from '#kernel/log.ts';
import { createGraphClient } from './graph-client.ts';
import type { SchemaRegistry } from '../../schema-registry/main.ts';
import type { Program } from './graph-client.ts';

/** Who reviews schemas among the demo's people; two, because nobody signs off what they proposed. */
const REVIEWERS = ['architect', 'second-architect'];

/** The teams that answer for the house's subgraphs and for what is classified, with the demo's people in them. */
export const DEMO_OWNERS: Parameters<SchemaRegistry['govern']>[1]['owners'] = [
  owner('subgraph:suppliers', 'supplier-data'),
  owner('subgraph:budgets', 'controlling'),
  owner('subgraph:approvals', 'procurement'),
  owner('subgraph:purchase-orders', 'procurement'),
  owner('subgraph:invoices', 'accounts-payable'),
  owner('subgraph:operations', 'integration'),
  owner('classification:pii', 'data-protection'),
  owner('classification:bank', 'treasury'),
  owner('classification:restricted', 'information-security'),
];

function owner(
  subject: string,
  team: string,
): Parameters<SchemaRegistry['govern']>[1]['owners'][number] {
  return { subject, team, members: REVIEWERS };
}

/** An application of the demo and what it asks. */
interface DemoProgram extends Program {
  /** The contract of the graph that it lives on. */
  readonly contract: string;
  readonly operations: readonly DemoOperation[];
}

interface DemoOperation {
  readonly login: string;
  readonly query: string;
  readonly variables: (today: string) => Readonly<Record<string, unknown>>;
}

const NOTHING = (): Readonly<Record<string, unknown>> => ({});

const PORTAL: DemoProgram = {
  name: 'requestor-portal',
  version: '2.4.0',
  contract: 'portal',
  operations: [
    {
      login: 'requestor',
      query: `query MyRequisitions { requisitions(last: 20) { nodes { id number title status neededBy
        total { amount currency } supplier { legalName } approval { status pendingApproverIds } } } }`,
      variables: NOTHING,
    },
    {
      login: 'requestor',
      query: `query SupplierChoice { suppliers(filter: { status: ACTIVE }, first: 20) { nodes { id number legalName
        currency status blocks { kind reason } } } }`,
      variables: NOTHING,
    },
    {
      login: 'requestor',
      query: `query FundsBeforeOrdering($input: CheckFundsInput!) { checkFunds(input: $input) { __typename
        ... on FundsCheck { decision available { amount currency } } ... on Problem { code message } } }`,
      variables: (today) => ({
        input: {
          costCentreId: 'DE01-4100',
          category: 'MRO',
          amount: { amount: '125.00', currency: 'EUR' },
          on: today,
        },
      }),
    },
    {
      login: 'requestor',
      query: `query RequisitionJourney($number: String!) { requisitionByNumber(number: $number) { number status
        purchaseOrders { number status receiptStatus invoiceStatus }
        invoices(first: 5) { nodes { number status paymentStatus } }
        payments { status valueOn amount { amount currency } } timeline { occurredAt summary } } }`,
      variables: () => ({ number: 'REQ-DE01-000001' }),
    },
    {
      login: 'approver',
      query: `query ApproverInbox { myApprovalTasks(first: 20) { nodes { id pendingSince
        request { documentNumber documentVersion documentHash total { amount currency } } } } }`,
      variables: NOTHING,
    },
  ],
};

const TREASURY: DemoProgram = {
  name: 'treasury-app',
  version: '1.1.0',
  contract: 'internal',
  operations: [
    {
      login: 'controller',
      query: `query CashForecast { invoices(filter: { statuses: [POSTED], paymentStatuses: [UNPAID, SCHEDULED, PARTIALLY_PAID] },
        first: 50) { nodes { number dueOn paymentStatus payableAmount { amount currency } supplier { legalName } } } }`,
      variables: NOTHING,
    },
    {
      login: 'controller',
      query: `query PaymentsMade { invoices(filter: { paymentStatuses: [PAID, RETURNED] }, last: 50) { nodes { number paymentStatus
        payments { number status valueOn amount { amount currency } } } } }`,
      variables: NOTHING,
    },
  ],
};

export const DEMO_PROGRAMS: readonly DemoProgram[] = [PORTAL, TREASURY];

/**
 * Asks the graph as the demo's applications do, so that an architect sees in the registry who uses what. What the graph does
 * not answer any more is told: the house goes on without its demo.
 */
export async function askAsDemoPrograms(options: {
  /** The gateway's GraphQL address. */
  readonly graphUrl: string;
  readonly tokenOf: (login: string) => Promise<string>;
  readonly say: (text: string) => void;
}): Promise<void> {
  const { graphUrl: url, tokenOf, say } = options;
  const today = dateOf(systemClock.now());
  for (const { name, version, operations } of DEMO_PROGRAMS) {
    const graph = createGraphClient({ url, tokenOf, program: { name, version } });
    for (const { login, query, variables } of operations)
      await graph
        .ask(login, query, variables(today))
        .catch((error: unknown) => say(`${name} ${version} cannot go on: ${errorText(error)}`));
  }
}
