import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readConfiguration } from './configuration.ts';
import type { ConfigurationFlags } from './configuration.ts';

const NOTHING: ConfigurationFlags = {
  config: null,
  registry: null,
  graph: null,
  tokenFile: null,
  timeout: null,
};
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concord-configuration-'));
});
afterEach(() => rm(folder, { recursive: true }));

function read(flags: Partial<ConfigurationFlags> = {}, environment = {}, at = folder) {
  return readConfiguration({ ...NOTHING, ...flags }, { environment, folder: at });
}

function write(value: unknown): Promise<void> {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return writeFile(join(folder, 'concord.config.json'), text);
}

describe('the configuration', () => {
  it('is nothing where nothing is told', () => {
    expect(read()).toMatchObject({
      file: null,
      registry: null,
      token: null,
      graph: null,
      timeoutMs: 60_000,
      subgraphs: [],
    });
  });

  it('takes flags before the environment, and that before the file', async () => {
    await write({ registry: 'http://file', graph: 'file@production', timeoutSeconds: 5 });
    expect(read()).toMatchObject({
      registry: 'http://file',
      graph: { graph: 'file', target: 'production' },
      timeoutMs: 5_000,
    });
    const environment = { CONCORD_REGISTRY: 'http://env/graphql', CONCORD_GRAPH: 'env@staging' };
    expect(read({}, environment)).toMatchObject({
      registry: 'http://env',
      graph: { graph: 'env', target: 'staging' },
    });
    const flags = { registry: 'https://flag/', graph: 'flag@development', timeout: '0.5' };
    expect(read(flags, environment)).toMatchObject({
      registry: 'https://flag',
      graph: { graph: 'flag', target: 'development' },
      timeoutMs: 500,
    });
  });

  it('reads the nearest file above the working folder, and names its subgraphs from there', async () => {
    await write({
      subgraphs: { orders: { file: 'schemas/orders.graphql', url: 'http://orders' } },
    });
    const inner = join(folder, 'a', 'b');
    await mkdir(inner, { recursive: true });
    expect(read({}, {}, inner)).toMatchObject({
      file: join(folder, 'concord.config.json'),
      subgraphs: [
        { name: 'orders', file: join('..', '..', 'schemas/orders.graphql'), url: 'http://orders' },
      ],
    });
    expect(read().subgraphs).toMatchObject([{ file: join('schemas/orders.graphql') }]);
  });

  it('takes an empty variable for none', () => {
    expect(read({}, { CONCORD_REGISTRY: '', CONCORD_TOKEN: ' ' })).toMatchObject({
      registry: null,
      token: null,
    });
  });

  it('reads the token from the environment or a file, and shows it nowhere', async () => {
    const { token } = read({}, { CONCORD_TOKEN: 'hvo1/secret' });
    expect(token?.reveal()).toBe('hvo1/secret');
    expect(JSON.stringify({ token })).not.toContain('secret"');
    await writeFile(join(folder, 'token'), 'hvo1/filed\n');
    expect(read({ tokenFile: 'token' }, { CONCORD_TOKEN: 'x' }).token?.reveal()).toBe('hvo1/filed');
  });

  it.each([
    ['{', /cannot be read as JSON/],
    [{ token: 'hvo1/x' }, /CONCORD_TOKEN[^]*additional properties \("token"\)/],
    [{ graph: 'finance' }, /\/graph: must match pattern/],
    [{ registry: 'ftp://x', timeoutSeconds: 0 }, /\/registry[^]*\/timeoutSeconds/],
    [{ subgraphs: { orders: {} } }, /\/subgraphs\/orders: must have required property 'file'/],
  ])('refuses the file %j and says why', async (value, message) => {
    await write(value);
    expect(() => read()).toThrow(message);
  });

  it.each([
    [{ registry: 'registry.example.com' }, {}, /http or https address/, 3],
    [{ registry: 'https://ada:secret@registry' }, {}, /without a password/, 3],
    [{ graph: 'finance' }, {}, /finance@production/, 3],
    [{ config: 'gone.json' }, {}, /no configuration file/, 3],
    [{ tokenFile: 'gone' }, {}, /cannot be read/, 3],
    [{}, { CONCORD_TOKEN: 'two words' }, /a character that no token has/, 3],
    [{ timeout: 'soon' }, {}, /--timeout/, 2],
  ])('refuses %j %j with the exit code %s', (flags, environment, message, exitCode) => {
    expect(() => read(flags, environment)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(message), exitCode }),
    );
  });
});
