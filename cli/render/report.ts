/** How much a finding weighs, worst first. */
export const LEVELS = ['error', 'warning', 'notice'] as const;
export type Level = (typeof LEVELS)[number];

/** One thing that was found in a file, or about the whole. */
export interface ReportedFinding {
  readonly level: Level;
  /** Stable code of what was broken. */
  readonly rule: string;
  readonly message: string;
  /** As the command line named it; null when it lies in none. */
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  /** Such as `Invoice.total`. */
  readonly coordinate: string | null;
}

/** One step of what was looked at. */
export interface ReportedStep {
  readonly name: string;
  readonly status: 'completed' | 'failed' | 'skipped';
  readonly reason: string | null;
  readonly findings: readonly ReportedFinding[];
}

/** What a check found, in the form that pipelines are told in. */
export interface Report {
  /** Such as `Schema check of finance@production`. */
  readonly title: string;
  readonly ok: boolean;
  readonly steps: readonly ReportedStep[];
  /** Markdown for the summary of a run, after its heading. */
  readonly summary: string;
}

/** Everything that was found, worst first. */
export function findingsOf(report: Report): readonly ReportedFinding[] {
  return report.steps
    .flatMap(({ findings }) => findings)
    .sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
}

/** `orders.graphql:12:3`, or null when it lies in no file. */
export function placeOf({ file, line, column }: ReportedFinding): string | null {
  if (file === null) return null;
  return [file, ...(line === null ? [] : [line, ...(column === null ? [] : [column])])].join(':');
}
