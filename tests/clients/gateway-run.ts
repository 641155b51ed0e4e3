import { pause } from '#kernel/shutdown.ts';
import { HIVE_GATEWAY, start } from './program.ts';
import { freePort } from './tiny-subgraph.ts';
import type { ClientWorld } from './world.ts';

/** What a client sends: a document, or the id of one that was persisted. */
export type GatewayCall = { readonly query: string } | { readonly documentId: string };

/** The Hive gateway as a process of its own. */
export interface GatewayRun extends AsyncDisposable {
  /** Everything it printed so far. */
  text(): string;
  /** Asks it, as often as it takes until the answer fits: a gateway starts, polls and reports in its own time. */
  until(call: GatewayCall, fits: (answer: unknown) => boolean): Promise<unknown>;
}

/** It starts within seconds and polls every ten; on a busy machine everything takes longer. */
const PATIENCE_MS = 60_000;
const POLL_MS = 300;

/** Starts it with a command line, and a configuration for what that has no words for. */
export async function startGateway(
  world: ClientWorld,
  options: { readonly line: string; readonly config: object },
): Promise<GatewayRun> {
  const port = await freePort();
  const name = `gateway-${port}.config.mjs`;
  await world.file(name, `export const gatewayConfig = ${JSON.stringify(options.config)};\n`);
  const line = `supergraph ${options.line} --config-path ${name} --host 127.0.0.1 --port ${port}`;
  const program = start(HIVE_GATEWAY, line.split(' '), { cwd: world.folder });
  return {
    text: program.text,
    until: (call, fits) =>
      eventually(
        async () => {
          if (!program.isRunning()) throw new Error(`The gateway has ended: ${program.text()}`);
          return ask(`http://127.0.0.1:${port}/graphql`, call);
        },
        fits,
        (last) => `${JSON.stringify(last)}\n${program.text()}`,
      ),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

async function ask(url: string, call: GatewayCall): Promise<unknown> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'graphql-client-name': 'portal',
        'graphql-client-version': '7',
      },
      body: JSON.stringify(call),
    });
    return await response.json();
  } catch (error) {
    return String(error);
  }
}

/** What `read` answers once it fits; throws with `tell` when it never does. */
export async function eventually<Value>(
  read: () => Promise<Value>,
  fits: (value: Value) => boolean,
  tell: (last: Value) => string = (last) => JSON.stringify(last),
): Promise<Value> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = await read();
    if (fits(value)) return value;
    if (performance.now() > untilMs) throw new Error(`It never came to fit: ${tell(value)}`);
    await pause(POLL_MS);
  }
}
