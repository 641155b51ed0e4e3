import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import * as files from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PostgresError } from './postgres-installation.ts';

const execute = promisify(execFile);

const POLL_MS = 50;
/**
 * How a server is asked to end, and how long it has. A fast shutdown writes one checkpoint; an immediate one writes
 * none and leaves recovery to the next start.
 */
export const SHUTDOWNS = [
  ['SIGINT', 30_000],
  ['SIGQUIT', 10_000],
] as const;

/**
 * Notes this process as the cluster's user; resolves to the function that takes the note back. The note of a process
 * that has ended counts for nothing.
 *
 * @throws PostgresError
 */
export async function claimCluster(cluster: string): Promise<() => Promise<void>> {
  const note = `${cluster}.user`;
  const draft = `${note}.${randomUUID()}`;
  const own = `${process.pid} ${await startOf(process.pid)}`;
  await files.writeFile(draft, own);
  try {
    // A link appears with its whole content, and fails where one exists.
    await files.link(draft, note).catch(async () => {
      await refuseIfAlive(note, cluster);
      await files.rm(note, { force: true });
      await files.link(draft, note);
      // Another start may have judged the same old note, and have removed ours for it.
      await pause(POLL_MS);
      if ((await files.readFile(note, 'utf8')) !== own) await refuseIfAlive(note, cluster);
    });
  } finally {
    await files.rm(draft, { force: true });
  }
  return () => files.rm(note, { force: true });
}

async function refuseIfAlive(note: string, cluster: string): Promise<void> {
  const [pid = '', start = ''] = (await files.readFile(note, 'utf8')).split(' ');
  if (start === '' || start !== (await startOf(Number(pid)))) return;
  throw new PostgresError(
    'POSTGRES_DATA_IN_USE',
    `The process ${pid} is using ${cluster}. Stop it first, or choose another data folder (CONCORD_DATA).`,
  );
}

/** When a process began, in the system's own notation: a process id alone may have been given out anew. */
async function startOf(pid: number): Promise<string> {
  if (process.platform !== 'linux') {
    const answer = await execute('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({
      stdout: '',
    }));
    return answer.stdout.trim().replaceAll(/\s+/g, '_');
  }
  const status = await files.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [state = '', ...fields] = status.slice(status.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended; only its parent has not asked yet.
  return state === 'Z' ? '' : (fields[18] ?? '');
}

async function isServerOf(cluster: string, pid: number): Promise<boolean> {
  const command =
    process.platform === 'linux'
      ? (await files.readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')
      : (await execute('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' })))
          .stdout;
  return command.includes('postgres ') && `${command} `.includes(`-D ${cluster} `);
}

/**
 * Stops the server that a killed process left behind, or makes its leavings harmless when it died, too. Resolves to
 * the process id of what was stopped.
 *
 * @throws PostgresError
 */
export async function endOrphan(cluster: string): Promise<number | null> {
  const pidFile = join(cluster, 'postmaster.pid');
  const lines = (await files.readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  if (!(await isServerOf(cluster, pid))) {
    // Its id may belong to another program now, and PostgreSQL would take that for a server. It disregards its
    // parent's id, and goes on to the check for surviving sessions, which removing the file would skip.
    await files.writeFile(pidFile, [String(process.pid), ...lines.slice(1)].join('\n'));
    return null;
  }
  for (const [signal, timeoutMs] of SHUTDOWNS) {
    signalIfAlive(pid, signal);
    for (
      const until = performance.now() + timeoutMs;
      performance.now() < until;
      await pause(POLL_MS)
    ) {
      if (!(await isServerOf(cluster, pid))) return pid;
    }
  }
  throw new PostgresError(
    'POSTGRES_STOP_FAILED',
    `The PostgreSQL server ${pid} left behind on ${cluster} does not stop. End it with: kill -9 ${pid}`,
  );
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in this moment, or is another user's: the wait that follows tells.
  }
}
