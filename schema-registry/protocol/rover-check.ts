import { changeText, failsCheck, findingsOf } from './check-answer.ts';
import type { CheckResult, CheckStep, SchemaChange, StepName } from '../check/result.ts';
import type { PlacedFinding } from './check-answer.ts';

type TaskStatus = 'BLOCKED' | 'FAILED' | 'PASSED';

/** Rover's tasks, and which of our steps each tells of. The rest is told as a custom check. */
const COMPOSITION: ReadonlySet<StepName> = new Set<StepName>(['COMPOSITION']);
const OPERATIONS: ReadonlySet<StepName> = new Set<StepName>(['DIFF', 'USAGE']);
const POLICIES: ReadonlySet<StepName> = new Set<StepName>(['POLICIES']);
const CONTRACTS: ReadonlySet<StepName> = new Set<StepName>(['CONTRACTS']);
const CUSTOM: ReadonlySet<StepName> = new Set<StepName>([
  'DEPRECATION',
  'EVENTS',
  'REVIEW',
  'VERSION',
]);

/** A stored check in the shape of Rover's workflow; it is always done. */
export function roverWorkflow(result: CheckResult): object {
  return {
    status: result.conclusion,
    tasks: [
      compositionTask(result),
      operationsTask(result),
      lintTask(result),
      customTask(result),
      downstreamTask(result),
    ],
  };
}

function compositionTask(result: CheckResult): object {
  return {
    __typename: 'CompositionCheckTask',
    status: statusOf(result, COMPOSITION),
    coreSchemaModified: result.changes.length > 0,
    result: {
      __typename: 'CompositionCheckResult',
      errors: findingsOf(result, 'ERROR', COMPOSITION).map(roverError),
    },
  };
}

/** An error in the shape that Rover prints as a build error. */
export function roverError(finding: PlacedFinding): object {
  return { message: finding.message, code: finding.code, locations: pointsOf(finding) };
}

function operationsTask(result: CheckResult): object {
  const status = statusOf(result, OPERATIONS);
  const operations = result.changes.flatMap((change) => change.usage?.operations ?? []);
  return {
    __typename: 'OperationsCheckTask',
    status,
    result:
      status === 'BLOCKED'
        ? null
        : {
            checkSeverity: result.changes.some(failsCheck) ? 'FAILURE' : 'NOTICE',
            numberOfCheckedOperations: new Set(operations.map(({ hash }) => hash)).size,
            changes: result.changes.map(roverChange),
          },
  };
}

function roverChange(change: SchemaChange): object {
  const clients = (change.usage?.clients ?? []).map(({ name, version }) => `${name} ${version}`);
  const users = clients.length === 0 ? '' : ` Used by ${clients.join(', ')}.`;
  return {
    severity: failsCheck(change) ? 'FAILURE' : 'NOTICE',
    code: change.type,
    description: `${changeText(change)}${users}`,
  };
}

function lintTask(result: CheckResult): object {
  const errors = findingsOf(result, 'ERROR', POLICIES);
  const warnings = findingsOf(result, 'WARNING', POLICIES);
  return {
    __typename: 'LintCheckTask',
    status: statusOf(result, POLICIES),
    result: {
      diagnostics: [...errors, ...warnings].map(roverDiagnostic),
      stats: { errorsCount: errors.length, warningsCount: warnings.length },
    },
  };
}

function customTask(result: CheckResult): object {
  const findings = [
    ...findingsOf(result, 'ERROR', CUSTOM),
    ...findingsOf(result, 'WARNING', CUSTOM),
  ];
  return {
    __typename: 'CustomCheckTask',
    status: statusOf(result, CUSTOM),
    result: { violations: findings.map(roverDiagnostic) },
  };
}

function roverDiagnostic(finding: PlacedFinding): object {
  return {
    level: finding.severity === 'ERROR' ? 'ERROR' : 'WARNING',
    message: finding.message,
    coordinate: finding.coordinate ?? finding.subgraph ?? '',
    rule: finding.code,
    sourceLocations: pointsOf(finding).map((point) => {
      const range = { ...point, byteOffset: 0 };
      return { start: range, end: range, subgraphName: finding.subgraph };
    }),
  };
}

function downstreamTask(result: CheckResult): object {
  const failing = new Set(
    findingsOf(result, 'ERROR', CONTRACTS).map((finding) => finding.contract ?? 'contract'),
  );
  return {
    __typename: 'DownstreamCheckTask',
    status: statusOf(result, CONTRACTS),
    results: [...failing].map((contract) => ({
      downstreamVariantName: contract,
      failsUpstreamWorkflow: true,
    })),
  };
}

function statusOf(result: CheckResult, names: ReadonlySet<StepName>): TaskStatus {
  const steps = result.steps.filter((step) => names.has(step.name));
  if (steps.some((step) => step.status === 'FAILED')) return 'FAILED';
  return isBlocked(result, steps) ? 'BLOCKED' : 'PASSED';
}

/** What was skipped because the graph does not compose is blocked; what has nothing to do has passed. */
function isBlocked(result: CheckResult, steps: readonly CheckStep[]): boolean {
  const composed = result.steps.some(
    (step) => step.name === 'COMPOSITION' && step.status === 'COMPLETED',
  );
  return !composed && steps.every((step) => step.status === 'SKIPPED');
}

function pointsOf(finding: PlacedFinding): { line: number; column: number }[] {
  return finding.line === null ? [] : [{ line: finding.line, column: finding.column ?? 1 }];
}
