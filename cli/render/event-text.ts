import { blocks } from './table.ts';
import { reportText } from './check-text.ts';
import type { EventOutcomePartsFragment } from '../generated.ts';
import type { Report, ReportedFinding } from './report.ts';
import type { Style } from './style.ts';

const LEVEL_OF = { ERROR: 'error', WARNING: 'warning', INFO: 'notice' } as const;

/** What happens to each subject, in the form that pipelines are told in. */
export function eventReport(
  outcomes: readonly EventOutcomePartsFragment[],
  named: {
    readonly title: string;
    readonly fileOf: ReadonlyMap<string, string>;
    readonly ok: boolean;
  },
): Report {
  const steps = outcomes.map((outcome): Report['steps'][number] => {
    const findings = findingsOf(outcome, named.fileOf.get(outcome.subject) ?? null);
    const isFailed = findings.some(({ level }) => level === 'error');
    return {
      name: outcome.subject,
      status: isFailed ? 'failed' : 'completed',
      reason: describe(outcome),
      findings,
    };
  });
  return { title: named.title, ok: named.ok, steps, summary: '' };
}

function findingsOf(outcome: EventOutcomePartsFragment, file: string | null): ReportedFinding[] {
  const nowhere = { file, line: null, column: null };
  const differences = outcome.differences.map((difference) => ({
    ...nowhere,
    level: difference.blocking ? ('error' as const) : ('notice' as const),
    rule: difference.rule,
    message: `${difference.message} (${difference.pointer || '/'}, ${difference.direction.toLowerCase()} against ${difference.against}: ${difference.reason})`,
    coordinate: null,
  }));
  const findings = outcome.findings.map((finding) => ({
    ...nowhere,
    level: LEVEL_OF[finding.severity],
    rule: finding.code,
    message: finding.message,
    coordinate: finding.coordinate,
  }));
  return [...findings, ...differences];
}

function describe({ kind, version, previousVersion, change }: EventOutcomePartsFragment): string {
  const from = previousVersion === null ? '' : `${previousVersion} to `;
  const how = change === null ? '' : ` (${change.toLowerCase()})`;
  return `${kind.toLowerCase()}: ${from}${version}${how}`;
}

/** What happens to each subject, for people. */
export function eventText(
  style: Style,
  outcomes: readonly EventOutcomePartsFragment[],
  report: Report,
): string {
  const changed = outcomes.filter(({ kind }) => kind !== 'UNCHANGED').length;
  return blocks(reportText(style, report), `${changed} of ${outcomes.length} subjects change.`);
}
