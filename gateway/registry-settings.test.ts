import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from '#kernel/config.ts';
import { REGISTRY_SETTINGS, registryOptions } from './registry-settings.ts';
import { createKey } from './test-world/registry.ts';

const key = createKey();
const complete = {
  REGISTRY_URL: 'http://registry.example',
  REGISTRY_TARGET_ID: 'a-target',
  REGISTRY_TOKEN: 'hvo1/secret',
  REGISTRY_TRUSTED_KEYS: key.kid,
};
const read = (environment: Record<string, string>) =>
  registryOptions(readConfig(environment, REGISTRY_SETTINGS));

describe("the registry's settings", () => {
  it('follow a target, and report its usage beside the kept supergraph', () => {
    const options = read({
      ...complete,
      SUPERGRAPH_CACHE_FILE: '/var/lib/concord/supergraph.json',
      GATEWAY_ID: 'gateway-1',
    });
    expect(options).toMatchObject({
      supergraph: {
        registry: { targetId: 'a-target', trustedKeys: [key.kid], variant: { kind: 'LATEST' } },
        file: null,
      },
      usage: {
        gatewayId: 'gateway-1',
        flushMs: 10_000,
        spoolFile: '/var/lib/concord/usage-reports.jsonl',
      },
    });
    expect(JSON.stringify(options)).not.toContain('hvo1/secret');
  });

  it('take keys as a JSON Web Key Set, whose ids must be their own', () => {
    const set = (kid: string) => JSON.stringify({ keys: [{ ...key.published, kid }] });
    expect(read({ ...complete, REGISTRY_TRUSTED_KEYS: set(key.kid) })).toMatchObject({
      supergraph: { registry: { trustedKeys: [key.kid] } },
    });
    for (const value of [set(createKey().kid), '{"keys": []}', '{', 'short', `${key.kid},`]) {
      expect(() => read({ ...complete, REGISTRY_TRUSTED_KEYS: value })).toThrow(ConfigError);
    }
  });

  it.each([
    [{ SUPERGRAPH_CONTRACT: 'partner' }, { kind: 'CONTRACT', name: 'partner' }],
    [{ SUPERGRAPH_MAJOR: '2' }, { kind: 'MAJOR', major: 2 }],
  ])('follow with %j another supergraph of the target', (more, variant) => {
    expect(read({ ...complete, ...more }).supergraph.registry?.variant).toEqual(variant);
  });

  it('name all that is missing together', () => {
    const { REGISTRY_URL } = complete;
    expect(() => read({ REGISTRY_URL })).toThrow(
      /3 problem.*TARGET_ID.*TOKEN.*TRUSTED_KEYS.*an unsigned supergraph is never served/s,
    );
    const both = { ...complete, SUPERGRAPH_CONTRACT: 'partner', SUPERGRAPH_MAJOR: '2' };
    expect(() => read(both)).toThrow(/exclude each other/);
  });

  it('report nothing without a registry, or when told so', () => {
    expect(read({ SUPERGRAPH_FILE: 'supergraph.graphql' })).toMatchObject({
      supergraph: { registry: null, file: 'supergraph.graphql' },
      usage: null,
    });
    expect(read({ ...complete, USAGE_REPORTS: 'false' }).usage).toBeNull();
  });
});
