import { blocks, table } from './table.ts';
import { findingsOf, placeOf } from './report.ts';
import { counted, oneLine } from './style.ts';
import type { CheckOutcomePartsFragment, ChangePartsFragment } from '../generated.ts';
import type { Places } from '../coordinate-place.ts';
import type { Level, Report, ReportedFinding } from './report.ts';
import type { Style } from './style.ts';

const LEVEL_OF = { ERROR: 'error', WARNING: 'warning', INFO: 'notice' } as const;
const STATUS_OF = { COMPLETED: 'completed', FAILED: 'failed', SKIPPED: 'skipped' } as const;
/** Below a table of changes nobody reads on; everything is in the format `json`. */
const CHANGES_TOLD = 200;
const CLIENTS_TOLD = 3;

/** A check's outcome, in the form that pipelines are told in. */
export function checkReport(
  outcome: CheckOutcomePartsFragment,
  named: { readonly title: string; readonly places: Places },
): Report {
  return {
    title: named.title,
    ok: outcome.conclusion === 'PASSED',
    steps: outcome.steps.map((step) => ({
      name: step.name.toLowerCase(),
      status: STATUS_OF[step.status],
      reason: step.reason,
      findings: step.findings.map((finding) => reported(finding, named.places)),
    })),
    summary: [changeCounts(outcome.changes), versionLine(outcome)].filter(Boolean).join('  \n'),
  };
}

type Finding = CheckOutcomePartsFragment['steps'][number]['findings'][number];

/** What the registry gives no place in a text lies where its coordinate is written, or was. */
function reported(finding: Finding, places: Places): ReportedFinding {
  const { severity, code: rule, message, subgraph, coordinate } = finding;
  const file = subgraph === null ? undefined : places.fileOf.get(subgraph);
  const said = { level: LEVEL_OF[severity], rule, message, coordinate };
  if (file !== undefined && finding.line !== null)
    return { ...said, file, line: finding.line, column: finding.column };
  const found = coordinate === null ? null : places.find(coordinate);
  const place = file === undefined || found?.file === file ? found : null;
  return {
    ...said,
    file: file ?? place?.file ?? null,
    line: place?.line ?? null,
    column: place?.column ?? null,
  };
}

/** A check's outcome for people: the verdict, what every step found, what changes, and the versions. */
export function checkText(
  style: Style,
  outcome: CheckOutcomePartsFragment,
  report: Report,
): string {
  const verdict = report.ok ? style.good('passed') : style.bad('failed');
  return blocks(
    `${style.strong(report.title)}: ${verdict}`,
    report.steps.map((step) => stepLines(style, step)).join('\n'),
    outcome.supergraphVersion === null ? '' : changesText(style, outcome.changes),
    versionLine(outcome),
  );
}

function stepLines(
  style: Style,
  { name, status, reason, findings }: Report['steps'][number],
): string {
  const mark =
    status === 'failed'
      ? style.bad('✗')
      : status === 'skipped'
        ? style.faint('-')
        : style.good('✓');
  const why = reason === null ? '' : style.faint(` ${oneLine(reason)}`);
  return [`${mark} ${name}${why}`, ...findings.map((finding) => findingLine(style, finding))].join(
    '\n',
  );
}

function findingLine(style: Style, finding: ReportedFinding): string {
  const place = placeOf(finding) ?? finding.coordinate;
  const where = place === null ? '' : `${oneLine(place)} `;
  const level = levelWord(style, finding.level);
  return `    ${level} ${where}${style.strong(finding.rule)}: ${oneLine(finding.message)}`;
}

function levelWord(style: Style, level: Level): string {
  if (level === 'error') return style.bad(level);
  return level === 'warning' ? style.warn(level) : style.faint(level);
}

/** Changes as a table, worst first as the registry answers them. */
export function changesText(style: Style, changes: readonly ChangePartsFragment[]): string {
  if (changes.length === 0) return style.faint('Nothing that clients see changes.');
  const rows = changes
    .slice(0, CHANGES_TOLD)
    .map((change) => [
      severityWord(style, change),
      change.coordinate,
      change.message + (change.contract === null ? '' : ` (contract ${change.contract})`),
      usersOf(change),
      change.severity === 'SAFE' ? null : change.hash,
    ]);
  const heads = ['change', 'coordinate', 'what', 'used by', 'hash'];
  const hidden = changes.length - rows.length;
  return blocks(
    table(style, { heads, rows, none: '' }),
    hidden === 0 ? '' : style.faint(`${hidden} more are told in the format json.`),
  );
}

function severityWord(style: Style, { severity, acceptedBy }: ChangePartsFragment): string {
  const word = severity.toLowerCase();
  if (severity === 'BREAKING')
    return acceptedBy === null
      ? style.bad(word)
      : style.warn(`${word}, accepted: ${acceptedBy.toLowerCase().replace('_', ' ')}`);
  return severity === 'DANGEROUS' ? style.warn(word) : style.good(word);
}

function usersOf({ usage }: ChangePartsFragment): string | null {
  if (usage === null) return null;
  const clients = usage.clients.map(({ name, version, requests }) =>
    `${name} ${version}`.trim().concat(` (${requests})`),
  );
  const documents =
    usage.documents.length === 0 ? [] : [counted(usage.documents.length, 'persisted document')];
  const more = clients.length - CLIENTS_TOLD;
  return [
    ...clients.slice(0, CLIENTS_TOLD),
    ...(more > 0 ? [`${more} more`] : []),
    ...documents,
  ].join(', ');
}

function changeCounts(changes: readonly ChangePartsFragment[]): string {
  const count = (severity: ChangePartsFragment['severity']): number =>
    changes.filter((change) => change.severity === severity).length;
  return `Changes: ${count('BREAKING')} breaking, ${count('DANGEROUS')} dangerous, ${count('SAFE')} safe.`;
}

function versionLine({ supergraphVersion, subgraphVersions }: CheckOutcomePartsFragment): string {
  if (supergraphVersion === null) return '';
  const subgraphs = subgraphVersions.map(({ subgraph, version }) => `${subgraph} ${version}`);
  return `Versions: ${[`supergraph ${supergraphVersion}`, ...subgraphs].join(', ')}.`;
}

/** The same report with one of its steps only. */
export function onlyStep(report: Report, name: string): Report {
  const steps = report.steps.filter((step) => step.name === name);
  const ok = steps.every(({ status }) => status !== 'failed');
  return {
    ...report,
    steps,
    ok,
    summary: `${counted(findingsOf({ ...report, steps }).length, 'finding')}.`,
  };
}

/** A report without changes or versions, for people. */
export function reportText(style: Style, report: Report): string {
  const verdict = report.ok ? style.good('passed') : style.bad('failed');
  return blocks(
    `${style.strong(report.title)}: ${verdict}`,
    report.steps.map((step) => stepLines(style, step)).join('\n'),
  );
}
