import { startHttp } from '#kernel/http.ts';
import { sha256 } from '#kernel/id.ts';
import { silentLog } from '#kernel/log.ts';
import type { HttpReply, HttpRequest } from '#kernel/http.ts';

/** What a gateway sees of the registry: the current supergraph with its ETag. */
export interface TestRegistry {
  readonly url: string;
  publish(sdl: string, version: string): void;
  /** Answers 503 from now on. */
  fail(): void;
  readonly answers: { full: number; unchanged: number };
  close(): Promise<void>;
}

export async function startRegistry(): Promise<TestRegistry> {
  let current: { sdl: string; version: string } | null = null;
  const answers = { full: 0, unchanged: 0 };
  const answer = (request: HttpRequest): HttpReply => {
    if (current === null) return { status: 503, body: 'down' };
    const headers = { etag: `"${sha256(current.sdl)}"`, 'x-concord-version': current.version };
    if (request.headers['if-none-match'] === headers.etag) {
      answers.unchanged += 1;
      return { status: 304, headers, body: '' };
    }
    answers.full += 1;
    return { status: 200, headers, body: current.sdl };
  };
  const http = await startHttp({
    room: 'test-registry',
    host: '127.0.0.1',
    port: 0,
    routes: [{ method: 'GET', path: '/supergraph', handle: answer }],
    ready: () => [],
    log: silentLog,
  });
  return {
    url: http.url,
    publish: (sdl, version) => (current = { sdl, version }),
    fail: () => (current = null),
    answers,
    close: http.close,
  };
}
