import { describe, expect, it } from '@jest/globals';
import { hiveCheckFailure } from './hive-answer.ts';
import { roverWorkflow } from './rover-check.ts';
import type { CheckResult, CheckStep, Finding, SchemaChange } from '../check/result.ts';

const FINDING: Finding = {
  severity: 'ERROR',
  code: 'SUNSET_TOO_SOON',
  message: 'Too soon.',
  coordinate: 'Product.name',
  subgraph: 'products',
  line: 3,
  column: 5,
  contract: null,
};

const CHANGE: SchemaChange = {
  hash: 'h',
  type: 'FIELD_REMOVED',
  coordinate: 'Product.name',
  message: "Field 'name' was removed.",
  severity: 'BREAKING',
  contract: null,
  acceptedBy: null,
  usage: {
    requests: 9,
    lastSeenAt: null,
    clients: [{ name: 'web', version: '1', requests: 9, lastSeenAt: new Date(0) }],
    operations: [{ hash: 'o', name: 'Products', requests: 9 }],
    documents: [
      { app: 'portal', version: '1', hash: 'a' },
      { app: 'portal', version: '1', hash: 'b' },
    ],
  },
};

function step(name: CheckStep['name'], change: Partial<CheckStep> = {}): CheckStep {
  return { name, status: 'COMPLETED', reason: null, findings: [], ...change };
}

function result(steps: readonly CheckStep[], changes: readonly SchemaChange[]): CheckResult {
  return { conclusion: 'FAILED', steps, changes, version: null };
}

const NOT_COMPOSED = result(
  [
    step('COMPOSITION', { status: 'FAILED', findings: [{ ...FINDING, code: 'KEY_INVALID' }] }),
    step('DIFF', { status: 'SKIPPED' }),
    step('USAGE', { status: 'SKIPPED' }),
    step('POLICIES', { status: 'SKIPPED' }),
    step('CONTRACTS', { status: 'SKIPPED' }),
  ],
  [],
);

const GATED = result(
  [
    step('COMPOSITION'),
    step('DIFF'),
    step('USAGE', { status: 'FAILED' }),
    step('DEPRECATION', { status: 'FAILED', findings: [FINDING] }),
    step('POLICIES', { findings: [{ ...FINDING, severity: 'WARNING', code: 'DESCRIBED' }] }),
    step('CONTRACTS', {
      status: 'FAILED',
      findings: [{ ...FINDING, contract: 'portal', subgraph: null }],
    }),
  ],
  [CHANGE, { ...CHANGE, acceptedBy: 'NO_USAGE', contract: 'portal' }],
);

describe('a check as foreign clients are told of it', () => {
  it('is told to the Hive CLI in lines that carry codes, contracts and safety by usage', () => {
    expect(JSON.parse(JSON.stringify(hiveCheckFailure('c1', GATED)))).toMatchObject({
      valid: false,
      errors: {
        edges: [
          { node: { message: '[products] Too soon. (SUNSET_TOO_SOON)' } },
          { node: { message: '[contract portal] Too soon. (SUNSET_TOO_SOON)' } },
        ],
      },
      warnings: { total: 1, nodes: [{ source: 'Product.name', line: 3, column: 5 }] },
      changes: {
        edges: [
          { node: { isSafeBasedOnUsage: false, affectedAppDeployments: { totalCount: 1 } } },
          { node: { isSafeBasedOnUsage: true } },
        ],
      },
      schemaCheck: { id: 'c1' },
    });
  });

  it('names the steps that failed where none of them says why', () => {
    const silent = result([step('COMPOSITION'), step('EVENTS', { status: 'FAILED' })], []);
    expect(hiveCheckFailure('c1', silent)).toMatchObject({
      errors: { edges: [{ node: { message: 'The step EVENTS failed.' } }] },
    });
  });

  it('is told to Rover as tasks, of which those behind a failed composition are blocked', () => {
    expect(roverWorkflow(NOT_COMPOSED)).toMatchObject({
      status: 'FAILED',
      tasks: [
        {
          __typename: 'CompositionCheckTask',
          status: 'FAILED',
          result: { errors: [{ code: 'KEY_INVALID', locations: [{ line: 3, column: 5 }] }] },
        },
        { __typename: 'OperationsCheckTask', status: 'BLOCKED', result: null },
        { __typename: 'LintCheckTask', status: 'BLOCKED' },
        { __typename: 'CustomCheckTask', status: 'BLOCKED' },
        { __typename: 'DownstreamCheckTask', status: 'BLOCKED' },
      ],
    });
  });

  it('tells Rover who uses what breaks, and our own steps as custom checks', () => {
    expect(roverWorkflow(GATED)).toMatchObject({
      tasks: [
        { __typename: 'CompositionCheckTask', status: 'PASSED', coreSchemaModified: true },
        {
          __typename: 'OperationsCheckTask',
          status: 'FAILED',
          result: {
            checkSeverity: 'FAILURE',
            numberOfCheckedOperations: 1,
            changes: [
              { severity: 'FAILURE', description: "Field 'name' was removed. Used by web 1." },
              { severity: 'NOTICE' },
            ],
          },
        },
        {
          __typename: 'LintCheckTask',
          status: 'PASSED',
          result: { stats: { errorsCount: 0, warningsCount: 1 } },
        },
        {
          __typename: 'CustomCheckTask',
          status: 'FAILED',
          result: { violations: [{ rule: 'SUNSET_TOO_SOON', level: 'ERROR' }] },
        },
        {
          __typename: 'DownstreamCheckTask',
          status: 'FAILED',
          results: [{ downstreamVariantName: 'portal', failsUpstreamWorkflow: true }],
        },
      ],
    });
  });
});
