import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';

/** For tests: the real process of the simulator, a client of its wire, and a receiver of its webhooks. */

const mainFile = fileURLToPath(new URL('main.ts', import.meta.url));
const apiKey = 'key-of-the-tests';
const webhookSecret = `whsec_${Buffer.from('a secret of the webhook tests').toString('base64')}`;

export type WireDocument = { readonly [field: string]: unknown };
export type WireAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: WireDocument;
};
type CallOptions = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
};

export type SimulatorProcess = {
  readonly url: string;
  readonly call: (
    method: string,
    path: string,
    body?: unknown,
    options?: CallOptions,
  ) => Promise<WireAnswer>;
  readonly behave: (behaviour: object) => Promise<void>;
  readonly exited: Promise<unknown>;
  readonly kill: (signal: 'SIGKILL' | 'SIGTERM') => Promise<void>;
};

export type SimulatorWorld = AsyncDisposable & {
  readonly stateFile: string;
  readonly receiver: WebhookReceiver;
  /** Starts the process on the same state file as before. */
  readonly start: (environment?: Readonly<Record<string, string>>) => Promise<SimulatorProcess>;
};

export async function simulatorWorld(): Promise<SimulatorWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'erp-simulator-'));
  const stateFile = join(folder, 'state.jsonl');
  const receiver = await webhookReceiver();
  const started: SimulatorProcess[] = [];
  const start = async (environment: Readonly<Record<string, string>> = {}) => {
    const simulator = await startProcess({
      ERP_STATE_FILE: stateFile,
      ERP_WEBHOOK_URL: receiver.url,
      CONFIRM_DELAY_MS: '50',
      PAYMENT_DELAY_MS: '50',
      AUTO_PAY: 'false',
      ...environment,
    });
    started.push(simulator);
    return simulator;
  };
  const dispose = async (): Promise<void> => {
    await Promise.all(started.map((simulator) => simulator.kill('SIGKILL')));
    await receiver.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { stateFile, receiver, start, [Symbol.asyncDispose]: dispose };
}

async function startProcess(
  environment: Readonly<Record<string, string>>,
): Promise<SimulatorProcess> {
  const child = spawn(process.execPath, [mainFile], {
    env: { PORT: '0', ERP_API_KEY: apiKey, ERP_WEBHOOK_SECRET: webhookSecret, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const url = await listeningUrl(child);
  const call: SimulatorProcess['call'] = async (method, path, body, options = {}) => {
    const answer = await fetch(url + path, {
      method,
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json', ...options.headers },
      signal: AbortSignal.timeout(options.timeoutMs ?? 10_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return {
      status: answer.status,
      headers: answer.headers,
      body: (await answer.json()) as WireDocument,
    };
  };
  const behave = async (behaviour: object): Promise<void> => {
    const answer = await call('PATCH', '/control/behaviour', behaviour);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  };
  const kill = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return { url, call, behave, exited, kill };
}

async function listeningUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('Expected a pipe for the output of the simulator.');
  for await (const line of createInterface({ input: child.stdout })) {
    const { event, url } = JSON.parse(line) as { event: string; url: string };
    if (event === 'erp-simulator.listening') {
      child.stdout.resume();
      return url;
    }
  }
  throw new Error('The simulator ended before it listened.');
}

export type ReceivedWebhook = { readonly id: string; readonly body: WireDocument };

export type WebhookReceiver = {
  readonly url: string;
  /** In order of arrival; only those whose signature verified. */
  readonly received: readonly ReceivedWebhook[];
  readonly forged: () => number;
  /** Refuses the next so many with 500. */
  readonly refuseNext: (count: number) => void;
  readonly close: () => Promise<void>;
};

async function webhookReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const verifier = new Webhook(webhookSecret);
  let forged = 0;
  let refusals = 0;
  const take = (text: string, headers: Record<string, string>): number => {
    if (refusals > 0) {
      refusals -= 1;
      return 500;
    }
    try {
      const body = verifier.verify(text, headers) as WireDocument;
      received.push({ id: headers['webhook-id'] ?? '', body });
      return 204;
    } catch {
      forged += 1;
      return 401;
    }
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = request.headers as Record<string, string>;
      response.writeHead(take(Buffer.concat(chunks).toString(), headers)).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('Expected a port.');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return {
    url: `http://127.0.0.1:${address.port}/webhooks`,
    received,
    forged: () => forged,
    refuseNext: (count) => {
      refusals = count;
    },
    close,
  };
}

/** Waits until the look answers something other than undefined or false. */
export async function eventually<Seen>(
  look: () => Seen | Promise<Seen>,
  limitMs = 60_000,
): Promise<Seen> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`Expected within ${limitMs} ms: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function orderBody(overrides: object = {}, item: object = {}): object {
  return {
    CompanyCode: 'DE01',
    Supplier: '100042',
    DocumentCurrency: 'EUR',
    ExternalReference: 'PO-1',
    PurchaseOrderItem: [
      {
        PurchaseOrderItem: '00010',
        PurchaseOrderItemText: 'Desk',
        OrderQuantity: '10',
        PurchaseOrderQuantityUnit: 'C62',
        NetPriceAmount: '7.50',
        ...item,
      },
    ],
    ...overrides,
  };
}

export function invoiceBody(overrides: object = {}, item: object = {}): object {
  return {
    CompanyCode: 'DE01',
    InvoicingParty: '100042',
    SupplierInvoiceIDByInvcgParty: 'R-2026-17',
    ExternalReference: 'INV-1',
    DocumentDate: '20261120',
    PostingDate: '20261123',
    DocumentCurrency: 'EUR',
    InvoiceGrossAmount: '89.25',
    TaxAmount: '14.25',
    SupplierInvoiceItem: [{ SupplierInvoiceItemAmount: '75.00', ...item }],
    ...overrides,
  };
}

/** The documents of a list answer. */
export function listed(answer: WireAnswer): readonly WireDocument[] {
  return (answer.body['value'] ?? []) as readonly WireDocument[];
}

/** Creates an order and waits for its release; answers its number. */
export async function releasedOrder(
  simulator: SimulatorProcess,
  overrides: object = {},
): Promise<string> {
  const created = await simulator.call('POST', '/erp/PurchaseOrders', orderBody(overrides));
  const number = String(created.body['PurchaseOrder']);
  await eventually(async () => {
    const { body } = await simulator.call('GET', `/erp/PurchaseOrders/${number}`);
    return body['PurchaseOrderStatus'] === 'RELEASED';
  });
  return number;
}
