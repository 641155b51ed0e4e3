import { findingsOf } from './report.ts';
import { oneLine } from './style.ts';
import type { Level, Report, ReportedFinding } from './report.ts';

const LEVEL_OF: Readonly<Record<Level, string>> = {
  error: 'error',
  warning: 'warning',
  notice: 'note',
};

/** SARIF 2.1.0, as code scanning takes it. */
export function sarif(report: Report, version: string): string {
  const findings = findingsOf(report);
  const rules = [...new Set(findings.map(({ rule }) => rule))].sort();
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'concord',
            semanticVersion: version,
            rules: rules.map((id) => ({
              id,
              shortDescription: { text: id },
              help: { text: `concord explain ${id}` },
            })),
          },
        },
        automationDetails: { id: `${report.title}/` },
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) => resultOf(finding, rules)),
      },
    ],
  };
  return JSON.stringify(log, null, 2);
}

function resultOf(finding: ReportedFinding, rules: readonly string[]): object {
  const { rule, level, message, coordinate } = finding;
  const physical = physicalLocation(finding);
  const logical =
    coordinate === null ? {} : { logicalLocations: [{ fullyQualifiedName: coordinate }] };
  const hasLocation = physical !== null || coordinate !== null;
  return {
    ruleId: rule,
    ruleIndex: rules.indexOf(rule),
    level: LEVEL_OF[level],
    message: { text: oneLine(message) },
    ...(hasLocation
      ? {
          locations: [{ ...(physical === null ? {} : { physicalLocation: physical }), ...logical }],
        }
      : {}),
    partialFingerprints: { 'ruleAndCoordinate/v1': `${rule} ${coordinate ?? finding.file ?? ''}` },
  };
}

function physicalLocation({ file, line, column }: ReportedFinding): object | null {
  if (file === null) return null;
  const region =
    line === null
      ? {}
      : { region: { startLine: line, ...(column === null ? {} : { startColumn: column }) } };
  return { artifactLocation: { uri: uriOf(file) }, ...region };
}

/** A reference relative to the checkout; a name with a colon or blank is encoded, so that it is a valid one. */
function uriOf(file: string): string {
  const path = file.replaceAll('\\', '/').replace(/^\.\//, '');
  return path
    .split('/')
    .map((part) => encodeURIComponent(part))
    .join('/');
}
