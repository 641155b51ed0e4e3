import { describe, expect, it } from '@jest/globals';
import { GraphQLError, GraphQLInt, GraphQLObjectType, GraphQLSchema } from 'graphql';
import { createGraphErrorFormat } from './graph-error.ts';
import { silentLog } from './log.ts';
import { streamOperation } from './subgraph-stream.ts';

async function* counts(): AsyncGenerator<number> {
  yield* [1, 2, 3];
}

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { one: { type: GraphQLInt } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      count: {
        type: GraphQLInt,
        subscribe: () => counts(),
        resolve: (count: number) => {
          if (count === 2) throw new Error('relation "secret_table" does not exist');
          if (count === 3)
            throw new GraphQLError('not yours', { extensions: { code: 'FORBIDDEN' } });
          return count;
        },
      },
    },
  }),
});

describe('a stream', () => {
  it('masks what an unforeseen error says, as other answers do, and passes coded ones on', async () => {
    const reply = await streamOperation({
      schema,
      body: { query: 'subscription { count }' },
      contextValue: {},
      signal: new AbortController().signal,
      formatError: createGraphErrorFormat('operations', silentLog),
    });
    let text = '';
    for await (const piece of reply.body) text += piece;
    expect(text).toContain('"count":1');
    expect(text).not.toContain('secret_table');
    expect(text).toContain('"code":"INTERNAL_SERVER_ERROR"');
    expect(text).toContain('"code":"FORBIDDEN"');
    expect(text.trimEnd().endsWith('event: complete\ndata:')).toBe(true);
  });
});
