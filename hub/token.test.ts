import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { startIdentityProvider } from './identity-provider.ts';
import { CLIENTS, PEOPLE } from './people.ts';
import type { AddressInfo } from 'node:net';
import type { IdentityProvider } from './identity-provider.ts';

let provider: IdentityProvider;
let port: number;

beforeAll(async () => {
  port = await freePort();
  provider = await startIdentityProvider({
    issuer: `http://localhost:${port}`,
    host: '127.0.0.1',
    port,
    people: PEOPLE,
    clients: CLIENTS,
    gatewayOrigin: 'http://localhost:4000',
    nodeEnvironment: 'test',
  });
});

afterAll(() => provider.close());

describe('the command `token`', () => {
  it('prints an access token and nothing else', async () => {
    const { stdout, stderr, code } = await run(['approver', '--expires-in', '60']);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout).toMatch(/^\S+\n$/);
    const claims = decodeJwt(stdout.trim());
    expect(claims).toMatchObject({ sub: 'approver', companies: ['DE01', 'US01', 'PL01', 'JP01'] });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(60);
  });

  it('lists the logins when it does not know one, or got none', async () => {
    const unknown = await run(['nobody']);
    expect(unknown).toMatchObject({ stdout: '', code: 1 });
    expect(unknown.stderr).toMatch(/no login "nobody".*requestor-us/s);
    expect((await run([])).stderr).toMatch(/usage:.*finance-operations/s);
    expect((await run(['one', 'two'])).stderr).toMatch(/usage:/);
  });

  it('names the range of lifetimes', async () => {
    const refused = await run(['buyer', '--expires-in', 'soon']);
    expect(refused).toMatchObject({ stdout: '', code: 1 });
    expect(refused.stderr).toContain('whole number from 1 to 604800');
  });

  it('says how to start a hub where none runs', async () => {
    const absent = await run(['buyer'], await freePort());
    expect(absent).toMatchObject({ stdout: '', code: 1 });
    expect(absent.stderr).toContain('npm start');
  });
});

async function run(
  words: readonly string[],
  identityPort = port,
): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const file = new URL('token.ts', import.meta.url).pathname;
  const environment = { PATH: process.env['PATH'], PORT_BASE: String(identityPort - 2) };
  const child = spawn(process.execPath, [file, ...words], { env: environment });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => void (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => void (stderr += String(chunk)));
  await once(child, 'close');
  return { stdout, stderr, code: child.exitCode };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const found = (server.address() as AddressInfo).port;
  await new Promise((resolve) => void server.close(resolve));
  return found;
}
