import { parseConfiguration } from './configuration.ts';
import { startErpSimulator } from './erp-simulator.ts';
import { report, reportError } from './report.ts';

/** How often the simulator looks whether the process that started it still lives. */
const PARENT_POLL_MS = 1000;
/** A shutdown that hangs longer than this ends hard; nothing answered can be lost by it. */
const SHUTDOWN_LIMIT_MS = 3000;

const parsed = parseConfiguration(process.env);
if (parsed.kind === 'faulty') {
  for (const fault of parsed.faults) report('misconfigured', { fault });
  process.exit(2);
}
const { configuration } = parsed;
const simulator = await startErpSimulator(configuration, (error) => {
  // Memory and file may differ now; only a restart from the file is safe.
  reportError('journal-failed', error);
  process.exit(1);
});
report('listening', { url: simulator.url });

process.once('SIGTERM', stop);
process.once('SIGINT', stop);
if (configuration.parentPid !== undefined) exitWithParent(configuration.parentPid);

function stop(): void {
  setTimeout(() => process.exit(1), SHUTDOWN_LIMIT_MS).unref();
  void simulator.stop().then(() => process.exit(0));
}

function exitWithParent(pid: number): void {
  setInterval(() => {
    try {
      process.kill(pid, 0);
    } catch (error) {
      // EPERM would mean that the parent lives under another user.
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') stop();
    }
  }, PARENT_POLL_MS).unref();
}
