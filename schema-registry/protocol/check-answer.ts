import type { Problem } from '#kernel/problem.ts';
import type { CheckResult, Finding, SchemaChange, StepName } from '../check/result.ts';
import type { CheckFailed } from '../commands.ts';

/** A finding with the step that found it. */
export interface PlacedFinding extends Finding {
  readonly step: StepName;
}

export function findingsOf(
  result: CheckResult,
  severity: Finding['severity'],
  steps?: ReadonlySet<StepName>,
): PlacedFinding[] {
  return result.steps
    .filter((step) => steps === undefined || steps.has(step.name))
    .flatMap((step) =>
      step.findings
        .filter((finding) => finding.severity === severity)
        .map((finding) => ({ ...finding, step: step.name })),
    );
}

/** A finding in one line: the clients of foreign protocols show no more. */
export function findingText(finding: Finding): string {
  const where = [
    finding.contract === null ? null : `contract ${finding.contract}`,
    finding.subgraph,
  ].filter((part) => part !== null);
  return `${where.length === 0 ? '' : `[${where.join(', ')}] `}${finding.message} (${finding.code})`;
}

/** What stands against a change, in lines; never empty for a failed check. */
export function errorTexts(result: CheckResult): string[] {
  const texts = findingsOf(result, 'ERROR').map(findingText);
  if (texts.length > 0 || result.conclusion === 'PASSED') return texts;
  return result.steps
    .filter((step) => step.status === 'FAILED')
    .map((step) => `The step ${step.name} failed. ${step.reason ?? ''}`.trim());
}

export function isComposed(result: CheckResult): boolean {
  return result.steps.some((step) => step.name === 'COMPOSITION' && step.status === 'COMPLETED');
}

/** A difference in one line, with the contract in whose schema it was found. */
export function changeText(change: SchemaChange): string {
  return change.contract === null
    ? change.message
    : `[contract ${change.contract}] ${change.message}`;
}

/** A difference that fails the check. */
export function failsCheck(change: SchemaChange): boolean {
  return change.severity === 'BREAKING' && change.acceptedBy === null;
}

/** The check that a refusal carries, or null when the input itself was refused. */
export function failedResult(problem: Problem | CheckFailed): CheckResult | null {
  return 'result' in problem ? problem.result : null;
}

/** A refusal in lines. */
export function refusalTexts(problem: Problem | CheckFailed): string[] {
  const result = failedResult(problem);
  return result === null ? [`${problem.message} (${problem.code})`] : errorTexts(result);
}
