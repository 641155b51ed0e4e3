import { jsonReply } from '#kernel/http.ts';
import type { Clock } from '#kernel/clock.ts';
import type { HttpReply, HttpRequest } from '#kernel/http.ts';

/** One thing that a process needs, or would like to have. */
export interface HealthCheck {
  readonly name: string;
  /** Whether the process cannot serve without it. What is not required is shown, and keeps nobody from being ready. */
  readonly isRequired: boolean;
  /** What is wrong, in words for an operator; null when it is well. `since` when the check knows it. */
  look(): Promise<Ailment | null> | Ailment | null;
}

export interface Ailment {
  readonly reason: string;
  readonly since?: Date;
}

/** What a check found. */
export interface Finding {
  readonly name: string;
  readonly isRequired: boolean;
  /** Null when it is well. */
  readonly reason: string | null;
  readonly since: Date;
}

/** Looks at everything, and remembers since when it is as it is. */
export interface HealthChecks {
  findings(): Promise<readonly Finding[]>;
}

/** `checks` may differ from one look to the next: subgraphs come and go with the supergraph. */
export function createHealthChecks(
  checks: () => readonly HealthCheck[],
  clock: Clock,
): HealthChecks {
  let before: ReadonlyMap<string, Finding> = new Map();
  return {
    findings: async () => {
      const found = await Promise.all(checks().map((check) => look(check, before, clock)));
      before = new Map(found.map((finding) => [finding.name, finding]));
      return found;
    },
  };
}

async function look(
  check: HealthCheck,
  before: ReadonlyMap<string, Finding>,
  clock: Clock,
): Promise<Finding> {
  const { name, isRequired } = check;
  const ailment = await check.look();
  const reason = ailment?.reason ?? null;
  const known = before.get(name);
  const isUnchanged = known !== undefined && (known.reason === null) === (reason === null);
  const since = ailment?.since ?? (isUnchanged ? known.since : clock.now());
  return { name, isRequired, reason, since };
}

/** Whether a process can serve. */
export function isReady(findings: readonly Finding[]): boolean {
  return findings.every(({ isRequired, reason }) => !isRequired || reason === null);
}

/** `/readyz?verbose`: each check on a line, as Kubernetes writes them; as JSON for whoever asks for it. */
export function verboseReadiness(
  findings: readonly Finding[],
  { headers }: Pick<HttpRequest, 'headers'>,
): HttpReply {
  const ready = isReady(findings);
  const status = ready ? 200 : 503;
  if (headers.accept?.includes('application/json') === true) {
    const checks = findings.map(({ name, isRequired, reason, since }) => ({
      name,
      state: reason === null ? 'ok' : 'failing',
      ...(reason === null ? {} : { reason }),
      since: since.toISOString(),
      required: isRequired,
    }));
    return jsonReply(status, { status: ready ? 'ready' : 'not ready', checks });
  }
  const lines = [...findings.map(line), `readyz check ${ready ? 'passed' : 'failed'}`];
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: `${lines.join('\n')}\n`,
  };
}

function line({ name, isRequired, reason, since }: Finding): string {
  const moment = since.toISOString();
  if (reason === null) return `[+]${name} ok since ${moment}`;
  const note = isRequired ? '' : ' (not required)';
  return `[-]${name} failing since ${moment}: ${reason}${note}`;
}
