import { readFile } from 'node:fs/promises';
import { isRecord } from './json.ts';

/** An event's contract as it is published to the registry. */
export interface EventContract {
  readonly subject: string;
  readonly owner: string;
  /** OUTBOUND: an event of ours. INBOUND: what an outside system sends us. */
  readonly direction: 'OUTBOUND' | 'INBOUND';
  /** The payload's JSON Schema as text, complete in itself. */
  readonly schema: string;
}

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
const DEFINITION = /^#\/\$defs\/([^/]+)$/;

/**
 * A room's event contracts, from a file that says what they share only once: `owner`, `events` (subject → description,
 * direction, schema) and `$defs`. Every contract comes with those definitions that it refers to, so that a change of one
 * touches only the events that it is in.
 */
export async function readEventContracts(file: URL): Promise<EventContract[]> {
  const content: unknown = JSON.parse(await readFile(file, 'utf8'));
  const { owner, events, $defs: definitions } = isRecord(content) ? content : {};
  if (typeof owner !== 'string' || !isRecord(events) || !isRecord(definitions))
    throw new Error(`${file.pathname} has no "owner", "events" and "$defs".`);
  return Object.entries(events).map(([subject, event]) => {
    const { description, direction = 'OUTBOUND', schema } = isRecord(event) ? event : {};
    if (!isRecord(schema) || (direction !== 'OUTBOUND' && direction !== 'INBOUND'))
      throw new Error(`${subject} in ${file.pathname} has no schema, or an unknown direction.`);
    const $defs = definitionsOf(schema, definitions);
    const whole = { $schema: DIALECT, title: subject, description, ...schema, $defs };
    return { subject, owner, direction, schema: JSON.stringify(whole, null, 2) };
  });
}

/** The definitions that a schema refers to, and those that they refer to. */
function definitionsOf(
  schema: unknown,
  definitions: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const name = key === '$ref' ? DEFINITION.exec(String(inner))?.[1] : undefined;
      if (name === undefined) look(inner);
      else if (!found.has(name)) {
        found.add(name);
        look(definitions[name]);
      }
    }
  };
  look(schema);
  return Object.fromEntries(Object.entries(definitions).filter(([name]) => found.has(name)));
}
