import { describe, expect, it } from '@jest/globals';
import { NO_PLACES } from '../coordinate-place.ts';
import { checkReport, checkText } from './check-text.ts';
import { envelope } from './envelope.ts';
import { eventReport, eventText } from './event-text.ts';
import { COLOURED, harmless, PLAIN } from './style.ts';
import { pairs, table } from './table.ts';
import { verdictText } from './verdict-text.ts';
import type { CheckOutcomePartsFragment } from '../generated.ts';

const OUTCOME: CheckOutcomePartsFragment = {
  conclusion: 'FAILED',
  steps: [
    { name: 'COMPOSITION', status: 'COMPLETED', reason: null, findings: [] },
    {
      name: 'USAGE',
      status: 'FAILED',
      reason: '1 error',
      findings: [
        {
          severity: 'ERROR',
          code: 'BREAKING_CHANGE',
          message: 'Used by portal 1.2.',
          coordinate: 'Order.total',
          subgraph: null,
          line: null,
          column: null,
          contract: null,
        },
      ],
    },
    { name: 'REVIEW', status: 'SKIPPED', reason: 'Not now.', findings: [] },
  ],
  changes: [
    {
      hash: 'c0ffee',
      type: 'FIELD_REMOVED',
      coordinate: 'Order.total',
      message: "Field 'total' was removed",
      severity: 'BREAKING',
      contract: 'portal',
      acceptedBy: null,
      usage: {
        requests: 12,
        lastSeenAt: null,
        clients: ['a', 'b', 'c', 'd'].map((name) => ({
          name,
          version: '1.2',
          requests: 3,
          lastSeenAt: '2026-11-01T00:00:00.000Z',
        })),
        operations: [],
        documents: [{ app: 'portal', version: '1', hash: 'x' }],
      },
    },
    {
      hash: 'beef',
      type: 'FIELD_ADDED',
      coordinate: 'Order.tax',
      message: "Field 'tax' was added",
      severity: 'SAFE',
      contract: null,
      acceptedBy: null,
      usage: null,
    },
  ],
  supergraphVersion: '2.0.0',
  subgraphVersions: [{ subgraph: 'orders', version: '2.0.0' }],
};

describe('a check for people', () => {
  const places = {
    fileOf: new Map([['orders', 'orders.graphql']]),
    find: () => ({ file: 'orders.graphql', line: 9, column: 6 }),
  };
  const report = checkReport(OUTCOME, { title: 'Schema check of shop@production', places });

  it('says what it found, where, what changes, and who uses it', () => {
    expect(checkText(PLAIN, OUTCOME, report)).toBe(`Schema check of shop@production: failed

✓ composition
✗ usage 1 error
    error orders.graphql:9:6 BREAKING_CHANGE: Used by portal 1.2.
- review Not now.

change    coordinate   what                                         used by                                                        hash
breaking  Order.total  Field 'total' was removed (contract portal)  a 1.2 (3), b 1.2 (3), c 1.2 (3), 1 more, 1 persisted document  c0ffee
safe      Order.tax    Field 'tax' was added                        –                                                              –

Versions: supergraph 2.0.0, orders 2.0.0.`);
  });

  it('is the same in colour, but for the colours', () => {
    // oxlint-disable-next-line no-control-regex -- colours are control characters
    const plain = checkText(COLOURED, OUTCOME, report).replace(/\u001B\[\d+m/g, '');
    expect(plain).toBe(checkText(PLAIN, OUTCOME, report));
  });

  it('speaks of no changes when nothing composes', () => {
    const failed = { ...OUTCOME, changes: [], supergraphVersion: null };
    const said = checkText(PLAIN, failed, checkReport(failed, { title: 'x', places: NO_PLACES }));
    expect(said).not.toContain('Nothing that clients see');
    expect(said).toContain('error Order.total BREAKING_CHANGE');
  });
});

describe('event contracts for people', () => {
  it('tell what happens to each subject, and why it is refused', () => {
    const outcomes = [
      {
        subject: 'shop.order.placed.v1',
        kind: 'CHANGED' as const,
        version: '2.0.0',
        previousVersion: '1.0.0',
        change: 'MAJOR' as const,
        differences: [
          {
            direction: 'BACKWARD' as const,
            against: '1.0.0',
            pointer: '/required',
            keyword: 'required',
            rule: 'REQUIRED_ADDED',
            message: '"tax" is required now.',
            reason: 'Older payloads lack it.',
            blocking: true,
          },
        ],
        findings: [],
      },
    ];
    const fileOf = new Map([['shop.order.placed.v1', 'placed.json']]);
    const report = eventReport(outcomes, {
      title: 'Event check of shop@production',
      fileOf,
      ok: false,
    });
    expect(eventText(PLAIN, outcomes, report)).toBe(`Event check of shop@production: failed

✗ shop.order.placed.v1 changed: 1.0.0 to 2.0.0 (major)
    error placed.json REQUIRED_ADDED: "tax" is required now. (/required, backward against 1.0.0: Older payloads lack it.)

1 of 1 subjects change.`);
  });
});

describe('tables', () => {
  it('stand in columns without blanks at the end', () => {
    const rows = [
      ['a', null, 'x\ny'],
      ['long one', '日本', ''],
    ];
    expect(table(PLAIN, { heads: ['one', 'two', 'three'], rows, none: '' })).toBe(
      ['one       two   three', 'a         –     x y', 'long one  日本  –'].join('\n'),
    );
    expect(table(PLAIN, { heads: ['one'], rows: [], none: 'Nothing.' })).toBe('Nothing.');
    expect(
      pairs(PLAIN, [
        ['a', 'b'],
        ['long', null],
      ]),
    ).toBe('a     b\nlong  –');
  });

  it('let no text of others command a pipeline', () => {
    expect(harmless('::stop-commands::x\n  ::error::y\na::b ##[debug]')).toBe(
      ': :stop-commands::x\n  : :error::y\na::b # #[debug]',
    );
  });

  it('let no text of others steer the terminal', () => {
    expect(harmless('a\u001B[2Jb\u0007\u009B1m\u202Ec\r\nd\te')).toBe('a�[2Jb��1m�c\nd\te');
    const text = table(PLAIN, { heads: ['x'], rows: [['\u001B]0;title\u0007']], none: '' });
    expect(text).not.toContain('\u001B');
  });
});

describe('the envelope of JSON', () => {
  it('has the same fields for success and failure', () => {
    expect(JSON.parse(envelope({ ok: true, data: [1], error: null }))).toEqual({
      schemaVersion: 1,
      ok: true,
      data: [1],
      error: null,
    });
    const error = { code: 'FORBIDDEN', message: 'No.', correlationId: 'c' };
    expect(JSON.parse(envelope({ ok: false, data: undefined, error }))).toEqual({
      schemaVersion: 1,
      ok: false,
      data: null,
      error: { ...error, docs: 'concord explain FORBIDDEN' },
    });
  });
});

describe('the verdict on a history', () => {
  it('names the first problem first', () => {
    const text = verdictText(PLAIN, {
      ok: false,
      problems: [
        { code: 'ROOT_DIFFERS', line: 9, seq: 8, message: 'Another root.' },
        { code: 'ENTRY_REMOVED', line: 7, seq: 5, message: 'Before entry 6, 5 is missing.' },
      ],
      origin: 'concord-registry/x',
      graphId: null,
      from: 1,
      to: 8,
      withheld: 2,
      signedTo: 0,
      signedAt: null,
    });
    expect(text).toBe(`The history was tampered with, or cannot be verified.

line 7: ENTRY_REMOVED Before entry 6, 5 is missing.
line 9: ROOT_DIFFERS Another root.

log           concord-registry/x
of            the whole registry
entries       1 to 8, 2 of other graphs withheld
signed up to  –`);
  });
});
