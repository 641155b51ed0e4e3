import { afterEach, describe, expect, it } from '@jest/globals';
import { shifted, systemClock } from '#kernel/clock.ts';
import { until } from '../../tests/support/until.ts';
import { createFeedWorld } from './feed-world.ts';
import { createSessions } from './viewer-sessions.ts';
import type { AccessVerdict } from '#kernel/access-token.ts';
import type { EndCause } from './viewer-sessions.ts';

type Accepted = Extract<AccessVerdict, { ok: true }>;

const accepted = (id: string, seconds = 60): Accepted => ({
  ok: true,
  viewer: { id, name: id, kind: 'person', roles: [], companies: [], costCentres: [] },
  expiresAt: shifted(systemClock.now(), seconds * 1000),
});

const closings: (() => void)[] = [];
afterEach(() => {
  for (const close of closings.splice(0)) close();
});

function sessionsOf(verdicts: Record<string, AccessVerdict>) {
  const asked: string[] = [];
  const sessions = createSessions({
    verifyToken: (authorization = '') => {
      asked.push(authorization);
      return Promise.resolve(
        verdicts[authorization] ?? { ok: false, code: 'TOKEN_INVALID', message: 'unknown' },
      );
    },
    perViewer: 2,
    clock: systemClock,
  });
  closings.push(() => {
    sessions.endAll('GOING_AWAY');
    sessions.stop();
  });
  const enter = (token: string, verdict: Accepted) => {
    const ends: EndCause[] = [];
    const authorization = `Bearer ${token}`;
    const session = sessions.enter({ verdict, authorization, end: (cause) => ends.push(cause) });
    return { session, ends };
  };
  return { sessions, enter, asked };
}

describe('the sessions of viewers', () => {
  it('are so many at once for each viewer; one that leaves makes room', () => {
    const { sessions, enter } = sessionsOf({});
    const first = enter('a', accepted('anna'));
    enter('b', accepted('anna'));
    expect(enter('c', accepted('anna')).session).toBeNull();
    expect(enter('d', accepted('berta')).session).not.toBeNull();
    first.session?.leave();
    first.session?.leave();
    expect(enter('e', accepted('anna')).session).not.toBeNull();
    expect(sessions.size).toBe(3);
  });

  it('end at once when a viewer or a token is revoked, each told once', () => {
    const { sessions, enter } = sessionsOf({});
    const [one, two] = [enter('a', accepted('anna')), enter('b', accepted('anna'))];
    const other = enter('c', accepted('berta'));
    expect(sessions.revoke({ token: 'b' })).toBe(1);
    expect([one.ends, two.ends]).toEqual([[], ['TOKEN_REVOKED']]);
    expect(two.session?.isCurrent(0)).toBe(false);
    expect(sessions.revoke({ viewerId: 'anna' })).toBe(1);
    expect(sessions.revoke({ viewerId: 'anna' })).toBe(0);
    expect([one.ends, two.ends, other.ends]).toEqual([['TOKEN_REVOKED'], ['TOKEN_REVOKED'], []]);
  });

  it('end when their token is no longer accepted, but not because the provider is down', async () => {
    const down = { ok: false, code: 'IDENTITY_UNAVAILABLE', message: 'down' } as const;
    const { sessions, enter, asked } = sessionsOf({
      'Bearer good': accepted('anna'),
      'Bearer unknown': down,
    });
    const good = [enter('good', accepted('anna')), enter('good', accepted('anna'))];
    const unknown = enter('unknown', accepted('berta'));
    const bad = enter('bad', accepted('clara'));
    await sessions.recheck();
    expect(asked.sort()).toEqual(['Bearer bad', 'Bearer good', 'Bearer unknown']);
    expect(bad.ends).toEqual(['TOKEN_INVALID']);
    expect([...good, unknown].flatMap(({ ends }) => ends)).toEqual([]);
  });

  it('end when the token expires, and count as over from that moment', async () => {
    const { enter } = sessionsOf({});
    const { session, ends } = enter('a', accepted('anna', 2));
    const nowMs = systemClock.now().getTime();
    expect([session?.isCurrent(nowMs - 1_000), session?.isCurrent(nowMs + 2_000)]).toEqual([
      true,
      false,
    ]);
    await until(() => ends.length > 0);
    expect(ends).toEqual(['TOKEN_EXPIRED']);
  });
});

describe('a gateway that revokes a viewer', () => {
  it('closes its connections now, and nobody else’s', async () => {
    await using feeds = await createFeedWorld();
    const query = 'subscription { ticks(topic: "revoked") { number } }';
    const [leaver, again, stayer] = await Promise.all([
      feeds.reader({ sub: 'leaver' }),
      feeds.reader({ sub: 'leaver' }),
      feeds.reader({ sub: 'stayer' }),
    ]);
    for (const reader of [leaver, again, stayer]) reader.subscribe('1', query);
    await until(() => feeds.openNow() === 2);
    expect(feeds.world.gateway.revoke({ viewerId: 'leaver' })).toBe(2);
    expect(await leaver.closed).toEqual({ code: 4403, reason: 'TOKEN_REVOKED' });
    expect((await again.closed).code).toBe(4403);
    await until(() => feeds.openNow() === 1);
    feeds.emit('revoked');
    await until(() => stayer.numbers().length === 1);
    expect(leaver.numbers()).toEqual([]);
    stayer.socket.terminate();
  });
});
