import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateInternalKey } from '#kernel/internal-token.ts';
import { schemaUrl } from '#kernel/provision.ts';
import { pause } from '#kernel/shutdown.ts';
import { round } from './measure.ts';
import type { Bench, Line } from './main.ts';

const MAIN = fileURLToPath(new URL('../../schema-registry/main.ts', import.meta.url));
/** A process has done its starting work by then; garbage that it left is collected when memory is asked for. */
const SETTLE_MS = 5_000;
const READY_WITHIN_MS = 30_000;

/** Memory that the registry as its own process holds when nobody asks it anything, beside a Node process that only waits. */
export async function benchRest(bench: Bench): Promise<Line[]> {
  const { publicJwk, ...internalKey } = generateInternalKey('schema-registry');
  const port = bench.hub.portBase + 90;
  const secrets = await readFile(join(bench.hub.dataFolder, 'secrets.json'), 'utf8');
  const { registrySecret } = JSON.parse(secrets) as { registrySecret: string };
  const env = {
    DATABASE_URL: schemaUrl(bench.adminUrl, 'schema_registry', bench.password),
    BUS_DATABASE_URL: schemaUrl(bench.adminUrl, 'bus', bench.password),
    PORT: String(port),
    INTERNAL_KEY: JSON.stringify(internalKey),
    INTERNAL_TRUSTED_KEYS: JSON.stringify({ 'schema-registry': publicJwk }),
    REGISTRY_SECRET: registrySecret,
    OIDC_ISSUER: 'http://127.0.0.1:1',
    OIDC_JWKS_URL: 'http://127.0.0.1:1/jwks',
    LOG_LEVEL: 'silent',
  };
  const registry = spawn(process.execPath, [MAIN], { env, stdio: 'ignore' });
  const idle = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  try {
    await served(`http://127.0.0.1:${port}/readyz`);
    await pause(SETTLE_MS);
    const [held, floor] = [
      await residentMegabytes(registry.pid),
      await residentMegabytes(idle.pid),
    ];
    return [
      {
        what: 'memory of the registry at rest',
        hub: `${round(held, 0)} MB`,
        floor: `${round(floor, 0)} MB`,
        ratio: `${round(held / floor, 1)} × an idle Node process`,
      },
    ];
  } finally {
    registry.kill('SIGTERM');
    idle.kill('SIGKILL');
  }
}

async function served(url: string): Promise<void> {
  const until = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok === true) return;
    if (performance.now() > until) throw new Error(`Nothing is ready at ${url}.`);
    await pause(200);
  }
}

async function residentMegabytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}
