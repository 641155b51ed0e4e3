import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { httpProblem, jsonReply, startHttp } from '#kernel/http.ts';
import { silentLog } from '#kernel/log.ts';
import { admitLarge } from './large-body.ts';
import type { HttpServer } from '#kernel/http.ts';

describe('a large body', () => {
  let server: HttpServer;
  let read: number;
  beforeAll(async () => {
    server = await startHttp({
      room: 'test',
      host: '127.0.0.1',
      port: 0,
      ready: () => [],
      log: silentLog,
      routes: [
        {
          method: 'POST',
          path: '/',
          bodyLimitBytes: 8 * 1024 * 1024,
          admit: admitLarge((headers) =>
            Promise.resolve(
              headers.authorization === 'known' ? null : httpProblem(401, 'TOKEN_MISSING', 'No.'),
            ),
          ),
          handle: ({ body }) => {
            read += body.length;
            return jsonReply(200, { bytes: body.length });
          },
        },
      ],
    });
  });
  afterAll(async () => server.close());

  const post = (bytes: number, headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request(server.url, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.on('error', reject);
      sent.flushHeaders();
      if (headers['expect-body'] !== 'never') sent.end(Buffer.alloc(bytes));
    });

  it.each([
    ['of somebody known is read', 1_000_000, { authorization: 'known' }, 200],
    ['of a stranger is refused unread', 1_000_000, {}, 401],
    ['of a stranger that does not say its size is refused unread', null, {}, 401],
  ])('%s', async (_name, bytes, headers, status) => {
    read = 0;
    const size = bytes === null ? {} : { 'content-length': String(bytes) };
    const unsent = status === 401 ? { 'expect-body': 'never' } : {};
    expect(await post(bytes ?? 0, { ...headers, ...size, ...unsent })).toBe(status);
    expect(read).toBe(status === 200 ? bytes : 0);
  });

  it('is something else than a small one, which a stranger may send to be told who he is not', async () => {
    read = 0;
    expect(await post(1_000, { 'content-length': '1000' })).toBe(200);
    expect(read).toBe(1_000);
  });
});
