import { Kind, parse, print } from 'graphql';
import { DAY_MS, shifted, systemClock } from '#kernel/clock.ts';
import { readSubgraphSdl } from '#kernel/subgraph.ts';
import { schemaFiles } from '../../schema-registry/registry.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { Answer, RegistryWorld } from './registry-world.ts';

/** The target that everything is asked of. */
export const HERE = { graph: 'shop', target: 'production' };
const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n`;
/** A subgraph whose texts have a word that is found in every leak. */
export const ORDERS = `${LINK}type Query { order(id: ID!): Order }
type Order @key(fields: "id") { id: ID! secretOfTheShop: String }`;
/** Occurs in the shop's schema, and so in whatever tells of it. */
export const SECRET = 'secretOfTheShop';
const NOBODY = '01900000-0000-7000-8000-000000000000';
const KEY = { idempotencyKey: 'k-1', target: HERE };
export const PUT = { target: HERE, subgraphs: [{ subgraph: 'orders', sdl: ORDERS }] };
const PROPOSED = { contracts: [{ subgraph: 'orders', sdl: ORDERS }] };
const NUMBERED = { ...KEY, number: 999 };
const APP = { target: HERE, name: 'portal', version: '1' };
const EVENTS = {
  target: HERE,
  contracts: [{ subject: 'shop.order.v1', owner: 'orders', direction: 'OUTBOUND', schema: '{}' }],
};

/** Everybody who shows a token that is good. */
const ANYBODY: readonly RegistryAction[] = [];
export const READ: readonly RegistryAction[] = ['schema:read'];
export const CHECK: readonly RegistryAction[] = ['schema:check'];
export const PUBLISH: readonly RegistryAction[] = ['schema:publish'];
const PROMOTE: readonly RegistryAction[] = ['schema:promote'];
export const PROPOSE: readonly RegistryAction[] = ['schema:propose'];
const REVIEW: readonly RegistryAction[] = ['schema:review'];
const GOVERN: readonly RegistryAction[] = ['schema:govern'];
export const APPS: readonly RegistryAction[] = ['app:publish'];
export const NEWS: readonly RegistryAction[] = ['event:publish'];

/** One thing to ask or to do that changes nothing of weight, even when it is allowed. */
export interface Call {
  /** The root field. */
  readonly field: string;
  /** All of these are needed. */
  readonly needs: readonly RegistryAction[];
  /** This will do instead. */
  readonly or?: RegistryAction;
  readonly args: object;
  /** Selection, when the answer is an object of its own. */
  readonly select?: string;
  /** A token of one subgraph with that action may do it for the subgraph `orders`. */
  readonly bySubgraph?: true;
  /** It concerns a whole graph or the whole registry, so a token of one target may not. */
  readonly level?: 'graph' | 'registry';
}

const QUERIES: readonly Call[] = [
  // Lists the graphs that the asker may read; see below.
  { field: 'graphs', needs: ANYBODY, args: {}, select: 'id' },
  { field: 'target', needs: READ, args: { target: HERE }, select: 'id' },
  { field: 'version', needs: READ, args: { id: '$version' }, select: 'supergraphSdl' },
  { field: 'check', needs: READ, args: { id: '$check' }, select: 'id' },
  {
    field: 'searchSchema',
    needs: READ,
    args: { target: HERE, text: 'secret' },
    select: 'coordinate',
  },
  {
    field: 'compareVersions',
    needs: READ,
    args: { from: '$version', to: '$version' },
    select: 'message',
  },
  {
    field: 'tokens',
    needs: GOVERN,
    args: { graph: 'shop', first: 1 },
    select: 'nodes { id }',
    level: 'graph',
  },
  { field: 'apps', needs: READ, args: { target: HERE, first: 1 }, select: 'id' },
  { field: 'app', needs: READ, args: APP, select: 'id' },
  { field: 'signingKeys', needs: ANYBODY, args: {}, select: 'kid' },
  { field: 'eventContracts', needs: READ, args: { target: HERE, first: 1 }, select: 'subject' },
  {
    field: 'eventContract',
    needs: READ,
    args: { target: HERE, subject: 'a.v1' },
    select: 'subject',
  },
  {
    field: 'eventGraphReferences',
    needs: READ,
    args: { target: HERE, coordinate: 'Order.id' },
    select: 'subject',
  },
  { field: 'eventPolicy', needs: READ, args: { target: HERE }, select: 'compatibility' },
  { field: 'asyncApi', needs: READ, args: { target: HERE }, select: '' },
  { field: 'freezeWindows', needs: READ, args: { target: HERE }, select: 'id' },
  { field: 'history', needs: READ, args: { first: 1 }, select: 'nodes { id }', level: 'registry' },
  {
    field: 'history',
    needs: READ,
    args: { graph: 'shop', first: 1 },
    select: 'nodes { id }',
    level: 'graph',
  },
  {
    field: 'history',
    needs: READ,
    args: { graph: 'shop', filter: { target: 'production' }, first: 1 },
    select: 'nodes { id }',
  },
  { field: 'historyCheckpoint', needs: ANYBODY, args: {}, select: '__typename' },
  { field: 'owners', needs: READ, args: { target: HERE }, select: 'team' },
  {
    field: 'ownersOfCoordinate',
    needs: READ,
    args: { target: HERE, coordinate: 'Order.id' },
    select: 'team',
  },
  { field: 'policy', needs: READ, args: { target: HERE }, select: 'version' },
  { field: 'policyRules', needs: ANYBODY, args: {}, select: 'id' },
  { field: 'proposals', needs: READ, args: { target: HERE, first: 1 }, select: 'nodes { id }' },
  { field: 'proposal', needs: READ, args: { target: HERE, number: 1 }, select: 'id' },
  {
    field: 'fieldUsage',
    needs: READ,
    args: { target: HERE, coordinates: ['Order.id'] },
    select: 'requests',
  },
  { field: 'reportingCoverage', needs: READ, args: { target: HERE }, select: 'coveredSince' },
  { field: 'clients', needs: READ, args: { target: HERE, first: 1 }, select: 'name' },
  { field: 'client', needs: READ, args: { target: HERE, name: 'portal' }, select: 'name' },
];

const MUTATIONS: readonly Call[] = [
  {
    field: 'createGraph',
    needs: GOVERN,
    args: { slug: 'shop', title: 'Shop' },
    level: 'registry',
  },
  { field: 'createTarget', needs: GOVERN, args: HERE, level: 'graph' },
  { field: 'checkSubgraphs', needs: CHECK, args: PUT, bySubgraph: true },
  { field: 'publishSubgraphs', needs: PUBLISH, args: PUT, bySubgraph: true },
  // What changes nothing is answered with what is current, so it needs a right as well.
  { field: 'checkSubgraphs', needs: CHECK, args: { target: HERE } },
  { field: 'publishSubgraphs', needs: PUBLISH, args: { target: HERE } },
  {
    field: 'publishSubgraphs',
    needs: ['schema:delete'],
    args: { target: HERE, retire: ['orders', 'orders'] },
    bySubgraph: true,
  },
  {
    field: 'promoteVersion',
    needs: PROMOTE,
    args: { fromVersion: NOBODY, to: HERE },
  },
  {
    field: 'rollbackVersion',
    needs: PROMOTE,
    args: { target: HERE, version: NOBODY, reason: 'Because.' },
  },
  {
    field: 'createToken',
    needs: GOVERN,
    // A token makes no tokens at all, whatever it may do.
    level: 'registry',
    args: {
      title: 't',
      ...HERE,
      actions: ['SCHEMA_READ'],
      expiresAt: shifted(systemClock.now(), -DAY_MS).toISOString(),
    },
  },
  { field: 'revokeToken', needs: GOVERN, args: { id: '$token' } },
  { field: 'createApp', needs: APPS, args: { ...APP, name: '' } },
  { field: 'addAppDocuments', needs: APPS, args: { ...APP, documents: [] } },
  { field: 'activateApp', needs: APPS, args: APP },
  { field: 'retireApp', needs: APPS, args: APP },
  { field: 'rotateSigningKey', needs: GOVERN, args: { reason: '' }, level: 'registry' },
  { field: 'setContract', needs: GOVERN, args: { target: HERE, name: 'portal' } },
  { field: 'removeContract', needs: GOVERN, args: { target: HERE, name: 'portal' } },
  {
    field: 'createWebhook',
    needs: GOVERN,
    args: { target: HERE, url: 'ftp://example.com', eventTypes: ['x'] },
  },
  { field: 'removeWebhook', needs: GOVERN, args: { target: HERE, webhook: NOBODY } },
  { field: 'checkEventContracts', needs: CHECK, args: EVENTS },
  { field: 'publishEventContracts', needs: NEWS, args: EVENTS },
  {
    field: 'retireEventContract',
    needs: NEWS,
    args: { target: HERE, subject: 'a.b.v1' },
  },
  {
    field: 'retireEventContract',
    needs: CHECK,
    args: { target: HERE, subject: 'a.b.v1', dryRun: true },
  },
  {
    field: 'setEventCompatibility',
    needs: GOVERN,
    args: { target: HERE, subject: 'a.b.v1' },
  },
  {
    field: 'setEventPolicy',
    needs: GOVERN,
    args: { target: HERE, compatibility: 'NONE', openness: 'STRICT' },
  },
  {
    field: 'createFreezeWindow',
    needs: GOVERN,
    args: {
      ...KEY,
      kind: 'PUBLISH',
      startsAt: '2026-01-02T00:00:00Z',
      endsAt: '2026-01-01T00:00:00Z',
      reason: 'Close.',
    },
  },
  { field: 'cancelFreezeWindow', needs: GOVERN, args: { target: HERE, id: NOBODY } },
  {
    field: 'requestOverride',
    needs: PROPOSE,
    args: { target: HERE, check: NOBODY, change: 'x', reason: 'It has to be so.' },
  },
  { field: 'grantOverride', needs: [...READ, ...REVIEW], args: { target: HERE, override: NOBODY } },
  {
    field: 'refuseOverride',
    needs: [...READ, ...REVIEW],
    args: { target: HERE, override: NOBODY },
  },
  {
    field: 'withdrawOverride',
    needs: [...READ, ...PROPOSE],
    args: { target: HERE, override: NOBODY },
  },
  {
    field: 'setOwner',
    needs: GOVERN,
    args: { target: HERE, subject: 'x', team: 't', members: [] },
  },
  { field: 'removeOwner', needs: GOVERN, args: { target: HERE, subject: 'type:X' } },
  { field: 'changePolicy', needs: GOVERN, args: { ...KEY, expectedVersion: 99 } },
  {
    field: 'createProposal',
    needs: PROPOSE,
    args: { ...KEY, title: '', ...PROPOSED },
    bySubgraph: true,
  },
  {
    field: 'reviseProposal',
    needs: PROPOSE,
    args: { ...NUMBERED, expectedVersion: 1, summary: '', ...PROPOSED },
    bySubgraph: true,
  },
  { field: 'createProposal', needs: PROPOSE, args: { ...KEY, title: '' } },
  {
    field: 'reviseProposal',
    needs: PROPOSE,
    args: { ...NUMBERED, expectedVersion: 1, summary: '' },
  },
  { field: 'openProposal', needs: PROPOSE, args: { ...NUMBERED, expectedVersion: 1 } },
  { field: 'signOffProposal', needs: REVIEW, args: { ...NUMBERED, revision: 1 } },
  {
    field: 'requestChanges',
    needs: REVIEW,
    args: { ...NUMBERED, revision: 1, comment: 'No.' },
  },
  {
    field: 'commentOnProposal',
    needs: PROPOSE,
    or: 'schema:review',
    args: { ...NUMBERED, body: 'Why?' },
  },
  {
    field: 'resolveComment',
    needs: PROPOSE,
    or: 'schema:review',
    args: { ...NUMBERED, threadId: NOBODY },
  },
  {
    field: 'closeProposal',
    needs: PROPOSE,
    args: { ...NUMBERED, expectedVersion: 1, reason: 'No.' },
  },
  {
    field: 'pinClient',
    needs: GOVERN,
    args: { target: HERE, client: 'portal', major: 99, reason: 'Slow.' },
  },
  {
    field: 'unpinClient',
    needs: GOVERN,
    args: { target: HERE, client: 'nobody', reason: 'Done.' },
  },
  {
    field: 'retireGateway',
    needs: GOVERN,
    args: { target: HERE, gateway: 'nobody', reason: 'Gone.' },
  },
];

const SDL = parse(await readSubgraphSdl(...schemaFiles()));

export interface Field {
  readonly name: string;
  /** `name` → type as written. */
  readonly args: ReadonlyMap<string, string>;
  /** Selection, `''` for a leaf. */
  readonly select: string;
}

/** Every field of a type, from all slices of the schema. */
export function fieldsOf(type: string): Field[] {
  return SDL.definitions.flatMap((definition) =>
    (definition.kind === Kind.OBJECT_TYPE_DEFINITION ||
      definition.kind === Kind.OBJECT_TYPE_EXTENSION) &&
    definition.name.value === type
      ? (definition.fields ?? []).map((field) => ({
          name: field.name.value,
          args: new Map(
            (field.arguments ?? []).map((arg) => [arg.name.value, print(arg.type)] as const),
          ),
          select: ['ID', 'String', 'Int', 'Boolean'].includes(print(field.type).replace(/\W/g, ''))
            ? ''
            : '{ __typename }',
        }))
      : [],
  );
}

/** What can be asked, as the schema has it. */
export const ROOTS = { query: fieldsOf('Query'), mutation: fieldsOf('Mutation') };

/** Asks one thing, with everything that it takes as variables. */
export async function send(
  world: RegistryWorld,
  token: string | null,
  { kind, field, args, select = '' }: Call & { readonly kind: keyof typeof ROOTS },
): Promise<Answer> {
  const types = ROOTS[kind].find(({ name }) => name === field)?.args ?? new Map<string, string>();
  const variables: Record<string, unknown> = types.has('input') ? { input: args } : { ...args };
  const given = [...types].filter(([name]) => name in variables);
  const declared = given.map(([name, type]) => `$${name}: ${type}`).join(', ');
  const passed = given.map(([name]) => `${name}: $${name}`).join(', ');
  const selected = kind === 'mutation' ? '__typename ... on Problem { code }' : select;
  const query = `${kind} ${declared === '' ? '' : `(${declared})`} { ${field}${passed === '' ? '' : `(${passed})`} ${selected === '' ? '' : `{ ${selected} }`} }`;
  return world.ask(token, query, variables);
}

/** Every question and every change of the API, some in more ways than one. */
export const CALLS = [
  ...QUERIES.map((call) => ({ ...call, kind: 'query' as const })),
  ...MUTATIONS.map((call) => ({ ...call, kind: 'mutation' as const })),
];
