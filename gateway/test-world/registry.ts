import { generateKeyPairSync } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { Secret } from '#kernel/config.ts';
import { jsonReply, startHttp } from '#kernel/http.ts';
import { newId, sha256 } from '#kernel/id.ts';
import { silentLog } from '#kernel/log.ts';
import { endorseKey, keyIdOf, signArtifact } from '#kernel/signature.ts';
import type { HttpReply, HttpRequest, Route } from '#kernel/http.ts';
import type { PublicJwk, PublishedKey, SigningKey } from '#kernel/signature.ts';
import type { RegistrySupergraph } from '../registry-source.ts';
import type { UsageReport } from '../usage-report.ts';

/** A key of a registry, with what is published of it. */
export interface TestKey extends SigningKey {
  readonly published: PublishedKey;
}

export function createKey(by: TestKey | null = null): TestKey {
  const pair = generateKeyPairSync('ed25519');
  const { x } = pair.publicKey.export({ format: 'jwk' });
  const jwk: PublicJwk = { kty: 'OKP', crv: 'Ed25519', x: String(x) };
  const kid = keyIdOf(jwk);
  const createdAt = '2026-01-01T00:00:00.000Z';
  const endorsedBy = by?.kid ?? null;
  const endorsement = by === null ? null : endorseKey(by, { kid, createdAt });
  const described = { alg: 'EdDSA', use: 'sig', state: 'ACTIVE', createdAt } as const;
  return {
    kid,
    privateKey: pair.privateKey,
    published: { ...jwk, kid, ...described, endorsedBy, endorsement },
  };
}

/** Says otherwise than a registry would: for what must be refused. */
interface Publication {
  readonly versionId?: string;
  readonly key?: TestKey;
  readonly signedFor?: { readonly kind?: string; readonly targetId?: string };
  readonly signature?: string | null;
}

/** A report as it came, with the headers that matter. */
export interface ReceivedReport {
  readonly id: string;
  readonly gateway: string;
  readonly version: string;
  readonly report: UsageReport;
}

/** What a gateway sees of the registry: the current supergraph, signed and with its ETag, its keys, and the door for usage. */
export interface TestRegistry {
  readonly url: string;
  /** How a gateway is told to follow it. */
  readonly following: RegistrySupergraph;
  readonly key: TestKey;
  /** Returns the id of the version. */
  publish(sdl: string, publication?: Publication): string;
  /** A contract's supergraph. */
  publishContract(name: string, sdl: string): string;
  publishKeys(keys: readonly TestKey[]): void;
  /** Answers 503 from now on. */
  fail(): void;
  readonly answers: { full: number; unchanged: number };
  readonly documents: TestDocuments;
  readonly usage: {
    /** Every report that was taken, each once. */
    readonly reports: ReceivedReport[];
    /** How often one came that had been taken before. */
    repeated: number;
    /** What comes instead of taking it: a status, or silence. */
    answer: 'take' | 'take and fail' | 'hang' | number;
    attempts: number;
  };
  close(): Promise<void>;
}

/** Persisted documents, by `app~version~hash`. */
export interface TestDocuments {
  publish(id: string, text: string, options?: { readonly signedAs: string }): void;
  asked(id: string): number;
  /** Answers 503 until it is reset. */
  fail(): void;
  reset(): void;
}

function testDocuments(key: TestKey): TestDocuments & { answer(path: string): HttpReply | null } {
  const texts = new Map<string, { text: string; signedAs: string }>();
  const asked = new Map<string, number>();
  let isFailing = false;
  return {
    publish: (id, text, { signedAs } = { signedAs: id }) => void texts.set(id, { text, signedAs }),
    asked: (id) => asked.get(id) ?? 0,
    fail: () => (isFailing = true),
    reset: () => (isFailing = false),
    answer: (path) => {
      const [, rest] = path.split('/apps/');
      if (rest === undefined) return null;
      if (isFailing) return { status: 503, body: 'down' };
      const id = rest.replaceAll('/', '~');
      asked.set(id, (asked.get(id) ?? 0) + 1);
      const found = texts.get(id);
      if (found === undefined) return { status: 404, body: 'none' };
      const statement = { kind: 'document', targetId: TARGET_ID, versionId: found.signedAs };
      const signature = signArtifact(key, { ...statement, sha256: sha256(found.text) });
      return { status: 200, headers: { 'x-concord-signature': signature }, body: found.text };
    },
  };
}

const TARGET_ID = '0192f000-0000-7000-8000-000000000001';
const TOKEN = 'hvo1/test';

interface Current {
  readonly sdl: string;
  readonly headers: Readonly<Record<string, string>>;
}

const SUPERGRAPH_PATH = `/artifacts/v1/${TARGET_ID}/supergraph`;

export async function startRegistry(): Promise<TestRegistry> {
  const key = createKey();
  const published: Published = { keys: [key], artifacts: new Map() };
  const answers = { full: 0, unchanged: 0 };
  const documents = testDocuments(key);
  const usage: TestRegistry['usage'] = { reports: [], repeated: 0, answer: 'take', attempts: 0 };
  const http = await startHttp({
    room: 'test-registry',
    host: '127.0.0.1',
    port: 0,
    routes: registryRoutes(published, { answers, documents, usage }),
    ready: () => [],
    log: silentLog,
  });
  const publishAt = (path: string, sdl: string, publication: Publication): string => {
    const versionId = publication.versionId ?? newId();
    const headers = headersOf(sdl, versionId, { key, ...publication });
    published.artifacts.set(path, { sdl, headers });
    return versionId;
  };
  return {
    url: http.url,
    following: {
      url: http.url,
      targetId: TARGET_ID,
      token: new Secret(TOKEN),
      trustedKeys: [key.kid],
      variant: { kind: 'LATEST' },
    },
    key,
    publish: (sdl, publication = {}) => publishAt(SUPERGRAPH_PATH, sdl, publication),
    publishContract: (name, sdl) =>
      publishAt(`/artifacts/v1/${TARGET_ID}/contracts/${name}/supergraph`, sdl, {
        signedFor: { kind: `contract/${name}/supergraph` },
      }),
    publishKeys: (keys) => (published.keys = keys),
    fail: () => published.artifacts.clear(),
    answers,
    documents,
    usage,
    close: http.close,
  };
}

interface Published {
  keys: readonly TestKey[];
  /** By their paths. */
  readonly artifacts: Map<string, Current>;
}

function registryRoutes(
  published: Published,
  {
    answers,
    documents,
    usage,
  }: Pick<TestRegistry, 'answers' | 'usage'> & {
    readonly documents: ReturnType<typeof testDocuments>;
  },
): Route[] {
  const answer = (request: HttpRequest): HttpReply => {
    if (request.headers['x-hive-cdn-key'] !== TOKEN) return { status: 403, body: 'wrong key' };
    const document = documents.answer(request.path);
    if (document !== null) return document;
    // A pinned major is an earlier version of the same artefact.
    const path = request.path.replace(/\/major\/\d+/, '');
    const current = published.artifacts.get(path);
    if (current === undefined) return { status: 503, body: 'down' };
    const { headers } = current;
    if (request.headers['if-none-match'] === headers['etag']) {
      answers.unchanged += 1;
      return { status: 304, headers, body: '' };
    }
    answers.full += 1;
    return { status: 200, headers, body: current.sdl };
  };
  const keys = (): HttpReply =>
    jsonReply(200, { keys: published.keys.map((key) => key.published) });
  return [
    { method: 'GET', path: `/artifacts/v1/${TARGET_ID}/*`, handle: answer },
    { method: 'GET', path: '/.well-known/concord-keys.json', handle: keys },
    {
      method: 'POST',
      path: `/usage/${TARGET_ID}`,
      bodyLimitBytes: 10_000_000,
      handle: (request) => takeReport(usage, request),
    },
  ];
}

function headersOf(
  sdl: string,
  versionId: string,
  { key, signedFor, signature }: Publication & { readonly key: TestKey },
): Record<string, string> {
  const statement = { kind: 'supergraph', targetId: TARGET_ID, versionId, sha256: sha256(sdl) };
  const signed = signature ?? signArtifact(key, { ...statement, ...signedFor });
  return {
    etag: `"${sha256(`${sdl}${versionId}`)}"`,
    'x-concord-version': versionId,
    'x-concord-target': TARGET_ID,
    ...(signature === null ? {} : { 'x-concord-signature': signed }),
  };
}

function takeReport(
  usage: TestRegistry['usage'],
  { headers, body, signal }: HttpRequest,
): HttpReply | Promise<HttpReply> {
  usage.attempts += 1;
  const { answer } = usage;
  if (headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, body: 'wrong token' };
  if (typeof answer === 'number') return { status: answer, body: 'as the test wishes' };
  if (answer === 'hang') {
    return new Promise((resolve) =>
      signal.addEventListener('abort', () => resolve({ status: 503, body: 'too late' })),
    );
  }
  const id = String(headers['x-report-id']);
  if (usage.reports.some((report) => report.id === id)) usage.repeated += 1;
  else {
    usage.reports.push({
      id,
      gateway: String(headers['x-concord-gateway']),
      version: String(headers['x-usage-api-version']),
      report: JSON.parse(gunzipSync(body).toString('utf8')) as UsageReport,
    });
  }
  return answer === 'take' ? { status: 200, body: '{}' } : { status: 503, body: 'taken, not said' };
}
