import { findingsOf, LEVELS, placeOf } from './report.ts';
import { harmless, oneLine } from './style.ts';
import type { Report, ReportedFinding } from './report.ts';

/** GitHub shows so many of a kind and step, and drops the rest without a word. */
const ANNOTATIONS_PER_LEVEL = 10;
/** GitHub refuses a summary above 1 MiB; this many rows stay well below. */
const SUMMARY_ROWS = 500;

/** Workflow commands that become annotations in the files, worst first; what is left out is said. */
export function githubAnnotations(report: Report): string {
  const findings = findingsOf(report);
  const lines = LEVELS.flatMap((level) => {
    const ofLevel = findings.filter((finding) => finding.level === level);
    const shown = ofLevel.slice(0, ANNOTATIONS_PER_LEVEL).map(annotation);
    const hidden = ofLevel.length - shown.length;
    return hidden === 0
      ? shown
      : [...shown, `${hidden} more of the level ${level} are in the summary.`];
  });
  return [...lines, `${report.title}: ${report.ok ? 'passed' : 'failed'}`].join('\n');
}

/** Why a command found nothing, as an annotation of the run. */
export function githubFailure(code: string, message: string): string {
  return `::error title=${escapedProperty(`concord ${code}`)}::${escapedData(harmless(message))}`;
}

function annotation(finding: ReportedFinding): string {
  const properties = [
    ['file', finding.file],
    ['line', finding.line],
    ['col', finding.column],
    ['title', titleOf(finding)],
  ] as const;
  const written = properties
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${escapedProperty(String(value))}`);
  return `::${finding.level} ${written.join(',')}::${escapedData(harmless(finding.message))}`;
}

function titleOf({ rule, coordinate }: ReportedFinding): string {
  return oneLine(coordinate === null ? rule : `${rule} ${coordinate}`);
}

function escapedData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** Markdown for the summary of the run, with everything that was found. */
export function githubSummary(report: Report): string {
  const findings = findingsOf(report);
  const rows = findings
    .slice(0, SUMMARY_ROWS)
    .map((finding) =>
      [
        finding.level,
        `\`${finding.rule}\``,
        placeOf(finding) ?? finding.coordinate ?? '',
        finding.message,
      ]
        .map(markdownCell)
        .join(' | '),
    );
  const hidden = findings.length - rows.length;
  return [
    `### ${report.ok ? '✅' : '❌'} ${oneLine(report.title)}`,
    '',
    report.summary,
    ...(rows.length === 0
      ? []
      : [
          '',
          '| level | code | where | what |',
          '|---|---|---|---|',
          ...rows.map((row) => `| ${row} |`),
        ]),
    ...(hidden === 0 ? [] : ['', `${hidden} more are left out.`]),
    '',
  ].join('\n');
}

function markdownCell(text: string): string {
  return oneLine(text).replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
