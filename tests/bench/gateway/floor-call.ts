import { Agent } from 'undici';
import {
  INTERNAL_TOKEN_HEADER,
  createCallSigner,
  generateInternalKey,
} from '#kernel/internal-token.ts';
import { surroundings } from './surroundings.ts';

/** One call of a subgraph as a floor makes it; anything but data is an end. */
export type CallSubgraph = <Data>(
  service: string,
  query: string,
  variables: object,
) => Promise<Data>;

const HEADERS = { 'content-type': 'application/json', accept: 'application/json' };

/**
 * With SIGN=true calls are signed as a gateway of the hub must sign them, which shows what that alone costs. Nothing else is
 * known of a call: no limit, no viewer, no trace.
 */
export function openCalls(): CallSubgraph {
  const { origin } = new URL(surroundings().url);
  const agent = new Agent({ connections: 128, pipelining: 1, keepAliveTimeout: 60_000 });
  const sign =
    process.env['SIGN'] === 'true' ? createCallSigner(generateInternalKey('gateway')) : null;
  return async <Data>(service: string, query: string, variables: object): Promise<Data> => {
    const text = JSON.stringify({ query, variables });
    const token = await sign?.({ audience: service, body: text, viewer: null });
    const { statusCode, body } = await agent.request({
      origin,
      path: `/${service}/graphql`,
      method: 'POST',
      headers: token === undefined ? HEADERS : { ...HEADERS, [INTERNAL_TOKEN_HEADER]: token },
      body: text,
    });
    const { data } = (await body.json()) as { readonly data: Data | null };
    if (statusCode !== 200 || data === null) throw new Error(`${service} failed`);
    return data;
  };
}

/** What is asked of entities of one type. */
export function entityQuery(type: string, selection: string): string {
  return `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ${type} { ${selection} } } }`;
}
