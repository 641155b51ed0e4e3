import { DAY_MS, shifted } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { step } from '#kernel/lifecycle.ts';
import { accepted, invalidInput, notFound, refused } from '#kernel/problem.ts';
import { requireAction, scopeOf } from '../access/principal.ts';
import { appendHistory } from '../history/history.ts';
import { APP_LIFECYCLE, appInUse, invalidDocument } from './app.ts';
import { checkDocuments } from './app-document.ts';
import * as store from './app-store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { IllegalTransition, InvalidInput, NotFound, Result } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';
import type { Target } from '../target.ts';
import type { ApiSchemaReader } from '../usage/api-schema.ts';
import type { App, AppInUse, InvalidDocument } from './app.ts';
import type { CheckedDocument, DocumentInput } from './app-document.ts';

/** Which version of which app somebody wants something of. */
export interface AppRequest {
  readonly principal: Principal;
  readonly target: Target;
  readonly name: string;
  readonly version: string;
}

/** What can be done with apps. Every function asks `principal.allows` itself and throws FORBIDDEN where it may not. */
export interface AppCommands {
  /** Makes the app known; one that is known already is answered as it stands. */
  create(request: AppRequest): Promise<Result<App, InvalidInput>>;
  /** Adds documents to a pending app: all of them or none. One that is there with the same text is fine. */
  addDocuments(
    request: AppRequest & { readonly documents: readonly DocumentInput[] },
  ): Promise<Result<App, AddProblem>>;
  /** Serves the app from now on, and changes it no more. `skipped` when it was served already. */
  activate(
    request: AppRequest,
  ): Promise<
    Result<{ readonly app: App; readonly skipped: boolean }, NotFound | IllegalTransition>
  >;
  /** Serves the app no longer. Refused while it is used, unless it is forced. */
  retire(
    request: AppRequest & { readonly force: boolean },
  ): Promise<Result<App, NotFound | IllegalTransition | AppInUse>>;
}

type AddProblem = InvalidInput | NotFound | IllegalTransition | InvalidDocument;

/** A part of paths and of document ids, so nothing that means something there. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;
/** Documents of one call: bounds the request and the time that it takes. */
const DOCUMENTS_PER_CALL_MAX = 1_000;
/** Documents of one app version: a large one has some hundreds. */
const DOCUMENTS_PER_APP_MAX = 10_000;
/** An app that was used within so many days is protected: a month has the rare uses of its close in it. */
const PROTECTED_DAYS = 30;

export function createAppCommands(deps: {
  readonly database: Database;
  readonly clock: Clock;
  readonly apiSchemaOf: ApiSchemaReader;
}): AppCommands {
  return {
    create: (request) => create(deps, request),
    addDocuments: (request) => addDocuments(deps, request),
    activate: (request) => activate(deps, request),
    retire: (request) => retire(deps, request),
  };
}

type Deps = Parameters<typeof createAppCommands>[0];

async function create(
  { database, clock }: Deps,
  request: AppRequest,
): Promise<Result<App, InvalidInput>> {
  requirePublisher(request);
  const faults = [
    ...(NAME.test(request.name) ? [] : [fault('name', 'Letters, digits, "_" and "-", at most 64')]),
    ...(VERSION.test(request.version)
      ? []
      : [fault('version', 'Letters, digits, ".", "_", "+" and "-", at most 64')]),
  ];
  if (faults.length > 0) return refused(invalidInput(faults));
  const app: App = {
    id: newId(clock),
    targetId: request.target.id,
    name: request.name,
    version: request.version,
    status: APP_LIFECYCLE.initial,
    createdBy: request.principal.id,
    createdAt: clock.now(),
    activatedAt: null,
    retiredAt: null,
  };
  return database.transaction(async (tx) => {
    if (await store.insertApp(tx, app)) {
      await remember(tx, { request, action: 'app.created', at: app.createdAt, details: {} });
      return accepted(app);
    }
    return accepted((await store.findApp(tx, keyOf(request))) ?? app);
  });
}

async function addDocuments(
  { database, clock, apiSchemaOf }: Deps,
  request: AppRequest & { readonly documents: readonly DocumentInput[] },
): Promise<Result<App, AddProblem>> {
  requirePublisher(request);
  const { documents } = request;
  if (documents.length < 1 || documents.length > DOCUMENTS_PER_CALL_MAX)
    return refused(tooMany(`1 to ${DOCUMENTS_PER_CALL_MAX} documents are taken in one call`));
  const schema = await apiSchemaOf(database, request.target.id);
  if (schema === null)
    return refused(notFound('published schema of the target', targetName(request)));
  const known = await store.findApp(database, keyOf(request));
  if (known === null) return refused(missing(request));
  const pending = step(APP_LIFECYCLE, known.status, 'addDocuments');
  if (!pending.ok) return pending;
  const checked = await checkDocuments(schema, documents);
  if (!checked.ok) return refused(invalidDocument(checked.faults));
  return database.transaction(async (tx) => {
    const app = await store.lockApp(tx, keyOf(request));
    if (app === null) return refused(missing(request));
    const next = step(APP_LIFECYCLE, app.status, 'addDocuments');
    if (!next.ok) return next;
    return storeDocuments(tx, { app, request, checked: checked.documents, at: clock.now() });
  });
}

async function storeDocuments(
  tx: Sql,
  { app, request, checked, at }: Adding,
): Promise<Result<App, AddProblem>> {
  const hashes = checked.map(({ hash }) => hash);
  const present = await store.documentBodies(tx, app.id, hashes);
  const [clash] = checked.filter(({ hash, body }) => (present.get(hash) ?? body) !== body);
  if (clash !== undefined) {
    const index = request.documents.findIndex(({ hash }) => hash === clash.hash);
    const message = 'it is there already with another text; documents are immutable.';
    return refused(invalidDocument([{ index, hash: clash.hash, message }]));
  }
  const fresh = checked.filter(({ hash }) => !present.has(hash));
  if (fresh.length === 0) return accepted(app);
  if ((await store.countDocuments(tx, app.id)) + fresh.length > DOCUMENTS_PER_APP_MAX)
    return refused(tooMany(`An app version holds at most ${DOCUMENTS_PER_APP_MAX} documents`));
  await store.insertDocuments(tx, app.id, fresh);
  const details = { documents: fresh.length };
  await remember(tx, { request, action: 'app.documents-added', at, details });
  return accepted(app);
}

interface Adding {
  readonly app: App;
  readonly request: AppRequest & { readonly documents: readonly DocumentInput[] };
  readonly checked: readonly CheckedDocument[];
  readonly at: Date;
}

async function activate(
  { database, clock }: Deps,
  request: AppRequest,
): ReturnType<AppCommands['activate']> {
  requirePublisher(request);
  return database.transaction(async (tx) => {
    const app = await store.lockApp(tx, keyOf(request));
    if (app === null) return refused(missing(request));
    if (app.status === 'ACTIVE') return accepted({ app, skipped: true });
    const next = step(APP_LIFECYCLE, app.status, 'activate');
    if (!next.ok) return next;
    const active = { ...app, status: next.value, activatedAt: clock.now() };
    await store.updateStatus(tx, active);
    const details = { documents: await store.countDocuments(tx, app.id) };
    await remember(tx, { request, action: 'app.activated', at: active.activatedAt, details });
    return accepted({ app: active, skipped: false });
  });
}

async function retire(
  { database, clock }: Deps,
  request: AppRequest & { readonly force: boolean },
): ReturnType<AppCommands['retire']> {
  requirePublisher(request);
  const at = clock.now();
  return database.transaction(async (tx) => {
    const app = await store.lockApp(tx, keyOf(request));
    if (app === null) return refused(missing(request));
    const next = step(APP_LIFECYCLE, app.status, 'retire');
    if (!next.ok) return next;
    const lastUsedAt = await store.lastUseOfApp(tx, app);
    const protectedUntil = lastUsedAt === null ? at : shifted(lastUsedAt, PROTECTED_DAYS * DAY_MS);
    if (lastUsedAt !== null && protectedUntil > at && !request.force)
      return refused(appInUse(app, lastUsedAt, protectedUntil));
    const retired = { ...app, status: next.value, retiredAt: at };
    await store.updateStatus(tx, retired);
    const details = { forced: request.force, lastUsedAt: lastUsedAt?.toISOString() ?? null };
    await remember(tx, { request, action: 'app.retired', at, details });
    return accepted(retired);
  });
}

function requirePublisher({ principal, target }: AppRequest): void {
  requireAction(principal, 'app:publish', scopeOf(target));
}

function keyOf({ target, name, version }: AppRequest): store.AppKey {
  return { targetId: target.id, name, version };
}

async function remember(
  tx: Sql,
  decision: {
    readonly request: AppRequest;
    readonly action: string;
    readonly at: Date;
    readonly details: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const { principal, target, name, version } = decision.request;
  await appendHistory(tx, {
    action: decision.action,
    actorId: principal.id,
    graphId: target.graphId,
    targetId: target.id,
    subject: `app:${name}@${version}`,
    details: decision.details,
    at: decision.at,
  });
}

function missing({ name, version }: AppRequest): NotFound {
  return notFound('app version', `${name}@${version}`);
}

function targetName({ target }: AppRequest): string {
  return `${target.graphSlug}/${target.slug}`;
}

function tooMany(message: string): InvalidInput {
  return invalidInput([{ field: 'documents', code: 'TOO_MANY', message: `${message}.` }]);
}

function fault(field: string, expected: string): { field: string; code: string; message: string } {
  return { field, code: 'NAME_EXPECTED', message: `${expected}, are expected.` };
}
