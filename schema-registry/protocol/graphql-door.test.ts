import { describe, expect, it } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { silentLog } from '#kernel/log.ts';
import { graphqlRoute } from './graphql-door.ts';
import { ask, post } from './protocol-world.ts';

const DOOR = graphqlRoute({
  name: 'schema-registry',
  path: '/door',
  sdl: `type Query { node: Node coded: Int bug: Int echo(word: Word!): String }
    type Node { node: Node name: String } enum Word { YES NO }`,
  root: {
    node: () => ({ name: 'first', node: { name: 'second' } }),
    coded: () => {
      throw new GraphQLError('Not here.', { extensions: { code: 'UNKNOWN_TARGET' } });
    },
    bug: () => {
      throw new Error('password=hunter2');
    },
    echo: ({ word }: { word: string }) => word,
  },
  open: () => Promise.resolve({ context: null }),
  log: silentLog,
});

/** Doubles with every level: 2^n fields from n lines. */
function doubling(levels: number): string {
  const fragments = Array.from(
    { length: levels },
    (_, level) =>
      `fragment F${level} on Node { a: node { ...F${level + 1} } b: node { ...F${level + 1} } }`,
  );
  return `{ node { ...F0 } } ${fragments.join(' ')} fragment F${levels} on Node { name }`;
}

const REFUSED: readonly [name: string, query: string, message: RegExp][] = [
  ['what is not GraphQL', 'select 1', /Syntax Error/],
  ['fields that do not exist', '{ nothing }', /^Cannot query field "nothing" on type "Query"\./],
  [
    'fragments that contain themselves',
    '{ node { ...A } } fragment A on Node { node { ...A } }',
    /itself/,
  ],
  ['introspection', '{ __schema { types { name } } }', /introspection/i],
  ['documents with too many tokens', `{ ${'node { name } '.repeat(700)} }`, /tokens/],
  ['documents that are too deep', `${'{ node '.repeat(20)}{ name }${'}'.repeat(20)}`, /levels/],
  ['fragments that double at each level', doubling(12), /At most 400 fields/],
  ['batches in disguise', '{ a: coded b: coded c: coded d: coded }', /root fields/],
];

describe('a door for a foreign protocol', () => {
  it('executes a document, whatever its operations and variables are called', async () => {
    const query = 'query Any($w: Word!) { node { node { name } } echo(word: $w) }';
    expect(await ask(DOOR, { query, variables: { w: 'YES' } })).toEqual({
      data: { node: { node: { name: 'second' } }, echo: 'YES' },
    });
  });

  it.each(REFUSED)('refuses %s by a named error', async (_name, query, message) => {
    const { data, errors } = await ask(DOOR, { query });
    expect(data).toBeUndefined();
    expect(errors?.[0]?.message).toMatch(message);
    expect(errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT');
  });

  it('calls wrong variables the error of the caller', async () => {
    const query = 'query ($w: Word!) { echo(word: $w) }';
    const { errors } = await ask(DOOR, { query, variables: { w: 'PERHAPS' } });
    expect(errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT');
  });

  it('passes coded errors on, and masks bugs', async () => {
    const { data, errors } = await ask(DOOR, { query: '{ coded bug }' });
    expect(data).toEqual({ coded: null, bug: null });
    expect(errors?.map((error) => error.extensions['code']).sort()).toEqual([
      'INTERNAL_SERVER_ERROR',
      'UNKNOWN_TARGET',
    ]);
    expect(JSON.stringify(errors)).not.toContain('hunter2');
  });

  it.each(['', 'not JSON', '[]', '{"query":1}', 'null'])(
    'answers the body %j with a problem',
    async (body) => {
      const reply = await post(DOOR, body);
      expect(reply.status).toBe(400);
      expect(reply.body).toContain('BAD_REQUEST');
    },
  );
});
