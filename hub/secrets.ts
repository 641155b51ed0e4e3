import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret } from '#kernel/config.ts';
import { isRecord } from '#kernel/json.ts';

/** What the hub's own parts use among themselves; made once per data folder and kept beside the data. */
export interface HubSecrets {
  readonly databasePassword: Secret;
  readonly erpApiKey: Secret;
  /** Standard Webhooks form, `whsec_` and base64. */
  readonly erpWebhookSecret: Secret;
  /** Seals the registry's signing keys. */
  readonly registrySecret: Secret;
}

const FILE = 'secrets.json';
const OWNER_ONLY = 0o600;

export async function keptSecrets(dataFolder: string): Promise<HubSecrets> {
  const path = join(dataFolder, FILE);
  const kept = await readFile(path, 'utf8').then(
    (text): unknown => JSON.parse(text),
    () => null,
  );
  const values = await completed(path, isRecord(kept) ? kept : {});
  const read = (name: string): Secret => {
    const value = values[name];
    if (typeof value !== 'string')
      throw new Error(`${path} has no "${name}". Remove the data folder to start afresh.`);
    return new Secret(value);
  };
  return {
    databasePassword: read('databasePassword'),
    erpApiKey: read('erpApiKey'),
    erpWebhookSecret: read('erpWebhookSecret'),
    registrySecret: read('registrySecret'),
  };
}

const MAKERS: Readonly<Record<string, () => string>> = {
  databasePassword: () => randomBytes(24).toString('hex'),
  erpApiKey: () => randomBytes(24).toString('hex'),
  erpWebhookSecret: () => `whsec_${randomBytes(24).toString('base64')}`,
  registrySecret: () => randomBytes(32).toString('hex'),
};

/** The secrets that were kept, and new ones for what is missing: a data folder of an earlier version has fewer. */
async function completed(
  path: string,
  kept: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const missing = Object.entries(MAKERS).filter(([name]) => !(name in kept));
  const values = { ...kept, ...Object.fromEntries(missing.map(([name, make]) => [name, make()])) };
  if (missing.length > 0)
    await writeFile(path, JSON.stringify(values, null, 2), { mode: OWNER_ONLY });
  return values;
}
