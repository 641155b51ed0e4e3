import type { AccessTokenRules } from '#kernel/access-token.ts';

/** What the process with the subgraphs offers, which is all that a server under test has around it. */
export interface Surroundings {
  readonly url: string;
  readonly supergraphFile: string;
  readonly accessTokens: AccessTokenRules;
  readonly usage: { readonly targetId: string; readonly token: string };
}

/** Read from the environment, the same for every server: `SURROUNDINGS='{…}' node ours.ts`. */
export function surroundings(): Surroundings {
  const text = process.env['SURROUNDINGS'];
  if (text === undefined)
    throw new Error('SURROUNDINGS must hold the line that subgraphs.ts prints.');
  return JSON.parse(text) as Surroundings;
}

/** What the subgraphs have seen so far. */
export interface Seen {
  readonly calls: number;
  readonly streams: number;
  readonly streamsOpened: number;
  readonly usageOperations: number;
}
