import { sha256 } from '#kernel/id.ts';
import type { AccessTokenVerifier, AccessVerdict } from '#kernel/access-token.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Viewer } from '#kernel/identity.ts';

/** Why somebody who was let in has to go. */
export type EndCause = 'GOING_AWAY' | 'TOKEN_EXPIRED' | 'TOKEN_INVALID' | 'TOKEN_REVOKED';

/** One connection or event stream of a viewer, for as long as its token counts. */
export interface Session {
  readonly viewer: Viewer;
  /** False from the moment on at which the token no longer counts, also before anybody is told. */
  isCurrent(nowMs: number): boolean;
  leave(): void;
}

/** Everybody who is let in for longer than one answer. */
export interface Sessions {
  /** Null when the viewer has as many as allowed. `end` is called once at the most, and never after `leave`. */
  enter(entrant: Entrant): Session | null;
  /** Ends what the viewer has open, or what was opened with the token, at once; says how many that were. */
  revoke(whom: { readonly viewerId: string } | { readonly token: string }): number;
  /** Verifies every token again and ends those that are no longer accepted. */
  recheck(): Promise<void>;
  endAll(cause: EndCause): void;
  readonly size: number;
  stop(): void;
}

interface Entrant {
  readonly verdict: Extract<AccessVerdict, { ok: true }>;
  readonly authorization: string | undefined;
  readonly end: (cause: EndCause) => void;
}

interface SessionsOptions {
  readonly verifyToken: AccessTokenVerifier;
  readonly perViewer: number;
  readonly clock: Clock;
}

interface Member {
  readonly viewer: Viewer;
  readonly authorization: string | undefined;
  readonly tokenHash: string;
  finish(cause: EndCause): void;
}

/** As long as a verified token is remembered for requests: a key that was withdrawn counts no longer for connections either. */
const RECHECK_EVERY_MS = 60_000;
/** The longest a timer can wait; later expiries are looked at again then. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export function createSessions(options: SessionsOptions): Sessions {
  const members = new Set<Member>();
  const byViewer = new Map<string, Set<Member>>();
  const recheck = (): Promise<void> => recheckAll(members, options.verifyToken);
  const timer = setInterval(() => void recheck(), RECHECK_EVERY_MS).unref();
  const endAmong = (some: Iterable<Member>, cause: EndCause): number => {
    const ending = [...some];
    for (const member of ending) member.finish(cause);
    return ending.length;
  };
  return {
    enter: (entrant) => {
      const { id } = entrant.verdict.viewer;
      const own = byViewer.get(id) ?? new Set();
      if (own.size >= options.perViewer) return null;
      byViewer.set(id, own);
      const { member, session } = openSession(entrant, options.clock, (gone) => {
        members.delete(gone);
        own.delete(gone);
        if (own.size === 0 && byViewer.get(id) === own) byViewer.delete(id);
      });
      members.add(member);
      own.add(member);
      return session;
    },
    revoke: (whom) => {
      if ('viewerId' in whom) return endAmong(byViewer.get(whom.viewerId) ?? [], 'TOKEN_REVOKED');
      const hash = sha256(whom.token);
      return endAmong(
        [...members].filter((one) => one.tokenHash === hash),
        'TOKEN_REVOKED',
      );
    },
    recheck,
    endAll: (cause) => void endAmong(members, cause),
    get size() {
      return members.size;
    },
    stop: () => clearInterval(timer),
  };
}

function openSession(
  { verdict, authorization, end }: Entrant,
  clock: Clock,
  onGone: (member: Member) => void,
): { readonly member: Member; readonly session: Session } {
  const expiresAtMs = verdict.expiresAt.getTime();
  let isOpen = true;
  let timer: NodeJS.Timeout | undefined;
  const leave = (): void => {
    if (!isOpen) return;
    isOpen = false;
    clearTimeout(timer);
    onGone(member);
  };
  const member: Member = {
    viewer: verdict.viewer,
    authorization,
    tokenHash: sha256((authorization ?? '').replace(/^Bearer /i, '')),
    finish: (cause) => {
      if (!isOpen) return;
      leave();
      end(cause);
    },
  };
  const wait = (): void => {
    const leftMs = expiresAtMs - clock.now().getTime();
    timer = setTimeout(
      () => (expiresAtMs > clock.now().getTime() ? wait() : member.finish('TOKEN_EXPIRED')),
      Math.max(0, Math.min(leftMs, TIMER_MAX_MS)),
    );
  };
  wait();
  const isCurrent = (nowMs: number): boolean => isOpen && nowMs < expiresAtMs;
  return { member, session: { viewer: verdict.viewer, isCurrent, leave } };
}

/** One token after the other, each asked for once. A provider that is down says nothing against a token. */
async function recheckAll(
  members: ReadonlySet<Member>,
  verifyToken: AccessTokenVerifier,
): Promise<void> {
  const verdicts = new Map<string, AccessVerdict>();
  for (const member of members) {
    const known = verdicts.get(member.tokenHash);
    const verdict = known ?? (await verifyToken(member.authorization));
    verdicts.set(member.tokenHash, verdict);
    if (verdict.ok || verdict.code === 'IDENTITY_UNAVAILABLE') continue;
    member.finish(verdict.code === 'TOKEN_EXPIRED' ? 'TOKEN_EXPIRED' : 'TOKEN_INVALID');
  }
}
