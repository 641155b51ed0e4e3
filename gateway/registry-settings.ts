import { dirname, join } from 'node:path';
import { SECOND_MS } from '#kernel/clock.ts';
import * as config from '#kernel/config.ts';
import { isRecord } from '#kernel/json.ts';
import { readPublishedKeys } from '#kernel/signature.ts';
import type { Secret } from '#kernel/config.ts';
import { PERSISTED_MODES } from './persisted-document.ts';
import type { RegistrySupergraph, SupergraphVariant } from './registry-source.ts';
import type { UsageOptions } from './usage.ts';

/** What a gateway is told of the registry, or of the file that stands in for it. */
export const REGISTRY_SETTINGS = {
  REGISTRY_URL: config.optional(config.url("the registry's base address")),
  REGISTRY_TARGET_ID: config.optional(config.text('the id of the target to follow')),
  REGISTRY_TOKEN: config.optional(
    config.secret('a token of the registry that may read that target and report its usage'),
  ),
  REGISTRY_TRUSTED_KEYS: {
    ...config.text('ids of the registry keys to trust, or a JSON Web Key Set of them'),
    parse: trustedKeys,
    fallback: { value: [] as readonly string[] },
  },
  SUPERGRAPH_CONTRACT: config.optional(config.text('the contract to serve instead of the whole')),
  SUPERGRAPH_MAJOR: config.optional(
    config.wholeNumber('the major version to stay on', { min: 0, max: 1_000_000 }),
  ),
  SUPERGRAPH_CONTRACTS: config.list(
    'contracts that are served beside it, to those whose token names one',
    [],
  ),
  SUPERGRAPH_FILE: config.optional(config.text('a supergraph file, instead of a registry')),
  SUPERGRAPH_CACHE_FILE: config.optional(config.text('where to keep the last good supergraph')),
  GATEWAY_ID: {
    ...config.text('a name in printable ASCII for this gateway, the same after every restart'),
    parse: gatewayName,
    fallback: { value: 'gateway' },
  },
  PERSISTED_DOCUMENTS: config.choice('operations by id', PERSISTED_MODES, 'allowed'),
  USAGE_REPORTS: config.flag('whether the registry is told what is used', true),
  USAGE_FLUSH_SECONDS: config.wholeNumber('seconds between reports', { min: 1, max: 3_600 }, 10),
  USAGE_SPOOL_FILE: config.optional(
    config.text('where reports wait that could not be sent; beside the kept supergraph otherwise'),
  ),
} as const;

/** Ids as they are, or those of the keys of a set; a key whose id is not its own is refused. */
function trustedKeys(value: string): readonly string[] {
  if (!value.trimStart().startsWith('{')) {
    const ids = value.split(',').map((id) => id.trim());
    if (ids.some((id) => !/^[\w-]{43}$/.test(id))) throw new Error('no id of a key');
    return ids;
  }
  const set: unknown = JSON.parse(value);
  const keys = readPublishedKeys(set)?.keys ?? [];
  const given = isRecord(set) && Array.isArray(set['keys']) ? set['keys'].length : 0;
  if (keys.length === 0 || keys.length !== given) throw new Error('a key that cannot be read');
  return keys.map(({ kid }) => kid);
}

/** A host's name would change with every container, and each old one would look like a gateway that fell silent. */
function gatewayName(value: string): string {
  if (/^[\x21-\x7e][\x20-\x7e]{0,199}$/.test(value)) return value;
  throw new Error('no name');
}

type RegistrySettings = config.Config<typeof REGISTRY_SETTINGS>;

/** Throws a `ConfigError` when a registry is named and something is missing that it takes. */
export function registryOptions(settings: RegistrySettings) {
  const registry =
    settings.REGISTRY_URL === null ? null : registryOf(settings.REGISTRY_URL, settings);
  return {
    supergraph: {
      registry,
      file: settings.SUPERGRAPH_FILE,
      cacheFile: settings.SUPERGRAPH_CACHE_FILE,
      contracts: settings.SUPERGRAPH_CONTRACTS,
    },
    persisted: settings.PERSISTED_DOCUMENTS,
    usage: registry !== null && settings.USAGE_REPORTS ? usageOf(registry, settings) : null,
  };
}

function registryOf(url: string, settings: RegistrySettings): RegistrySupergraph {
  const targetId = settings.REGISTRY_TARGET_ID;
  const token: Secret | null = settings.REGISTRY_TOKEN;
  const pinned = settings.REGISTRY_TRUSTED_KEYS;
  const problems = [
    ...(targetId === null ? ['REGISTRY_TARGET_ID is missing: it goes with REGISTRY_URL.'] : []),
    ...(token === null ? ['REGISTRY_TOKEN is missing: it goes with REGISTRY_URL.'] : []),
    ...(pinned.length === 0
      ? ['REGISTRY_TRUSTED_KEYS is missing: an unsigned supergraph is never served.']
      : []),
    ...(settings.SUPERGRAPH_CONTRACT !== null && settings.SUPERGRAPH_MAJOR !== null
      ? ['SUPERGRAPH_CONTRACT and SUPERGRAPH_MAJOR exclude each other.']
      : []),
  ];
  if (targetId === null || token === null || problems.length > 0)
    throw new config.ConfigError(problems);
  return { url, targetId, token, trustedKeys: pinned, variant: variantOf(settings) };
}

function variantOf(settings: RegistrySettings): SupergraphVariant {
  const { SUPERGRAPH_CONTRACT: name, SUPERGRAPH_MAJOR: major } = settings;
  if (name !== null) return { kind: 'CONTRACT', name };
  return major === null ? { kind: 'LATEST' } : { kind: 'MAJOR', major };
}

function usageOf(
  { url, targetId, token }: RegistrySupergraph,
  settings: RegistrySettings,
): UsageOptions {
  const { SUPERGRAPH_CACHE_FILE: cacheFile, USAGE_SPOOL_FILE: spoolFile } = settings;
  const beside = cacheFile === null ? null : join(dirname(cacheFile), 'usage-reports.jsonl');
  return {
    url,
    targetId,
    token,
    gatewayId: settings.GATEWAY_ID,
    flushMs: settings.USAGE_FLUSH_SECONDS * SECOND_MS,
    spoolFile: spoolFile ?? beside,
  };
}
