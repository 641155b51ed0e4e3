import { placeOf } from './report.ts';
import { harmless } from './style.ts';
import type { Report, ReportedFinding, ReportedStep } from './report.ts';

/** JUnit's XML: each step is a case, and fails with its errors. */
export function junit(report: Report): string {
  const failed = report.steps.filter(({ status }) => status === 'failed').length;
  const skipped = report.steps.filter(({ status }) => status === 'skipped').length;
  const counts = `tests="${report.steps.length}" failures="${failed}" skipped="${skipped}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="concord" ${counts}>`,
    `  <testsuite name="${escaped(report.title)}" ${counts} errors="0">`,
    ...report.steps.map((step) => caseOf(report, step)),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
}

function caseOf(report: Report, { name, status, reason, findings }: ReportedStep): string {
  const start = `    <testcase classname="${escaped(report.title)}" name="${escaped(name)}">`;
  const failures =
    status === 'failed'
      ? failuresOf(
          reason,
          findings.filter(({ level }) => level === 'error'),
        )
      : [];
  const skips = status === 'skipped' ? [`      <skipped message="${escaped(reason ?? '')}"/>`] : [];
  const rest = findings.filter((finding) => status !== 'failed' || finding.level !== 'error');
  const said =
    rest.length === 0
      ? []
      : [`      <system-out>${escaped(rest.map(lineOf).join('\n'))}</system-out>`];
  return [start, ...failures, ...skips, ...said, '    </testcase>'].join('\n');
}

/** A case has one failure at the most for most readers, so it holds all. */
function failuresOf(reason: string | null, errors: readonly ReportedFinding[]): string[] {
  const message =
    errors.length === 0 ? (reason ?? 'failed') : errors.map(({ rule }) => rule).join(', ');
  const text = errors.map(lineOf).join('\n');
  return [`      <failure type="error" message="${escaped(message)}">${escaped(text)}</failure>`];
}

function lineOf(finding: ReportedFinding): string {
  const place = placeOf(finding) ?? finding.coordinate;
  return `${finding.level} ${finding.rule}${place === null ? '' : ` ${place}`}: ${finding.message}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
};

/** XML has no place for most control characters, escaped or not. */
function escaped(text: string): string {
  return harmless(text)
    .replace(/[\uFFFE\uFFFF]/g, '')
    .toWellFormed()
    .replace(/[&<>"\n]/g, (character) => ENTITIES[character] ?? '');
}
