import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as config from '#kernel/config.ts';
import { isRecord } from '#kernel/json.ts';
import { createLog } from '#kernel/log.ts';
import { seedDemo } from './demo/seed.ts';
import { PORT_BASE, portsFrom } from './ports.ts';
import { keptSecrets } from './secrets.ts';

const DATA = join(fileURLToPath(new URL('../', import.meta.url)), '.data');

/** Seeds the demo into a hub that runs (started with `DEMO=false`). */
const settings = config.readConfig(config.processEnvironment(), {
  PORT_BASE: config.wholeNumber(
    'the first of the ports of the hub',
    { min: 1024, max: 65_000 },
    PORT_BASE,
  ),
  CONCORD_DATA: config.text("the hub's data folder", DATA),
});
const ports = portsFrom(settings.PORT_BASE);
const secrets = await keptSecrets(resolve(settings.CONCORD_DATA));
await seedDemo({
  graphUrl: `http://127.0.0.1:${ports.gateway}/graphql`,
  erpUrl: `http://127.0.0.1:${ports['erp-simulator']}`,
  erpApiKey: secrets.erpApiKey,
  tokenOf: async (login) => {
    const response = await fetch(`http://127.0.0.1:${ports.identity}/dev/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ login }),
    });
    const answer: unknown = await response.json();
    if (isRecord(answer) && typeof answer['accessToken'] === 'string') return answer['accessToken'];
    throw new Error(`The identity provider gave no token for "${login}".`);
  },
  log: createLog({ level: 'warn' }),
  say: (text) => process.stdout.write(`${text}\n`),
});
process.stdout.write('The demo is there.\n');
