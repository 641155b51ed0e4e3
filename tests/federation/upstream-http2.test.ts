import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLog } from '#kernel/log.ts';
import { WARM_UP_VIEWER } from '../../gateway/operation-context.ts';
import { silentTrace } from '../../gateway/telemetry/telemetry.ts';
import { newTraceparent } from '../../gateway/telemetry/trace-context.ts';
import { createUpstream } from '../../gateway/upstream.ts';
import type { Server } from 'node:net';
import type { AddressInfo } from 'node:net';

const run = promisify(execFile);

let certificate: { readonly key: string; readonly cert: string };
const trusted = getCACertificates('default');
const versions: string[] = [];
const ANSWER = JSON.stringify({ data: { count: 2 } });

/** What a subgraph behind TLS offers: HTTP/2, or HTTP/1.1 alone. */
const SERVERS: Readonly<Record<string, () => Server>> = {
  '2.0': () =>
    createSecureServer({ ...certificate, allowHTTP1: true }, (incoming, outgoing) => {
      versions.push(incoming.httpVersion);
      incoming.resume().on('end', () => outgoing.end(ANSWER));
    }),
  '1.1': () =>
    createServer(certificate, (incoming, outgoing) => {
      versions.push(incoming.httpVersion);
      incoming.resume().on('end', () => outgoing.end(ANSWER));
    }),
};

describe('over TLS', () => {
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'concord-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const made = ['-keyout', key, '-out', cert, '-days', '2', '-nodes', '-newkey', 'rsa:2048'];
    await run('openssl', ['req', '-x509', ...subject, ...made]);
    certificate = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
    await rm(folder, { recursive: true });
    setDefaultCACertificates([...trusted, certificate.cert]);
  });
  afterAll(() => setDefaultCACertificates(trusted));

  it.each(Object.entries(SERVERS))(
    'a subgraph that offers HTTP/%s is called by it, over one connection where it can',
    async (version, createSubgraph) => {
      const server = createSubgraph();
      let connections = 0;
      server.on('secureConnection', () => (connections += 1));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const upstream = createUpstream({ sign: null, log: silentLog, callTimeoutMs: 5_000 });
      const call = () =>
        upstream.call(
          {
            subgraph: { name: 'orders', url: `https://127.0.0.1:${port}/graphql` },
            kind: 'query',
            query: '{ count }',
            operationName: null,
            variables: '{}',
          },
          {
            viewer: WARM_UP_VIEWER,
            correlationId: 'c',
            trace: silentTrace(newTraceparent()),
            gone: new AbortController().signal,
            endsAtMs: null,
          },
        );
      versions.length = 0;
      expect(await call()).toEqual({ data: { count: 2 } });
      await Promise.all(Array.from({ length: 20 }, call));
      expect(new Set(versions)).toEqual(new Set([version]));
      expect(versions).toHaveLength(21);
      if (version === '2.0') expect(connections).toBe(1);
      upstream.close();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  );
});
