import { appendFile, mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isRecord } from '#kernel/json.ts';
import { readKept, writeKept } from './kept-file.ts';
import type { PackedReport } from './usage-report.ts';

/** A file of reports that could not be sent, one a line, so that they outlive the process, even one that is killed. */
export interface UsageSpool {
  /** What an earlier process left. Lines that were torn when it was killed are left out. */
  load(): Promise<PackedReport[]>;
  append(reports: readonly PackedReport[]): Promise<void>;
  /** Holds exactly these from now on; none removes the file. */
  replace(reports: readonly PackedReport[]): Promise<void>;
}

export function createUsageSpool(path: string): UsageSpool {
  return {
    load: async () => {
      const text = (await readKept(path)) ?? '';
      return text.split('\n').flatMap((line) => reportOf(line) ?? []);
    },
    append: async (reports) => {
      await mkdir(dirname(path), { recursive: true });
      // A line of an earlier process may be torn: the first line of ours must not continue it.
      await appendFile(path, `\n${linesOf(reports)}`, { mode: 0o600 });
    },
    replace: (reports) =>
      reports.length === 0 ? rm(path, { force: true }) : writeKept(path, linesOf(reports)),
  };
}

function linesOf(reports: readonly PackedReport[]): string {
  return reports
    .map((report) => `${JSON.stringify({ ...report, gzip: report.gzip.toString('base64') })}\n`)
    .join('');
}

function reportOf(line: string): PackedReport | null {
  if (line === '') return null;
  try {
    const value: unknown = JSON.parse(line);
    if (!isRecord(value)) return null;
    const { id, operations, gzip } = value;
    if (typeof id !== 'string' || typeof operations !== 'number' || typeof gzip !== 'string')
      return null;
    return { id, operations, gzip: Buffer.from(gzip, 'base64') };
  } catch {
    return null;
  }
}
