// Runs a script of this project under the Node version it pins, installing what is missing first.
// Plain JavaScript without dependencies, because it must run on any Node from 20 on, before anything is installed.
//
//   node hub/bootstrap.mjs hub/main.ts [arguments]      a script
//   node hub/bootstrap.mjs --jest [arguments]           the tests
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { constants, hostname } from 'node:os';
import { delimiter, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;
/** Without the pinned Node, one from this major version on can run the project: it strips types by itself. */
const OLDEST_NODE_FOR_SOURCES = 24;
/** The holder of the lock renews it this often, so that a waiter can tell a working holder from a dead one. */
const LOCK_RENEWAL_MS = 2_000;
/** Several missed renewals: the holder runs on another machine or in another container, and is dead. */
const LOCK_STALE_MS = 20_000;
/** A process of that id exists, but does not renew: after so long it is another process that got the same id. */
const LOCK_STALE_THOUGH_ALIVE_MS = 15 * 60_000;
const LOCK_POLL_MS = 300;
/** One Ctrl-C can arrive twice, from the terminal and from npm; within this time it counts once. */
const SAME_SIGNAL_MS = 1_000;
/** After so many separate Ctrl-C the child is ended without asking it again. */
const PRESSES_BEFORE_KILL = 3;

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const lockFile = join(root, 'package-lock.json');
const stampFile = join(modules, '.concord-lock');
const installLock = join(root, '.concord-install');
const windows = process.platform === 'win32';

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function main(words) {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    throw new Error(
      `Node ${OLDEST_NODE} or newer is needed to begin; this is ${process.version}. See https://nodejs.org.`,
    );
  }
  if (words.length === 0)
    throw new Error('A script was expected, as in: node hub/bootstrap.mjs hub/main.ts');
  if (whyInstall() !== null) await installOnce();
  const [first, ...rest] = words;
  if (first === '--jest') {
    const jest = [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(modules, 'jest', 'bin', 'jest.js'),
    ];
    return run(pinnedNode() ?? process.execPath, [...jest, ...rest], { watched: false });
  }
  return run(pinnedNode() ?? process.execPath, words, { watched: true });
}

// --- is node_modules what the lock file says? ---------------------------------------------------------------------

/** The reason to install, as a clause that completes "because …", or null when node_modules is as the lock file says. */
function whyInstall() {
  if (!existsSync(lockFile))
    throw new Error(`${lockFile} is missing; restore it with: git checkout package-lock.json`);
  if (!existsSync(modules)) return 'node_modules is missing';
  const nodeIsMissing = `Node ${pinnedVersion() ?? ''} is not in node_modules`;
  if (readText(stampFile) === expectedStamp()) return usableNode() ? null : nodeIsMissing;
  const difference = firstDifference();
  if (difference !== null) return difference;
  if (pinnedNode() === null) return nodeIsMissing;
  writeStamp();
  return null;
}

/** Names the lock file's content and the kind of machine, since a copied node_modules holds binaries of another one. */
function expectedStamp() {
  return `${createHash('sha256').update(readFileSync(lockFile)).digest('hex')} ${process.platform}-${process.arch}`;
}

/** npm keeps beside the packages what it installed; somebody's own `npm ci` is as good as ours. */
function firstDifference() {
  const installed = readJson(join(modules, '.package-lock.json'))?.packages;
  if (installed === undefined) return 'node_modules is incomplete';
  for (const [path, wanted] of Object.entries(readJson(lockFile)?.packages ?? {})) {
    if (path === '' || wanted.link === true) continue;
    const found = installed[path];
    if (found?.version === wanted.version) continue;
    if (found !== undefined)
      return `${path} is ${found.version}, and the lock file says ${wanted.version}`;
    if (isNeeded(wanted)) return `${path} is missing`;
  }
  return null;
}

function isNeeded(entry) {
  if (process.env.NODE_ENV === 'production' && (entry.dev === true || entry.devOptional === true))
    return false;
  if (entry.optional !== true) return true;
  const fits =
    entry.os?.includes(process.platform) === true && entry.cpu?.includes(process.arch) === true;
  return fits && entry.libc === undefined;
}

function writeStamp() {
  try {
    writeFileSync(stampFile, expectedStamp());
  } catch {
    // A read-only checkout runs as well; it only compares anew each time.
  }
}

// --- installing ---------------------------------------------------------------------------------------------------

/** Installs under a lock, so that two first runs at once do not write into the same node_modules. */
async function installOnce() {
  const release = await acquireInstallLock();
  try {
    const reason = whyInstall();
    if (reason !== null) await install(reason);
  } finally {
    release();
  }
}

async function install(reason) {
  if (!existsSync(modules) || firstDifference() !== null) {
    say(`Installing the packages of package-lock.json with "npm ci", because ${reason}.`);
    // Its warnings are about the Node that runs npm, which is not the Node that will run the project.
    await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  if (pinnedNode() === null) await fetchPinnedNode();
  if (!usableNode()) {
    throw new Error(
      `Node ${pinnedVersion()} could not be fetched and ${process.version} is older than ${OLDEST_NODE_FOR_SOURCES}. ` +
        `Allow install scripts (npm config get ignore-scripts) or install Node ${OLDEST_NODE_FOR_SOURCES} or newer, and start again.`,
    );
  }
  if (pinnedNode() === null)
    say(`Continuing with ${process.version}, since Node ${pinnedVersion()} could not be fetched.`);
  writeStamp();
}

/** Where install scripts are blocked, the package `node` has no binary yet: its own script is run here instead. */
async function fetchPinnedNode() {
  const folder = join(modules, 'node');
  if (!existsSync(folder)) return;
  say(`Fetching Node ${pinnedVersion()}, because install scripts did not run.`);
  const code = await runToEnd(process.execPath, ['installArchSpecificPackage.js'], folder);
  if (code !== 0) say(`The package "node" could not fetch its binary (exit code ${code}).`);
}

async function npm(words) {
  const code = await runToEnd('npm', words, root);
  if (code === 0) return;
  throw new Error(
    `"npm ${words.join(' ')}" ended with exit code ${code}; its own message is above. ` +
      `Check the network and the registry (npm config get registry), then start again.`,
  );
}

/** A child with the standard error as its only output, since standard output belongs to the script that will run. */
function runToEnd(command, words, cwd) {
  // npm must not run on the Node that it is about to replace.
  const path = searchPath()
    .filter((folder) => !isInside(modules, folder))
    .join(delimiter);
  const child = spawn(command, words, {
    cwd,
    shell: windows,
    stdio: ['ignore', 2, 2],
    env: environmentWith(path),
  });
  const stopForwarding = forwardSignals(child);
  // Were this process killed, the child would go on writing: the lock is not free before it has ended, too.
  if (child.pid !== undefined) writeFileSync(join(installLock, 'writer'), String(child.pid));
  return new Promise((settle, fail) => {
    child.once('error', (error) =>
      fail(new Error(`"${command}" could not be started (${error.message}); is npm installed?`)),
    );
    child.once('exit', (code, signal) => {
      if (signal !== null)
        fail(new Error(`Installing was stopped by ${signal}; start again to continue.`));
      else settle(code ?? 1);
    });
  }).finally(stopForwarding);
}

/** Resolves to the function that releases the lock. A lock whose holder died is taken over. */
async function acquireInstallLock() {
  const token = `${randomUUID()} ${process.pid} ${hostname()}`;
  let told = false;
  for (;;) {
    if (await tryLock(token)) return holdLock(token);
    if (!told) say('Another start is installing the packages; waiting for it.');
    told = true;
    breakStaleLock();
    await pause(LOCK_POLL_MS);
  }
}

async function tryLock(token) {
  try {
    mkdirSync(installLock);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw new Error(
      `${installLock} could not be made (${error.message}); installing needs a checkout that can be written.`,
      { cause: error },
    );
  }
  writeFileSync(join(installLock, 'holder'), token);
  // Another waiter may have judged the old lock stale and moved ours away in this very moment.
  await pause(100);
  return readText(join(installLock, 'holder')) === token;
}

function holdLock(token) {
  const renewal = setInterval(() => {
    try {
      utimesSync(installLock, new Date(), new Date());
    } catch {
      // Somebody removed the lock by hand: there is nothing left to renew.
    }
  }, LOCK_RENEWAL_MS);
  const release = () => {
    clearInterval(renewal);
    process.off('exit', release);
    if (readText(join(installLock, 'holder')) === token)
      rmSync(installLock, { recursive: true, force: true });
  };
  process.on('exit', release);
  return release;
}

function breakStaleLock() {
  const holder = readText(join(installLock, 'holder'));
  if (!isStale(holder)) return;
  const aside = `${installLock}-${randomUUID()}`;
  try {
    renameSync(installLock, aside);
    // What was moved must be what was judged; a fresh lock goes back.
    if (readText(join(aside, 'holder')) !== holder) renameSync(aside, installLock);
  } catch {
    // Another waiter was faster; the next round sees what it left.
  }
  rmSync(aside, { recursive: true, force: true });
}

function isStale(holder) {
  let silentMs;
  try {
    silentMs = Date.now() - statSync(installLock).mtimeMs;
  } catch {
    return false;
  }
  const [, pid, host] = (holder ?? '').split(' ');
  if (host !== hostname()) return silentMs > LOCK_STALE_MS;
  const writer = readText(join(installLock, 'writer'));
  const alive = isAlive(Number(pid)) || (writer !== null && isAlive(Number(writer)));
  return !alive || silentMs > LOCK_STALE_THOUGH_ALIVE_MS;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// --- the pinned Node ----------------------------------------------------------------------------------------------

function pinnedVersion() {
  return readJson(join(modules, 'node', 'package.json'))?.version ?? null;
}

/** The binary where the package's install script puts it, or where it lies when only the last linking step failed. */
function pinnedNode() {
  const file = windows ? 'node.exe' : 'node';
  const arch = windows && process.arch === 'ia32' ? 'x86' : process.arch;
  const platform = windows ? 'win' : process.platform;
  const prefix = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node';
  const name = `${prefix}-${platform}-${arch}`;
  const places = [
    join('node', 'bin'),
    join('node', 'node_modules', name, 'bin'),
    join(name, 'bin'),
  ];
  return places.map((place) => join(modules, place, file)).find((path) => existsSync(path)) ?? null;
}

function usableNode() {
  return (
    pinnedNode() !== null || Number(process.versions.node.split('.')[0]) >= OLDEST_NODE_FOR_SOURCES
  );
}

/**
 * Runs the script to its end and resolves to its exit code. A watched script has a channel to this process, and
 * hears of this process's death as the event `disconnect`.
 */
function run(node, words, { watched }) {
  const path = [dirname(node), ...searchPath()].join(delimiter);
  const stdio = watched ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit';
  const child = spawn(node, words, { stdio, env: environmentWith(path) });
  const stopForwarding = forwardSignals(child);
  return new Promise((settle, fail) => {
    child.once('error', (error) =>
      fail(new Error(`${node} could not be started: ${error.message}`)),
    );
    child.once('exit', (code, signal) =>
      settle(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0)),
    );
  }).finally(stopForwarding);
}

/**
 * Passes signals on and outlives the child. From a terminal the whole group already has the Ctrl-C, the child
 * among it; passing it on would be a second one, which means "at once" to many programs.
 */
function forwardSignals(child) {
  let lastAt = 0;
  let presses = 0;
  const forward = (signal) => {
    const now = Date.now();
    const repeated = now - lastAt < SAME_SIGNAL_MS;
    lastAt = now;
    if (repeated) return;
    if (signal === 'SIGINT') presses += 1;
    if (presses >= PRESSES_BEFORE_KILL) child.kill('SIGKILL');
    else if (signal === 'SIGTERM' || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  return () => {
    for (const signal of signals) process.off(signal, forward);
  };
}

// --- small things -------------------------------------------------------------------------------------------------

function environmentWith(path) {
  const others = Object.entries(process.env).filter(([name]) => name.toUpperCase() !== 'PATH');
  return { ...Object.fromEntries(others), PATH: path };
}

function searchPath() {
  const entry = Object.entries(process.env).find(([name]) => name.toUpperCase() === 'PATH');
  return (entry?.[1] ?? '').split(delimiter).filter((folder) => folder !== '');
}

function isInside(folder, path) {
  const way = relative(folder, resolve(path));
  return !way.startsWith('..') && !isAbsolute(way);
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function readJson(file) {
  const text = readText(file);
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pause(ms) {
  return new Promise((settle) => {
    setTimeout(settle, ms);
  });
}

function say(line) {
  process.stderr.write(`concord: ${line}\n`);
}
