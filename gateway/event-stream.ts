import type { Readable } from 'node:stream';

/** One line of an event may not be longer: a runaway upstream must not fill our memory. */
const LINE_MAX_CHARACTERS = 1024 * 1024;

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** Reads `text/event-stream`, only as fast as it is read itself. Comments (heartbeats) are skipped. */
export async function* readEventStream(stream: Readable): AsyncGenerator<ServerSentEvent> {
  let event = 'message';
  let data: string[] = [];
  for await (const line of linesOf(stream)) {
    if (line === '') {
      if (data.length > 0 || event !== 'message') yield { event, data: data.join('\n') };
      event = 'message';
      data = [];
    } else if (line.startsWith('event:')) {
      event = line.slice('event:'.length).trim();
    } else if (line.startsWith('data:')) {
      data.push(line.slice('data:'.length).trimStart());
    }
  }
}

async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    const lines = `${rest}${String(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_MAX_CHARACTERS) {
      throw new Error(`an event's line has more than ${LINE_MAX_CHARACTERS} characters`);
    }
    yield* lines;
  }
}
