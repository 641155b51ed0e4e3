import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from '@jest/globals';
import { SaxesParser } from 'saxes';
import { githubAnnotations, githubSummary } from './github.ts';
import { junit } from './junit.ts';
import { sarif } from './sarif.ts';
import type { Report, ReportedFinding } from './report.ts';

const finding = (changes: Partial<ReportedFinding> = {}): ReportedFinding => ({
  level: 'error',
  rule: 'BREAKING_CHANGE',
  message: "Field 'total' was removed.",
  file: 'orders.graphql',
  line: 12,
  column: 3,
  coordinate: 'Order.total',
  ...changes,
});

const report = (...findings: readonly ReportedFinding[]): Report => ({
  title: 'Schema check of shop@production',
  ok: false,
  steps: [
    { name: 'composition', status: 'completed', reason: null, findings: [] },
    { name: 'usage', status: 'failed', reason: '1 error', findings },
    { name: 'review', status: 'skipped', reason: 'Not done.', findings: [] },
  ],
  summary: 'Changes: 1 breaking, 0 dangerous, 0 safe.',
});

describe('annotations of GitHub', () => {
  it('come worst first, with file, line, column and title', () => {
    const text = githubAnnotations(
      report(
        finding({
          level: 'notice',
          rule: 'LINT_BASELINE',
          file: null,
          coordinate: null,
          line: null,
          column: null,
        }),
        finding(),
      ),
    );
    expect(text).toBe(
      [
        "::error file=orders.graphql,line=12,col=3,title=BREAKING_CHANGE Order.total::Field 'total' was removed.",
        "::notice title=LINT_BASELINE::Field 'total' was removed.",
        'Schema check of shop@production: failed',
      ].join('\n'),
    );
  });

  it('cannot be left or forged by what they tell', () => {
    const text = githubAnnotations(
      report(
        finding({
          file: 'a,b:c.graphql',
          coordinate: 'Query.x(y:)',
          message: '100%\n::set-output name=x::y\r\n\u001B[31mred',
        }),
      ),
    );
    expect(text.split('\n')[0]).toBe(
      '::error file=a%2Cb%3Ac.graphql,line=12,col=3,title=BREAKING_CHANGE Query.x(y%3A)::100%25%0A: :set-output name=x::y%0A�[31mred',
    );
  });

  it('are ten of a level at the most, and say what is left out', () => {
    const many = Array.from({ length: 23 }, (_, index) => finding({ line: index + 1 }));
    const lines = githubAnnotations(report(...many, finding({ level: 'warning' }))).split('\n');
    expect(lines.filter((line) => line.startsWith('::error'))).toHaveLength(10);
    expect(lines.filter((line) => line.startsWith('::warning'))).toHaveLength(1);
    expect(lines).toContain('13 more of the level error are in the summary.');
  });

  it('are all in the summary, as a table that no text can break', () => {
    const many = Array.from({ length: 23 }, (_, index) => finding({ line: index + 1 }));
    const text = githubSummary(report(...many, finding({ message: 'a | b <script>\nc' })));
    expect(text).toContain('### ❌ Schema check of shop@production');
    expect(text).toContain('Changes: 1 breaking');
    expect(text.match(/^\| error \|/gm)).toHaveLength(24);
    expect(text).toContain('a \\| b &lt;script> c');
  });
});

describe('SARIF', () => {
  const isSarif = new Ajv2020({
    allErrors: true,
    formats: { 'uri-reference': /^[\w.%/~-]*$/ },
  }).compile(sarifSchema());

  it('is as its schema says, with and without places', () => {
    const findings = [
      finding(),
      finding({ line: null, column: null, level: 'warning' }),
      finding({ file: null, line: null, column: null, level: 'notice' }),
      finding({ file: null, line: null, column: null, coordinate: null, rule: 'FREEZE_WINDOW' }),
    ];
    const log: unknown = JSON.parse(sarif(report(...findings), '1.2.3'));
    isSarif(log);
    expect(isSarif.errors).toBeNull();
    expect(log).toMatchObject({
      runs: [
        {
          tool: { driver: { rules: [{ id: 'BREAKING_CHANGE' }, { id: 'FREEZE_WINDOW' }] } },
          results: [
            { level: 'error', ruleId: 'BREAKING_CHANGE', ruleIndex: 0 },
            { level: 'error', ruleId: 'FREEZE_WINDOW', ruleIndex: 1 },
            { level: 'warning' },
            { level: 'note' },
          ],
        },
      ],
    });
  });

  it('names files by a valid reference relative to the checkout', () => {
    const log = sarif(report(finding({ file: '.\\my schemas\\a:b.graphql' })), '1.2.3');
    expect(log).toContain('"uri": "my%20schemas/a%3Ab.graphql"');
  });

  it('is valid of a check that found nothing', () => {
    const log: unknown = JSON.parse(sarif(report(), '1.2.3'));
    expect(isSarif(log)).toBe(true);
  });
});

describe('JUnit', () => {
  it('has a case per step, fails with its errors and skips what was not done', () => {
    expect(junit(report(finding(), finding({ level: 'warning', rule: 'owned' })))).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="concord" tests="3" failures="1" skipped="1">
  <testsuite name="Schema check of shop@production" tests="3" failures="1" skipped="1" errors="0">
    <testcase classname="Schema check of shop@production" name="composition">
    </testcase>
    <testcase classname="Schema check of shop@production" name="usage">
      <failure type="error" message="BREAKING_CHANGE">error BREAKING_CHANGE orders.graphql:12:3: Field 'total' was removed.</failure>
      <system-out>warning owned orders.graphql:12:3: Field 'total' was removed.</system-out>
    </testcase>
    <testcase classname="Schema check of shop@production" name="review">
      <skipped message="Not done."/>
    </testcase>
  </testsuite>
</testsuites>`,
    );
  });

  it('stays well-formed whatever is told', () => {
    const text = junit(report(finding({ message: '</failure>]]>&"\u0000\uFFFE\uD800\n\u001Bx' })));
    const parser = new SaxesParser();
    const flaws: Error[] = [];
    let failure = '';
    parser.on('error', (error) => void flaws.push(error));
    parser.on('text', (piece) => void (failure += piece));
    parser.write(text).close();
    expect(flaws).toEqual([]);
    expect(failure).toContain('</failure>]]>&"');
  });
});

/** The parts of the schema of SARIF 2.1.0 (OASIS) that we write, with what they require and nothing besides. */
function sarifSchema(): object {
  const object = (properties: object, ...required: readonly string[]): object => ({
    type: 'object',
    additionalProperties: false,
    properties,
    required,
  });
  const text = { type: 'string' };
  const message = object({ text }, 'text');
  const positive = { type: 'integer', minimum: 1 };
  const location = object({
    physicalLocation: {
      ...object({
        artifactLocation: object({ uri: { type: 'string', format: 'uri-reference' } }),
        region: object({ startLine: positive, startColumn: positive }),
      }),
      anyOf: [{ required: ['address'] }, { required: ['artifactLocation'] }],
    },
    logicalLocations: { type: 'array', items: object({ fullyQualifiedName: text }) },
  });
  const rule = object({ id: text, shortDescription: message, help: message }, 'id');
  const result = object(
    {
      ruleId: text,
      ruleIndex: { type: 'integer', minimum: -1 },
      level: { enum: ['none', 'note', 'warning', 'error'] },
      message,
      locations: { type: 'array', items: location },
      partialFingerprints: { type: 'object', additionalProperties: text },
    },
    'message',
  );
  const driver = object(
    {
      name: text,
      semanticVersion: text,
      rules: { type: 'array', uniqueItems: true, items: rule },
    },
    'name',
  );
  const run = object(
    {
      tool: object({ driver }, 'driver'),
      automationDetails: object({ id: text }),
      columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
      results: { type: 'array', items: result },
    },
    'tool',
  );
  return object(
    { $schema: text, version: { enum: ['2.1.0'] }, runs: { type: 'array', items: run } },
    'version',
    'runs',
  );
}
