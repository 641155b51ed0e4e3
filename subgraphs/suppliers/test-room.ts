import { getNamedType, graphql, isUnionType } from 'graphql';
import { systemClock } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { buildSchema, readSubgraphSdl } from '#kernel/subgraph.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { createContextFactory } from './context.ts';
import { resolvers } from './resolvers.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { GraphQLSchema } from 'graphql';

/** The room's graph over a real database, asked as somebody; statements are counted. */
export interface TestRoom extends AsyncDisposable {
  readonly database: Database;
  /** Every statement run since the last `forget`. */
  readonly statements: string[];
  /** Asks as a person of this role; the errors' codes stand beside the data. */
  ask<Data = Record<string, unknown>>(
    role: string,
    source: string,
    variables?: object,
    viewerId?: string,
  ): Promise<Asked<Data>>;
  /** Runs a mutation with one `input`; its answer, with an idempotency key of its own unless the input brings one. */
  run(role: string, mutation: string, input: object, viewerId?: string): Promise<Answer>;
}

/** What a query answers; `Data` is the test's own claim about what it selected. */
interface Asked<Data> {
  readonly data: Data;
  readonly codes: readonly unknown[];
  readonly messages: readonly string[];
}

/** What a mutation answers, as far as tests take it apart; the rest is compared as a whole. */
export interface Answer {
  readonly __typename: string;
  readonly id: string;
  readonly number: string;
  readonly status: string;
  readonly version: number;
  readonly fields: readonly { readonly code: string }[];
  readonly blocks: readonly object[];
  readonly supplier: { readonly id: string };
  readonly account: { readonly validFrom: string | null };
  readonly replaces: { readonly validTo: string | null };
}

/** A steward of suppliers is who most tests ask as. */
export const STEWARD = 'supplier-steward';

export function person(role: string, id = role): Viewer {
  return {
    id,
    name: id,
    kind: 'person',
    roles: [role],
    companies: ['DE01'],
    costCentres: ['DE01-4100'],
  };
}

export async function openTestRoom(): Promise<TestRoom> {
  const testDatabase = await createTestDatabase();
  const own = await testDatabase.open('suppliers', new URL('./migrations/', import.meta.url), 10);
  const statements: string[] = [];
  const database = counting(own, statements);
  const schema = buildSchema(
    await readSubgraphSdl(new URL('./schema.graphql', import.meta.url)),
    resolvers,
  );
  const createContext = createContextFactory({ database, clock: systemClock });
  const ask: TestRoom['ask'] = async <Data>(
    role: string,
    source: string,
    variables: object = {},
    viewerId = role,
  ): Promise<Asked<Data>> => {
    const contextValue = createContext({
      viewer: person(role, viewerId),
      caller: 'gateway',
      correlationId: `correlation-${newId()}`,
      traceparent: null,
      signal: new AbortController().signal,
    });
    const { data, errors = [] } = await graphql({
      schema,
      source,
      contextValue,
      variableValues: { ...variables },
    });
    const messages = errors.map((error) => error.message);
    return { data: data as Data, codes: errors.map((error) => error.extensions['code']), messages };
  };
  return {
    database,
    statements,
    ask,
    run: async (role, mutation, input, viewerId) => {
      const source = mutationSource(schema, mutation);
      const { data, messages } = await ask<Record<string, Answer>>(
        role,
        source,
        { input: { idempotencyKey: newId(), ...input } },
        viewerId,
      );
      if (messages.length > 0) throw new Error(messages.join('; '));
      const answer = data[mutation];
      if (answer === undefined) throw new Error(`${mutation} answered nothing.`);
      return answer;
    },
    [Symbol.asyncDispose]: () => testDatabase[Symbol.asyncDispose](),
  };
}

/** What is asked of each member of a result union. */
const SELECTIONS: Readonly<Record<string, string>> = {
  Supplier: `id number status version legalName normalizedName tradeNames legalForm currency paymentTermsDays
    blocks { kind name reason blockedBy } sites { id name currency paymentTermsDays address { city countryCode } }
    taxRegistrations { countryCode scheme number checked } endpoints { schemeId value }
    bankAccounts { id maskedNumber } externalRefs { system type id version }`,
  BankChange: `id status version proposedBy decidedBy decisionNote supplier { id blocks { kind name } }
    account { id maskedNumber validFrom validTo } replaces { id maskedNumber validTo }`,
  InvalidInputProblem: 'fields { field code message }',
  IllegalTransitionProblem: 'state event legalEvents',
  VersionConflictProblem: 'currentVersion',
  SegregationOfDutiesProblem: 'rule',
  DuplicateSupplierProblem: 'field existingSupplier { id number }',
  BankChangeOpenProblem: 'bankChange { id }',
  NotFoundProblem: 'entity id',
  IdempotencyKeyReusedProblem: 'idempotencyKey',
};

function mutationSource(schema: GraphQLSchema, mutation: string): string {
  const field = schema.getMutationType()?.getFields()[mutation];
  if (field === undefined) throw new Error(`There is no mutation ${mutation}.`);
  const members = getNamedType(field.type);
  if (!isUnionType(members)) throw new Error(`${mutation} does not answer with a union.`);
  const fragments = members
    .getTypes()
    .map(({ name }) => `... on ${name} { ${SELECTIONS[name] ?? ''} }`);
  const common = '__typename ... on Problem { code message correlationId retryable }';
  return `mutation run($input: ${String(field.args[0]?.type)}) { ${mutation}(input: $input) { ${common} ${fragments.join(' ')} } }`;
}

function counting(database: Database, statements: string[]): Database {
  const count =
    (sql: Sql): Sql['query'] =>
    (statement, parameters) => {
      statements.push(statement);
      return sql.query(statement, parameters);
    };
  return {
    ...database,
    query: count(database),
    transaction: (work) => database.transaction((tx) => work({ ...tx, query: count(tx) })),
  };
}

/** A new supplier's input with nothing that another supplier could have. */
export function supplierInput(overrides: object = {}): object {
  return { legalName: 'Schrauben Huber GmbH', countryCode: 'DE', currency: 'EUR', ...overrides };
}

/** A German VAT number whose check digit (ISO 7064 MOD 11,10) holds, made from eight digits. */
export function germanVat(eight: number): string {
  const digits = String(eight).padStart(8, '1');
  let product = 10;
  for (const digit of digits) {
    const sum = (Number(digit) + product) % 10 || 10;
    product = (2 * sum) % 11;
  }
  return `DE${digits}${(11 - product) % 10}`;
}

/** A German IBAN whose check digits hold, made from a number. */
export function germanIban(account: number): string {
  const bban = `37040044${String(account).padStart(10, '0')}`;
  const check = 98n - (BigInt(`${bban}131400`) % 97n);
  return `DE${String(check).padStart(2, '0')}${bban}`;
}
