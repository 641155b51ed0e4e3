import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as textOfStream } from 'node:stream/consumers';
import { CommanderError } from 'commander';
import { isRecord } from '#kernel/json.ts';
import { createWords } from './command.ts';
import { COMMANDS } from './commands.ts';
import { readConfiguration } from './configuration.ts';
import { deliver, deliverFailure } from './delivery.ts';
import { EXIT_CODES } from './exit-code.ts';
import { configurationFailure, usageFailure } from './failure.ts';
import { buildProgram, isShown } from './program.ts';
import { envelope } from './render/envelope.ts';
import { createRegistryClient } from './registry-client.ts';
import { gitVersion, readProvenance } from './source-control.ts';
import type { Readable } from 'node:stream';
import type { Clock } from '#kernel/clock.ts';
import type { Environment, Secret } from '#kernel/config.ts';
import type { CommandContext } from './command.ts';
import type { Configuration } from './configuration.ts';
import type { Delivery } from './delivery.ts';
import type { ExitCode } from './exit-code.ts';
import type { Call } from './program.ts';
import type { RegistryClient } from './registry-client.ts';

/** The world that the program runs in. */
export interface World {
  readonly environment: Environment;
  readonly folder: string;
  readonly stdin: Readable;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream;
  readonly clock: Clock;
  readonly nodeVersion: string;
  readonly version: string;
  readonly interrupted: AbortSignal;
}

/** A file that somebody names by mistake, such as a disk image, is not read to its end. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

/** Runs the command that the words name; never throws. */
export async function runProgram(words: readonly string[], world: World): Promise<ExitCode> {
  const calls: Call[] = [];
  const program = buildProgram(
    {
      commands: COMMANDS,
      version: world.version,
      writeOut: (text) => void world.stdout.write(text),
      writeError: (text) => void world.stderr.write(text),
    },
    (call) => void calls.push(call),
  );
  try {
    program.parse(words, { from: 'user' });
  } catch (error) {
    if (isShown(error)) return EXIT_CODES.OK;
    if (!(error instanceof CommanderError)) throw error;
    if (wantsJson(words)) world.stdout.write(`${usageEnvelope(error)}\n`);
    return EXIT_CODES.USAGE;
  }
  const [call] = calls;
  return call === undefined ? EXIT_CODES.USAGE : runCall(call, world);
}

/** Did whoever wrote words that cannot be read want to read the answer with a program? */
function wantsJson(words: readonly string[]): boolean {
  return words.some(
    (word, at) => word === '--format=json' || (word === '--format' && words[at + 1] === 'json'),
  );
}

function usageEnvelope({ message }: CommanderError): string {
  const error = { code: 'USAGE', message: message.replace(/^error: /, ''), correlationId: null };
  return envelope({ ok: false, data: null, error });
}

async function runCall(call: Call, world: World): Promise<ExitCode> {
  const delivery = deliveryOf(call, world);
  try {
    const configuration = readConfiguration(call.flags, world);
    const context = contextOf(call, configuration, world);
    const outcome = await call.command.run(context, createWords(call.values, call.options));
    return await deliver(delivery, outcome);
  } catch (error) {
    return deliverFailure(delivery, error);
  }
}

function deliveryOf(call: Call, world: World): Delivery {
  const { environment, stdout } = world;
  const mayColour = !environment['NO_COLOR'] && stdout.isTTY === true && call.output === null;
  return {
    format: call.format,
    output: call.output,
    stdout,
    stderr: world.stderr,
    folder: world.folder,
    colour: call.wantsColour && mayColour,
    summaryFile: environment['GITHUB_STEP_SUMMARY'] || null,
    version: world.version,
  };
}

function contextOf(call: Call, configuration: Configuration, world: World): CommandContext {
  const { folder, environment } = world;
  const { token, graph } = configuration;
  let registry: RegistryClient | null = null;
  return {
    // One for the command: the time that it may take begins with its first question, and is not given anew to each.
    get registry() {
      return (registry ??= registryOf(configuration, world));
    },
    target: () => {
      if (graph !== null) return graph;
      throw configurationFailure(
        'No graph is configured: give --graph finance@production, or set CONCORD_GRAPH.',
      );
    },
    configured: { ...configuration, hasToken: token !== null },
    tokenClaims: token === null ? null : claimsOf(token),
    clock: world.clock,
    nodeVersion: world.nodeVersion,
    readText: (file) => readText(file, world),
    readPieces: (file) => readPieces(file, world),
    provenance: () => readProvenance(environment, folder),
    gitVersion: () => gitVersion(folder),
    progress: (text) => {
      if (!call.isQuiet) world.stderr.write(`${text}\n`);
    },
    commands: COMMANDS,
  };
}

function registryOf({ registry, token, timeoutMs }: Configuration, world: World) {
  if (registry === null)
    throw configurationFailure(
      'No registry is configured: set CONCORD_REGISTRY, give --registry, or write concord.config.json.',
    );
  const { version, interrupted } = world;
  return createRegistryClient({ url: registry, token, timeoutMs, interrupted, version });
}

/** An access token of an identity provider says who it is for and until when; nothing of it is verified here. */
function claimsOf(token: Secret): Readonly<Record<string, unknown>> | null {
  const [, payload] = token.reveal().split('.');
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString('utf8'));
    return isRecord(claims) ? claims : null;
  } catch {
    return null;
  }
}

async function readText(file: string, { folder, stdin }: World): Promise<string> {
  if (file === '-') return textOfStream(stdin);
  try {
    const bytes = await readFile(resolve(folder, file));
    if (bytes.length <= FILE_BYTES_MAX) return bytes.toString('utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
  throw usageFailure(`${file} is larger than ${FILE_BYTES_MAX} bytes.`);
}

async function* readPieces(file: string, { folder, stdin }: World): AsyncGenerator<string> {
  const stream = file === '-' ? stdin : createReadStream(resolve(folder, file));
  stream.setEncoding('utf8');
  try {
    for await (const piece of stream) yield String(piece);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return usageFailure(`${file} cannot be read: ${reason}`);
}
