import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildSchema } from 'graphql';
import { somebody } from '../proposal/world.ts';
import { readAsyncApi } from './async-api.ts';
import { crossCheck } from './cross-check.ts';
import { currentReferences } from './event-store.ts';
import {
  ARCHITECT,
  openEventWorld,
  OUTCOMES,
  payload,
  PUBLISH,
  PUBLISHER,
  READER,
  SUBJECT,
  TEXT,
} from './event-world.ts';
import type { EventWorld } from './event-world.ts';

const CHECK = `mutation ($input: CheckEventContractsInput!) { checkEventContracts(input: $input) {
  __typename ... on EventCheck { conclusion ${OUTCOMES} } } }`;
const RETIRE = `mutation ($input: RetireEventContractInput!) { retireEventContract(input: $input) {
  __typename ... on EventRetirement { changed freed contract { retiredBy current { version } } } ... on Problem { code } } }`;
const SET = `mutation ($input: SetEventCompatibilityInput!) { setEventCompatibility(input: $input) {
  __typename ... on EventContract { compatibility openness hasOwnCompatibility } ... on Problem { code } } }`;
const CONTRACT = `query ($target: TargetInput!, $subject: String!) { eventContract(target: $target, subject: $subject) {
  subject owner direction compatibility openness retiredAt current { version number schema }
  versions(first: 10) { version differences { rule } publishedBy author commit } } }`;

let world: EventWorld;
let openTarget: EventWorld['openTarget'];
beforeAll(async () => {
  world = await openEventWorld();
  ({ openTarget } = world);
});
afterAll(async () => world[Symbol.asyncDispose]());

describe('event contracts', () => {
  it('are published together, and again without an effect', async () => {
    const { contract, publish, ask, target, targetId } = await openTarget();
    const both = [
      contract(SUBJECT, payload({})),
      contract('erp.order.released.v1', { type: 'object' }, 'INBOUND'),
    ];
    expect(await publish(...both)).toMatchObject({
      __typename: 'EventPublication',
      changed: true,
      outcomes: [
        { subject: SUBJECT, kind: 'INITIAL', version: '1.0.0', change: null },
        { kind: 'INITIAL', version: '1.0.0' },
      ],
    });
    expect(await publish(...both)).toMatchObject({
      changed: false,
      outcomes: [{ kind: 'UNCHANGED' }, { kind: 'UNCHANGED' }],
    });
    const otherLayout = contract(SUBJECT, JSON.stringify(payload({}), null, 4));
    expect(await publish(otherLayout)).toMatchObject({ changed: false });
    const history = await world.database.query<{ action: string }>(
      'select action from history_entry where target_id = $1',
      [targetId],
    );
    expect(history).toEqual([{ action: 'event-contracts.published' }]);
    const answer = await ask(CONTRACT, { target, subject: SUBJECT }, READER);
    expect(answer['eventContract']).toMatchObject({
      owner: 'invoices',
      compatibility: 'FULL_TRANSITIVE',
      openness: 'LENIENT',
      current: { version: '1.0.0', number: 1 },
      versions: [
        {
          version: '1.0.0',
          differences: [],
          publishedBy: 'publisher',
          author: 'Ada',
          commit: 'abc',
        },
      ],
    });
  });

  it('get their version from the difference', async () => {
    const { contract, publish } = await openTarget();
    await publish(contract(SUBJECT, payload({})));
    expect(await publish(contract(SUBJECT, payload({}, { description: 'x' })))).toMatchObject({
      outcomes: [{ kind: 'CHANGED', version: '1.0.1', change: 'PATCH' }],
    });
    expect(await publish(contract(SUBJECT, payload({ note: TEXT })))).toMatchObject({
      outcomes: [{ version: '1.1.0', change: 'MINOR' }],
    });
  });

  it('are refused all together when one is incompatible, and nothing is stored', async () => {
    const { contract, publish, ask, target } = await openTarget();
    const other = 'concord.invoice.held.v1';
    await publish(contract(SUBJECT, payload({ note: TEXT })), contract(other, payload({})));
    const refused = await publish(
      contract(other, payload({ note: TEXT })),
      contract(SUBJECT, payload({ note: TEXT }, { required: ['id', 'note'] })),
    );
    expect(refused).toMatchObject({
      __typename: 'EventCheckFailedProblem',
      outcomes: [
        { change: 'MINOR' },
        {
          change: 'MAJOR',
          version: '2.0.0',
          differences: [
            { rule: 'REQUIRED_ADDED', direction: 'BACKWARD', blocking: true, against: '1.0.0' },
          ],
        },
      ],
    });
    const check = await ask(
      CHECK,
      { input: { target, contracts: [contract(other, payload({ note: TEXT }))] } },
      ARCHITECT,
    );
    expect(check['checkEventContracts']).toMatchObject({
      conclusion: 'PASSED',
      outcomes: [{ version: '1.1.0' }],
    });
    expect(await ask(CONTRACT, { target, subject: other })).toMatchObject({
      eventContract: { current: { version: '1.0.0' } },
    });
  });

  it('are compared with every version of their major where the mode is transitive', async () => {
    const { contract, publish, ask, target } = await openTarget();
    const set = (compatibility: string | null) =>
      ask(SET, { input: { target, subject: SUBJECT, compatibility } }, ARCHITECT);
    await publish(contract(SUBJECT, payload({ note: { type: 'integer' } })));
    expect(await set('BACKWARD')).toMatchObject({
      setEventCompatibility: {
        compatibility: 'BACKWARD',
        openness: 'LENIENT',
        hasOwnCompatibility: true,
      },
    });
    await publish(contract(SUBJECT, payload({})));
    const back = contract(SUBJECT, payload({ note: TEXT }));
    expect(await publish(back)).toMatchObject({ outcomes: [{ version: '1.2.0' }] });
    await publish(contract(SUBJECT, payload({})));
    await set('BACKWARD_TRANSITIVE');
    expect(await publish(back)).toMatchObject({
      __typename: 'EventCheckFailedProblem',
      outcomes: [{ differences: [{ rule: 'TYPE_NARROWED', against: '1.0.0' }] }],
    });
    await set('NONE');
    expect(
      await publish(contract(SUBJECT, payload({}, { required: ['id', 'other'] }))),
    ).toMatchObject({ outcomes: [{ version: '2.0.0', change: 'MAJOR' }] });
    await set(null);
    expect(
      await publish(contract(SUBJECT, payload({ note: TEXT }, { required: ['id', 'other'] }))),
    ).toMatchObject({ outcomes: [{ version: '2.1.0' }] });
  });

  it('are refused for what blocks, however much stands before it that does not', async () => {
    const { contract, publish, ask, target } = await openTarget();
    const names = Array.from({ length: 250 }, (_, at) => `p${at}`);
    const all = (schema: object): Record<string, object> =>
      Object.fromEntries(names.map((name) => [name, schema]));
    const before = { ...all(TEXT), note: TEXT };
    await publish(contract(SUBJECT, payload(before, { required: ['id', 'note'] })));
    await ask(SET, { input: { target, subject: SUBJECT, compatibility: 'FORWARD' } }, ARCHITECT);
    // 250 narrower texts break only who reads what is old; what is no longer required breaks who reads what is new.
    const next = payload({ ...all({ ...TEXT, maxLength: 9 }), note: TEXT });
    expect(await publish(contract(SUBJECT, next))).toMatchObject({
      __typename: 'EventCheckFailedProblem',
      outcomes: [
        { differences: expect.arrayContaining([expect.objectContaining({ blocking: true })]) },
      ],
    });
  });

  it('agree with the graph, and keep its coordinates from being removed', async () => {
    const { contract, publish, targetId } = await openTarget();
    const wrong = payload({
      number: { type: ['string', 'null'], 'x-graphql': 'Invoice.number' },
      gone: { ...TEXT, 'x-graphql': 'Invoice.gone' },
    });
    expect(await publish(contract(SUBJECT, wrong))).toMatchObject({
      __typename: 'EventCheckFailedProblem',
      outcomes: [
        {
          findings: [
            { code: 'EVENT_FIELD_NULLABILITY_DISAGREES' },
            { code: 'EVENT_FIELD_COORDINATE_MISSING', coordinate: 'Invoice.gone' },
          ],
        },
      ],
    });
    await publish(
      contract(
        SUBJECT,
        payload(
          { number: { ...TEXT, 'x-graphql': 'Invoice.number' } },
          { required: ['id', 'number'] },
        ),
      ),
    );
    const without = buildSchema('type Invoice { id: ID! } type Query { invoice: Invoice }');
    expect(crossCheck(await currentReferences(world.database, targetId), without)).toMatchObject([
      { severity: 'ERROR', code: 'EVENT_FIELD_COORDINATE_MISSING', coordinate: 'Invoice.number' },
    ]);
  });

  it('are published before the graph is, with nothing to agree with yet', async () => {
    const { contract, publish } = await openTarget(null);
    expect(
      await publish(contract(SUBJECT, payload({ gone: { ...TEXT, 'x-graphql': 'Invoice.gone' } }))),
    ).toMatchObject({ changed: true });
  });

  it('are retired after a dry run, no longer block, and come back by a publication', async () => {
    const { contract, publish, ask, target, targetId } = await openTarget();
    await publish(contract(SUBJECT, payload({})));
    const retire = (dryRun: boolean) =>
      ask(RETIRE, { input: { target, subject: SUBJECT, dryRun } });
    expect(await retire(true)).toMatchObject({
      retireEventContract: { changed: false, freed: ['Invoice.id'], contract: { retiredBy: null } },
    });
    expect(await currentReferences(world.database, targetId)).toHaveLength(1);
    expect(await retire(false)).toMatchObject({
      retireEventContract: {
        changed: true,
        contract: { retiredBy: 'publisher', current: { version: '1.0.0' } },
      },
    });
    expect(await retire(false)).toMatchObject({ retireEventContract: { changed: false } });
    expect(await currentReferences(world.database, targetId)).toEqual([]);
    expect(await readAsyncApi(world.database, targetId)).toBeNull();
    expect(await publish(contract(SUBJECT, payload({})))).toMatchObject({
      changed: true,
      outcomes: [{ kind: 'REVIVED', version: '1.0.0' }],
    });
    expect(await ask(RETIRE, { input: { target, subject: 'no.such.v1' } })).toMatchObject({
      retireEventContract: { code: 'NOT_FOUND' },
    });
  });

  it('tell of every flaw with its place', async () => {
    const { contract, publish, ask, target } = await openTarget();
    const answer = await publish(
      contract('Bad Subject', { type: 'object' }),
      { ...contract(SUBJECT, { type: 'object' }), owner: 'Bad Owner' },
      contract(SUBJECT, { type: 'object' }),
    );
    expect(answer).toMatchObject({
      __typename: 'InvalidInputProblem',
      fields: [
        { field: 'contracts.0.subject', code: 'BAD_SUBJECT' },
        { field: 'contracts.1.owner', code: 'BAD_OWNER' },
        { field: 'contracts.2.subject', code: 'NAMED_TWICE' },
      ],
    });
    const flawed = await publish(
      contract('a.b.v1', '{'),
      contract('a.c.v1', { properties: { p: { type: 'strin' } } }),
      contract('a.d.v1', { properties: { p: { $ref: '#/$defs/gone' } } }),
      contract('a.e.v1', JSON.stringify({ description: 'x'.repeat(300_000) })),
      contract('a.f.v1', { 'x-graphql': 'Invoice' }),
      contract('a.g.v1', `${'{"not":'.repeat(5000)}true${'}'.repeat(5000)}`),
    );
    expect(
      (flawed as { fields: { field: string; code: string }[] }).fields.map(
        ({ field, code }) => `${field} ${code}`,
      ),
    ).toEqual(
      expect.arrayContaining([
        'contracts.0.schema NOT_JSON',
        'contracts.1.schema#/properties/p/type INVALID_KEYWORD',
        'contracts.2.schema#/properties/p/$ref REFERENCE_UNRESOLVED',
        'contracts.3.schema TOO_LARGE',
        'contracts.4.schema BAD_COORDINATE',
        'contracts.5.schema TOO_DEEP',
      ]),
    );
    expect(await publish()).toMatchObject({ fields: [{ field: 'contracts', code: 'NONE' }] });
    await publish(contract(SUBJECT, payload({})));
    expect(await publish(contract(SUBJECT, payload({}), 'INBOUND'))).toMatchObject({
      fields: [{ code: 'DIRECTION_FIXED' }],
    });
    const nowhere = {
      target: { ...target, target: 'nowhere' },
      contracts: [contract(SUBJECT, payload({}))],
    };
    expect(await ask(PUBLISH, { input: nowhere })).toMatchObject({
      publishEventContracts: { code: 'NOT_FOUND' },
    });
  });

  it('are published, checked and judged only by those who may', async () => {
    const { contract, ask, target } = await openTarget();
    const contracts = [contract(SUBJECT, payload({}))];
    await expect(ask(PUBLISH, { input: { target, contracts } }, ARCHITECT)).rejects.toThrow(
      'FORBIDDEN',
    );
    await expect(ask(CHECK, { input: { target, contracts } }, READER)).rejects.toThrow('FORBIDDEN');
    await expect(ask(SET, { input: { target, subject: SUBJECT } }, PUBLISHER)).rejects.toThrow(
      'FORBIDDEN',
    );
    await expect(
      ask(CONTRACT, { target, subject: SUBJECT }, somebody('nobody', [])),
    ).rejects.toThrow('FORBIDDEN');
  });

  it('published at the same time are judged one after another', async () => {
    const { contract, publish } = await openTarget();
    await publish(contract(SUBJECT, payload({})));
    const answers = await Promise.all([
      publish(contract(SUBJECT, payload({ note: TEXT }))),
      publish(contract(SUBJECT, payload({ note: { type: 'integer' } }))),
    ]);
    expect(answers.map((answer) => (answer as { __typename: string }).__typename).sort()).toEqual([
      'EventCheckFailedProblem',
      'EventPublication',
    ]);
  });
});
