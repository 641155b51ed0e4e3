import { readdirSync } from 'node:fs';
import { errorText } from '#kernel/log.ts';
import { pause } from '#kernel/shutdown.ts';
import { createAppCommands } from './app/app-command.ts';
import { activeDocuments, findDocument } from './app/app-store.ts';
import { artifactRoutes } from './artifact/cdn.ts';
import { remindOfSunsets } from './deprecation/reminder.ts';
import { readAsyncApi } from './event-contract/async-api.ts';
import { historyRoutes } from './history/history-routes.ts';
import { readPolicy } from './policy/policy-store.ts';
import { protocolRoutes } from './protocol/routes.ts';
import { findTarget } from './target.ts';
import { apiSchemaOf } from './usage/api-schema.ts';
import { usageRoutes } from './usage/usage-routes.ts';
import { deliverWebhooks } from './webhook/webhook-delivery.ts';
import type { Route } from '#kernel/http.ts';
import type { Log } from '#kernel/log.ts';
import type { Context } from './context.ts';
import type { Authenticator } from './access/authenticator.ts';
import type { AuthenticateReporter } from './usage/usage-routes.ts';

/** What every door of the registry stands on. */
export type RegistryParts = Pick<
  Context,
  'database' | 'workshop' | 'clock' | 'log' | 'commands' | 'registrySecret' | 'keys'
> & { readonly authenticator: Authenticator };

const HERE = new URL('./', import.meta.url);

/** The slices of the registry's own schema: the root's, and one of each noun that has one. */
export function schemaFiles(): URL[] {
  const folders = readdirSync(HERE, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const slices = folders.flatMap(({ name }) => {
    const folder = new URL(`${name}/`, HERE);
    return readdirSync(folder).includes('schema.graphql')
      ? [new URL('schema.graphql', folder)]
      : [];
  });
  return [new URL('schema.graphql', HERE), ...slices];
}

/** The doors beside GraphQL: artefacts, usage, and the protocols of other registries' clients. */
export function registryRoutes(parts: RegistryParts, refuse: AuthenticateReporter): Route[] {
  const { database, clock } = parts;
  return [
    ...artifactRoutes({
      database,
      clock,
      keys: parts.keys,
      authenticator: parts.authenticator,
      pinnedMajorDays: async (targetId) => {
        const target = await findTarget(database, { id: targetId });
        return target === null
          ? 0
          : (await readPolicy(database, target)).versioning.pinnedMajorDays;
      },
      readDocument: (document) => readDocument(parts, document),
      readAsyncApi: (targetId) => readAsyncApi(database, targetId),
    }),
    ...historyRoutes({ database, clock, keys: parts.keys, authenticator: parts.authenticator }),
    ...usageRoutes({ database, clock, authenticate: refuse }),
    ...protocolRoutes({
      database,
      clock,
      log: parts.log,
      authenticator: parts.authenticator,
      commands: parts.commands,
      apps: createAppCommands({ database, clock, apiSchemaOf }),
      workshop: parts.workshop,
    }),
  ];
}

async function readDocument(
  { database }: RegistryParts,
  document: {
    readonly targetId: string;
    readonly app: string;
    readonly appVersion: string;
    readonly hash: string | null;
  },
): Promise<string | null> {
  const { targetId, app, appVersion: version, hash } = document;
  if (hash !== null) return findDocument(database, { targetId, app, version, hash });
  const documents = await activeDocuments(database, { targetId, app, version });
  return documents.length === 0 ? null : JSON.stringify(documents);
}

/** What the registry does by itself, and how often it looks. */
const CHORES: readonly {
  readonly name: string;
  readonly everyMs: number;
  readonly run: (parts: RegistryParts) => Promise<number>;
}[] = [
  { name: 'sunset-reminders', everyMs: 3_600_000, run: remindOfSunsets },
  { name: 'webhooks', everyMs: 5_000, run: deliverWebhooks },
];

/** Starts the registry's chores; each goes on after a failure, at its next turn. */
export function startChores(parts: RegistryParts): { close(): Promise<void> } {
  const stop = new AbortController();
  const running = CHORES.map((chore) => runUntil(stop.signal, chore, parts));
  return {
    close: async () => {
      stop.abort();
      await Promise.all(running);
    },
  };
}

async function runUntil(
  stop: AbortSignal,
  { name, everyMs, run }: (typeof CHORES)[number],
  parts: RegistryParts,
): Promise<void> {
  const log: Log = parts.log;
  while (!stop.aborted) {
    await run(parts).catch((error: unknown) =>
      log.warn({ event: 'sweep.failed', name, error: errorText(error) }),
    );
    await pause(everyMs, stop);
  }
}
