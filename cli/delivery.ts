import { once } from 'node:events';
import { appendFile, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CommandFailure, usageFailure } from './failure.ts';
import { EXIT_CODES } from './exit-code.ts';
import { envelope } from './render/envelope.ts';
import { githubAnnotations, githubFailure, githubSummary } from './render/github.ts';
import { junit } from './render/junit.ts';
import { sarif } from './render/sarif.ts';
import { COLOURED, harmless, PLAIN } from './render/style.ts';
import type { Answer, Format, Outcome } from './command.ts';
import type { ExitCode } from './exit-code.ts';
import type { Report } from './render/report.ts';

/** Where what a command says goes. */
export interface Delivery {
  readonly format: Format;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** A file that gets the data instead of standard output. */
  readonly output: string | null;
  readonly folder: string;
  readonly colour: boolean;
  /** Where GitHub reads the summary of a run, or null elsewhere. */
  readonly summaryFile: string | null;
  readonly version: string;
}

/** Writes what a command answers, in the wanted format, and says how the program ends. */
export async function deliver(delivery: Delivery, outcome: Outcome): Promise<ExitCode> {
  const { format } = delivery;
  if ('raw' in outcome) {
    const asEnvelope = format === 'json' && outcome.lines !== true;
    const written = asEnvelope ? envelope({ ...outcome, error: null }) : outcome.raw;
    await write(delivery, written);
  } else {
    await write(delivery, textOf(delivery, outcome));
    if (format === 'github' && outcome.report !== undefined)
      await summarise(delivery, outcome.report);
  }
  if ('exitCode' in outcome) return outcome.exitCode;
  return outcome.ok ? EXIT_CODES.OK : EXIT_CODES.CHECK_FAILED;
}

function textOf({ format, colour, version }: Delivery, outcome: Answer): string {
  const { report } = outcome;
  switch (format) {
    case 'text':
      return outcome.text(colour ? COLOURED : PLAIN);
    case 'json':
      return envelope({ ...outcome, error: null });
    case 'github':
      return githubAnnotations(reportOf(report));
    case 'sarif':
      return sarif(reportOf(report), version);
    case 'junit':
      return junit(reportOf(report));
  }
}

function reportOf(report: Report | undefined): Report {
  if (report !== undefined) return report;
  throw usageFailure('This command answers as text or json.');
}

/** Tells why a command failed: on standard error, and in the formats that programs read as the data too. */
export async function deliverFailure(delivery: Delivery, error: unknown): Promise<ExitCode> {
  const failure = failureOf(error);
  const { code, message, correlationId } = failure;
  if (delivery.format === 'json')
    await write(
      delivery,
      envelope({ ok: false, data: null, error: { code, message, correlationId } }),
    );
  if (delivery.format === 'github') await write(delivery, githubFailure(code, message));
  const style = delivery.colour ? COLOURED : PLAIN;
  const hint = correlationId === null ? '' : style.faint(` (correlation id ${correlationId})`);
  delivery.stderr.write(`${style.bad(`error ${code}`)}: ${harmless(message)}${hint}\n`);
  return failure.exitCode;
}

function failureOf(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CommandFailure('BUG', `This program failed: ${text}`, { exitCode: EXIT_CODES.BUG });
}

async function write(delivery: Delivery, data: string | AsyncIterable<Uint8Array>): Promise<void> {
  if (delivery.output === null) {
    await writeAll(delivery.stdout, piecesOf(data));
    return;
  }
  const file = await openFile(resolve(delivery.folder, delivery.output));
  try {
    for await (const piece of piecesOf(data)) await file.write(piece);
  } finally {
    await file.close();
  }
}

/** A text that ends without a line break gets one. */
async function* piecesOf(data: string | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (typeof data !== 'string') yield* data;
  else yield Buffer.from(data === '' || data.endsWith('\n') ? data : `${data}\n`);
}

async function writeAll(
  stream: NodeJS.WritableStream,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const piece of pieces) {
    if (!stream.write(piece)) await once(stream, 'drain');
  }
}

async function openFile(path: string): ReturnType<typeof open> {
  try {
    return await open(path, 'w');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageFailure(`The output cannot be written: ${reason}`);
  }
}

/** A summary that cannot be written is told and spoils nothing. */
async function summarise({ summaryFile, stderr }: Delivery, report: Report): Promise<void> {
  if (summaryFile === null) return;
  try {
    await appendFile(summaryFile, githubSummary(report));
  } catch (error) {
    stderr.write(`The summary was not written: ${String(error)}\n`);
  }
}
