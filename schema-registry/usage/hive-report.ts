import { isRecord } from '#kernel/json.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { readCoordinate } from './coordinate.ts';
import { REPORT_LIMITS, UNKNOWN_CLIENT } from './usage-report.ts';
import type { FieldError, InvalidInput, Result } from '#kernel/problem.ts';
import type {
  PersistedDocument,
  ReportedOperation,
  ReportedUse,
  UsageReport,
} from './usage-report.ts';

/** What is wrong with a report is told up to here; the sender sees the pattern by then. */
const ERRORS_MAX = 10;
const DOCUMENT_ID = /^([^~]+)~([^~]+)~([^~]+)$/;

/**
 * Reads a usage report in Hive's JSON format, version 2. A report with anything malformed in it is refused whole, so that a
 * half-understood one never counts. An empty one (`size` 0) is fine: it says that nothing was asked.
 */
export function readHiveReport(body: Buffer): Result<UsageReport, InvalidInput> {
  const reader = new HiveReportReader();
  const report = reader.read(parseJson(body));
  return reader.errors.length === 0 ? accepted(report) : refused(invalidInput(reader.errors));
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Collects what is wrong while it reads on, so that a sender learns of more than its first mistake. */
class HiveReportReader {
  readonly errors: FieldError[] = [];

  read(value: unknown): UsageReport {
    const report = this.record('report', value);
    const size = report['size'];
    if (value !== undefined && !isCount(size)) this.complain('size', 'a number from 0 on', size);
    const uses = [
      ...this.uses('operations', report['operations'], true),
      ...this.uses('subscriptionOperations', report['subscriptionOperations'], false),
    ];
    return { detail: 'FULL', operations: this.operations(report['map'] ?? {}), uses };
  }

  private operations(value: unknown): Map<string, ReportedOperation> {
    const entries = Object.entries(this.record('map', value));
    if (this.tooMany('map', entries.length, REPORT_LIMITS.operations)) return new Map();
    return new Map(
      entries.map(([key, entry], index) => [key, this.operation(`map.${index}`, entry)]),
    );
  }

  private operation(path: string, value: unknown): ReportedOperation {
    const record = this.record(path, value);
    const text = this.text(`${path}.operation`, record['operation'], Infinity);
    const name = this.optionalText(`${path}.operationName`, record['operationName']);
    const fields = record['fields'];
    if (!Array.isArray(fields)) {
      this.complain(`${path}.fields`, 'a list of schema coordinates', fields);
      return { name, text, coordinates: [] };
    }
    if (this.tooMany(`${path}.fields`, fields.length, REPORT_LIMITS.coordinatesPerOperation))
      return { name, text, coordinates: [] };
    return {
      name,
      text,
      coordinates: fields.map((field: unknown, index) =>
        this.coordinate(`${path}.fields.${index}`, field),
      ),
    };
  }

  private coordinate(path: string, value: unknown): string {
    const isShort = typeof value === 'string' && value.length <= 3 * REPORT_LIMITS.nameLength;
    const coordinate = isShort ? readCoordinate(value) : null;
    if (coordinate === null)
      this.complain(path, 'a schema coordinate such as `Query.invoice`', value);
    return coordinate ?? '';
  }

  private uses(path: string, value: unknown, hasExecution: boolean): ReportedUse[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.complain(path, 'a list', value);
      return [];
    }
    if (this.tooMany(path, value.length, REPORT_LIMITS.uses)) return [];
    return value.map((entry: unknown, index) =>
      this.use(`${path}.${index}`, this.record(`${path}.${index}`, entry), hasExecution),
    );
  }

  private use(path: string, record: Record<string, unknown>, hasExecution: boolean): ReportedUse {
    const document = this.document(
      `${path}.persistedDocumentHash`,
      record['persistedDocumentHash'],
    );
    const [client, clientVersion] =
      document === null
        ? this.client(`${path}.metadata`, record['metadata'])
        : [document.app, document.version];
    return {
      operationKey: this.text(`${path}.operationMapKey`, record['operationMapKey'], Infinity),
      atMs: this.time(`${path}.timestamp`, record['timestamp']),
      requests: 1,
      errors: hasExecution && this.failed(`${path}.execution`, record['execution']) ? 1 : 0,
      client,
      clientVersion,
      document,
    };
  }

  /** Whether the execution failed; how long it took is not kept. */
  private failed(path: string, value: unknown): boolean {
    const { ok } = this.record(path, value);
    if (typeof ok !== 'boolean') this.complain(`${path}.ok`, 'true or false', ok);
    return ok === false;
  }

  private client(path: string, value: unknown): readonly [string, string] {
    const metadata = value === undefined || value === null ? {} : this.record(path, value);
    const given = metadata['client'];
    const client = given === undefined || given === null ? {} : this.record(path, given);
    const name = this.optionalText(`${path}.client.name`, client['name']).trim();
    return [
      name === '' ? UNKNOWN_CLIENT : name,
      this.optionalText(`${path}.client.version`, client['version']).trim(),
    ];
  }

  private document(path: string, value: unknown): PersistedDocument | null {
    if (value === undefined || value === null || value === '') return null;
    const id = this.text(path, value, 3 * REPORT_LIMITS.nameLength);
    const [, app, version, hash] = DOCUMENT_ID.exec(id) ?? [];
    if (app !== undefined && version !== undefined && hash !== undefined)
      return { app, version, hash };
    this.complain(path, 'a document id `app~version~hash`', value);
    return null;
  }

  private time(path: string, value: unknown): number {
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
    this.complain(path, 'milliseconds since 1970', value);
    return 0;
  }

  private text(path: string, value: unknown, lengthMax: number): string {
    // PostgreSQL cannot store the character 0, and nothing that means well sends it.
    if (typeof value === 'string' && value.length <= lengthMax && !value.includes('\0'))
      return value;
    this.complain(path, `a text of at most ${lengthMax} characters`, value);
    return '';
  }

  private optionalText(path: string, value: unknown): string {
    return value === undefined || value === null
      ? ''
      : this.text(path, value, REPORT_LIMITS.nameLength);
  }

  private record(path: string, value: unknown): Record<string, unknown> {
    if (isRecord(value)) return value;
    this.complain(path, 'a JSON object', value);
    return {};
  }

  private tooMany(path: string, count: number, max: number): boolean {
    if (count > max) {
      this.add(
        path,
        'TOO_MANY',
        `At most ${max} are taken in one report, not ${count}; send several.`,
      );
    }
    return count > max;
  }

  private complain(path: string, expected: string, value: unknown): void {
    const came = JSON.stringify(value)?.slice(0, 60) ?? 'nothing';
    this.add(path, 'MALFORMED', `${expected} is expected, not ${came}.`);
  }

  private add(field: string, code: string, message: string): void {
    if (this.errors.length < ERRORS_MAX) this.errors.push({ field, code, message });
  }
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
