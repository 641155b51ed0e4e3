import { describe, expect, it } from '@jest/globals';
import { startGraph } from '../test-world/graph.ts';
import type { Viewer } from '#kernel/identity.ts';

/** Every kind of place that a requirement can stand at, in two subgraphs. */
const graph = await startGraph({
  people: {
    sdl: `
      type Query {
        me: Person
        people: [Person!]!
        named: [Named!]!
        anything: [Anything]
        badge: Badge
        code: Code
        open: String
      }
      type Mutation { rename(name: String!): Person @requiresScopes(scopes: [["people:write"]]) forget: Boolean }
      interface Named { name: String }
      union Anything = Person | Vault
      type Person implements Named @key(fields: "id") {
        id: ID!
        name: String
        salary: Int @requiresScopes(scopes: [["pay:read", "people:read"], ["admin"]])
        secret: String! @authenticated
        note: String @policy(policies: [["role:auditor"]])
      }
      type Vault implements Named @authenticated { name: String content: String }
      enum Badge @authenticated { GOLD }
      scalar Code @requiresScopes(scopes: [["code"]])`,
    resolvers: {
      Query: {
        me: () => PERSON,
        people: () => [PERSON, PERSON],
        named: () => [PERSON],
        anything: () => [PERSON, { __typename: 'Vault', name: 'v', content: 'gold' }],
        badge: () => 'GOLD',
        code: () => 'x1',
        open: () => 'open',
      },
      Mutation: { rename: () => PERSON, forget: () => true },
    },
  },
  bank: {
    sdl: `type Person @key(fields: "id") { id: ID! iban: String @requiresScopes(scopes: [["bank:read"]]) }`,
    resolvers: {
      Person: { __resolveReference: ({ id }: { id: string }) => ({ id, iban: 'DE89' }) },
    },
  },
});
const PERSON = { __typename: 'Person', id: '1', name: 'Ann', salary: 9, secret: 's', note: 'n' };

const someone = (more: Partial<Viewer> = {}): Viewer => ({
  id: 'ann',
  name: 'Ann',
  kind: 'person',
  roles: [],
  companies: [],
  costCentres: [],
  ...more,
});
const nobody = someone({ id: 'anonymous' });

describe('a field that the viewer may not see', () => {
  it.each<[string, string, object | null, (string | undefined)[]]>([
    ['alone', '{ me { name salary } }', { me: { name: 'Ann', salary: null } }, ['me.salary']],
    ['under an alias', '{ me { pay: salary } }', { me: { pay: null } }, ['me.pay']],
    [
      'in fragments',
      '{ me { ...F } } fragment F on Person { ... on Named { ... on Person { salary } } }',
      { me: { salary: null } },
      ['me.salary'],
    ],
    [
      'in a list, told once',
      '{ people { salary } }',
      { people: [{ salary: null }, { salary: null }] },
      ['people.salary'],
    ],
    [
      'behind an interface',
      '{ named { ... on Person { salary } } }',
      { named: [{ salary: null }] },
      ['named.salary'],
    ],
    [
      'behind a union',
      '{ anything { ... on Person { salary } } }',
      { anything: [{ salary: null }, {}] },
      ['anything.salary'],
    ],
    ['in another subgraph', '{ me { iban } }', { me: { iban: null } }, ['me.iban']],
    ['by a policy', '{ me { note } }', { me: { note: null } }, ['me.note']],
    ['of a guarded scalar', '{ code open }', { code: null, open: 'open' }, ['code']],
    [
      'of a mutation, which is not run',
      'mutation { rename(name: "x") { id } forget }',
      { rename: null, forget: true },
      ['rename'],
    ],
    [
      'with a condition',
      'query ($yes: Boolean = true) { me { salary @include(if: $yes) } }',
      { me: { salary: null } },
      ['me.salary'],
    ],
    [
      'and whose object has nothing else',
      '{ me { salary } }',
      { me: { salary: null } },
      ['me.salary'],
    ],
  ])('is null %s', async (_where, query, data, paths) => {
    const answer = await graph.ask(query, { viewer: someone() });
    expect(answer.data).toEqual(data);
    expect(answer.errors?.map(({ path }) => path?.join('.'))).toEqual(paths);
    expect(answer.errors?.[0]?.extensions['code']).toBe('UNAUTHORIZED_FIELD_OR_TYPE');
  });

  it('is never asked of a subgraph', async () => {
    const { calls } = await graph.ask('{ me { name iban salary } }', { viewer: someone() });
    expect(calls.map(({ subgraph }) => subgraph)).toEqual(['people']);
    expect(calls[0]?.query).not.toContain('salary');
  });

  it('takes its nearest nullable parent with it when it cannot be null', async () => {
    const answer = await graph.ask('{ me { name secret } open }', { viewer: nobody });
    expect(answer.data).toEqual({ me: null, open: 'open' });
  });
});

describe('a type that the viewer may not see', () => {
  it('is null where it comes, among others that are there', async () => {
    const query = '{ anything { __typename ... on Person { name } ... on Vault { content } } }';
    const answer = await graph.ask(query, { viewer: nobody });
    expect(answer.data).toEqual({ anything: [{ __typename: 'Person', name: 'Ann' }, null] });
    expect(answer.errors?.map(({ path }) => path)).toEqual([['anything']]);
  });
  it('is not even named', async () => {
    const answer = await graph.ask('{ anything { __typename } }', { viewer: nobody });
    expect(answer.data).toEqual({ anything: [{ __typename: 'Person' }, null] });
  });
  it('guards its interface as well, by composition', async () => {
    expect((await graph.ask('{ named { name } }', { viewer: nobody })).data).toEqual(null);
  });
  it('may be an enum', async () => {
    expect((await graph.ask('{ badge }', { viewer: nobody })).data).toEqual({ badge: null });
    expect((await graph.ask('{ badge }', { viewer: someone() })).data).toEqual({ badge: 'GOLD' });
  });
});

describe('who brings what is asked for sees it', () => {
  it.each<[string, string, Partial<Viewer>, object]>([
    [
      'all scopes of one list',
      '{ me { salary } }',
      { scopes: ['pay:read', 'people:read'] },
      { me: { salary: 9 } },
    ],
    ['the other list', '{ me { salary } }', { scopes: ['admin'] }, { me: { salary: 9 } }],
    [
      'a permission of a role',
      '{ me { iban } }',
      { roles: ['supplier-steward'] },
      { me: { iban: 'DE89' } },
    ],
    [
      'a role that a policy names',
      '{ me { note } }',
      { roles: ['auditor'] },
      { me: { note: 'n' } },
    ],
    [
      'a token at all',
      '{ me { secret } anything { ... on Vault { content } } }',
      {},
      { me: { secret: 's' }, anything: [{}, { content: 'gold' }] },
    ],
  ])('%s', async (_what, query, more, data) => {
    const viewer = someone(more);
    const answer = await graph.ask(query, { viewer });
    expect(answer).toMatchObject({ data });
    expect(answer.errors).toBeUndefined();
  });

  it('half of a list is nothing', async () => {
    const viewer = someone({ scopes: ['pay:read'] });
    expect((await graph.ask('{ me { salary } }', { viewer })).data).toEqual({
      me: { salary: null },
    });
  });

  it('one after the other, with the same text', async () => {
    const query = '{ me { name salary } }';
    const rich = someone({ scopes: ['admin'] });
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await graph.ask(query, { viewer: rich })).data).toEqual({
        me: { name: 'Ann', salary: 9 },
      });
      expect((await graph.ask(query, { viewer: someone() })).data).toEqual({
        me: { name: 'Ann', salary: null },
      });
    }
  });
});

let wiped = 0;
const guarded = await startGraph({
  house: {
    sdl: `type Query { open: String }
      type Mutation @requiresScopes(scopes: [["admin"]]) { wipe: Boolean }`,
    resolvers: {
      Query: { open: () => 'open' },
      Mutation: {
        wipe: () => {
          wiped += 1;
          return true;
        },
      },
    },
  },
});

describe('a root that the viewer may not use', () => {
  it('is not run', async () => {
    const answer = await guarded.ask('mutation { wipe }', { viewer: someone() });
    expect(answer.data).toEqual({ wipe: null });
    expect(answer.errors?.[0]?.extensions['code']).toBe('UNAUTHORIZED_FIELD_OR_TYPE');
    expect(wiped).toBe(0);
    const viewer = someone({ scopes: ['admin'] });
    expect((await guarded.ask('mutation { wipe }', { viewer })).data).toEqual({ wipe: true });
    expect((await guarded.ask('{ open }', { viewer: nobody })).data).toEqual({ open: 'open' });
  });
});
