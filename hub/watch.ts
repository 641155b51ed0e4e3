// Prints the status events of the running hub as one login sees them: npm run -s watch -- <login> [<after>]
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import * as config from '#kernel/config.ts';
import { isRecord } from '#kernel/json.ts';
import { PORT_BASE, portsFrom } from './ports.ts';

const QUERY = `subscription ($after: String) { statusEvents(after: $after) { __typename
  ... on StatusEvent { sequence occurredAt document { number status } summary }
  ... on StatusGap { reason missedFrom resumeAfter } } }`;

const settings = config.readConfig(config.processEnvironment(), {
  PORT_BASE: config.wholeNumber(
    'the first of the ports of the hub',
    { min: 1024, max: 65_000 },
    PORT_BASE,
  ),
});
const ports = portsFrom(settings.PORT_BASE);
const [login = 'requestor', from] = process.argv.slice(2);
let after: string | null = from ?? null;

/** After a lost connection the client subscribes again, and `after` makes it go on where it was. */
const client = createClient({
  url: `ws://127.0.0.1:${ports.gateway}/graphql`,
  webSocketImpl: WebSocket,
  shouldRetry: () => true,
  connectionParams: async () => ({ authorization: `Bearer ${await tokenOf(login)}` }),
});

for await (const result of client.iterate<{ statusEvents: unknown }>({
  query: QUERY,
  variables: { after },
})) {
  const item = result.data?.statusEvents;
  process.stdout.write(`${isRecord(item) ? lineOf(item) : JSON.stringify(result.errors)}\n`);
}

function lineOf(item: Record<string, unknown>): string {
  if (item['__typename'] === 'StatusGap') {
    after = String(item['resumeAfter']);
    return `-- gap: ${String(item['reason'])}; goes on after ${after}`;
  }
  after = String(item['sequence']);
  const document = isRecord(item['document']) ? item['document'] : {};
  return [
    after,
    String(item['occurredAt']),
    String(document['number']),
    String(document['status']),
    String(item['summary']),
  ].join('  ');
}

async function tokenOf(name: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${ports.identity}/dev/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: name }),
  });
  const answer: unknown = await response.json();
  if (isRecord(answer) && typeof answer['accessToken'] === 'string') return answer['accessToken'];
  throw new Error(`No token for "${name}": ${JSON.stringify(answer)}`);
}
