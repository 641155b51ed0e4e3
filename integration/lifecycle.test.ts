import { describe, expect, it } from '@jest/globals';
import { flawsOf, step, walk } from '#kernel/lifecycle.ts';
import { DEFAULT_RETRY_POLICY, DELIVERY_LIFECYCLE, verdictOn, waitReason } from './delivery.ts';
import { failure } from './connector.ts';
import { settlementsBy } from './confirmation.ts';
import { noted, standing } from './erp-document.ts';
import { EXCEPTION_CODES, exceptionCode } from './exception-code.ts';
import {
  EXCEPTION_LIFECYCLE,
  assigned,
  raised,
  recurred,
  resolved,
  retried,
} from './integration-exception.ts';
import { externalReference } from './routes.ts';
import type { Delivery, DeliveryAction } from './delivery.ts';
import type { FailureKind } from './connector.ts';
import type { IntegrationException } from './integration-exception.ts';

const NOW = new Date('2026-11-23T09:00:00Z');

const DELIVERY: Delivery = {
  id: 'd',
  position: 1n,
  erp: 'erp',
  documentType: 'PURCHASE_ORDER',
  documentId: 'po',
  documentNumber: 'PO-1',
  action: 'CREATE',
  documentVersion: 1,
  externalReference: 'PO-po',
  dependsOnOrderId: null,
  correlationId: 'c',
  traceparent: null,
  actorId: 'a',
  audience: { companyCode: 'DE01', costCentreId: null, ownerId: null },
  payload: {},
  status: 'SENDING',
  version: 1,
  attempts: 1,
  erpNumber: null,
  erpVersion: null,
  lastCode: null,
  lastError: null,
  lastSentAt: NOW,
  waitingSince: null,
  nextAttemptAt: null,
  createdAt: NOW,
  updatedAt: NOW,
};

describe.each([
  ['delivery', DELIVERY_LIFECYCLE],
  ['exception', EXCEPTION_LIFECYCLE],
] as const)('the lifecycle table of a %s', (_name, lifecycle) => {
  it('is sound', () => expect(flawsOf<string, string>(lifecycle)).toEqual([]));
  it('accepts what it lists and refuses the rest with what would be legal', () => {
    for (const { state, event, next } of walk<string, string>(lifecycle)) {
      const result = step<string, string>(lifecycle, state, event);
      if (next !== undefined) expect(result).toEqual({ ok: true, value: next });
      else
        expect(result).toMatchObject({
          ok: false,
          problem: { code: 'ILLEGAL_TRANSITION', state, event },
        });
    }
  });
});

describe('what follows a failed round', () => {
  const facts = { policy: DEFAULT_RETRY_POLICY, now: NOW, random: 0.5, mayHaveArrived: false };
  const kinds: readonly [FailureKind, string, string][] = [
    ['BUSINESS', 'dead', 'FAILED_BUSINESS'],
    ['MAPPING', 'dead', 'FAILED_TECHNICAL'],
    ['DUPLICATE', 'dead', 'FAILED_TECHNICAL'],
    ['WAIT', 'postpone', 'PENDING'],
    ['CIRCUIT_OPEN', 'postpone', 'PENDING'],
    ['RATE_LIMIT', 'postpone', 'PENDING'],
    ['CONFLICT', 'postpone', 'PENDING'],
    ['AUTHENTICATION', 'postpone', 'PENDING'],
    ['UNAVAILABLE', 'postpone', 'PENDING'],
    ['NOT_APPLIED', 'postpone', 'PENDING'],
  ];
  it.each(kinds)('of kind %s is: %s, %s', (kind, verdict, status) => {
    expect(verdictOn(DELIVERY, failure(kind, 'X', 'x'), facts)).toMatchObject({
      kind: verdict,
      status,
    });
  });

  it('keeps SENDING when the command may have arrived, whatever failed after it', () => {
    for (const kind of ['UNKNOWN_OUTCOME', 'SETTLING', 'UNAVAILABLE', 'CIRCUIT_OPEN'] as const)
      expect(
        verdictOn(DELIVERY, failure(kind, 'X', 'x'), { ...facts, mayHaveArrived: true }),
      ).toMatchObject({ status: 'SENDING' });
  });

  it('ends after the bounded attempts, but never because of waiting or an open circuit', () => {
    const tired = { ...DELIVERY, attempts: DEFAULT_RETRY_POLICY.attemptsMax };
    expect(verdictOn(tired, failure('UNAVAILABLE', 'X', 'x'), facts)).toMatchObject({
      kind: 'dead',
      status: 'FAILED_TECHNICAL',
    });
    expect(verdictOn(tired, failure('CIRCUIT_OPEN', 'X', 'x'), facts)).toMatchObject({
      kind: 'postpone',
      counts: false,
    });
    expect(verdictOn(tired, failure('WAIT', 'X', 'x'), facts)).toMatchObject({
      kind: 'postpone',
      counts: false,
    });
  });

  it('ends when it has waited for another document for too long', () => {
    const waitingSince = new Date(NOW.getTime() - DEFAULT_RETRY_POLICY.waitMaxMs - 1);
    expect(
      verdictOn({ ...DELIVERY, waitingSince }, failure('WAIT', 'X', 'x'), facts),
    ).toMatchObject({ kind: 'dead' });
  });

  it('ends when the circuit has stayed open for longer than an outage should last', () => {
    const waitingSince = new Date(NOW.getTime() - DEFAULT_RETRY_POLICY.outageMaxMs - 1);
    expect(
      verdictOn({ ...DELIVERY, waitingSince }, failure('CIRCUIT_OPEN', 'X', 'x'), facts),
    ).toMatchObject({ kind: 'dead' });
  });

  it('backs off exponentially with jitter, up to a bound, and not earlier than the ERP asks', () => {
    const delayMs = (
      attempts: number,
      random: number,
      retryAfterMs: number | null = null,
    ): number => {
      const verdict = verdictOn(
        { ...DELIVERY, attempts },
        failure('UNAVAILABLE', 'X', 'x', retryAfterMs),
        { ...facts, random },
      );
      return verdict.kind === 'postpone' ? verdict.until.getTime() - NOW.getTime() : -1;
    };
    expect(delayMs(1, 0)).toBe(500);
    expect(delayMs(1, 1)).toBe(1100);
    expect(delayMs(5, 0)).toBe(8000);
    expect(delayMs(11, 1)).toBeLessThanOrEqual(DEFAULT_RETRY_POLICY.delayMaxMs * 1.1);
    expect(delayMs(1, 0, 60_000)).toBe(60_000);
  });
});

describe('what a delivery waits for', () => {
  const free = { earlier: null, orderStatus: null, openDependents: false };
  it.each([
    ['nothing', {}, free, null],
    [
      'an earlier delivery of its document',
      {},
      { ...free, earlier: 'PENDING' },
      /earlier delivery/,
    ],
    ['an order that is not there', {}, { ...free, orderStatus: 'NONE' }, /not released/],
    ['an order in process', {}, { ...free, orderStatus: 'IN_PROCESS' }, /not released/],
    ['no released order', {}, { ...free, orderStatus: 'CONFIRMED' }, null],
    ['no cancelled order: the ERP has the word', {}, { ...free, orderStatus: 'CANCELLED' }, null],
    [
      'open receipts, when the order is cancelled',
      { action: 'CANCEL' as const },
      { ...free, openDependents: true },
      /on their way/,
    ],
    [
      'no receipts, when the order is changed',
      { action: 'CHANGE' as const },
      { ...free, openDependents: true },
      null,
    ],
  ])('is %s', (_name, change, obstacles, expected) => {
    const reason = waitReason({ ...DELIVERY, ...change }, obstacles);
    if (expected === null) expect(reason).toBeNull();
    else expect(reason).toMatch(expected);
  });
});

describe('what a state at the ERP settles', () => {
  const of = (action: DeliveryAction, erpVersion: bigint | null): Delivery => ({
    ...DELIVERY,
    id: action,
    action,
    erpNumber: erpVersion === null ? null : '7',
    erpVersion,
  });
  const settles = (
    status: 'IN_PROCESS' | 'CONFIRMED' | 'CANCELLED',
    erpVersion: bigint,
    deliveries: Delivery[],
  ) =>
    settlementsBy({ erpNumber: '7', status, erpVersion }, deliveries).map(
      ({ delivery, event }) => `${event} ${delivery.id}`,
    );

  it('is nothing while the order is in process', () => {
    expect(settles('IN_PROCESS', 9n, [of('CREATE', 1n), of('CHANGE', 2n)])).toEqual([]);
  });
  it('is a creation by any release, a change only by a release after it', () => {
    expect(settles('CONFIRMED', 2n, [of('CREATE', 1n), of('CHANGE', 3n)])).toEqual([
      'confirm CREATE',
    ]);
    expect(
      settles('CONFIRMED', 4n, [of('CREATE', null), of('CHANGE', 3n), of('CANCEL', null)]),
    ).toEqual(['confirm CREATE', 'confirm CHANGE']);
    expect(settles('CONFIRMED', 4n, [of('CHANGE', null)])).toEqual([]);
  });
  it('is everything by a cancellation: itself confirmed, the rest pointless', () => {
    expect(
      settles('CANCELLED', 5n, [of('CREATE', 1n), of('CHANGE', 3n), of('CANCEL', null)]),
    ).toEqual(['supersede CREATE', 'supersede CHANGE', 'confirm CANCEL']);
  });
  it('is no creation that found two, by a cancellation: the other one may stand for ours', () => {
    const creation = { ...of('CREATE', null), lastCode: 'DUPLICATE_AT_ERP' };
    expect(settles('CANCELLED', 5n, [creation])).toEqual([]);
  });
  it('is no change that another document answered', () => {
    expect(settles('CONFIRMED', 9n, [{ ...of('CHANGE', 2n), erpNumber: '8' }])).toEqual([]);
  });
});

describe('the documents under one reference', () => {
  const at = (
    erpNumber: string,
    status: 'IN_PROCESS' | 'CONFIRMED' | 'CANCELLED',
    erpVersion: bigint,
  ) => ({ erpNumber, status, erpVersion });
  const one = at('1', 'CONFIRMED', 2n);
  const two = at('2', 'IN_PROCESS', 1n);

  it('are each known by their newest state', () => {
    expect(noted([], one)).toEqual([one]);
    expect(noted([one], two)).toEqual([one, two]);
    expect(noted([one, two], at('2', 'CANCELLED', 2n))).toEqual([one, at('2', 'CANCELLED', 2n)]);
    const known = [at('2', 'CANCELLED', 2n)];
    expect(noted(known, two)).toBe(known);
  });
  it.each([
    ['the preferred one', [one, two], '2', '2'],
    ['the first, when none is preferred', [one, two], null, '1'],
    ['the preferred one beside a cancelled one', [at('1', 'CANCELLED', 3n), two], '2', '2'],
    ['the one that is left', [at('1', 'CANCELLED', 3n), two], '1', '2'],
    [
      'the preferred one of cancelled ones',
      [at('1', 'CANCELLED', 3n), at('2', 'CANCELLED', 2n)],
      '1',
      '1',
    ],
    [
      'the last of cancelled ones, when none is preferred',
      [at('1', 'CANCELLED', 3n), at('2', 'CANCELLED', 2n)],
      null,
      '2',
    ],
  ] as const)('%s stands for ours', (_name, documents, preferred, expected) => {
    expect(standing(documents, preferred)?.erpNumber).toBe(expected);
  });
  it('are none before one is told of', () => expect(standing([], null)).toBeNull());
});

describe('an exception', () => {
  const trouble = {
    subject: 'delivery:d',
    code: 'SUPPLIER_BLOCKED',
    detail: 'ME/027: blocked',
    documentType: 'PURCHASE_ORDER',
    documentId: 'po',
    documentNumber: 'PO-1',
    deliveryId: 'd',
    erp: 'erp',
    correlationId: 'c',
    audience: { companyCode: 'DE01', costCentreId: null, ownerId: null },
  };
  const open = raised(trouble, { id: 'x', number: 'EXC-000001', now: NOW });
  const valueOf = <Value>(result: { ok: true; value: Value } | { ok: false }): Value => {
    if (!result.ok) throw new Error('a value was expected');
    return result.value;
  };

  it('says in plain words what is wrong, what to do and who can', () => {
    expect(open).toMatchObject({
      kind: 'BUSINESS',
      status: 'OPEN',
      ownerRole: 'supplier-steward',
      attempts: 1,
    });
    expect(open.message).toBe('The supplier is blocked at the ERP: PO-1.');
  });
  it('goes back to whoever had it when its retry fails', () => {
    const held = valueOf(assigned(open, { assigneeId: 'ann', now: NOW }));
    expect(recurred(valueOf(retried(held, NOW)), trouble, NOW)).toMatchObject({
      status: 'ASSIGNED',
      attempts: 2,
      assigneeId: 'ann',
    });
    expect(recurred(valueOf(retried(open, NOW)), trouble, NOW)).toMatchObject({
      status: 'OPEN',
      attempts: 2,
    });
  });
  it('is opened again when it comes back after it was resolved', () => {
    const closed = valueOf(
      resolved(open, { code: 'OTHER', comment: 'done', actorId: 'ann', now: NOW }),
    );
    expect(recurred(closed, trouble, NOW)).toMatchObject({
      status: 'OPEN',
      resolvedAt: null,
      resolutionCode: null,
      assigneeId: null,
    });
  });
  it('needs a word when a business one is closed by hand, a technical one does not', () => {
    const decision = { code: 'OTHER', comment: ' ', actorId: 'ann', now: NOW } as const;
    expect(resolved(open, decision)).toMatchObject({
      ok: false,
      problem: { code: 'INVALID_INPUT' },
    });
    const technical: IntegrationException = { ...open, kind: 'TECHNICAL' };
    expect(resolved(technical, decision)).toMatchObject({ ok: true });
    expect(resolved(technical, { ...decision, comment: 'x'.repeat(2001) })).toMatchObject({
      ok: false,
    });
  });
  it('about another room’s decision has nothing to send again', () => {
    for (const subject of ['approval:r', 'supplier:i', 'erp-cancelled:po'])
      expect(retried({ ...open, subject }, NOW)).toMatchObject({
        ok: false,
        problem: { code: 'NOT_RETRYABLE' },
      });
  });
  it('has an action and an owner for every code, and a word for unknown ones', () => {
    for (const [code, meaning] of Object.entries(EXCEPTION_CODES))
      expect(
        [code, meaning.title, meaning.suggestedAction, meaning.ownerRole].every(
          (text) => text.length > 3,
        ),
      ).toBe(true);
    expect(exceptionCode('NEVER_HEARD')).toMatchObject({ kind: 'TECHNICAL' });
  });
});

describe('an external reference', () => {
  it('is the same for every action and fits the ERP’s field', () => {
    const id = '01999999-9999-7999-8999-999999999999';
    expect(externalReference('INVOICE', id)).toBe(`IN-${id}`);
    const long = externalReference('GOODS_RECEIPT', 'x'.repeat(90));
    expect(long).toHaveLength(40);
    expect(externalReference('GOODS_RECEIPT', 'x'.repeat(91))).not.toBe(long);
  });
});
