import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret } from '#kernel/config.ts';
import { createLog } from '#kernel/log.ts';
import { eventually } from '../../../hub/demo/procurement.ts';
import { seedDemo } from '../../../hub/demo/seed.ts';
import { portsFrom } from '../../../hub/ports.ts';
import { startHubProcess } from '../../support/hub-process.ts';
import { RECORDED_QUERY } from './hub-operations.ts';
import { writeRequisitions } from './hub-recording.ts';
import type { HubProcess } from '../../support/hub-process.ts';
import type { RecordedEntity } from './hub-recording.ts';

/**
 * Writes down what a hub with its demonstration answers to the deep query: people and firms of the demo, who do not exist.
 * Takes some minutes; run it again when the deep query asks for more than is recorded.
 */
const FIRST = 100;
/** What has no more news within this time has come to its end. */
const QUIET_MS = 5_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function seed(hub: HubProcess): Promise<void> {
  const secrets: unknown = JSON.parse(await readFile(join(hub.dataFolder, 'secrets.json'), 'utf8'));
  const { erpApiKey } = secrets as { readonly erpApiKey: string };
  await seedDemo({
    graphUrl: hub.url,
    erpUrl: `http://127.0.0.1:${portsFrom(hub.portBase)['erp-simulator']}`,
    erpApiKey: new Secret(erpApiKey),
    tokenOf: hub.tokenOf,
    log: createLog({ level: 'warn' }),
    say,
  });
}

interface Answer {
  readonly requisitions: { readonly nodes: readonly RecordedEntity[] };
}

async function record(hub: HubProcess): Promise<readonly RecordedEntity[]> {
  let before = '';
  return eventually('the end of all news', async () => {
    const found = await hub.graph.ask<Answer>('auditor', RECORDED_QUERY, { first: FIRST });
    const text = JSON.stringify(found);
    const isQuiet = text === before;
    before = text;
    if (!isQuiet) await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    return isQuiet ? found.requisitions.nodes : null;
  });
}

await using hub = await startHubProcess({ DURABLE: 'false' });
await seed(hub);
const requisitions = await record(hub);
await writeRequisitions(requisitions);
say(`${requisitions.length} requisitions are recorded.`);
