import { isRecord } from '#kernel/json.ts';

/** Speaks GraphQL to the gateway for one login at a time, as any application does. */
export interface GraphClient {
  /** The operation's data; errors are thrown with their messages. */
  ask<Data>(
    login: string,
    query: string,
    variables?: Readonly<Record<string, unknown>>,
  ): Promise<Data>;
  /**
   * Runs one mutation that takes `input` and answers with a union. Returns the success member's fields; a problem is
   * thrown as a `RefusedByGraph`.
   */
  change<Data>(
    login: string,
    mutation: string,
    call: {
      readonly input: Readonly<Record<string, unknown>>;
      readonly on: string;
      readonly select: string;
    },
  ): Promise<Data>;
}

/** An application as it names itself to the graph. */
export interface Program {
  readonly name: string;
  readonly version: string;
}

/** The graph answered with a problem. */
export class RefusedByGraph extends Error {
  override readonly name = 'RefusedByGraph';
  readonly code: string;
  readonly problem: Readonly<Record<string, unknown>>;
  constructor(mutation: string, problem: Readonly<Record<string, unknown>>) {
    super(`${mutation} was refused: ${String(problem['message'])}`);
    this.code = String(problem['code']);
    this.problem = problem;
  }
}

export function createGraphClient(options: {
  /** Such as `http://127.0.0.1:4000/graphql`. */
  readonly url: string;
  readonly tokenOf: (login: string) => Promise<string>;
  /** How it names itself, so that the registry can tell who uses what. */
  readonly program?: Program;
}): GraphClient {
  const { program } = options;
  const ask: GraphClient['ask'] = async <Data>(
    login: string,
    query: string,
    variables: Readonly<Record<string, unknown>> = {},
  ) => {
    const response = await fetch(options.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await options.tokenOf(login)}`,
        ...(program === undefined
          ? {}
          : {
              'graphql-client-name': program.name,
              'graphql-client-version': program.version,
            }),
      },
      body: JSON.stringify({ query, variables }),
    });
    const answer: unknown = await response.json();
    if (!isRecord(answer) || answer['errors'] !== undefined || !isRecord(answer['data'])) {
      throw new Error(
        `The graph answered ${response.status} to ${login}: ${JSON.stringify(answer).slice(0, 800)}`,
      );
    }
    return answer['data'] as Data;
  };
  return {
    ask,
    change: async <Data>(
      login: string,
      mutation: string,
      call: { input: Readonly<Record<string, unknown>>; on: string; select: string },
    ) => {
      const inputType = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
      const document = `mutation ($input: ${inputTypes[mutation] ?? inputType}!) { answer: ${mutation}(input: $input) {
        __typename ... on Problem { code message retryable correlationId } ... on ${call.on} { ${call.select} } } }`;
      const { answer } = await ask<{ answer: Record<string, unknown> }>(login, document, {
        input: call.input,
      });
      if (answer['code'] !== undefined && answer['__typename'] !== call.on)
        throw new RefusedByGraph(mutation, answer);
      return answer as Data;
    },
  };
}

/** Mutations whose input type is not named after them. */
const inputTypes: Readonly<Record<string, string>> = {
  activateSupplier: 'SupplierStepInput',
  deactivateSupplier: 'SupplierStepInput',
  reactivateSupplier: 'SupplierStepInput',
};
