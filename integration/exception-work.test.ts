import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { orderEvent } from '../tests/support/house-events.ts';
import { startIntegrationWorld, until, viewerOf } from '../tests/support/integration-world.ts';
import type { IntegrationWorld } from '../tests/support/integration-world.ts';

let world: IntegrationWorld;
beforeAll(async () => {
  world = await startIntegrationWorld({
    integration: {
      retry: {
        baseMs: 20,
        delayMaxMs: 60,
        attemptsMax: 4,
        settleMs: 50,
        waitMs: 300,
        circuitOpenMs: 50,
      },
      guard: { openMs: 50 },
    },
  });
});
afterAll(async () => world[Symbol.asyncDispose]());
beforeEach(async () => void (await world.erp.call('POST', '/control/reset', {})));

const finance = viewerOf(['finance-operations'], { id: 'fiona' });

interface Shown {
  readonly id: string;
  readonly number: string;
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly suggestedAction: string;
  readonly ownerRole: string;
  readonly status: string;
  readonly version: number;
  readonly attempts: number;
  readonly lastError: string;
  readonly assigneeId: string | null;
  readonly resolutionCode: string | null;
  readonly legalActions: readonly string[];
  readonly document: { readonly type: string; readonly number: string };
  readonly delivery: { readonly status: string; readonly attempts: number } | null;
  readonly history: readonly {
    readonly event: string;
    readonly actorId: string;
    readonly status: string;
  }[];
}

const FIELDS = `id number kind code message suggestedAction ownerRole status version attempts lastError assigneeId resolutionCode legalActions
  document { type number } delivery { status attempts } history { event actorId status }`;

async function exceptionsOf(documentId: string, viewer = finance): Promise<Shown[]> {
  const answer = await world.ask(
    viewer,
    `query ($id: ID!) { exceptions(first: 50, filter: { documentId: $id }) { nodes { ${FIELDS} } } }`,
    { id: documentId },
  );
  return (answer.data as { exceptions: { nodes: Shown[] } } | null)?.exceptions.nodes ?? [];
}

const openFor = (documentId: string, status = 'OPEN') =>
  until(
    async () =>
      (await exceptionsOf(documentId)).find((exception) => exception.status === status) ?? null,
  );

async function mutate(name: string, input: object, viewer = finance) {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  return world.ask(
    viewer,
    `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on Problem { code message retryable correlationId } ... on IntegrationException { ${FIELDS} } } }`,
    { input: { idempotencyKey: newId(), ...input } },
  );
}

const answered = (answer: Awaited<ReturnType<typeof mutate>>, name: string) =>
  (answer.data as Record<string, unknown> | null)?.[name] as Record<string, unknown>;
const deliveryStatus = async (documentId: string): Promise<string[]> =>
  (
    await world.rows<{ status: string }>(
      'select status from delivery where document_id = $1 order by position',
      [documentId],
    )
  ).map((row) => row.status);

async function refusedOrder(code = 'ME/027'): Promise<{ orderId: string; exception: Shown }> {
  const orderId = newId();
  await world.erp.behave({
    refuse: { resource: 'PurchaseOrders', code, message: 'Supplier 100042 is blocked.', count: 1 },
  });
  await world.publish(orderEvent('created', orderId));
  return { orderId, exception: await openFor(orderId) };
}

describe('working an exception', () => {
  it('is assigned, resolved with a word, and what it held back goes on', async () => {
    const { orderId, exception } = await refusedOrder();
    await world.publish(orderEvent('changed', orderId, { sequence: 2 }));
    const given = answered(
      await mutate('assignException', {
        exceptionId: exception.id,
        assigneeId: 'anna',
        expectedVersion: exception.version,
      }),
      'assignException',
    );
    expect(given).toMatchObject({ status: 'ASSIGNED', assigneeId: 'anna' });
    const told = await until(async () =>
      (await world.published('concord.exception.assigned.v1')).find(
        (event) => event.document.id === exception.id,
      ),
    );
    expect(told).toMatchObject({ actorId: 'fiona', data: { assigneeId: 'anna' } });
    const silent = answered(
      await mutate('resolveException', { exceptionId: exception.id, reason: 'NOT_NEEDED' }),
      'resolveException',
    );
    expect(silent).toMatchObject({ __typename: 'InvalidInputProblem', code: 'INVALID_INPUT' });
    const reserved = answered(
      await mutate('resolveException', {
        exceptionId: exception.id,
        reason: 'CONFIRMED',
        comment: 'x',
      }),
      'resolveException',
    );
    expect(reserved).toMatchObject({ __typename: 'InvalidInputProblem' });
    const done = answered(
      await mutate('resolveException', {
        exceptionId: exception.id,
        reason: 'NOT_NEEDED',
        comment: 'Wrong supplier.',
      }),
      'resolveException',
    );
    expect(done).toMatchObject({
      __typename: 'IntegrationException',
      status: 'RESOLVED',
      resolutionCode: 'NOT_NEEDED',
    });
    await until(async () => (await deliveryStatus(orderId))[0] === 'CANCELLED');
    await until(
      async () =>
        (
          await world.rows<{ last_error: string | null }>(
            'select last_error from delivery where document_id = $1 order by position',
            [orderId],
          )
        )[1]?.last_error?.includes('is not at') === true,
    );
    const late = answered(
      await mutate('retryException', { exceptionId: exception.id }),
      'retryException',
    );
    expect(late).toMatchObject({
      __typename: 'IllegalTransitionProblem',
      code: 'ILLEGAL_TRANSITION',
    });
  });

  it('answers unknown, unseen, outdated and repeated requests with their problems', async () => {
    const { exception } = await refusedOrder();
    const elsewhere = viewerOf(['finance-operations'], { companies: ['US01'] });
    const unknown = answered(
      await mutate('assignException', { exceptionId: newId(), assigneeId: 'a' }),
      'assignException',
    );
    const unseen = answered(
      await mutate('assignException', { exceptionId: exception.id, assigneeId: 'a' }, elsewhere),
      'assignException',
    );
    const outdated = answered(
      await mutate('assignException', {
        exceptionId: exception.id,
        assigneeId: 'a',
        expectedVersion: 99,
      }),
      'assignException',
    );
    const nobody = answered(
      await mutate('assignException', { exceptionId: exception.id, assigneeId: ' ' }),
      'assignException',
    );
    expect([unknown, unseen, outdated, nobody].map((problem) => problem['__typename'])).toEqual([
      'NotFoundProblem',
      'NotFoundProblem',
      'VersionConflictProblem',
      'InvalidInputProblem',
    ]);
    const idempotencyKey = newId();
    const once = answered(
      await mutate('assignException', {
        idempotencyKey,
        exceptionId: exception.id,
        assigneeId: 'a',
      }),
      'assignException',
    );
    const twice = answered(
      await mutate('assignException', {
        idempotencyKey,
        exceptionId: exception.id,
        assigneeId: 'a',
      }),
      'assignException',
    );
    const reused = answered(
      await mutate('assignException', {
        idempotencyKey,
        exceptionId: exception.id,
        assigneeId: 'b',
      }),
      'assignException',
    );
    expect(twice['version']).toBe(once['version']);
    expect(reused).toMatchObject({ __typename: 'IdempotencyKeyReusedProblem' });
    expect(await exceptionsOf(exception.id, elsewhere)).toEqual([]);
  });

  it('is refused to every role without the permission', async () => {
    const { exception } = await refusedOrder();
    for (const role of [
      'requestor',
      'approver',
      'buyer',
      'receiver',
      'ap-clerk',
      'architect',
      'auditor',
      'supplier-steward',
    ]) {
      for (const [name, input] of [
        ['retryException', {}],
        ['assignException', { assigneeId: 'a' }],
        ['resolveException', { reason: 'OTHER', comment: 'x' }],
      ] as const) {
        const answer = await mutate(
          name,
          { exceptionId: exception.id, ...input },
          viewerOf([role]),
        );
        expect(answer.errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
      }
    }
    const auditor = await world.ask(
      viewerOf(['auditor']),
      '{ exceptions(first: 1) { nodes { id } } }',
    );
    expect(auditor.errors).toBeUndefined();
    const requestor = await world.ask(
      viewerOf(['requestor']),
      '{ exceptions(first: 1) { nodes { id } } }',
    );
    expect(requestor.errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
  });

  it('retries many at once, oldest first, bounded', async () => {
    await world.erp.behave({
      refuse: { resource: 'PurchaseOrders', code: 'ME/027', message: 'Blocked.' },
    });
    const orderIds = Array.from({ length: 3 }, () => newId());
    const audience = { companyCode: 'US01', costCentreId: 'US01-1' };
    await world.publish(...orderIds.map((id) => orderEvent('created', id, { audience })));
    for (const id of orderIds) await openFor(id);
    await world.erp.behave({ refuse: [] });
    const bulk = (limit: number) =>
      world.ask(
        finance,
        `mutation ($input: RetryExceptionsInput!) { retryExceptions(input: $input) { __typename ... on RetriedExceptions { retried left } } }`,
        {
          input: {
            idempotencyKey: `bulk-${limit}`,
            filter: { companyCode: 'US01', codes: ['SUPPLIER_BLOCKED'] },
            limit,
          },
        },
      );
    expect((await bulk(2)).data).toMatchObject({ retryExceptions: { retried: 2, left: 0 } });
    expect((await bulk(500)).data).toMatchObject({
      retryExceptions: { __typename: 'InvalidInputProblem' },
    });
    expect((await bulk(50)).data).toMatchObject({ retryExceptions: { retried: 1 } });
    for (const id of orderIds) await openFor(id, 'RESOLVED');
  });
});
