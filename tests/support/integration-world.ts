import { createServer } from 'node:net';
import { once } from 'node:events';
import { simulatorWorld } from '../../hub/erp-simulator/simulator-process.ts';
import { Secret } from '#kernel/config.ts';
import { systemClock } from '#kernel/clock.ts';
import {
  createCallSigner,
  generateInternalKey,
  INTERNAL_TOKEN_HEADER,
} from '#kernel/internal-token.ts';
import { silentLog } from '#kernel/log.ts';
import { pause } from '#kernel/shutdown.ts';
import { relayUrl, schemaUrl } from '#kernel/provision.ts';
import { startIntegration } from '../../integration/main.ts';
import { createTestDatabase } from './test-database.ts';
import type { EventBus } from '#kernel/bus.ts';
import type { Database } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { IntegrationOptions } from '../../integration/settings.ts';
import type { SimulatorProcess } from '../../hub/erp-simulator/simulator-process.ts';
import type { TestDatabase } from './test-database.ts';

/** What the simulator's own test support starts its process with. */
const ERP_API_KEY = 'key-of-the-tests';
export const WEBHOOK_SECRET = `whsec_${Buffer.from('a secret of the webhook tests').toString('base64')}`;
/** The second secret of a rotation; the ERP does not use it yet. */
export const NEXT_WEBHOOK_SECRET = `whsec_${Buffer.from('the next secret of webhooks').toString('base64')}`;
export const ERP_NAME = 'erp-test';

/** The integration room as one process would run it, with a real ERP simulator and a real database. */
export interface IntegrationWorld extends AsyncDisposable {
  readonly url: string;
  readonly bus: EventBus;
  readonly database: Database;
  readonly db: TestDatabase;
  readonly erp: SimulatorProcess;
  publish(...events: DomainEvent[]): Promise<void>;
  /** One GraphQL request as the gateway would send it for the viewer. */
  ask(viewer: Viewer, query: string, variables?: object): Promise<GraphAnswer>;
  /** The items of a subscription, as they come, until `stop` aborts. */
  stream(
    viewer: Viewer,
    query: string,
    options: StreamOptions,
  ): AsyncGenerator<Record<string, unknown>>;
  /** Stops the room and starts it again on the same data and port. */
  restart(): Promise<void>;
  stopRoom(): Promise<void>;
  /** What the room needs in its environment to run as a process of its own, instead of this one's. */
  readonly environment: Readonly<Record<string, string>>;
  rows<Row>(statement: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** The events of this type on the bus, in order. */
  published(type: string): Promise<DomainEvent[]>;
}

export interface GraphAnswer {
  readonly data: Record<string, never> | null;
  readonly errors?: readonly { message: string; extensions: Record<string, unknown> }[];
}

export interface StreamOptions {
  readonly variables?: object;
  readonly stop: AbortSignal;
}

export async function startIntegrationWorld(
  options: {
    erpEnvironment?: Readonly<Record<string, string>>;
    integration?: Partial<IntegrationOptions>;
  } = {},
): Promise<IntegrationWorld> {
  const db = await createTestDatabase();
  const simulators = await simulatorWorld();
  const port = await freePort();
  const erp = await simulators.start({
    ERP_WEBHOOK_URL: `http://127.0.0.1:${port}/webhooks/erp`,
    ...options.erpEnvironment,
  });
  const bus = await db.openBus();
  const gateway = generateInternalKey('gateway');
  const sign = createCallSigner(gateway);
  const settings: IntegrationOptions = {
    databaseUrl: schemaUrl(db.adminUrl, 'integration', db.password),
    busDatabaseUrl: schemaUrl(db.adminUrl, 'bus', db.password),
    redisUrl: null,
    host: '127.0.0.1',
    port,
    internalKey: generateInternalKey('integration'),
    trustedKeys: { gateway: gateway.publicJwk },
    log: silentLog,
    clock: systemClock,
    relays: [
      { schema: 'integration', databaseUrl: relayUrl(db.adminUrl, 'integration', db.password) },
    ],
    jobsDatabaseUrl: schemaUrl(db.adminUrl, 'integration', db.password),
    erps: [
      {
        name: ERP_NAME,
        companies: ['DE01', 'US01'],
        url: erp.url,
        apiKey: new Secret(ERP_API_KEY),
        webhookSecrets: [new Secret(NEXT_WEBHOOK_SECRET), new Secret(WEBHOOK_SECRET)],
      },
    ],
    pollIntervalMs: 250,
    callTimeoutMs: 10_000,
    retry: {
      baseMs: 100,
      delayMaxMs: 1000,
      settleMs: 200,
      waitMs: 500,
      circuitOpenMs: 300,
      ...options.integration?.retry,
    },
    guard: { openMs: 300, ...options.integration?.guard },
    ...without(options.integration ?? {}, ['retry', 'guard']),
  };
  let room = await startIntegration(settings);
  const url = `http://127.0.0.1:${port}`;
  const database = await db.open(
    'integration',
    new URL('../../integration/migrations/', import.meta.url),
    4,
  );
  const call = async (
    viewer: Viewer,
    query: string,
    more: { variables?: object; accept?: string; signal?: AbortSignal },
  ) => {
    const body = JSON.stringify({ query, variables: more.variables ?? {} });
    return fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: more.accept ?? 'application/json',
        [INTERNAL_TOKEN_HEADER]: await sign({ audience: 'operations', body, viewer }),
      },
      body,
      ...(more.signal === undefined ? {} : { signal: more.signal }),
    });
  };
  return {
    url,
    bus,
    db,
    database,
    erp,
    publish: (...events) => bus.publish(events),
    ask: async (viewer, query, variables) => {
      const response = await call(viewer, query, variables === undefined ? {} : { variables });
      return (await response.json()) as GraphAnswer;
    },
    stream: (viewer, query, { variables, stop }) =>
      itemsOf(
        call(viewer, query, {
          ...(variables === undefined ? {} : { variables }),
          accept: 'text/event-stream',
          signal: stop,
        }),
        stop,
      ),
    restart: async () => {
      await room.close();
      room = await startIntegration(settings);
    },
    stopRoom: () => room.close(),
    environment: environmentOf(settings),
    rows: (statement, parameters) => database.query(statement, parameters),
    published: async (type) =>
      (await bus.read(0n, 10_000))
        .map((entry) => entry.event)
        .filter((event) => event.type === type),
    [Symbol.asyncDispose]: async () => {
      await room.close();
      await simulators[Symbol.asyncDispose]();
      await db[Symbol.asyncDispose]();
    },
  };
}

function without<Options extends object>(
  options: Options,
  names: readonly string[],
): Partial<Options> {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => !names.includes(name)),
  ) as Partial<Options>;
}

function environmentOf(settings: IntegrationOptions): Record<string, string> {
  const erps = settings.erps.map((erp) => ({
    ...erp,
    apiKey: erp.apiKey.reveal(),
    webhookSecrets: erp.webhookSecrets.map((secret) => secret.reveal()),
  }));
  return {
    DATABASE_URL: settings.databaseUrl,
    BUS_DATABASE_URL: settings.busDatabaseUrl,
    HOST: settings.host,
    PORT: String(settings.port),
    INTERNAL_KEY: JSON.stringify(settings.internalKey),
    INTERNAL_TRUSTED_KEYS: JSON.stringify(settings.trustedKeys),
    RELAYS: JSON.stringify(settings.relays),
    ERPS: JSON.stringify(erps),
    POLL_INTERVAL_MS: '1000',
    LOG_LEVEL: 'warn',
  };
}

/** Reads an event stream of GraphQL results until it completes or is aborted. */
async function* itemsOf(
  calling: Promise<Response>,
  stop: AbortSignal,
): AsyncGenerator<Record<string, unknown>> {
  try {
    const response = await calling;
    if (response.body === null) return;
    let text = '';
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const message = text.slice(0, end);
        text = text.slice(end + 2);
        if (message.startsWith('event: complete')) return;
        const data = /^data: (.*)$/m.exec(message)?.[1];
        if (data !== undefined && data !== '') yield JSON.parse(data) as Record<string, unknown>;
      }
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('a port was expected');
  return address.port;
}

/** A viewer with these roles, for all companies unless said otherwise. */
export function viewerOf(roles: readonly string[], scope: Partial<Viewer> = {}): Viewer {
  return {
    id: `the-${roles[0] ?? 'nobody'}`,
    name: roles.join(', '),
    kind: 'person',
    roles,
    companies: ['*'],
    costCentres: ['*'],
    ...scope,
  };
}

/** Waits until the look answers something other than undefined, null or false. */
export async function until<Seen>(
  look: () => Seen | Promise<Seen>,
  limitMs = 60_000,
): Promise<NonNullable<Seen>> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false) return seen;
    if (performance.now() > deadline)
      throw new Error(`not within ${limitMs} ms: ${look.toString()}`);
    await pause(50);
  }
}
